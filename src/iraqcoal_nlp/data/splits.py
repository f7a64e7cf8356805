"""Splits without leaks: a document, and everything that nearly repeats it, stays on one side."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iraqcoal_nlp.data.annotations import SPLITS, Annotation
from iraqcoal_nlp.data.duplicates import Shingles, find_copies, shingles, similar_sets, stable_hash
from iraqcoal_nlp.errors import InputError

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """Annotations by use."""

    train: tuple[Annotation, ...]
    dev: tuple[Annotation, ...]
    test: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A held-out row that nearly repeats a row of another use."""

    held_out: Annotation
    copy: Annotation


def split_rows(rows: Sequence[Annotation], *, seed: int, dev: float = 0.1, test: float = 0.1) -> Splits:
    """Split as the rows say, or by document where they say nothing.

    Given sides are kept as they are; warnings tell what leaks from one to another.

    Args:
        rows: Annotated sentences.
        seed: As in :func:`split_by_document`; like ``dev`` and ``test``, used only if no row carries a split.
        dev: Expected share of groups for choosing thresholds, in [0, 1).
        test: Expected share of groups for the final measurement, in [0, 1).

    Raises:
        InputError: Some rows carry a split and others do not.
    """
    if not say_splits(rows):
        return split_by_document(rows, seed=seed, dev=dev, test=test)
    splits = Splits(**{name: tuple(row for row in rows if row.split == name) for name in SPLITS})
    leaks, shared = find_leaks(splits), shared_documents(splits)
    if leaks:
        first = leaks[0]
        LOGGER.warning(
            "%d held-out rows nearly repeat a row of another given split; first: %r (%s) and %r (%s)",
            len(leaks), first.held_out.id, first.held_out.split, first.copy.id, first.copy.split,
        )  # fmt: skip
    if shared:
        LOGGER.warning("%d documents have rows in several given splits; first: %r", len(shared), shared[0])
    return splits


def say_splits(rows: Sequence[Annotation], path: Path | None = None) -> bool:
    """Whether rows say which side they are on.

    Args:
        rows: Annotated sentences.
        path: Their file, for the message.

    Raises:
        InputError: Some do and others do not.
    """
    without = [row for row in rows if row.split is None]
    if without and len(without) < len(rows):
        count, first = f"{len(without)} of {len(rows)}", repr(without[0].id)
        raise InputError(f"{count} rows carry no split, first {first}: give all of them one, or none", path=path)
    return not without


def find_leaks(splits: Splits) -> list[Leak]:
    """Return the dev rows that nearly repeat a training row, then the test rows that nearly repeat one of either."""
    train_and_dev = (*splits.train, *splits.dev)
    return [*_leaks(splits.dev, splits.train), *_leaks(splits.test, train_and_dev)]


def shared_documents(splits: Splits) -> list[str]:
    """Return each ``doc_id`` that has rows in several splits, in the order of the rows."""
    sides = [{row.doc_id for row in side} for side in (splits.train, splits.dev, splits.test)]
    rows = (*splits.train, *splits.dev, *splits.test)
    return [doc for doc in dict.fromkeys(row.doc_id for row in rows) if sum(doc in side for side in sides) > 1]


def _leaks(held_out: Sequence[Annotation], others: Sequence[Annotation]) -> list[Leak]:
    copies = find_copies([row.text for row in held_out], [row.text for row in others])
    return [Leak(held_out=held_out[index], copy=others[copy]) for index, copy in copies.items()]


def group_documents(rows: Sequence[Annotation]) -> dict[str, str]:
    """Map each ``doc_id`` to the name of its group: documents tied by near-duplicate sentences share one."""
    parent = {row.doc_id: row.doc_id for row in rows}

    def root(doc: str) -> str:
        while parent[doc] != doc:
            parent[doc] = doc = parent[parent[doc]]
        return doc

    def tie(doc: str, another: str) -> None:
        one, other = sorted((root(doc), root(another)))
        parent[other] = one

    first_with: dict[Shingles, str] = {}  # exact copies are tied one by one: a thousand of them are a million pairs
    for row in rows:
        grams = shingles(row.text)
        if grams:
            tie(first_with.setdefault(grams, row.doc_id), row.doc_id)
    sets = list(first_with)
    for a, b in similar_sets(sets):
        tie(first_with[sets[a]], first_with[sets[b]])
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
        place = stable_hash(f"{seed}:{groups[row.doc_id]}") / 2**64
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
    for name in sorted(members, key=lambda name: (-len(members[name]), stable_hash(f"{seed}:{name}"))):
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
    leaks = find_copies([row.text for row in rows], [row.text for row in held_out])
    return [row for index, row in enumerate(rows) if index not in leaks]
