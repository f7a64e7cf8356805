"""Corrections of labels: ids and labels in a file of their own, so that they can be published where texts cannot.

One JSON object a line: ``{"id", "stance", "events", "why"}``; other fields are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from iraqcoal_nlp.codebook import check_events, check_stance
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.tables import sound_json_rows
from iraqcoal_nlp.errors import CodebookError, InputError


def apply_corrections(rows: Sequence[Annotation], path: Path) -> list[Annotation]:
    """Return the rows, those that the file names with its labels instead of their own.

    Raises:
        InputError: The file cannot be read, a line of it is no correction, or it names an id that no row has; the
            message names file and line.
    """
    known = {row.id for row in rows}
    corrected = {}
    for number, row_id, stance, events in _corrections(path):
        if row_id not in known:
            raise InputError(f"no annotated sentence has the id {row_id!r}", path=path, row=number)
        corrected[row_id] = (stance, events)
    return [
        replace(row, stance=corrected[row.id][0], events=corrected[row.id][1]) if row.id in corrected else row
        for row in rows
    ]


def corrected_ids(path: Path) -> frozenset[str]:
    """Return the ids of the sentences that the file names.

    Raises:
        InputError: The file cannot be read, or a line of it is no correction; the message names file and line.
    """
    return frozenset(row_id for _, row_id, _, _ in _corrections(path))


def _corrections(path: Path) -> Iterator[tuple[int, str, str, tuple[str, ...]]]:
    """Yield line, id, stance and events of each correction."""
    for number, entry in sound_json_rows(path):
        try:
            yield number, str(entry["id"]), check_stance(entry["stance"]), check_events(entry["events"])
        except (ValueError, TypeError, KeyError, CodebookError) as error:
            raise InputError(f"not a correction ({error})", path=path, row=number) from None
