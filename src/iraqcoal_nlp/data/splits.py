"""Splits without leaks: a document, and everything that nearly repeats it, stays on one side.

Near-duplicates are found by MinHash (Broder, 1997) over word trigrams of the folded text, in bands, and confirmed
by the exact Jaccard similarity. Agency copy and re-used paragraphs would otherwise stand in training and test alike.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer

NEAR_DUPLICATE = 0.5
"""Jaccard similarity of word trigrams from which two sentences count as copies."""

_BANDS, _ROWS = 20, 2  # finds a pair of similarity .5 with probability .997; of .8 with 1 - 1e-9


def _hash(text: str) -> int:
    """Return 64 bits that are the same on every machine, unlike those of ``hash``."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


# One independent permutation of 64-bit numbers per row of a signature: odd multiplier, offset.
_MULTIPLIERS = np.array([[_hash(f"m{i}") | 1] for i in range(_BANDS * _ROWS)], dtype=np.uint64)
_OFFSETS = np.array([[_hash(f"a{i}")] for i in range(_BANDS * _ROWS)], dtype=np.uint64)

_WORDS = re.compile(r"\w+")
_FOLDS = str.maketrans("أإآىة", "اااية")
_normalize = build_normalizer(NEWS_V1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """Annotations by use."""

    train: tuple[Annotation, ...]
    dev: tuple[Annotation, ...]
    test: tuple[Annotation, ...]


def shingles(text: str) -> frozenset[str]:
    """Return the word trigrams of the text, spelling folded; all its words if it has fewer than three."""
    words = _WORDS.findall(_normalize(text).translate(_FOLDS))
    if len(words) < 3:
        return frozenset(words)
    return frozenset(" ".join(words[i : i + 3]) for i in range(len(words) - 2))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard similarity, in [0, 1]; 0 if either set is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0


def near_duplicates(texts: Sequence[str], threshold: float = NEAR_DUPLICATE) -> list[tuple[int, int]]:
    """Return index pairs ``(i, j)``, ``i < j``, of texts at least ``threshold`` similar.

    A pair is found through bands of its signature, so a rare one at the threshold itself may be missed.
    """
    sets = [shingles(text) for text in texts]
    buckets: defaultdict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    for index, grams in enumerate(sets):
        for band, key in enumerate(_bands(grams)):
            buckets[band, key].append(index)
    candidates = {(a, b) for members in buckets.values() for n, b in enumerate(members) for a in members[:n]}
    return sorted((a, b) for a, b in candidates if similarity(sets[a], sets[b]) >= threshold)


def _bands(grams: Iterable[str]) -> list[tuple[int, ...]]:
    """Return one bucket key per band; no keys for an empty set, which is like nothing."""
    hashes = np.array([_hash(gram) for gram in grams], dtype=np.uint64)
    if not len(hashes):
        return []
    permuted = hashes[None, :] * _MULTIPLIERS + _OFFSETS  # modulo 2^64
    permuted ^= permuted >> np.uint64(29)
    signature = permuted.min(axis=1).tolist()
    return [tuple(signature[band * _ROWS : (band + 1) * _ROWS]) for band in range(_BANDS)]


def group_documents(rows: Sequence[Annotation]) -> dict[str, str]:
    """Map each ``doc_id`` to the name of its group: documents tied by near-duplicate sentences share one."""
    parent = {row.doc_id: row.doc_id for row in rows}

    def root(doc: str) -> str:
        while parent[doc] != doc:
            parent[doc] = doc = parent[parent[doc]]
        return doc

    for a, b in near_duplicates([row.text for row in rows]):
        one, other = sorted((root(rows[a].doc_id), root(rows[b].doc_id)))
        parent[other] = one
    return {doc: root(doc) for doc in parent}


def split_by_document(rows: Sequence[Annotation], *, seed: int, dev: float = 0.1, test: float = 0.1) -> Splits:
    """Split by groups of documents; the side of a group depends on its name and the seed only.

    So adding rows never moves others, unless they tie two groups together.

    Args:
        rows: Annotated sentences.
        seed: Any integer.
        dev: Expected share of groups for choosing thresholds, in [0, 1).
        test: Expected share of groups for the final measurement, in [0, 1).
    """
    sides: dict[str, list[Annotation]] = {"train": [], "dev": [], "test": []}
    groups = group_documents(rows)
    for row in rows:
        place = _hash(f"{seed}:{groups[row.doc_id]}") / 2**64
        side = "test" if place < test else "dev" if place < test + dev else "train"
        sides[side].append(row)
    return Splits(train=tuple(sides["train"]), dev=tuple(sides["dev"]), test=tuple(sides["test"]))


def k_folds(rows: Sequence[Annotation], *, k: int, seed: int) -> list[tuple[list[Annotation], list[Annotation]]]:
    """Return ``k`` pairs of training and test rows; every row is in exactly one of the tests.

    Groups of documents stay together: see :func:`group_documents`. They are dealt out from the largest to the smallest,
    each to the fold that has the fewest rows, so sizes differ by no more than the rows of one group. The folds
    depend on the rows and the seed, not on the order of the rows.

    Args:
        rows: Annotated sentences.
        k: Number of folds, at least 2.
        seed: Any integer; it orders groups of one size.

    Raises:
        ValueError: ``k`` is below 2.
        InputError: There are fewer groups of documents than folds.
    """
    if k < 2:
        raise ValueError(f"{k} folds: use at least 2")
    groups = group_documents(rows)
    members = defaultdict(list)
    for index, row in enumerate(rows):
        members[groups[row.doc_id]].append(index)
    if len(members) < k:
        raise InputError(
            f"{len(members)} groups of documents cannot make {k} folds: use fewer folds, or give every document "
            "its own doc_id"
        )
    folds: list[set[int]] = [set() for _ in range(k)]
    for name in sorted(members, key=lambda name: (-len(members[name]), _hash(f"{seed}:{name}"))):
        min(folds, key=len).update(members[name])
    return [
        (
            [row for index, row in enumerate(rows) if index not in fold],
            [row for index, row in enumerate(rows) if index in fold],
        )
        for fold in folds
    ]


def drop_leaks(rows: Sequence[Annotation], held_out: Sequence[Annotation]) -> list[Annotation]:
    """Return the rows that nearly repeat no held-out sentence."""
    texts = [*(row.text for row in held_out), *(row.text for row in rows)]
    first = len(held_out)
    leaks = {b for a, b in near_duplicates(texts) if a < first <= b}
    return [row for index, row in enumerate(rows, first) if index not in leaks]
