"""``iraqcoal``: the program and its exit codes.

0: done. 1: done, but some rows failed (they are listed). 2: wrong use or unreadable input; nothing was done.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.cli import data
from iraqcoal_nlp.cli.benchmark import benchmark
from iraqcoal_nlp.cli.classify import classify
from iraqcoal_nlp.cli.doctor import doctor
from iraqcoal_nlp.cli.evaluate import evaluate
from iraqcoal_nlp.cli.export import export
from iraqcoal_nlp.cli.mentions import mentions
from iraqcoal_nlp.cli.report import report
from iraqcoal_nlp.cli.sample import sample
from iraqcoal_nlp.cli.score import score
from iraqcoal_nlp.cli.train import train
from iraqcoal_nlp.errors import IraqCoalError, printable

app = typer.Typer(
    name="iraqcoal",
    help="Stance and events, sentence by sentence, in Arabic news about the International Coalition in Iraq.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a user's mistake, and what the system refuses, into one line on stderr and an exit code."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
            sys.stdout.flush()
        except IraqCoalError as error:
            _fail(str(error), code=2)
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            place = f"{printable(error.filename)}: " if error.filename else ""
            _fail(f"{place}{error.strerror or error}", code=2)
        except UnicodeEncodeError:  # half of a surrogate pair: what the system makes of bytes that are not UTF-8
            _fail("an option's value is not UTF-8: write it in UTF-8", code=2)
        except KeyboardInterrupt:
            _fail("stopped", code=130)

    return run


def _fail(message: str, *, code: int) -> None:
    print(f"iraqcoal: error: {message}", file=sys.stderr)
    raise typer.Exit(code)


for _command in (classify, score, report, mentions, export, sample, train, evaluate, benchmark, doctor):
    app.command()(_guarded(_command))

_data = typer.Typer(help=data.HELP, no_args_is_help=True)
for _name, _command in data.COMMANDS.items():
    _data.command(_name)(_guarded(_command))
app.add_typer(_data, name="data")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"iraqcoal-nlp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # a C locale cannot print Arabic
    given = sys.argv[1:] if arguments is None else list(arguments)
    app(args=given, prog_name="iraqcoal", obj=given)
