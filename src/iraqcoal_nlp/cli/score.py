"""``iraqcoal score``: files of articles in, one file of sentence rows out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.cli.options import Backend, Model, Threads, check_choice

if TYPE_CHECKING:
    from iraqcoal_nlp.scoring.stream import ScoreReport


def score(
    inputs: Annotated[list[str], typer.Argument(help="Files (.txt, .jsonl, .csv, .tsv) or folders.", metavar="INPUT")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .jsonl or .csv.")],
    unit: Annotated[str, typer.Option("--unit", help="What each text is: article (split it) or sentence.")] = "article",
    text_column: Annotated[str, typer.Option("--text-column", help="Column of the text, in tables.")] = "text",
    id_column: Annotated[
        str, typer.Option("--id-column", help="Column of the article's name; without it, doc_id or id.")
    ] = "",
    model: Model = None,
    backend: Backend = "auto",
    threads: Threads = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
) -> None:
    """Label every sentence of many articles; unused input columns pass through."""
    import iraqcoal_nlp
    from iraqcoal_nlp.data.articles import Columns
    from iraqcoal_nlp.errors import InputError
    from iraqcoal_nlp.inference.classifier import BACKENDS
    from iraqcoal_nlp.scoring.stream import UNITS, score_files

    check_choice("--unit", unit, UNITS)
    check_choice("--backend", backend, BACKENDS)
    if "" in inputs:
        raise InputError("an input is an empty string: name a file or folder")
    if "-" in inputs:
        raise InputError("score does not read stdin: name a file or folder, or use `iraqcoal classify -`")
    classifier = iraqcoal_nlp.load(model, backend=backend, threads=threads)
    with _progress() as on_article:
        report = score_files(
            [Path(given) for given in inputs],
            out,
            classifier,
            columns=Columns(text=text_column, id=id_column or None),
            unit=unit,
            overwrite=force,
            on_article=on_article,
        )
    _summarize(report, out)
    if report.errors.count:
        raise typer.Exit(1 if report.articles else 2)


@contextmanager
def _progress() -> Iterator[Callable[[ScoreReport], None]]:
    """Show a bar on stderr, if that is a terminal.

    It counts bytes of text against the size of the files: how many articles these hold is known only at their end.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("scoring", total=None)

        def show(report: ScoreReport) -> None:
            done = f"{report.articles} articles, {report.sentences} sentences"
            bar.update(task, total=report.input_bytes, completed=report.text_bytes, description=done)

        yield show


def _summarize(report: ScoreReport, out: Path) -> None:
    """Print what was done; on stderr, so that stdout stays free for data."""
    rate = report.sentences / report.seconds if report.seconds else 0.0
    if report.articles:
        lines = [f"{out}: {report.sentences} sentences of {report.articles} articles ({rate:.0f} sentences/s)"]
        lines += [f"stance: {', '.join(f'{n} {label}' for label, n in report.stances.most_common())}"]
        lines += [f"events: {', '.join(f'{n} {label}' for label, n in report.events.most_common()) or 'none'}"]
    else:
        lines = [f"{out}: nothing could be scored, nothing was written"]
    errors = report.errors
    lines += [f"error: {error}" for error in errors.first]
    if errors.count > len(errors.first):
        lines.append(f"error: and {errors.count - len(errors.first)} more")
    if errors.count:
        lines.append(f"{errors.count} rows failed; they are listed in {errors.path}")
    print("\n".join(lines), file=sys.stderr)
