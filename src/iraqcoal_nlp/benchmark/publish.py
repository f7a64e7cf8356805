"""Write the leaderboard of a folder of results: Markdown, one HTML page that is whole in itself, and figures."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from iraqcoal_nlp.benchmark.leaderboard import Board, make_boards
from iraqcoal_nlp.benchmark.markdown import (
    COLUMNS,
    READING,
    facts_of,
    label_rows,
    markdown_page,
    notes_of,
    rows_of,
    version_words,
)
from iraqcoal_nlp.benchmark.plots import as_image, bars_per_label, quality_against_speed
from iraqcoal_nlp.benchmark.results import Results
from iraqcoal_nlp.benchmark.run import whole_command
from iraqcoal_nlp.data.outputs import write_whole

MARKDOWN, PAGE = "leaderboard.md", "leaderboard.html"


def publish(results: Results, folder: Path) -> list[Board]:
    """Write ``leaderboard.md`` and ``leaderboard.html``, and return the standings.

    Args:
        results: All records, at least one.
        folder: Where to write.
    """
    boards, command = make_boards(results), whole_command(results.cells)
    write_whole(folder / MARKDOWN, [markdown_page(boards, command=command)])
    write_whole(folder / PAGE, [html_page(boards, results, command=command)])
    return boards


def html_page(boards: Sequence[Board], results: Results, *, command: str) -> str:
    """Return the page. Names that may be in Arabic stand apart, so that they turn nothing around them.

    Without matplotlib it has no figures, and says so.
    """
    drawn = find_spec("matplotlib") is not None
    template = Environment(autoescape=True, keep_trailing_newline=True, trim_blocks=True).from_string(
        _part("leaderboard.html")
    )
    return template.render(
        style=Markup(_part("leaderboard.css")),  # ours; all else is escaped
        command=command,
        reading=READING,
        columns=COLUMNS,
        boards=[_facts(board, drawn=drawn) for board in boards],
        versions=version_words(results.cells),
        drawn=drawn,
    )


def _facts(board: Board, *, drawn: bool) -> dict[str, Any]:
    figures = []
    if drawn and board.standings:
        figures = [
            {"address": as_image(quality_against_speed(board)), "text": "Quality against speed of each model"},
            {"address": as_image(bars_per_label(board)), "text": "F1 of each label and model"},
        ]
    return {
        "name": board.name,
        "title": board.task["title"],
        "facts": list(facts_of(board)),
        "rows": [{"kind": kind, "cells": cells} for kind, cells in rows_of(board)],
        "notes": list(notes_of(board)),
        "figures": figures,
        "per_label": label_rows(board),
    }


def _part(name: str) -> str:
    return files("iraqcoal_nlp.benchmark").joinpath("page", name).read_text(encoding="utf-8")
