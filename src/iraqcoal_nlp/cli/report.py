"""``iraqcoal report``: a scored file as a page to read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.cli.options import (
    DateColumn,
    Model,
    Scored,
    SourceColumn,
    Threads,
    TitleColumn,
    UrlColumn,
    check_choice,
    fact_columns,
    show_bad_rows,
    show_days,
)
from iraqcoal_nlp.errors import InputError


def report(
    scored: Scored,
    out: Annotated[Path, typer.Option("--out", help="File to write: .html.")],
    why: Annotated[
        bool, typer.Option("--why", help="Also show the words behind each label: one run per word.")
    ] = False,
    why_limit: Annotated[int, typer.Option("--why-limit", min=1, help="Labelled sentences to explain at most.")] = 1000,
    model: Model = None,
    threads: Threads = 0,
    language: Annotated[str, typer.Option("--language", help="Language in which the page opens: ar or en.")] = "ar",
    title: Annotated[str, typer.Option("--title", help="Heading of the page.")] = "",
    date_column: DateColumn = None,
    source_column: SourceColumn = None,
    title_column: TitleColumn = None,
    url_column: UrlColumn = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
) -> None:
    """Make one HTML page of a scored file: counts, time, sources, and every sentence with its labels."""
    import iraqcoal_nlp
    from iraqcoal_nlp.report.build import build_report
    from iraqcoal_nlp.report.page import LANGUAGES

    check_choice("--language", language, LANGUAGES)
    if not why and (model is not None or threads):
        raise InputError("--model and --threads go with --why: without it nothing is scored")
    explainer = iraqcoal_nlp.load(model, threads=threads) if why else None
    with _progress(shown=why) as on_explained:
        built = build_report(
            scored,
            out,
            columns=fact_columns(date=date_column, source=source_column, title=title_column, url=url_column),
            language=language,
            title=title or None,
            explainer=explainer,
            most_explained=why_limit,
            overwrite=force,
            on_explained=on_explained,
        )
    size = out.stat().st_size / 1e6
    print(f"{out}: {built.sentences} sentences of {built.articles} articles, {size:.1f} MB", file=sys.stderr)
    show_days(built.days, named=date_column is not None)
    if why:
        others = f"; {built.of_other_models} are of another model" if built.of_other_models else ""
        print(f"explained {built.explained} of {built.labelled} labelled sentences{others}", file=sys.stderr)
    show_bad_rows(built.errors)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr while sentences are explained, if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("explaining", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, total=total, completed=done)

        yield show
