"""Pages of the documentation that are made when it is built (a hook of mkdocs, named in mkdocs.yml).

The reference of commands comes from the program itself. The tables of ``docs/benchmarks/`` get their place in the
navigation by being there. Arabic is marked as such: table cells for direction, font and speech; in code, runs of it are
set apart, or the browser would turn a date behind an Arabic word round. A pipe inside the code of a cell, which GitHub
wants escaped, loses the backslash, which Markdown in Python keeps.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from iraqcoal_nlp.cli.main import app

COMMANDS = "api/commands.md"
MEASURE = "benchmark.md"
RESULTS = "benchmarks"
LEADERBOARD = "leaderboard.md"

_LETTER = r"[\u0620-\u06ff\ufb50-\ufdff\ufe70-\ufefc]"
_CELL = re.compile(rf"<(t[dh])(?: style=\"[^\"]*\")?>(?=(?:[^\w<]|\d)*{_LETTER})")
_CELL_CODE = re.compile(r"(?<!<pre>)<code>[^<]*\\\|[^<]*</code>")
_PRE = re.compile(r"<pre.*?</pre>", re.DOTALL)
_RUN = re.compile(rf"{_LETTER}+(?:[ .:،؛؟!…\d-]*{_LETTER}+)*[.؟!…]*")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of ``docs/benchmarks/`` behind the page on benchmarks."""
    pages = sorted(Path(config.docs_dir, RESULTS).rglob("*.md"), key=lambda path: (len(path.parts), path))
    names = [path.relative_to(config.docs_dir).as_posix() for path in pages]
    if names:
        titled = [
            {f"Leaderboard: {path.parent.name}": name} if path.name == LEADERBOARD else name
            for path, name in zip(pages, names, strict=True)
        ]
        _put_behind(config.nav or [], MEASURE, {"Benchmarks": titled})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference of commands."""
    files.append(File.generated(config, COMMANDS, content="\n".join(command_reference())))
    return files


def on_page_content(content: str, **_: Any) -> str:  # noqa: ANN401 - what else mkdocs passes
    """Mark table cells that begin with an Arabic letter, and runs of Arabic in code; mend escaped pipes."""
    content = _CELL.sub(r'<\1 lang="ar" dir="rtl">', content)
    content = _CELL_CODE.sub(lambda code: code[0].replace("\\|", "|"), content)
    return _PRE.sub(lambda block: _RUN.sub(r"<bdi>\g<0></bdi>", block[0]), content)


def command_reference() -> Iterator[str]:
    """Yield the lines of the page: every command, its arguments and its options, as the program knows them."""
    yield from ("# Commands", "", "Every command tells the same of itself: `iraqcoal COMMAND --help`.", "")
    yield "Exit codes: 0 done, 1 some rows failed and are listed, 2 wrong use or unreadable input, 130 stopped."
    yield from _described(typer.main.get_command(app), "iraqcoal")


def _described(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - typer and click have one each
    context = typer.Context(command, info_name=name)
    commands = getattr(command, "commands", {})
    if not commands:
        yield from ("", f"## {name}", "", html.escape(command.help or "", quote=False), "")
        yield f"`{' '.join([name, *command.collect_usage_pieces(context)])}`"
        records = [record for part in command.get_params(context) if (record := part.get_help_record(context))]
        yield from ("", "| argument or option | |", "| --- | --- |")
        yield from (f"| `{_cell(given)}` | {html.escape(_cell(meaning), quote=False)} |" for given, meaning in records)
    for below in commands.values():
        yield from _described(below, f"{name} {below.name}")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _put_behind(entries: list[Any], name: str, entry: Any) -> None:  # noqa: ANN401 - as mkdocs has it
    """Put an entry of the navigation behind the page of a name, at whatever depth that stands."""
    for place, given in enumerate(entries):
        if given == name:
            entries.insert(place + 1, entry)
            return
        for below in given.values() if isinstance(given, dict) else ():
            if isinstance(below, list):
                _put_behind(below, name, entry)
