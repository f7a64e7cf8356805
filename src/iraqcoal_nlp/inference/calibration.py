"""Temperature scaling (Guo et al., 2017, arXiv:1706.04599).

One divisor per head: ranking never changes, only confidence. Fitted on the dev split alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_GRID = np.exp(np.linspace(np.log(0.25), np.log(8.0), 401))  # divisors, evenly spaced in the logarithm


def softmax(logits: npt.ArrayLike, temperature: float = 1.0) -> Floats:
    """Return probabilities over the last axis, of the same *shape* as the logits."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sigmoid(logits: npt.ArrayLike, temperature: float = 1.0) -> Floats:
    """Return independent probabilities, of the same *shape* as the logits."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scaled)))  # the same function, without overflow


def fit_stance_temperature(logits: Floats, gold: npt.NDArray[np.int64]) -> float:
    """Return the temperature with the lowest negative log-likelihood.

    Args:
        logits: *Shape:* ``(n_sentences, n_stances)``.
        gold: Index of the annotated stance. *Shape:* ``(n_sentences,)``.
    """

    def loss(temperature: float) -> float:
        chosen = softmax(logits, temperature)[np.arange(len(gold)), gold]
        return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())

    return _best(loss)


def fit_events_temperature(logits: Floats, gold: npt.NDArray[np.bool_]) -> float:
    """Return the temperature with the lowest mean binary cross-entropy.

    Args:
        logits: *Shape:* ``(n_sentences, n_events)``.
        gold: True where the event was annotated. Same shape.
    """

    def loss(temperature: float) -> float:
        probs = np.clip(sigmoid(logits, temperature), 1e-12, 1 - 1e-12)
        return float(-np.where(gold, np.log(probs), np.log1p(-probs)).mean())

    return _best(loss)


def _best(loss: Callable[[float], float]) -> float:
    best: float = min(_GRID.tolist(), key=loss)
    return round(best, 4)
