"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.errors import InputError

Model = Annotated[str | None, typer.Option("--model", help="Model folder or hub name; without it, the shipped model.")]
Backend = Annotated[str, typer.Option("--backend", help="auto, onnx or torch.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="Sentences scored at the same time; 0: one per core.")]
Scored = Annotated[Path, typer.Argument(help="File of `iraqcoal score`: .jsonl, .csv or .parquet.", metavar="SCORED")]
DateColumn = Annotated[str, typer.Option("--date-column", help="Column of the day of publication.")]
SourceColumn = Annotated[str, typer.Option("--source-column", help="Column of the article's publisher.")]
UrlColumn = Annotated[str, typer.Option("--url-column", help="Column of the article's address.")]

_SHOWN = 20


def show_bad_rows(errors: Sequence[InputError]) -> None:
    """Print the rows of a scored file that could not be read, and end with exit code 1 if there are any."""
    for error in errors[:_SHOWN]:
        print(f"iraqcoal: error: {error}", file=sys.stderr)
    if len(errors) > _SHOWN:
        print(f"iraqcoal: error: and {len(errors) - _SHOWN} more", file=sys.stderr)
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
