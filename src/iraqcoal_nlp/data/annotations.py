"""Annotated sentences: one JSON object a line, checked against the codebook."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES, check_events, check_stance
from iraqcoal_nlp.errors import CodebookError, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One sentence with its labels; ``None`` means that nobody has judged that head."""

    id: str
    doc_id: str
    text: str
    stance: str | None
    events: tuple[str, ...] | None
    source: str | None = None


def read_annotations(path: Path) -> list[Annotation]:
    """Read an annotation file (``.jsonl``), skipping rows marked ``"boilerplate": true``.

    Raises:
        InputError: The file cannot be read or holds no row, or a row is not JSON, lacks its text, or has a label
            outside the codebook. The message names the file and the line.
    """
    if not path.is_file():
        raise InputError("no such file", path=path)
    rows = []
    seen: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if "\ufffd" in line:
                raise InputError("not UTF-8", path=path, row=number)
            try:
                row = json.loads(line)
                if isinstance(row, dict) and row.get("boilerplate") is True:
                    continue
                annotation = _annotation(row, fallback_id=f"{path.stem}-{number}")
            except (json.JSONDecodeError, RecursionError) as error:
                raise InputError(f"not JSON ({error})", path=path, row=number) from None
            except (CodebookError, TypeError) as error:
                raise InputError(str(error), path=path, row=number) from None
            if annotation.id in seen:
                reason = f"id {annotation.id!r} stands in line {seen[annotation.id]} already"
                raise InputError(reason, path=path, row=number)
            seen[annotation.id] = number
            rows.append(annotation)
    if not rows:
        raise InputError("holds no annotated sentence", path=path)
    return rows


def label_counts(rows: Iterable[Annotation]) -> dict[str, int]:
    """Return how many rows have each label of both heads, in codebook order."""
    counts = Counter(label for row in rows for label in (row.stance, *(row.events or ())))
    return {label: counts[label] for label in (*STANCES, *EVENTS)}


def _annotation(row: Any, *, fallback_id: str) -> Annotation:  # noqa: ANN401 - whatever JSON holds
    """Check one decoded row.

    Raises:
        TypeError: The row, its text or its events have the wrong type.
        CodebookError: A label is unknown.
    """
    if not isinstance(row, dict):
        raise TypeError("a row must be a JSON object")
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise TypeError("field 'text' is missing or empty")
    events = row.get("events")
    if events is not None and not isinstance(events, list):
        raise TypeError("field 'events' must be a list of labels, or null")
    stance = row.get("stance")
    row_id = str(row.get("id", fallback_id))
    return Annotation(
        id=row_id,
        doc_id=str(row.get("doc_id", row_id)),
        text=text,
        stance=None if stance is None else check_stance(stance),
        events=None if events is None else check_events(events),
        source=row.get("source"),
    )
