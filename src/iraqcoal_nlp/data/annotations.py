"""Annotated sentences: one schema for ``.jsonl``, ``.csv`` and ``.tsv``, checked against the codebook.

=============  ========  =============================================================================================
column         needed    holds
=============  ========  =============================================================================================
``text``       yes       the sentence
``stance``     in CSV    a label of :data:`~iraqcoal_nlp.codebook.STANCES`
``events``     in CSV    any labels of :data:`~iraqcoal_nlp.codebook.EVENTS`: a list in JSON, joined with ``|`` in a
                         table; empty where there is none
``id``         no        a name for the sentence; without it, the file's name and the row's number
``doc_id``     no        the sentence's document; without it, the sentence stands alone
``source``     no        where the document is from
``split``      no        ``train``, ``dev`` or ``test``
``annotator``  no        who judged
=============  ========  =============================================================================================

What nobody has judged is ``null`` or absent in JSON, and ``?`` in a table. There, an empty stance is refused: the row
may as well have been passed over. All other columns are ignored, but for the probabilities of a model that labelled the
row. Files are UTF-8, or in another encoding that :mod:`iraqcoal_nlp.data.encodings` recognises; columns are separated
by commas, semicolons or tabs: the header shows by which.

A sentence may stand in several rows, one for each annotator. A row without annotator is then the settled judgement: the
one that trains and tests. Without one, it is what annotators agree on; where they differ, somebody must settle.

In JSON, a settled row may instead carry the judgements it was settled from: ``"annotators": [[stance, [events]], …]``.
Rows marked ``"boilerplate": true`` are no sentences and are skipped.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotation_fields import NOT_JUDGED, decode_cells, events_field, name_field, stance_field
from iraqcoal_nlp.data.files import check_file, open_text, reading
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.data.results import not_for_excel
from iraqcoal_nlp.data.scored import labelling_model
from iraqcoal_nlp.data.tables import text_rows
from iraqcoal_nlp.errors import CodebookError, InputError, printable

SUFFIXES = (".jsonl", ".csv", ".tsv")
"""File types that are read."""

SPLITS = ("train", "dev", "test")
"""What a row may be for: to train, to choose settings, to measure."""

_NEEDED = ("text", "stance", "events")
_OF_SCORED = {"sent_id", "start", "end"}
"""Columns of `iraqcoal score`."""

_ADVICE = f"annotations have the columns text, stance and events; where nobody has judged, a cell holds {NOT_JUDGED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One sentence with its labels; ``None`` means that nobody has judged that head."""

    id: str
    doc_id: str
    text: str
    stance: str | None
    events: tuple[str, ...] | None
    source: str | None = None
    split: str | None = None
    """One of :data:`SPLITS`; ``None``: not given."""
    annotator: str | None = None
    """Who judged; ``None``: one judgement that nobody is named for, or the settled one of several."""
    labelled_by: str | None = None
    """The model whose probabilities stand in the row, as `iraqcoal score` wrote it, if no annotator is named."""

    def to_dict(self) -> dict[str, Any]:
        """Return the row of an annotation file, ready for JSON; optional columns only where they hold something."""
        row = {
            "id": self.id,
            "doc_id": self.doc_id,
            "text": self.text,
            "stance": self.stance,
            "events": None if self.events is None else list(self.events),
        }
        optional = {name: getattr(self, name) for name in ("source", "split", "annotator", "labelled_by")}
        return row | {name: value for name, value in optional.items() if value is not None}


def read_annotations(path: Path) -> list[Annotation]:
    """Read an annotation file, one row per sentence, as it trains or tests a model.

    Of several judgements of a sentence, the settled one is taken: see :func:`settled`.

    Raises:
        InputError: The file cannot be read or holds no row; a row is malformed, lacks its text, has a label outside the
            codebook or repeats an id; or annotators judged a sentence differently and nobody has settled it. The
            message names the file and the row.
    """
    by_id = defaultdict(list)
    for number, row in _good_rows(path):
        by_id[row.id].append((number, row))
    rows = []
    for same in by_id.values():
        number, first = same[0]
        final = settled([judgement for _, judgement in same])
        if final is None:
            names = " and ".join(repr(judgement.annotator) for _, judgement in same)
            advice = "keep one row per sentence, or add the settled one without annotator"
            raise InputError(f"id {first.id!r} is judged differently by {names}: {advice}", path=path, row=number)
        rows.append(final)
    return rows


def read_judgements(path: Path) -> list[Annotation]:
    """Read every judgement of an annotation file, as agreement is measured on: an id may repeat.

    Raises:
        InputError: As in :func:`read_annotations`, but for what several annotators judged.
    """
    return [row for _, row in _good_rows(path)]


def settled(judgements: Sequence[Annotation]) -> Annotation | None:
    """Return the judgement of one sentence that counts: the only one, the one without annotator, or what all agree on.

    ``None``: annotators differ. They agree on a head that only some of them have judged, if those do.
    """
    if len(judgements) == 1:
        return judgements[0]
    final = next((row for row in judgements if row.annotator is None), None)
    if final is not None or differ(judgements):
        return final
    stance = next((row.stance for row in judgements if row.stance is not None), None)
    events = next((row.events for row in judgements if row.events is not None), None)
    return replace(judgements[0], stance=stance, events=events, annotator=None)


def differ(judgements: Sequence[Annotation]) -> bool:
    """Whether two of the rows have different stances, or different events; one that nobody has judged is none."""
    stances = {row.stance for row in judgements if row.stance is not None}
    events = {row.events for row in judgements if row.events is not None}
    return len(stances) > 1 or len(events) > 1


UNLESS_JUDGED = "unless a person has judged each one since, they teach what it says already"
"""What to know of rows that a model has labelled."""


def labelling_models(rows: Sequence[Annotation]) -> str | None:
    """Say which models have labelled how many of the rows; ``None`` where none seems to have."""
    labelled = [row.labelled_by for row in rows if row.labelled_by is not None]
    if not labelled:
        return None
    count = "all rows" if len(labelled) == len(rows) else f"{len(labelled)} of {len(rows)} rows"
    return f"{count} were labelled by {' and '.join(dict.fromkeys(labelled))}"


def label_counts(rows: Iterable[Annotation]) -> dict[str, int]:
    """Return how many rows have each label of both heads, in codebook order."""
    counts = Counter(label for row in rows for label in (row.stance, *(row.events or ())))
    return {label: counts[label] for label in (*STANCES, *EVENTS)}


def write_annotations(rows: Iterable[Annotation], path: Path) -> None:
    """Write an annotation file (JSON Lines); it appears whole or not at all."""
    write_whole(path, (json.dumps(row.to_dict(), ensure_ascii=False) + "\n" for row in rows))


def scan_judgements(path: Path) -> Iterator[tuple[int, Annotation | InputError]]:
    """Yield row numbers and judgements, and an error in the place of each bad row.

    Numbers are 1-based: lines of JSON Lines; records of a table, whose header is row 1.

    Raises:
        InputError: The file cannot be read, or is of an unknown type.
    """
    check_file(path, of_folder="its files")
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"unknown file type {path.suffix!r}: use {', '.join(SUFFIXES)}", path=path)
    ending = path.suffix.lower()
    with reading(path), open_text(str(path), ending) as (stream, encoding):
        rows = text_rows(stream, path, ending, needed=_NEEDED, advice=_ADVICE, encoding=encoding)
        seen = SeenJudgements()
        for number, row in rows:
            if isinstance(row, InputError):
                yield number, row
                continue
            try:
                fields = row
                if ending != ".jsonl":
                    fields = decode_cells(not_for_excel(row) if row.keys() >= _OF_SCORED else row)
                judgements = parse_row(fields, fallback_id=f"{printable(path.stem)}-{number}")
                for judgement in judgements:
                    seen.check(judgement, f"row {number}")
            except (CodebookError, TypeError, ValueError) as error:
                yield number, InputError(str(error), path=path, row=number)
                continue
            for judgement in judgements:
                yield number, judgement


def _good_rows(path: Path) -> list[tuple[int, Annotation]]:
    """Return all rows of a file that has no bad one.

    Raises:
        InputError: The file cannot be read or holds no row; or its first bad row, with the number of the others.
    """
    rows: list[tuple[int, Annotation]] = []
    errors: list[InputError] = []
    for number, item in scan_judgements(path):
        if isinstance(item, InputError):
            errors.append(item)
        else:
            rows.append((number, item))
    if errors:
        more = f" ({len(errors) - 1} more bad rows: `iraqcoal data check` lists them)" if len(errors) > 1 else ""
        raise InputError(errors[0].reason + more, path=path, row=errors[0].row)
    if not rows:
        raise InputError("holds no annotated sentence", path=path)
    return rows


class SeenJudgements:
    """The judgements of one or more files so far."""

    def __init__(self) -> None:
        self._by_annotator: dict[tuple[str, str | None], tuple[str, Annotation]] = {}
        self._by_id: dict[str, tuple[str, Annotation]] = {}

    def check(self, judgement: Annotation, place: str) -> None:
        """Refuse a second judgement by the same annotator, and a second sentence of the same id.

        Args:
            judgement: The next one.
            place: Where it stands, such as ``row 3``, or ``rows.csv:3``.

        Raises:
            ValueError: It is one.
        """
        first_place, first = self._by_id.setdefault(judgement.id, (place, judgement))
        for name in ("text", "doc_id", "split"):
            if getattr(first, name) != getattr(judgement, name):
                raise ValueError(f"id {judgement.id!r} stands in {first_place} already, with another {name}")
        key = (judgement.id, judgement.annotator)
        same_place, same = self._by_annotator.setdefault(key, (place, judgement))
        if same is not judgement:
            by_whom = "" if judgement.annotator is None else f", by annotator {judgement.annotator!r}"
            raise ValueError(f"id {judgement.id!r} stands in {same_place} already{by_whom}")


def parse_row(row: Mapping[str, Any], *, fallback_id: str) -> list[Annotation]:
    """Return what a row of JSON holds: nothing if it is boilerplate, else the row, then what it was settled from.

    Args:
        row: The columns.
        fallback_id: The name of a row that has none.

    Raises:
        TypeError: A field has the wrong type.
        ValueError: The split is unknown.
        CodebookError: A label is unknown.
    """
    if row.get("boilerplate") is True:
        return []
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise TypeError("field 'text' is missing or empty")
    split = name_field(row, "split")
    if split is not None and split not in SPLITS:
        raise ValueError(f"unknown split {split!r}: use one of {', '.join(SPLITS)}")
    row_id = name_field(row, "id") or fallback_id
    annotator = name_field(row, "annotator")
    by_model = name_field(row, "labelled_by") or labelling_model(row)
    annotation = Annotation(
        id=row_id,
        doc_id=name_field(row, "doc_id") or row_id,
        text=text,
        stance=stance_field(row.get("stance")),
        events=events_field(row.get("events")),
        source=name_field(row, "source"),
        split=split,
        annotator=annotator,
        labelled_by=None if annotator or row.get("annotators") else by_model,
    )
    judgements = [annotation]
    for number, judgement in enumerate(row.get("annotators") or (), 1):
        if not isinstance(judgement, list) or len(judgement) != 2:
            raise TypeError("field 'annotators' must be a list of pairs [stance, [events]]")
        stance, events = stance_field(judgement[0]), events_field(judgement[1])
        judgements.append(replace(annotation, stance=stance, events=events, annotator=str(number)))
    return judgements
