"""Annotations that are probably wrong: confident learning (Northcutt et al., 2021, arXiv:1911.00068).

The package `cleanlab` does the same and more; it is under the AGPL, which a library that others build on cannot ask of
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools


@dataclass(frozen=True, slots=True)
class Doubt:
    """An annotation that a model contradicts with confidence."""

    index: int
    """Row of the sentence."""
    given: int
    """Label of the annotation."""
    suggested: int
    """Label that the model holds to be true."""
    margin: float
    """Probability of the suggested label less that of the given one, in [-1, 1]."""


def doubtful_labels(gold: Bools, probs: Floats) -> list[Doubt]:
    """Return the rows whose label is contradicted, the gravest first.

    A label is held to be true of a row if its probability reaches the mean that it has among the rows annotated so;
    of several, the likeliest. So a label that a model is never sure of is not doubted throughout.

    Args:
        gold: Annotated labels, one true in each row. *Shape:* ``(n_rows, n_labels)``.
        probs: Probabilities from a model that did not see the row's document. Same shape.

    Raises:
        ValueError: The shapes differ, or a row has not exactly one label.
    """
    if gold.shape != probs.shape:
        raise ValueError(f"shapes differ: {gold.shape} and {probs.shape}")
    if not (gold.sum(axis=1) == 1).all():
        raise ValueError("a row has not exactly one label")
    usual = np.array(
        [probs[gold[:, label], label].mean() if gold[:, label].any() else np.inf for label in range(gold.shape[1])]
    )
    held = np.where(probs >= usual, probs, -1.0)
    suggested, given = held.argmax(axis=1), gold.argmax(axis=1)
    doubted = np.flatnonzero((held.max(axis=1) >= 0) & (suggested != given))
    doubts = [
        Doubt(
            index=int(row),
            given=int(given[row]),
            suggested=int(suggested[row]),
            margin=float(probs[row, suggested[row]] - probs[row, given[row]]),
        )
        for row in doubted
    ]
    return sorted(doubts, key=lambda doubt: (-doubt.margin, doubt.index))
