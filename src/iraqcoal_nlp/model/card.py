"""The model card, filled by the run that made the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES


def fill_card(facts: Mapping[str, str], scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the card as Markdown.

    Args:
        facts: Values of the template's fields ``name``, ``encoder``, ``encoder_licence``, ``n_train``, ``n_dev``,
            ``n_test``, ``sources``, ``settings``, ``calibration``, ``data_note`` and ``version``.
        scores: ``Scores.to_dict()`` by the name of the set they were measured on.

    Raises:
        KeyError: A field of the template has no value.
    """
    template = Template(files("iraqcoal_nlp.model").joinpath("card.md").read_text(encoding="utf-8"))
    return template.substitute(dict(facts) | {"table": score_table(scores)})


def score_table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a Markdown table of F1 per label, one row per model or set.

    Args:
        scores: ``Scores.to_dict()`` by the name in the first column.
    """
    head = ["", "stance", *STANCES, "events", *EVENTS]
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    for name, entry in scores.items():
        cells = [name]
        for part, labels in (("stance", STANCES), ("events", EVENTS)):
            cells.append(f"**{_figure(entry[part]['macro_f1'])}**")
            cells += [_figure(entry[part]["labels"][label]["f1"]) for label in labels]
        lines.append(_row(cells))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
