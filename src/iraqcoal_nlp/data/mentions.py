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
from iraqcoal_nlp.data.facts import DayCounts, check_columns
from iraqcoal_nlp.data.files import check_file, open_text, reading
from iraqcoal_nlp.data.outputs import whole_file
from iraqcoal_nlp.data.tables import json_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import free_name
from iraqcoal_nlp.text.attribution.find import article_day, find_mentions
from iraqcoal_nlp.text.attribution.mentions import Mentions

ENDING = ".jsonl"
"""The file type that is read and written."""

DATE = "date"
"""The field of the article's day, unless another is named."""

FIELD = "mentions"
"""The field that is added; an input column of that name becomes ``input_mentions``."""


@dataclass(slots=True, kw_only=True)
class MentionsReport:
    """What was found in a file of scored rows."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """``speakers``, ``places``, ``dates``, ``resolved`` (dates with a value), ``continues`` (sentences that go on), and
    ``undated`` (rows without a day that can be read)."""
    days: DayCounts = field(default_factory=DayCounts)
    """Of the articles, counted by rows."""
    errors: list[InputError] = field(default_factory=list)
    """Rows that could not be used; they are not written."""

    def add(self, mentions: Mentions, day: object, *, dated: bool) -> None:
        """Count one row."""
        self.rows += 1
        self.counts["speakers"] += len(mentions.speakers)
        self.counts["places"] += len(mentions.places)
        self.counts["dates"] += len(mentions.dates)
        self.counts["resolved"] += sum(date.value is not None for date in mentions.dates)
        self.counts["continues"] += mentions.continues
        self.counts["undated"] += not dated
        self.days.add(day)


def add_mentions(scored: Path, out: Path, *, date_column: str | None = None, overwrite: bool = False) -> MentionsReport:
    """Write the rows of ``iraqcoal score`` again, each with the field ``mentions``.

    Args:
        scored: A ``.jsonl`` file of rows, with the raw ``text`` and its ``start`` in the article.
        out: The ``.jsonl`` file to write; it appears when all is done.
        date_column: Field with the article's day, as :func:`~iraqcoal_nlp.data.dates.iso_date` reads it; ``None``:
            ``date``, if rows have it. Where it says none, what is counted from that day stays unresolved.
        overwrite: Whether an existing ``out`` may be replaced.

    Raises:
        InputError: A file is missing, of another type, both input and output, or exists already; or no row can be used,
            or has the field that was named.
        OSError: The system refused to read or write.
    """
    check_file(scored, of_folder="one file of rows in it")
    for path in (scored, out):
        if path.suffix.lower() != ENDING:
            raise InputError(f"mentions are nested: they need rows in {ENDING}, in and out", path=path)
    report, names = MentionsReport(), dict[str, None]()
    with whole_file(out, endings=(ENDING,), source=scored, overwrite=overwrite) as file:
        for number, given in _rows(scored):
            row = _checked(given, scored, number)
            if isinstance(row, InputError):
                report.errors.append(row)
            else:
                names |= dict.fromkeys(row)
                file.write(json.dumps(_with_mentions(row, date_column or DATE, report), ensure_ascii=False) + "\n")
        if not report.rows:
            raise report.errors[0] if report.errors else InputError("holds no row", path=scored)
        if date_column is not None:
            check_columns([date_column], names, scored)
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
    report.add(mentions, row.get(date_column), dated=day is not None)
    given = row.get(FIELD)
    own = isinstance(given, dict) and given.keys() == mentions.to_dict().keys()
    free = free_name(FIELD, row)
    kept = {free if key == FIELD and not own else key: value for key, value in row.items()}
    return kept | {FIELD: mentions.to_dict()}
