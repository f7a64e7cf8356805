"""Figures of a task's standings (needs matplotlib)."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

from iraqcoal_nlp.benchmark.leaderboard import Board
from iraqcoal_nlp.evaluation.plots import BLUE, GREY, ORANGE, SIZE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (BLUE, ORANGE, "#5b8e5a", "#8d6cab", "#b8860b", "#3f9c9c", "#a65a7a", GREY)


def quality_against_speed(board: Board) -> Figure:
    """Draw each model's median score against its speed, with a line from its worst run to its best.

    Published results have no speed here: they are lines across.
    """
    figure, axes = new_figure(f"{board.name}: quality against speed")
    axes.set_xscale("log")
    for place, standing in enumerate(board.standings):
        speed, colour = standing.median_of("sentences_per_second") or 1.0, _COLOURS[place % len(_COLOURS)]
        axes.plot([speed, speed], [standing.worst, max(standing.scores)], color=colour, linewidth=1.5)
        axes.scatter([speed], [standing.median], s=55, color=colour, zorder=3, label=_isolated(standing.model))
    for result in board.task["published"]:
        axes.axhline(result["score"], color=GREY, linewidth=0.8, linestyle=":")
    if board.task["published"]:
        axes.plot([], [], color=GREY, linewidth=0.8, linestyle=":", label="published, other splits")
    axes.set(xlabel="sentences per second (logarithmic)", ylabel=board.task["score"], ylim=(0, 1))
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return figure


def bars_per_label(board: Board) -> Figure:
    """Draw each label's F1, a bar per model: the median over runs."""
    found = [
        {label: f1 for of_question in standing.label_f1().values() for label, f1 in of_question.items()}
        for standing in board.standings
    ]
    labels = list(found[0])
    height = max(SIZE[1], 0.6 + 0.16 * len(labels) * (len(found) + 1.5))
    figure, axes = new_figure(f"{board.name}: F1 per label", (SIZE[0], height))
    places, width = np.arange(len(labels)), 0.8 / len(found)
    for number, (standing, scores) in enumerate(zip(board.standings, found, strict=True)):
        at = places + (number - (len(found) - 1) / 2) * width
        colour = _COLOURS[number % len(_COLOURS)]
        axes.barh(at, [scores[label] for label in labels], width, color=colour, label=_isolated(standing.model))
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.set(xlabel="F1, median over runs", xlim=(0, 1))
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return figure


def as_image(figure: Figure) -> str:
    """Return a figure as the address of an SVG image, whole in itself; equal figures give equal addresses."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra

    content = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "iraqcoal", "svg.fonttype": "path"}):
        figure.savefig(content, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(content.getvalue()).decode()}"


def _isolated(name: str) -> str:
    """Return a name whose Arabic letters, if it has any, do not turn the words around it."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if not name.isascii() else name
