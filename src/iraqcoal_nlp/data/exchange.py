"""Events as other tools expect them: one row for each event of each sentence.

The library judges sentences. It does not say who did what to whom, where, or on which day: such columns are empty in
every format, rather than guessed. Formats and columns: ``docs/exchange.md``.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.data.dates import iso_date
from iraqcoal_nlp.data.facts import DayCounts, Facts
from iraqcoal_nlp.data.ontology import EventCodes, event_codes
from iraqcoal_nlp.data.outputs import whole_file
from iraqcoal_nlp.data.scored import FactColumns, read_scored
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import SentenceResult

LANGUAGE = "ar"
"""BCP-47. Only sentences in Arabic script get events."""

CODES_COLUMNS: tuple[str, ...] = (
    *("event_id", "doc_id", "sent_id", "start", "end", "text", "published", "source", "url", "language"),
    *("stance", "stance_probability", "event", "event_probability"),
    *("plover_type", "plover_mode", "plover_context", "quad", "intensity", "cameo"),
    *("acled_disorder_type", "acled_event_type", "acled_sub_event_type", "coded_by"),
    *("abstained", "truncated", "model"),
)

POLECAT_COLUMNS: tuple[str, ...] = (
    *("Event ID", "Event Date", "Event Type", "Event Mode", "Intensity", "Quad Code", "Contexts"),
    *("Actor Name", "Actor Country", "Actor COW", "Primary Actor Sector", "Actor Sectors", "Actor Title"),
    *("Actor Name Raw", "Wikipedia Actor ID"),
    *("Recipient Name", "Recipient Country", "Recipient COW", "Primary Recipient Sector", "Recipient Sectors"),
    *("Recipient Title", "Recipient Name Raw", "Wikipedia Recipient ID"),
    *("Placename", "City", "District", "Province", "Country", "Latitude", "Longitude", "GeoNames ID"),
    *("Raw Placename", "Feature Type", "Source", "Publication Date"),
    *("Story People", "Story Organizations", "Story Locations", "Language", "Version"),
)

ACLED_COLUMNS: tuple[str, ...] = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type", "sub_event_type"),
    *("actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "civilian_targeting"),
    *("iso", "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision"),
    *("source", "source_scale", "notes", "fatalities", "tags", "timestamp"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one kind of table is written."""

    columns: tuple[str, ...]
    row: Callable[[ReportedEvent], dict[str, Any]]
    endings: tuple[str, ...]
    missing: str = ""
    """What stands for a value that is not known."""
    dialect: Mapping[str, Any] = field(default_factory=dict)
    """Options of :func:`csv.writer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedEvent:
    """One event of one sentence."""

    event_id: str
    """``<doc_id>/<sent_id>/<event>``, with a number behind it where a file has that twice: always one row's own."""
    event: str
    sentence: SentenceResult
    codes: EventCodes
    published: str | None
    """``YYYY-MM-DD``."""
    event_date: str | None
    source: str | None
    url: str | None


@dataclass(slots=True, kw_only=True)
class ExportReport:
    """What an export did."""

    sentences: int = 0
    events: int = 0
    days: DayCounts = field(default_factory=DayCounts)
    """Of the articles."""
    errors: list[InputError] = field(default_factory=list)


def export_events(
    scored: Path,
    out: Path,
    *,
    table: str,
    columns: FactColumns | None = None,
    published_as_event_date: bool = False,
    alternative_quad: bool = False,
    overwrite: bool = False,
) -> ExportReport:
    """Write the events of a scored file as a table of another project.

    Args:
        scored: A file of ``iraqcoal score``.
        out: File to write; it appears when all is done.
        table: One of :data:`FORMATS`.
        columns: Where rows keep date, source and address.
        published_as_event_date: Whether the day of publication may stand for the day of the event. Otherwise that stays
            unknown.
        alternative_quad: See :func:`~iraqcoal_nlp.data.ontology.event_codes`.
        overwrite: Whether an existing ``out`` may be replaced.

    Raises:
        InputError: A file cannot be read or written, holds no good row, or none with a column that is needed.
        KeyError: ``table`` is unknown.
    """
    form = FORMATS[table]
    facts = Facts(columns or FactColumns())
    report = ExportReport(days=facts.days)
    with whole_file(out, endings=form.endings, source=scored, overwrite=overwrite) as file:
        writer = csv.writer(file, **form.dialect)
        writer.writerow(form.columns)
        for event in _events(scored, facts, report, dated=published_as_event_date, alternative_quad=alternative_quad):
            row = form.row(event)
            writer.writerow([_cell(row[name], form) for name in form.columns])
        if not report.sentences:
            raise report.errors[0] if report.errors else InputError("holds no row", path=scored)
        facts.check(scored)
    return report


def _events(
    scored: Path, facts: Facts, report: ExportReport, *, dated: bool, alternative_quad: bool
) -> Iterator[ReportedEvent]:
    """Yield the events of a file; count what is passed over."""
    seen: Counter[str] = Counter()
    columns = facts.columns
    for row in read_scored(scored):
        if isinstance(row, InputError):
            report.errors.append(row)
            continue
        report.sentences += 1
        facts.add(row)
        sentence, published = row.sentence, iso_date(row.extra.get(columns.date))
        for event in sentence.events:
            report.events += 1
            name = f"{sentence.doc_id}/{sentence.sent_id}/{event}"
            seen[name] += 1
            yield ReportedEvent(
                event_id=name if seen[name] == 1 else f"{name}/{seen[name]}",
                event=event,
                sentence=sentence,
                codes=event_codes(event, sentence.text, alternative_quad=alternative_quad),
                published=published,
                event_date=published if dated else None,
                source=row.fact(columns.source),
                url=row.fact(columns.url),
            )


def _codes_row(event: ReportedEvent) -> dict[str, Any]:
    sentence = event.sentence
    codes = asdict(event.codes) | {"coded_by": "|".join(event.codes.coded_by) or "label"}
    return codes | {
        "event_id": event.event_id,
        "doc_id": sentence.doc_id,
        "sent_id": sentence.sent_id,
        "start": sentence.start,
        "end": sentence.end,
        "text": sentence.text,
        "published": event.published,
        "source": event.source,
        "url": event.url,
        "language": LANGUAGE,
        "stance": sentence.stance,
        "stance_probability": sentence.stance_probs[sentence.stance],
        "event": event.event,
        "event_probability": sentence.event_probs[event.event],
        "abstained": sentence.abstained,
        "truncated": sentence.truncated,
        "model": sentence.model,
    }


def _polecat_row(event: ReportedEvent) -> dict[str, Any]:
    codes = event.codes
    return dict.fromkeys(POLECAT_COLUMNS) | {
        "Event ID": event.event_id,
        "Event Date": event.event_date,
        "Event Type": codes.plover_type,
        "Event Mode": codes.plover_mode,
        "Intensity": codes.intensity,
        "Quad Code": codes.quad,
        "Contexts": codes.plover_context,
        "Source": event.source,
        "Publication Date": event.published,
        "Language": LANGUAGE,
        "Version": f"iraqcoal-nlp {__version__} {event.sentence.model}".strip(),
    }


def _acled_row(event: ReportedEvent) -> dict[str, Any]:
    codes, sentence = event.codes, event.sentence
    tags = {
        "label": event.event,
        "probability": sentence.event_probs[event.event],
        "stance": sentence.stance,
        "published": event.published,
        "coded by": "|".join(codes.coded_by) or "label",
    }
    return dict.fromkeys(ACLED_COLUMNS) | {
        "event_id_cnty": event.event_id,
        "event_date": event.event_date,
        "year": event.event_date[:4] if event.event_date else None,
        "disorder_type": codes.acled_disorder_type,
        "event_type": codes.acled_event_type,
        "sub_event_type": codes.acled_sub_event_type,
        "source": event.source,
        "notes": sentence.text,
        "tags": "; ".join(f"{key}={value}" for key, value in tags.items() if value is not None),
    }


def _cell(value: Any, form: Format) -> str:  # noqa: ANN401 - whatever a column holds
    """Write a value; a table without quoting cannot hold separators or line ends inside a cell."""
    text = "" if value is None else str(value)
    return (" ".join(text.split()) if form.dialect is _UNQUOTED else text) or form.missing


# What readers of POLECAT expect. The other tables keep the usual line end, CR LF: before Python 3.13, csv quotes a cell
# with CR only if that is part of it.
_UNQUOTED = {"delimiter": "\t", "lineterminator": "\n", "quoting": csv.QUOTE_NONE, "quotechar": None}

FORMATS: dict[str, Format] = {
    "codes": Format(columns=CODES_COLUMNS, row=_codes_row, endings=(".csv",)),
    "polecat": Format(
        columns=POLECAT_COLUMNS, row=_polecat_row, endings=(".tsv", ".txt"), missing="None", dialect=_UNQUOTED
    ),
    "acled-style": Format(columns=ACLED_COLUMNS, row=_acled_row, endings=(".csv",)),
}
"""Tables by the name that ``iraqcoal export --format`` takes."""
