"""Fields of an annotation row: a table's cells as JSON would hold them, and each field with its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES, check_events, check_stance

NOT_JUDGED = "?"
"""What a table holds where nobody has judged."""


def decode_cells(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a table's row as JSON would hold it.

    Raises:
        ValueError: The stance is empty, or the row ends before it or the events.
    """
    fields: dict[str, Any] = {name: cell for name, cell in row.items() if name != "annotators"}
    for name in ("stance", "events"):
        if name not in row:
            raise ValueError(f"has no cell in column {name!r}: write {NOT_JUDGED} if nobody has judged it")
        cell = row[name].strip()
        fields[name] = None if cell == NOT_JUDGED else cell
    if fields["stance"] == "":
        raise ValueError(f"the stance is empty: write {', '.join(STANCES)}, or {NOT_JUDGED} if nobody has judged it")
    if fields["events"] is not None:
        fields["events"] = [event.strip() for event in fields["events"].split("|")] if fields["events"] else []
    return fields


def name_field(row: Mapping[str, Any], field: str) -> str | None:
    """Return a name as text, ``None`` if there is none.

    Raises:
        TypeError: It is neither text nor a number.
    """
    value = row.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise TypeError(f"field {field!r} must be text or a number")
    return None if value is None else str(value).strip() or None


def stance_field(label: object) -> str | None:
    """Return a stance, ``None`` if nobody has judged it.

    Raises:
        CodebookError: It is unknown.
    """
    return None if label is None else check_stance(label)


def events_field(labels: object) -> tuple[str, ...] | None:
    """Return events in codebook order, ``None`` if nobody has judged them.

    Raises:
        TypeError: They are no list.
        CodebookError: One is unknown.
    """
    if labels is None:
        return None
    if not isinstance(labels, list):
        raise TypeError(f"field 'events' must be a list of {', '.join(EVENTS)}, or null if nobody has judged it")
    return check_events(labels)
