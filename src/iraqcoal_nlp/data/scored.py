"""Scored rows, read back: what ``iraqcoal score`` wrote becomes values again, for reports, exports and sampling.

A bad row yields an :class:`InputError` in its place, like those of articles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES, check_events, check_stance
from iraqcoal_nlp.data.files import check_file, ending_of, open_bytes, open_text, reading
from iraqcoal_nlp.data.results import ENDINGS, not_for_excel
from iraqcoal_nlp.data.tables import text_rows
from iraqcoal_nlp.errors import CodebookError, InputError
from iraqcoal_nlp.records import FLAGS, FLAT_COLUMNS, PROB_COLUMNS, SentenceResult

OWN_COLUMNS = frozenset({*FLAT_COLUMNS, "stance_probs", "event_probs", "why"})
"""Columns of results; all others came with the articles."""

_NEEDED = ("doc_id", "sent_id", "start", "end", "text", "stance", "events")
_ADVICE = "name a file that `iraqcoal score` has written"
_NO = frozenset({"", "false", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactColumns:
    """Where a row says where its article comes from. A column that a file lacks is no fault, unless it is needed."""

    date: str = "date"
    source: str = "source"
    title: str = "title"
    url: str = "url"
    needed: tuple[str, ...] = ()
    """Columns of these that some row must have, as a user asked for them by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRow:
    """One row of a scored file."""

    sentence: SentenceResult
    extra: Mapping[str, Any]
    """Columns that came through from the input, such as date and source."""

    def fact(self, column: str) -> str | None:
        """Return a column as one line of text, ``None`` if it is missing or empty."""
        value = self.extra.get(column)
        return None if value is None else " ".join(str(value).split()) or None

    def article(self, columns: FactColumns) -> tuple[str, tuple[str | None, ...]]:
        """Return what the rows of one article share: its id, title, date, source and address."""
        names = (columns.title, columns.date, columns.source, columns.url)
        return self.sentence.doc_id, tuple(map(self.fact, names))


def read_scored(path: Path) -> Iterator[ScoredRow | InputError]:
    """Yield the rows of a scored file, in order, and an error in the place of each bad one.

    ``abstained``, ``flags`` and ``model`` may be missing; then nothing is unusual, and the model has no name.

    Raises:
        InputError: The file does not exist, has an unknown type, or cannot be read.
    """
    check_file(path, of_folder="one file of rows in it")
    if ending_of(path.name) not in ENDINGS:
        raise InputError(f"unknown type {path.suffix!r} of scored rows: use {', '.join(ENDINGS)}", path=path)
    for number, row in _rows(path):
        if isinstance(row, InputError):
            yield row
            continue
        try:
            extra = {key: value for key, value in row.items() if key not in OWN_COLUMNS}
            yield ScoredRow(sentence=_sentence(row), extra=extra)
        except (ValueError, TypeError, CodebookError) as error:
            yield InputError(f"is no row of `iraqcoal score`: {error}", path=path, row=number)


def read_scored_whole(path: Path) -> tuple[list[ScoredRow], list[InputError]]:
    """Read a scored file at once: its good rows, and the errors of the others.

    Raises:
        InputError: It cannot be read, or holds no good row.
    """
    rows: list[ScoredRow] = []
    errors: list[InputError] = []
    for item in read_scored(path):
        if isinstance(item, ScoredRow):
            rows.append(item)
        else:
            errors.append(item)
    if not rows:
        raise errors[0] if errors else InputError("holds no row", path=path)
    return rows, errors


def labelling_model(row: Mapping[str, Any]) -> str | None:
    """Return the model of a row that holds a model's probabilities, nested or flat; ``None`` if it holds none."""
    names = ("stance_probs", "event_probs", *PROB_COLUMNS)
    return " ".join(str(row.get("model") or "a model").split()) if any(row.get(name) for name in names) else None


def _rows(path: Path) -> Iterator[tuple[int | None, dict[str, Any] | InputError]]:
    """Yield row numbers, and rows or errors."""
    name, ending = str(path), str(ending_of(path.name))
    with reading(path):
        if ending == ".parquet":
            from iraqcoal_nlp.data.parquet import parquet_rows  # noqa: PLC0415 - pyarrow takes 0.2 s to load

            with open_bytes(name, ending) as stream:
                yield from parquet_rows(stream, name, needed=_NEEDED, advice=_ADVICE)
            return
        with open_text(name, ending) as (text, encoding):
            for number, row in text_rows(text, name, ending, needed=_NEEDED, advice=_ADVICE, encoding=encoding):
                if isinstance(row, InputError) or not ending.startswith(".csv"):
                    yield number, row
                else:
                    yield number, not_for_excel(row)


def _sentence(row: Mapping[str, Any]) -> SentenceResult:
    """Check one row, nested or flat.

    Raises:
        ValueError, TypeError: A field is missing or out of range.
        CodebookError: A label is unknown.
    """
    # No events at all are a null after a way through pandas.
    missing = [name for name in _NEEDED if row.get(name) is None and not (name == "events" and name in row)]
    if missing:
        raise ValueError(f"has no {missing[0]!r}")
    return SentenceResult(
        doc_id=str(row["doc_id"]),
        sent_id=_count(row, "sent_id"),
        start=_count(row, "start"),
        end=_count(row, "end"),
        text=str(row["text"]),
        stance=check_stance(row["stance"]),
        stance_probs=_probabilities(row, "stance_probs", STANCES),
        events=check_events(_list(row["events"])),
        event_probs=_probabilities(row, "event_probs", EVENTS),
        abstained=str(row.get("abstained") or "").lower() not in _NO,
        flags=tuple(flag for flag in FLAGS if flag in _list(row.get("flags"))),
        model=str(row.get("model") or ""),
    )


def _count(row: Mapping[str, Any], name: str) -> int:
    value = int(row[name])
    if value < 0:
        raise ValueError(f"{name!r} is below 0")
    return value


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - whatever the row holds
    """Return labels given as a list, or joined with ``|``."""
    if isinstance(value, str):
        return [label for label in value.split("|") if label]
    return list(value or ())


def _probabilities(row: Mapping[str, Any], name: str, labels: tuple[str, ...]) -> dict[str, float]:
    nested = row.get(name)
    probs = {}
    for label in labels:
        value = nested.get(label) if isinstance(nested, Mapping) else row.get(f"prob_{label}")
        if value is None or value == "":
            raise ValueError(f"has no probability of {label!r}")
        probs[label] = float(value)
        if not 0 <= probs[label] <= 1:
            raise ValueError(f"the probability of {label!r} is not between 0 and 1")
    return probs
