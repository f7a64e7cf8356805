"""``iraqcoal mentions``: who, where and when, added to scored rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.cli.options import show_errors


def mentions(
    scored: Annotated[Path, typer.Argument(help="File of `iraqcoal score`: .jsonl.", metavar="SCORED")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .jsonl.")],
    date_column: Annotated[
        str | None,
        typer.Option("--date-column", help="Field with the article's day, such as 2020-01-05; without it, date."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
) -> None:
    """Add the speakers, places of Iraq and dates that each sentence mentions."""
    from iraqcoal_nlp.data.mentions import DATE, add_mentions

    report = add_mentions(scored, out, date_column=date_column, overwrite=force)
    counts = report.counts
    lines = [f"{out}: {report.rows} sentences"]
    lines += [f"{counts['speakers']} speakers, {counts['continues']} sentences that go on without naming one"]
    lines += [f"{counts['places']} places, {counts['dates']} dates ({counts['resolved']} resolved)"]
    if counts["undated"]:
        advice = f" ({report.days.advice})" if report.days.advice else ""
        without = f"{counts['undated']} sentences without a day in {date_column or DATE!r}{advice}"
        lines.append(f"{without}: أمس and its kin stay unresolved")
    print("\n".join(lines), file=sys.stderr)
    if report.errors:
        show_errors(report.errors, len(report.errors))
        raise typer.Exit(1)
