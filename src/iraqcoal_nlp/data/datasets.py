"""Annotations as ``datasets`` tables (needs datasets)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from datasets import Sequence as SequenceFeature

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import SPLITS, Annotation, read_annotations
from iraqcoal_nlp.data.splits import split_rows
from iraqcoal_nlp.errors import InputError

FEATURES = Features(
    {
        "id": Value("string"),
        "doc_id": Value("string"),
        "text": Value("string"),
        "stance": ClassLabel(names=list(STANCES)),
        "events": SequenceFeature(ClassLabel(names=list(EVENTS))),
    }
)
"""Columns of every table we make. A missing label is null."""


def to_dataset(rows: Sequence[Annotation]) -> Dataset:
    """Return the annotations as one table with :data:`FEATURES`."""
    columns = {
        "id": [row.id for row in rows],
        "doc_id": [row.doc_id for row in rows],
        "text": [row.text for row in rows],
        "stance": [None if row.stance is None else STANCES.index(row.stance) for row in rows],
        "events": [None if row.events is None else [EVENTS.index(event) for event in row.events] for row in rows],
    }
    return Dataset.from_dict(columns, features=FEATURES)


def load_annotations(path: Path, *, seed: int) -> DatasetDict:
    """Load an annotation file as a ``DatasetDict`` with the splits ``train``, ``dev`` and ``test``.

    Args:
        path: The file: see :mod:`iraqcoal_nlp.data.annotations`.
        seed: Decides the split by document if the rows carry none.

    Raises:
        InputError: See :func:`~iraqcoal_nlp.data.annotations.read_annotations` and
            :func:`~iraqcoal_nlp.data.splits.split_rows`.
    """
    rows = read_annotations(path)
    try:
        splits = split_rows(rows, seed=seed)
    except InputError as error:
        raise InputError(error.reason, path=path) from None
    return DatasetDict({name: to_dataset(getattr(splits, name)) for name in SPLITS})


def load_gold(path: Path) -> DatasetDict:
    """Load a gold file such as ``seeds/gold.jsonl`` as a ``DatasetDict`` with one split, ``test``.

    The seed gold is a public test set: nothing here offers it for training.

    Raises:
        InputError: See :func:`~iraqcoal_nlp.data.annotations.read_annotations`.
    """
    return DatasetDict({"test": to_dataset(read_annotations(path))})
