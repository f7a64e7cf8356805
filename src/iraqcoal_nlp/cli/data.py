"""``iraqcoal data``: check annotation files, and take them to Label Studio and back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.cli.options import gathered, show_errors
from iraqcoal_nlp.codebook import EVENTS, STANCES

if TYPE_CHECKING:
    from rich.table import Table

    from iraqcoal_nlp.data.agreement import Agreement
    from iraqcoal_nlp.data.annotations import Annotation
    from iraqcoal_nlp.data.check import DataReport

HELP = "Check annotated sentences; take them to Label Studio and back."

_SHOWN = 5
"""So many examples of one kind are printed; --json lists all."""

Force = Annotated[bool, typer.Option("--force", help="Overwrite output files.")]


def check(
    files: Annotated[list[Path], typer.Argument(help="Annotation files: .jsonl, .csv or .tsv.", metavar="FILE")],
    gold: Annotated[
        Path | None, typer.Option("--gold", help="Held-out annotation file that the data must not repeat.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with every row's id.")] = False,
) -> None:
    """Count labels, find copies and leaks, and measure agreement.

    Exit code 1: there are problems, listed at the end.
    """
    from iraqcoal_nlp.data.check import check_annotations

    report = check_annotations(files, held_out=gold)
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False))
    else:
        _show(report)
    if report.problems:
        raise typer.Exit(1)


def to_label_studio(
    file: Annotated[
        Path,
        typer.Argument(
            help="Annotation file; or rows of `iraqcoal score`: .jsonl, .csv, either with .gz, or .parquet.",
            metavar="FILE",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Tasks to import: a .json file.")],
    config_out: Annotated[
        Path | None, typer.Option("--config-out", help="Also write the labeling configuration: an .xml file.")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Leave existing labels out.")] = False,
    force: Force = False,
) -> None:
    """Write sentences as tasks of Label Studio, their labels as predictions."""
    from iraqcoal_nlp.data.label_studio import to_label_studio as write_tasks

    n_tasks = write_tasks(file, out, config_out=config_out, blind=blind, overwrite=force)
    print(f"{out}: {n_tasks} tasks", file=sys.stderr)


def from_label_studio(
    file: Annotated[Path, typer.Argument(help="Export of Label Studio in the format JSON.", metavar="EXPORT")],
    out: Annotated[Path, typer.Option("--out", help="Annotation file to write: .jsonl.")],
    force: Force = False,
) -> None:
    """Write what annotators submitted as an annotation file."""
    from iraqcoal_nlp.data.inputs import ERRORS_SUFFIX
    from iraqcoal_nlp.data.label_studio_export import from_label_studio as write_annotations
    from iraqcoal_nlp.data.outputs import write_whole
    from iraqcoal_nlp.data.results import error_line

    export = write_annotations(file, out, overwrite=force)
    error_path = out.with_name(out.name + ERRORS_SUFFIX)
    if export.errors:
        write_whole(error_path, map(error_line, export.errors))
    else:
        error_path.unlink(missing_ok=True)
    annotators = {row.annotator for row in export.judgements if row.annotator is not None}
    lines = [f"{out}: {len(export.judgements)} rows by {len(annotators)} annotators"]
    if not export.judgements:
        lines = [f"{out}: nobody has submitted a usable annotation, nothing was written"]
    lines.append(f"{export.n_tasks} tasks, {export.n_open} of them open; {export.n_skipped} annotations skipped")
    print("\n".join(lines), file=sys.stderr)
    if export.errors:
        show_errors(export.errors, len(export.errors))
        print(f"{len(export.errors)} annotations failed; they are listed in {error_path}", file=sys.stderr)
    if export.errors or not export.judgements:
        raise typer.Exit(1 if export.judgements else 2)


COMMANDS: dict[str, Callable[..., None]] = {
    "check": check,
    "to-label-studio": to_label_studio,
    "from-label-studio": from_label_studio,
}


_UNREADABLE = "rows that cannot be read"


def _show(report: DataReport) -> None:
    """Print a report: tables, then examples of what a person should look at, then the verdict."""
    from rich.text import Text

    from iraqcoal_nlp.data.annotations import UNLESS_JUDGED

    counts, lengths = report.counts["all"], report.lengths
    with gathered() as console:
        files = ", ".join(report.files)
        console.print(Text(f"{files}: {counts.sentences} sentences of {counts.documents} documents", "bold"))
        console.print(
            f"characters: {lengths.shortest} to {lengths.longest}, median {lengths.median}, "
            f"95% have at most {lengths.percentile_95}\n"
        )
        console.print(_label_table(report))
        if report.agreement is not None:
            console.print(f"\nagreement on {report.agreement.n_sentences} sentences")
            console.print(_agreement_table(report.agreement))
        for title, cases in _cases(report).items():
            if cases:
                console.print(f"\n{title}: {len(cases)}")
                for case in cases[:_SHOWN]:
                    if title == _UNREADABLE:  # the end of such a line says what to do
                        console.print(Text(f"  {case}"), soft_wrap=True)
                    else:
                        console.print(Text(f"  {case}"), no_wrap=True, overflow="ellipsis")
                if len(cases) > _SHOWN:
                    console.print(f"  and {len(cases) - _SHOWN} more: --json lists all")
        console.print()
        if report.labelled_by is not None:
            console.print(Text(f"{report.labelled_by}: {UNLESS_JUDGED}", "yellow"))
        for problem in report.problems:
            console.print(Text(f"problem: {problem}", "red"))
        if not report.problems:
            console.print(Text("no problem found", "green"))


def _label_table(report: DataReport) -> Table:
    """Return one row per label, one column per split."""
    counts = list(report.counts.values())
    table = _table("", report.counts)

    def add(name: str, cells: Iterable[int]) -> None:
        table.add_row(name, *map(str, cells))

    add("sentences", (count.sentences for count in counts))
    add("documents", (count.documents for count in counts))
    for stance in STANCES:
        add(f"stance {stance}", (count.stances[stance] for count in counts))
    add("stance not judged", (count.stance_missing for count in counts))
    for event in EVENTS:
        add(f"event {event}", (count.events[event] for count in counts))
    add("no event", (count.no_event for count in counts))
    add("events not judged", (count.events_missing for count in counts))
    if any(count.unsettled for count in counts):
        add("judged by several, not settled", (count.unsettled for count in counts))
    return table


def _agreement_table(agreement: Agreement) -> Table:
    """Return Krippendorff's alpha of all annotators in a row, and Cohen's kappa of each pair in one."""
    from rich.markup import escape  # an annotator's name may hold brackets

    def figures(stance: float | None, events: Mapping[str, float | None]) -> list[str]:
        return ["-" if value is None else f"{value:.3f}" for value in (stance, *(events[event] for event in EVENTS))]

    table = _table("", ("stance", *EVENTS, "sets"))
    sets = "-" if agreement.event_sets is None else f"{agreement.event_sets:.3f}"
    table.add_row("α all", *figures(agreement.stance, agreement.events), sets)
    for pair in agreement.pairs:
        table.add_row(escape(f"κ {' / '.join(pair.annotators)}"), *figures(pair.stance, pair.events), "")
    return table


def _table(first: str, others: Iterable[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cases(report: DataReport) -> dict[str, list[str]]:
    """Return what a person should look at: a title for each kind, a line for each case."""

    def pair(one: Annotation, other: Annotation) -> str:
        return f"{one.id}, {other.id}: {one.text}"

    def labels(row: Annotation, who: str | None = None) -> str:
        return f"{who or row.id} {row.stance or '?'} {'?' if row.events is None else '|'.join(row.events) or '-'}"

    return {
        _UNREADABLE: [str(error) for error in report.bad_rows],
        "texts that stand several times": [
            f"{', '.join(row.id for row in rows)}: {rows[0].text}" for rows in report.duplicates
        ],
        "texts with different labels": [f"{'; '.join(map(labels, rows))}: {rows[0].text}" for rows in report.conflicts],
        "sentences judged differently, not settled": [
            f"{rows[0].id}: {'; '.join(labels(row, row.annotator) for row in rows)}: {rows[0].text}"
            for rows in report.unsettled
        ],
        "pairs of near-duplicates in different documents": [pair(*rows) for rows in report.near_duplicates],
        "held-out sentences that nearly repeat another split": [
            f"{leak.held_out.split} {leak.held_out.id}, {leak.copy.split} {leak.copy.id}: {leak.held_out.text}"
            for leak in report.leaks
        ],
        "documents in several splits": list(report.shared_documents),
        "sentences that nearly repeat the held-out file": [
            pair(leak.copy, leak.held_out) for leak in report.held_out_leaks
        ],
    }
