"""Whether probabilities mean what they say: reliability bins, expected calibration error, Brier score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools

BINS = 15
"""Stretches of equal width into which probabilities are gathered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Cases whose stated probabilities are close to each other."""

    probability: float
    """Mean stated probability."""
    frequency: float
    """Share of the cases that came true."""
    count: int
    """Number of cases, at least 1."""


def reliability_bins(probs: Floats, came_true: Bools, *, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Gather cases by stated probability, in ascending order; empty bins are left out.

    Args:
        probs: Stated probabilities. *Shape:* ``(n,)``.
        came_true: Whether what they were stated of is so. Same shape.
        bins: Number of stretches.
    """
    place = np.minimum((probs * bins).astype(int), bins - 1)
    return tuple(
        ReliabilityBin(
            probability=float(probs[place == here].mean()),
            frequency=float(came_true[place == here].mean()),
            count=int((place == here).sum()),
        )
        for here in np.unique(place)
    )


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return the expected calibration error (Naeini et al., 2015), in [0, 1]; 0 is perfect, and if there is no case."""
    total = sum(part.count for part in bins)
    return sum(abs(part.probability - part.frequency) * part.count for part in bins) / total if total else 0.0


def stated_cases(gold: Bools, probs: Floats, *, exclusive: bool) -> tuple[Floats, Bools]:
    """Return what was stated with which probability, and whether it is so: the cases of :func:`reliability_bins`.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        probs: Probability of each label. Same shape.
        exclusive: Whether one label alone is true of a sentence. If so, a sentence is one case, its likeliest label. If
            not, each label of each sentence is one.

    Returns:
        *Shapes* ``(n_cases,)``.
    """
    if not exclusive:
        return probs.ravel(), gold.ravel()
    best = probs.argmax(axis=1)
    rows = np.arange(len(best))
    return probs[rows, best], gold[rows, best]


def brier_score(gold: Bools, probs: Floats, *, exclusive: bool) -> float:
    """Return the mean squared distance of probabilities from what is so (Brier, 1950); 0 is perfect.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        probs: Probability of each label. Same shape.
        exclusive: Whether one label alone is true of a sentence. If so, the squares of a sentence are summed: the
            score is in [0, 2]. If not, each label is a case of its own: the score is in [0, 1].
    """
    squares = (probs - gold) ** 2
    return float(squares.sum(axis=1).mean() if exclusive else squares.mean())
