"""What stands in annotation files: labels, lengths, copies, leaks between splits, agreement of annotators."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.agreement import Agreement, measure_agreement
from iraqcoal_nlp.data.annotations import (
    SPLITS,
    Annotation,
    SeenJudgements,
    differ,
    labelling_models,
    read_judgements,
    scan_judgements,
    settled,
)
from iraqcoal_nlp.data.duplicates import find_copies, near_duplicates
from iraqcoal_nlp.data.splits import Leak, Splits, find_leaks, shared_documents
from iraqcoal_nlp.errors import InputError, printable
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCounts:
    """How many sentences have each label."""

    sentences: int
    documents: int
    stances: Mapping[str, int]
    """In codebook order."""
    stance_missing: int
    """Sentences whose stance nobody has judged."""
    events: Mapping[str, int]
    """In codebook order; a sentence may count for several."""
    no_event: int
    events_missing: int
    """Sentences whose events nobody has judged."""
    unsettled: int
    """Sentences that annotators have judged differently and nobody has settled; they count for no label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLengths:
    """Lengths of the sentences in characters (Unicode code points)."""

    shortest: int
    median: int
    percentile_95: int
    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataReport:
    """What :func:`check_annotations` found. Wherever rows are compared, a sentence stands once."""

    files: tuple[str, ...]
    bad_rows: tuple[InputError, ...]
    """Rows that cannot be read; the rest of the report is about the others."""
    counts: Mapping[str, LabelCounts]
    """``all``, and each split that rows carry."""
    labelled_by: str | None
    """How many of the rows models have labelled, and which, in words; ``None``: none seems to be."""
    without_split: int
    """Sentences that carry no split, if others do; else 0."""
    lengths: TextLengths
    duplicates: tuple[tuple[Annotation, ...], ...]
    """Sentences of one text, after the normalization that models read through (``news.v1``)."""
    conflicts: tuple[tuple[Annotation, ...], ...]
    """Those duplicates whose stances or events differ."""
    unsettled: tuple[tuple[Annotation, ...], ...]
    """The judgements of each sentence that annotators have judged differently and nobody has settled."""
    near_duplicates: tuple[tuple[Annotation, Annotation], ...]
    """Pairs from different documents that nearly repeat each other, or are the same."""
    leaks: tuple[Leak, ...]
    """Near-duplicates between the given splits."""
    shared_documents: tuple[str, ...]
    """Documents with sentences in several given splits."""
    held_out_leaks: tuple[Leak, ...]
    """Sentences that nearly repeat one of the held-out file."""
    agreement: Agreement | None
    """``None`` if no two annotators have judged a common sentence."""

    @property
    def problems(self) -> list[str]:
        """What must be mended before the data trains or tests a model, one line each."""
        found = {
            "rows that cannot be read": len(self.bad_rows),
            "texts with different labels": len(self.conflicts),
            "sentences judged differently, not settled": len(self.unsettled),
            "sentences without a split, while others have one": self.without_split,
            "held-out sentences that nearly repeat another split": len(self.leaks),
            "documents in several splits": len(self.shared_documents),
            "sentences that nearly repeat the held-out file": len(self.held_out_leaks),
        }
        return [f"{what}: {count}" for what, count in found.items() if count]

    def to_dict(self) -> dict[str, Any]:
        """Return everything, rows by their ids, ready for JSON."""
        return {
            "files": list(self.files),
            "problems": self.problems,
            "bad_rows": [str(error) for error in self.bad_rows],
            "counts": {name: asdict(counts) for name, counts in self.counts.items()},
            "labelled_by": self.labelled_by,
            "without_split": self.without_split,
            "lengths": asdict(self.lengths),
            "duplicates": [[row.id for row in rows] for rows in self.duplicates],
            "conflicts": [[row.to_dict() for row in rows] for rows in self.conflicts],
            "unsettled": [[row.to_dict() for row in rows] for rows in self.unsettled],
            "near_duplicates": [[one.id, other.id] for one, other in self.near_duplicates],
            "leaks": [[leak.held_out.id, leak.copy.id] for leak in self.leaks],
            "shared_documents": list(self.shared_documents),
            "held_out_leaks": [[leak.held_out.id, leak.copy.id] for leak in self.held_out_leaks],
            "agreement": None if self.agreement is None else self.agreement.to_dict(),
        }


def check_annotations(paths: Sequence[Path], *, held_out: Path | None = None) -> DataReport:
    """Check annotation files as one set of data.

    Args:
        paths: Annotation files: see :mod:`iraqcoal_nlp.data.annotations`. Of a sentence that stands in several files,
            rows without annotator count as judged by their file.
        held_out: A file that the data must not repeat, such as ``seeds/gold.jsonl``.

    Raises:
        InputError: A file cannot be read, or no row of them all.
        IraqCoalError: Annotators can be compared, but nltk is not installed.
    """
    judgements, bad_rows = _read(paths)
    if not judgements:
        raise bad_rows[0] if bad_rows else InputError("holds no annotated sentence", path=paths[0])
    by_id = defaultdict(list)
    for row in judgements:
        by_id[row.id].append(row)
    final = {name: settled(same) for name, same in by_id.items()}
    sentences = [final[name] or replace(same[0], stance=None, events=None) for name, same in by_id.items()]
    unsettled = {name: tuple(by_id[name]) for name, row in final.items() if row is None}
    given = {split: [row for row in sentences if row.split == split] for split in SPLITS}
    splits = Splits(**{name: tuple(rows) for name, rows in given.items()})
    some_given = any(given.values())
    lengths = np.array([len(row.text) for row in sentences])
    duplicates = _duplicates(sentences)
    return DataReport(
        files=tuple(printable(path) for path in paths),
        bad_rows=tuple(bad_rows),
        counts={
            "all": _count(sentences, unsettled),
            **{name: _count(rows, unsettled) for name, rows in given.items() if rows},
        },
        without_split=sum(row.split is None for row in sentences) if some_given else 0,
        lengths=TextLengths(
            shortest=int(lengths.min()),
            median=int(np.median(lengths)),
            percentile_95=int(np.percentile(lengths, 95)),
            longest=int(lengths.max()),
        ),
        duplicates=duplicates,
        conflicts=tuple(rows for rows in duplicates if differ(rows)),
        unsettled=tuple(unsettled.values()),
        near_duplicates=_near_duplicates(sentences, duplicates),
        leaks=tuple(find_leaks(splits)),
        shared_documents=tuple(shared_documents(splits)),
        held_out_leaks=() if held_out is None else _held_out_leaks(sentences, read_judgements(held_out)),
        agreement=measure_agreement(judgements),
        labelled_by=labelling_models(judgements),
    )


def _read(paths: Sequence[Path]) -> tuple[list[Annotation], list[InputError]]:
    """Return the good rows, and an error for each bad one."""
    rows: list[tuple[Path, int, Annotation]] = []
    errors: list[InputError] = []
    first: dict[str, Path] = {}
    shared: set[str] = set()
    for path in dict.fromkeys(paths):
        for number, item in scan_judgements(path):
            if isinstance(item, InputError):
                errors.append(item)
                continue
            if first.setdefault(item.id, path) != path:
                shared.add(item.id)
            rows.append((path, number, item))
    stems = Counter(path.stem for path in dict.fromkeys(paths))
    named, seen = [], SeenJudgements()
    for path, number, item in rows:
        row = item
        if row.id in shared and row.annotator is None:
            row = replace(row, annotator=printable(path.stem if stems[path.stem] == 1 else path))
        try:
            seen.check(row, f"{printable(path)}:{number}")
        except ValueError as error:
            errors.append(InputError(str(error), path=path, row=number))
        else:
            named.append(row)
    return named, errors


def _count(rows: Sequence[Annotation], unsettled: Container[str]) -> LabelCounts:
    judged = [row for row in rows if row.id not in unsettled]
    stances = Counter(row.stance for row in judged)
    events = Counter(event for row in judged for event in row.events or ())
    return LabelCounts(
        sentences=len(rows),
        documents=len({row.doc_id for row in rows}),
        stances={stance: stances[stance] for stance in STANCES},
        stance_missing=stances[None],
        events={event: events[event] for event in EVENTS},
        no_event=sum(row.events == () for row in judged),
        events_missing=sum(row.events is None for row in judged),
        unsettled=len(rows) - len(judged),
    )


def _duplicates(rows: Sequence[Annotation]) -> tuple[tuple[Annotation, ...], ...]:
    normalize = build_normalizer(NEWS_V1)
    by_text = defaultdict(list)
    for row in rows:
        by_text[normalize(row.text)].append(row)
    return tuple(tuple(same) for same in by_text.values() if len(same) > 1)


def _near_duplicates(
    rows: Sequence[Annotation], duplicates: Sequence[Sequence[Annotation]]
) -> tuple[tuple[Annotation, Annotation], ...]:
    """Return the pairs from different documents, each text compared once: a thousand copies are a million pairs."""
    repeated = {row.id for same in duplicates for row in same[1:]}
    distinct = [row for row in rows if row.id not in repeated]
    pairs = [(distinct[a], distinct[b]) for a, b in near_duplicates([row.text for row in distinct])]
    pairs += [(same[0], row) for same in duplicates for row in same[1:]]
    return tuple((one, other) for one, other in pairs if one.doc_id != other.doc_id)


def _held_out_leaks(rows: Sequence[Annotation], held_out: Sequence[Annotation]) -> tuple[Leak, ...]:
    copies = find_copies([row.text for row in rows], [row.text for row in held_out])
    return tuple(Leak(held_out=held_out[copy], copy=rows[index]) for index, copy in copies.items())
