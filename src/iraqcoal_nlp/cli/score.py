"""``iraqcoal score``: files of articles in, one file of sentence rows out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.cli.options import (
    Backend,
    Device,
    Dtype,
    IdColumn,
    Model,
    Stdin,
    TextColumn,
    Threads,
    Verify,
    check_choice,
    check_engine,
    show_errors,
    show_tagged,
    show_unread,
    stdin_ending,
)
from iraqcoal_nlp.errors import InputError, IraqCoalError, ScoringError

if TYPE_CHECKING:
    from collections import Counter

    from iraqcoal_nlp.scoring.chunks import ScoreOptions
    from iraqcoal_nlp.scoring.engines import ModelChoice
    from iraqcoal_nlp.scoring.stream import ScoreReport

ENGINES = ("local", "ray")


def score(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Files (.txt, .jsonl, .csv, .tsv, .parquet, .html, each also .gz, .xz or .zst), folders, patterns "
            "such as 'news/*.csv', or - for standard input.",
            metavar="INPUT",
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", help="File to write: .jsonl, .csv (both also .gz), .parquet; - prints JSON Lines.")
    ],
    unit: Annotated[str, typer.Option("--unit", help="What each text is: article (split it) or sentence.")] = "article",
    text_column: TextColumn = "text",
    id_column: IdColumn = "",
    stdin: Stdin = "jsonl",
    excel: Annotated[
        bool, typer.Option("--excel", help="CSV for Excel: a byte order mark, no cell that would run as a formula.")
    ] = False,
    with_source: Annotated[
        bool, typer.Option("--with-source", help="Name file, row and encoding of the article in each row.")
    ] = False,
    model: Model = None,
    backend: Backend = "auto",
    device: Device = "auto",
    dtype: Dtype = "float32",
    threads: Threads = 0,
    verify: Verify = True,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Processes, each with a model of its own; rows stay the same. Without it: one; with "
            "ray, one per core.",
        ),
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="local, or ray for several machines.")] = "local",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that ended early.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output; give up an earlier run.")] = False,
) -> None:
    """Label every sentence of many articles; unused input columns pass through."""
    from iraqcoal_nlp.data.addresses import is_remote, shown
    from iraqcoal_nlp.data.articles import Columns
    from iraqcoal_nlp.scoring.chunks import UNITS, ScoreOptions
    from iraqcoal_nlp.scoring.engines import ModelChoice, open_engine
    from iraqcoal_nlp.scoring.stream import score_files, score_to_stream

    check_choice("--unit", unit, UNITS)
    check_choice("--engine", engine, ENGINES)
    check_engine(backend, device, dtype)
    if "" in inputs:
        raise InputError("an input is an empty string: name a file or folder")
    if inputs.count("-") > 1:
        raise InputError("stdin can be read once: give - only once")
    if resume and force:
        raise InputError("--resume goes on with a run, --force gives it up: use one of them")
    options = ScoreOptions(columns=Columns(text=text_column, id=id_column or None), unit=unit, with_source=with_source)
    choice = ModelChoice(model=model, backend=backend, device=device, dtype=dtype, threads=threads, verify=verify)
    ending = stdin_ending(stdin)
    if engine == "ray":
        _refuse_with_ray(inputs, out, {"--resume": resume, "--excel": excel})
        _finish(_score_with_ray(inputs, out, choice, options, workers=workers, force=force), shown(out))
    elif out == "-":
        if resume or excel:
            raise InputError("--out - prints JSON Lines, and can neither be resumed nor be for Excel")
        with open_engine(choice, options, workers=workers or 1) as scorer:
            report = score_to_stream(
                inputs, sys.stdout.buffer, scorer, stdin_ending=ending, on_error=lambda error: show_errors([error], 1)
            )
        _finish(report, out)
    elif is_remote(out):
        raise InputError("only --engine ray writes to an address: name a file", path=shown(out))
    else:
        with (
            open_engine(choice, options, workers=workers or 1) as scorer,
            _resumable(context, Path(out)),
            _progress() as on_chunk,
        ):
            report = score_files(
                inputs,
                Path(out),
                scorer,
                excel=excel,
                resume=resume,
                overwrite=force,
                stdin_ending=ending,
                on_chunk=on_chunk,
            )
        _finish(report, out)


def _score_with_ray(
    inputs: list[str], out: str, choice: ModelChoice, options: ScoreOptions, *, workers: int | None, force: bool
) -> ScoreReport:
    try:
        from iraqcoal_nlp.scoring.ray_engine import score_with_ray
    except ImportError as error:
        raise IraqCoalError(f"--engine ray needs Ray ({error}): pip install 'iraqcoal-nlp[ray]'") from None
    return score_with_ray(inputs, out, choice, options, workers=workers, overwrite=force)


def _refuse_with_ray(inputs: list[str], out: str, switches: dict[str, bool]) -> None:
    given = [*(switch for switch, on in switches.items() if on), *("-" for name in (*inputs, out) if name == "-")]
    if given:
        raise InputError(f"{given[0]} does not go with --engine ray")


@contextmanager
def _resumable(context: typer.Context, out: Path) -> Iterator[None]:
    """Say how to go on, if a run ends early and can be resumed."""
    from iraqcoal_nlp.scoring.resume import can_resume

    try:
        yield
    except (KeyboardInterrupt, OSError, ScoringError):
        if can_resume(out):
            arguments = [given for given in context.obj or sys.argv[1:] if given not in ("--force", "--resume")]
            command = shlex.join(["iraqcoal", *arguments, "--resume"])
            print(f"iraqcoal: what is done is kept; go on with: {command}", file=sys.stderr)
        raise


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
            done = f"{report.tally.articles} articles, {report.tally.sentences} sentences"
            bar.update(task, total=report.input_bytes, completed=report.tally.text_bytes, description=done)

        yield show


def _finish(report: ScoreReport, out: str) -> None:
    """Print what was done, on stderr: stdout stays free for data. End with 1 or 2 if rows failed."""
    tally = report.tally
    if tally.articles:
        rate = tally.sentences / report.seconds if report.seconds else 0.0
        of = " of ".join((_amount(tally.sentences, "sentence"), _amount(tally.articles, "article")))
        lines = [
            f"{out}: {of} in {_amount(report.files, 'file')} ({rate:.0f} sentences/s, {report.backend})",
            f"stance: {_counts(tally.stances)}",
            f"events: {_counts(tally.events) or 'none'}",
        ]
        if set(tally.encodings) - {"utf-8"}:
            lines.append(f"articles by encoding: {_counts(tally.encodings)}")
    else:
        stays = f"; the earlier {out} stays" if out != "-" and Path(out).is_file() else ""
        lines = [f"{out}: nothing could be scored, no rows were written{stays}"]
    print("\n".join(lines), file=sys.stderr)
    show_unread(report.unread)
    show_tagged(tally.tagged)
    if not tally.errors:
        return
    if report.error_path is not None:
        show_errors(report.first_errors, tally.errors)
        print(f"{tally.errors} rows failed; they are listed in {report.error_path}", file=sys.stderr)
    raise typer.Exit(1 if tally.articles else 2)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())


def _amount(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"
