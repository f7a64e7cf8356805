"""``iraqcoal export``: events in the tables of other projects."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.cli.options import (
    DateColumn,
    Scored,
    SourceColumn,
    UrlColumn,
    check_choice,
    fact_columns,
    show_bad_rows,
    show_days,
)
from iraqcoal_nlp.errors import InputError

_DATES = ("none", "published")


def export(
    scored: Scored,
    out: Annotated[Path, typer.Option("--out", help="File to write: .csv; for polecat .tsv or .txt.")],
    table: Annotated[str, typer.Option("--format", help="codes, polecat or acled-style.")] = "codes",
    event_date: Annotated[
        str,
        typer.Option("--event-date", help="Day of an event (not in codes): none, or published (its article's)."),
    ] = "none",
    sanction_quad: Annotated[
        str, typer.Option("--sanction-quad", help="PLOVER's SANCTION (a suspension): material or verbal conflict.")
    ] = "material",
    date_column: DateColumn = None,
    source_column: SourceColumn = None,
    url_column: UrlColumn = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
) -> None:
    """Write one row per reported event, with PLOVER, CAMEO and ACLED codes."""
    from iraqcoal_nlp.data.exchange import FORMATS, export_events

    check_choice("--format", table, tuple(FORMATS))
    check_choice("--event-date", event_date, _DATES)
    check_choice("--sanction-quad", sanction_quad, ("material", "verbal"))
    if table == "codes" and event_date != "none":
        raise InputError("--event-date goes with --format polecat or acled-style: codes have no day of the event")
    if table == "acled-style" and sanction_quad != "material":
        raise InputError("--sanction-quad goes with --format codes or polecat: ACLED's columns have none")
    report = export_events(
        scored,
        out,
        table=table,
        columns=fact_columns(date=date_column, source=source_column, url=url_column),
        published_as_event_date=event_date == "published",
        alternative_quad=sanction_quad == "verbal",
        overwrite=force,
    )
    print(f"{out}: {report.events} events of {report.sentences} sentences", file=sys.stderr)
    show_days(report.days, named=date_column is not None)
    show_bad_rows(report.errors)
