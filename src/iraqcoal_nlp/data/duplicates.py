"""Near-duplicate sentences: agency copy and re-used paragraphs, which would otherwise stand in training and test alike.

They are found by MinHash (Broder, 1997) over word trigrams of the folded text, in bands, and confirmed by the exact
Jaccard similarity.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from iraqcoal_nlp.text.folding import fold_letters
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer

NEAR_DUPLICATE = 0.5
"""Jaccard similarity of word trigrams from which two sentences count as copies."""

_BANDS, _ROWS = 20, 2  # finds a pair of similarity .5 with probability .997; of .8 with 1 - 1e-9


def stable_hash(text: str) -> int:
    """Return 64 bits that are the same on every machine, unlike those of ``hash``."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


# One independent permutation of 64-bit numbers per row of a signature: odd multiplier, offset.
_MULTIPLIERS = np.array([[stable_hash(f"m{i}") | 1] for i in range(_BANDS * _ROWS)], dtype=np.uint64)
_OFFSETS = np.array([[stable_hash(f"a{i}")] for i in range(_BANDS * _ROWS)], dtype=np.uint64)

_WORDS = re.compile(r"\w+")
_normalize = build_normalizer(NEWS_V1)

Shingles = frozenset[str]


def shingles(text: str) -> Shingles:
    """Return the word trigrams of the text, spelling folded; all its words if it has fewer than three."""
    words = _WORDS.findall(fold_letters(_normalize(text)))
    if len(words) < 3:
        return frozenset(words)
    return frozenset(" ".join(words[i : i + 3]) for i in range(len(words) - 2))


def similarity(one: Shingles, other: Shingles) -> float:
    """Return the Jaccard similarity, in [0, 1]; 0 if either set is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0


def near_duplicates(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return index pairs ``(i, j)``, ``i < j``, of texts at least :data:`NEAR_DUPLICATE` similar.

    A pair is found through bands of its signature, so a rare one that is just so similar may be missed.
    """
    return similar_sets([shingles(text) for text in texts])


def similar_sets(sets: Sequence[Shingles]) -> list[tuple[int, int]]:
    """Return index pairs ``(i, j)``, ``i < j``, of sets so similar: see :func:`near_duplicates`."""
    buckets = _buckets(sets)
    candidates = {(a, b) for members in buckets.values() for n, b in enumerate(members) for a in members[:n]}
    return sorted((a, b) for a, b in candidates if similarity(sets[a], sets[b]) >= NEAR_DUPLICATE)


def find_copies(texts: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Map the index of each text that nearly repeats one of ``others`` to the index of the most similar of them.

    Of equally similar ones, the first. What a text shares with its own neighbours is not asked.
    """
    first_with: dict[Shingles, int] = {}
    for index, text in enumerate(others):
        first_with.setdefault(shingles(text), index)
    known = list(first_with)
    buckets = _buckets(known)
    copies = {}
    for index, text in enumerate(texts):
        grams = shingles(text)
        candidates = {place for key in _bands(grams) for place in buckets.get(key, ())}
        best = max(((similarity(grams, known[place]), -place) for place in candidates), default=(0.0, 0))
        if best[0] >= NEAR_DUPLICATE:
            copies[index] = first_with[known[-best[1]]]
    return copies


_Band = tuple[int, int, int]
"""The number of a band and the rows of a signature in it."""


def _buckets(sets: Sequence[Shingles]) -> dict[_Band, list[int]]:
    buckets: defaultdict[_Band, list[int]] = defaultdict(list)
    for index, grams in enumerate(sets):
        for key in _bands(grams):
            buckets[key].append(index)
    return buckets


def _bands(grams: Iterable[str]) -> list[_Band]:
    """Return one bucket key per band; no keys for an empty set, which is like nothing."""
    hashes = np.array([stable_hash(gram) for gram in grams], dtype=np.uint64)
    if not len(hashes):
        return []
    permuted = hashes[None, :] * _MULTIPLIERS + _OFFSETS  # modulo 2^64
    permuted ^= permuted >> np.uint64(29)
    signature = permuted.min(axis=1).tolist()
    return [(band, *signature[band * _ROWS : (band + 1) * _ROWS]) for band in range(_BANDS)]
