"""Adds what sentences mention to scored rows: one field, everything else as it was."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iraqcoal_nlp.data.dates import iso_date
from iraqcoal_nlp.data.files import check_file, open_text, reading
from iraqcoal_nlp.data.outputs import whole_file
from iraqcoal_nlp.data.tables import json_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import free_name
from iraqcoal_nlp.text.attribution.find import article_day, find_mentions
from iraqcoal_nlp.text.attribution.mentions import Mentions

ENDING = ".jsonl"
"""The file type that is read and written."""

FIELD = "mentions"
"""The field that is added; an input column of that name becomes ``input_mentions``."""


@dataclass(slots=True, kw_only=True)
class MentionsReport:
    """What was found in a file of scored rows."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """``speakers``, ``places``, ``dates``, ``resolved`` (dates with a value), ``continues`` (sentences that go on), and
    ``undated`` (rows without a day that can be read)."""
    errors: list[InputError] = field(default_factory=list)
    """Rows that could not be used; they are not written."""

    def add(self, mentions: Mentions, *, dated: bool) -> None:
        """Count one row."""
        self.rows += 1
        self.counts["speakers"] += len(mentions.speakers)
        self.counts["places"] += len(mentions.places)
        self.counts["dates"] += len(mentions.dates)
        self.counts["resolved"] += sum(date.value is not None for date in mentions.dates)
        self.counts["continues"] += mentions.continues
        self.counts["undated"] += not dated


def add_mentions(scored: Path, out: Path, *, date_column: str = "date", overwrite: bool = False) -> MentionsReport:
    """Write the rows of ``iraqcoal score`` again, each with the field ``mentions``.

    Args:
        scored: A ``.jsonl`` file of rows, with the raw ``text`` and its ``start`` in the article.
        out: The ``.jsonl`` file to write; it appears when all is done.
        date_column: Field with the article's day, as :func:`~iraqcoal_nlp.data.dates.iso_date` reads it. Where it says
            none, what is counted from that day stays unresolved.
        overwrite: Whether an existing ``out`` may be replaced.

    Raises:
        InputError: A file is missing, of another type, both input and output, or exists already, or no row can be used.
        OSError: The system refused to read or write.
    """
    check_file(scored, of_folder="one file of rows in it")
    for path in (scored, out):
        if path.suffix.lower() != ENDING:
            raise InputError(f"mentions are nested: they need rows in {ENDING}, in and out", path=path)
    report = MentionsReport()
    with whole_file(out, endings=(ENDING,), source=scored, overwrite=overwrite) as file:
        for number, given in _rows(scored):
            row = _checked(given, scored, number)
            if isinstance(row, InputError):
                report.errors.append(row)
            else:
                file.write(json.dumps(_with_mentions(row, date_column, report), ensure_ascii=False) + "\n")
        if not report.rows:
            raise report.errors[0] if report.errors else InputError("holds no row", path=scored)
    return report


def published_day(value: object) -> datetime.date | None:
    """Return the day that a field says without doubt, from 1900 to 2100; None if it says none."""
    day = iso_date(value)
    try:
        return None if day is None else article_day(day)
    except ValueError:
        return None


def _rows(scored: Path) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    with reading(scored), open_text(str(scored), ENDING) as (lines, encoding):
        yield from json_rows(lines, scored, encoding=encoding)


def _checked(row: dict[str, Any] | InputError, path: Path, number: int) -> dict[str, Any] | InputError:
    if isinstance(row, InputError):
        return row
    start = row.get("start")
    if isinstance(row.get("text"), str) and isinstance(start, int) and start >= 0:
        return row
    return InputError("is no row of `iraqcoal score`: it needs a 'text' and its 'start'", path=path, row=number)


def _with_mentions(row: Mapping[str, Any], date_column: str, report: MentionsReport) -> dict[str, Any]:
    day = published_day(row.get(date_column))
    mentions = find_mentions(row["text"], offset=row["start"], article_date=day)
    report.add(mentions, dated=day is not None)
    given = row.get(FIELD)
    own = isinstance(given, dict) and given.keys() == mentions.to_dict().keys()
    free = free_name(FIELD, row)
    kept = {free if key == FIELD and not own else key: value for key, value in row.items()}
    return kept | {FIELD: mentions.to_dict()}
