"""Event thresholds and the abstention level, chosen on the dev split alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iraqcoal_nlp.inference.calibration import Floats

Bools = npt.NDArray[np.bool_]

GRID: Floats = np.round(np.arange(0.30, 0.701, 0.02), 2)
"""Candidate thresholds. Values far from .5 would follow the dev split's accidents: probabilities are calibrated."""

_SMOOTH = 3
"""Grid steps to each side over which F1 is averaged: a rare label has some 30 examples on a dev split, and the single
best point of so rough a curve is an accident."""


def f1_curve(probs: Floats, gold: Bools) -> Floats:
    """Return the F1 of one label at each threshold of :data:`GRID`; 0 where nothing is right.

    Args:
        probs: *Shape:* ``(n_sentences,)``.
        gold: Same shape.
    """
    accepted = probs[:, None] >= GRID[None, :]
    right = (accepted & gold[:, None]).sum(axis=0)
    total = accepted.sum(axis=0) + gold.sum()
    return np.asarray(np.divide(2.0 * right, total, out=np.zeros(len(GRID)), where=total > 0))


def best_thresholds(probs: Floats, gold: Bools) -> tuple[float, ...]:
    """Pick, for each label, the grid value with the highest F1, averaged over its neighbours.

    Ties go to the value nearest to .5. A label without an example keeps .5.

    Args:
        probs: Calibrated probabilities. *Shape:* ``(n_sentences, n_labels)``.
        gold: True where annotators chose the label. Same shape.

    Raises:
        ValueError: Shapes differ.
    """
    if probs.shape != gold.shape:
        raise ValueError(f"probs have shape {probs.shape}, gold has {gold.shape}")
    kernel = np.ones(2 * _SMOOTH + 1)
    weight = np.convolve(np.ones(len(GRID)), kernel, mode="same")
    chosen = []
    for label in range(probs.shape[1]):
        if not gold[:, label].any():
            chosen.append(0.5)
            continue
        smooth = np.round(np.convolve(f1_curve(probs[:, label], gold[:, label]), kernel, mode="same") / weight, 6)
        best = min(np.flatnonzero(smooth == smooth.max()), key=lambda i: abs(GRID[i] - 0.5))
        chosen.append(float(GRID[best]))
    return tuple(chosen)


def abstention_level(stance_probs: Floats, share: float = 0.05) -> float:
    """Return the probability below which the least certain ``share`` of the sentences lies.

    Args:
        stance_probs: Calibrated. *Shape:* ``(n_sentences, n_stances)``.
        share: In [0, 1).
    """
    return float(np.round(np.quantile(stance_probs.max(axis=1), share), 4))
