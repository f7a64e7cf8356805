"""Options that several commands share, and how they show what failed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from iraqcoal_nlp.data.facts import DayCounts
    from iraqcoal_nlp.data.scored import FactColumns

Model = Annotated[str | None, typer.Option("--model", help="Model folder or hub name; without it, the shipped model.")]
Backend = Annotated[str, typer.Option("--backend", help="auto, onnx or torch.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, or for the torch backend another, such as cuda.")]
Dtype = Annotated[str, typer.Option("--dtype", help="Numbers of the torch backend: float32 or bfloat16.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="Sentences scored at the same time; 0: one per core.")]
Verify = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Compare the model's files with its manifest before they are read.")
]
TextColumn = Annotated[str, typer.Option("--text-column", help="Column of the text, in tables.")]
IdColumn = Annotated[str, typer.Option("--id-column", help="Column of the article's name; without it, doc_id or id.")]
Stdin = Annotated[str, typer.Option("--stdin", help="Type of standard input, such as jsonl, csv or txt.gz.")]
Scored = Annotated[Path, typer.Argument(help="File of `iraqcoal score`: .jsonl, .csv or .parquet.", metavar="SCORED")]
DateColumn = Annotated[
    str | None, typer.Option("--date-column", help="Column of the day of publication; without it, date.")
]
SourceColumn = Annotated[
    str | None, typer.Option("--source-column", help="Column of the article's publisher; without it, source.")
]
TitleColumn = Annotated[
    str | None, typer.Option("--title-column", help="Column of the article's headline; without it, title.")
]
UrlColumn = Annotated[
    str | None, typer.Option("--url-column", help="Column of the article's address; without it, url.")
]


def fact_columns(**named: str | None) -> FactColumns:
    """Return where rows keep the facts of their articles: what was named must be there, the usual names need not."""
    from iraqcoal_nlp.data.scored import FactColumns

    given = {fact: column for fact, column in named.items() if column is not None}
    return FactColumns(**given, needed=tuple(given.values()))


def show_days(days: DayCounts, *, named: bool) -> None:
    """Print on stderr how many articles say their day, if any tries to or a column of days was named."""
    if days.understood or days.not_understood or named:
        told = [f"dates: {days.understood} of {days.total} articles", *filter(None, [days.advice])]
        print("; ".join(told), file=sys.stderr)


def show_bad_rows(errors: Sequence[InputError]) -> None:
    """Print the rows of a scored file that could not be read, and end with exit code 1 if there are any."""
    show_errors(errors, len(errors))
    if errors:
        raise typer.Exit(1)


def check_training() -> None:
    """Refuse to train where the packages for it are missing.

    Raises:
        RecipeError: One is missing; the message says how to install them.
    """
    from iraqcoal_nlp.errors import RecipeError

    try:
        import iraqcoal_nlp.training.run  # noqa: F401 - whether it can be imported is the question
    except ImportError as error:
        raise RecipeError(f'training needs {error.name}: pip install "iraqcoal-nlp[train]"') from None


def check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value outside the list, naming the option.

    Raises:
        typer.BadParameter: ``value`` is not in ``allowed``; the program ends with exit code 2.
    """
    if value not in allowed:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=option)


def check_engine(backend: str, device: str, dtype: str) -> None:
    """Refuse unknown backends and numbers, and those that do not go together.

    Raises:
        typer.BadParameter: As above.
    """
    from iraqcoal_nlp.inference.classifier import BACKENDS, DTYPES

    check_choice("--backend", backend, BACKENDS)
    check_choice("--dtype", dtype, DTYPES)
    if backend == "onnx" and device not in ("auto", "cpu"):
        raise typer.BadParameter(f"the onnx backend runs on the CPU, not on {device!r}", param_hint="--device")
    if backend == "onnx" and dtype != DTYPES[0]:
        raise typer.BadParameter("the onnx backend has numbers of its own", param_hint="--dtype")


def stdin_ending(given: str) -> str:
    """Return the ending that ``--stdin`` names, with its dot.

    Raises:
        typer.BadParameter: It names no known type.
    """
    from iraqcoal_nlp.data.files import ending_of
    from iraqcoal_nlp.data.inputs import KNOWN

    ending = ending_of(f"stdin.{given.lstrip('.')}")
    if ending is None:
        raise typer.BadParameter(f"{given!r} is not one of {KNOWN}", param_hint="--stdin")
    return ending


def show_errors(errors: Iterable[object], count: int) -> None:
    """Print errors on stderr, a line each: the first ones of ``count``."""
    if not count:
        return  # the import below takes a tenth of a start
    from iraqcoal_nlp.scoring.stream import ERRORS_KEPT

    for error in islice(errors, ERRORS_KEPT):
        print(f"iraqcoal: error: {error}", file=sys.stderr)
    if count > ERRORS_KEPT:
        print(f"iraqcoal: error: and {count - ERRORS_KEPT} more", file=sys.stderr)


def show_unread(unread: Mapping[str, int]) -> None:
    """Say on stderr which files of the folders were passed over, by ending."""
    if unread:
        counts = ", ".join(f"{count} {ending}" for ending, count in sorted(unread.items()))
        print(f"passed over, as their type is not known: {counts}", file=sys.stderr)


def show_tagged(count: int) -> None:
    """Say on stderr that articles hold HTML tags, if any do: what comes out is labelled, but worth little."""
    if count:
        told = "1 article holds" if count == 1 else f"{count} articles hold"
        print(f"{told} HTML tags: take the text out first (docs/batch.md)", file=sys.stderr)


@contextmanager
def gathered() -> Iterator[Console]:
    """Yield a console, and print at the end what it was given.

    Printed by us: rich would end the program with 1 when ``head`` has seen enough.
    """
    from rich.console import Console

    console = Console(highlight=False)
    with console.capture() as shown:
        yield console
    print(shown.get(), end="")
