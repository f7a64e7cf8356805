"""How sure a score is: bootstrap over documents.

Sentences of an article resemble each other, so whole documents are drawn with replacement, not sentences (Field &
Welsh, 2007, "Bootstrapping clustered data"): drawing sentences would give intervals that are too narrow. Intervals are
those of percentiles (Efron & Tibshirani, 1993). Over few documents any such interval is rough, mostly too narrow
(Cameron, Gelbach & Miller, 2008): see :data:`FEW_DOCUMENTS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools

RESAMPLES = 2000
SEED = 13

PERCENTILES = (2.5, 97.5)
"""Ends of an interval: 95 %."""

FEW_DOCUMENTS = 30
"""Below so many documents, an interval should be shown with a word of caution."""

Interval = tuple[float, float]

_AT_ONCE = 4_000_000  # draws held in memory at the same time: 32 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class F1Intervals:
    """95 % intervals of a head's F1 scores; ``None`` where fewer than two documents speak of a score."""

    labels: tuple[Interval | None, ...]
    macro: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two models differ in one score, on the same sentences."""

    first: float
    second: float
    interval: Interval | None
    """Of ``second - first``; ``None`` where fewer than two documents speak of the score."""
    p_value: float | None
    """Two-sided: how often drawing other documents moves the difference by as much as itself. ``None`` likewise."""

    @property
    def difference(self) -> float:
        """``second - first``: positive if the second model is better."""
        return self.second - self.first


def f1_intervals(
    gold: Bools, predicted: Bools, documents: Sequence[str], *, resamples: int = RESAMPLES, seed: int = SEED
) -> F1Intervals:
    """Return the interval of each label's F1, and of the macro F1.

    Draws in which neither gold nor model has a label say nothing of its F1: they are left out of its interval and of
    the mean's. A label that nowhere occurs scores 0 in every draw, as it does in the score itself.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        predicted: True where the model chose it. Same shape.
        documents: Document of each sentence. The order of sentences and documents changes nothing.
        resamples: How often as many documents are drawn as there are.
        seed: Seed of the draws.
    """
    counts = _Counts(gold, predicted, documents)
    scores = np.concatenate([counts.f1(draws) for draws in _draws(counts.n_documents, resamples, seed)])
    *labels, macro = (_interval(*column) for column in zip(scores.T, counts.n_speaking, strict=True))
    return F1Intervals(labels=tuple(labels), macro=macro)


def paired_bootstrap(
    gold: Bools,
    first: Bools,
    second: Bools,
    documents: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[Difference, ...]:
    """Compare the F1 scores of two models on the same sentences, both scored on each draw (Koehn, 2004).

    The p-value is that of Berg-Kirkpatrick, Burkett & Klein (2012), on both sides: draws scatter around the observed
    difference, so those count that lie as far from it as it lies from 0. One is added to either count (Davison &
    Hinkley, 1997), so that it is never 0.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        first: True where the first model chose it. Same shape.
        second: True where the second model chose it. Same shape.
        documents: Document of each sentence.
        resamples: How often as many documents are drawn as there are.
        seed: Seed of the draws.

    Returns:
        One difference per label, then that of the macro F1.
    """
    sides = [_Counts(gold, predicted, documents) for predicted in (first, second)]
    n_documents = sides[0].n_documents
    parts = [[side.f1(draws) for side in sides] for draws in _draws(n_documents, resamples, seed)]
    moved = np.concatenate([other - one for one, other in parts])
    everything = np.ones((1, n_documents))
    observed = [np.nan_to_num(side.f1(everything)[0]) for side in sides]
    n_speaking = np.maximum(sides[0].n_speaking, sides[1].n_speaking)
    return tuple(
        Difference(
            first=float(one),
            second=float(other),
            interval=_interval(column, n),
            p_value=None if n < 2 else _p_value(column, float(other - one)),
        )
        for one, other, column, n in zip(*observed, moved.T, n_speaking, strict=True)
    )


def weighted_f1(gold: Bools, predicted: Bools, weights: Sequence[float]) -> float:
    """Return the sum of the labels' F1 scores, each times its weight; a label that nowhere occurs scores 0."""
    everything = [str(row) for row in range(len(gold))]
    return float(np.nan_to_num(_Counts(gold, predicted, everything).f1(np.ones((1, len(gold))))[0, :-1]) @ weights)


def weighted_interval(
    gold: Bools,
    runs: Sequence[Bools],
    documents: Sequence[str],
    weights: Sequence[float],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """Return the interval of a weighted F1, mean of several runs of one model on the same sentences.

    What scatters here is which sentences are asked; how much the runs themselves scatter is to be seen in their scores.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        runs: What each run chose. Same shape each.
        documents: Document of each sentence.
        weights: What each label counts; those of weight 0 are not looked at.
        resamples: How often as many documents are drawn as there are.
        seed: Seed of the draws.
    """
    counts, used, weight = _used(gold, runs, documents, weights)
    return _interval(_mean_scores(counts, used, weight, resamples, seed), _n_speaking(counts, used))


def paired_weighted(
    gold: Bools,
    first: Sequence[Bools],
    second: Sequence[Bools],
    documents: Sequence[str],
    weights: Sequence[float],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """Compare two models by a weighted F1, mean of each one's runs: see :func:`paired_bootstrap`."""
    moved, observed, speaking = [], [], []
    for runs in (first, second):
        counts, used, weight = _used(gold, runs, documents, weights)
        moved.append(_mean_scores(counts, used, weight, resamples, seed))
        observed.append(float(np.mean([weighted_f1(gold, run, weights) for run in runs])))
        speaking.append(_n_speaking(counts, used))
    n_speaking = max(speaking)
    column = moved[1] - moved[0]
    return Difference(
        first=observed[0],
        second=observed[1],
        interval=_interval(column, n_speaking),
        p_value=None if n_speaking < 2 else _p_value(column, observed[1] - observed[0]),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values of several comparisons, raised so that they bound the chance of any false alarm (Holm, 1979)."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


class _Counts:
    """What F1 needs to know of each document. *Shapes:* ``(n_documents, n_labels)``."""

    def __init__(self, gold: Bools, predicted: Bools, documents: Sequence[str]) -> None:
        names, place = np.unique(np.asarray(documents, dtype=object), return_inverse=True)
        self.n_documents = len(names)
        self._right = np.zeros((len(names), gold.shape[1]))
        self._total = np.zeros_like(self._right)
        np.add.at(self._right, place, gold & predicted)
        np.add.at(self._total, place, gold.astype(np.int64) + predicted)
        labels = (self._total > 0).sum(axis=0)
        self.n_speaking = np.append(labels, labels.max(initial=0))
        """Documents in which gold or model has the label; of the macro F1, those of its commonest label."""

    def f1(self, draws: Floats) -> Floats:
        """Return the F1 of each label, then their mean; NaN where a label is absent from a draw but not everywhere.

        Args:
            draws: How often each document was drawn. *Shape:* ``(n_draws, n_documents)``.

        Returns:
            *Shape* ``(n_draws, n_labels + 1)``.
        """
        right, total = draws @ self._right, draws @ self._total
        scores = np.divide(2 * right, total, out=np.full_like(total, np.nan), where=total > 0)
        scores[:, ~self._total.any(axis=0)] = 0.0
        return np.column_stack([scores, scores.mean(axis=1)])


def _used(
    gold: Bools, runs: Sequence[Bools], documents: Sequence[str], weights: Sequence[float]
) -> tuple[list[_Counts], Bools, Floats]:
    weight = np.asarray(weights, dtype=np.float64)
    return [_Counts(gold, run, documents) for run in runs], weight > 0, weight[weight > 0]


def _n_speaking(counts: Sequence[_Counts], used: Bools) -> int:
    """Return in how many documents gold or any run has the used label that is commonest there."""
    return max(int(one.n_speaking[:-1][used].max(initial=0)) for one in counts)


def _mean_scores(counts: Sequence[_Counts], used: Bools, weight: Floats, resamples: int, seed: int) -> Floats:
    """Return the runs' mean weighted F1 of each draw, NaN where a label is absent. *Shape:* ``(n_draws,)``."""
    parts = []
    for draws in _draws(counts[0].n_documents, resamples, seed):
        scores = [one.f1(draws)[:, :-1][:, used] @ weight for one in counts]
        parts.append(np.mean(scores, axis=0))
    return np.concatenate(parts)


def _draws(n_documents: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each document is drawn, some resamples at a time. *Shape:* ``(n, n_documents)``."""
    generator = np.random.default_rng(seed)
    most = max(_AT_ONCE // max(n_documents, 1), 1)
    for start in range(0, resamples, most):
        n = min(most, resamples - start)
        drawn = generator.integers(n_documents, size=(n, n_documents)) + n_documents * np.arange(n)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * n_documents).reshape(n, n_documents).astype(np.float64)


def _interval(scores: Floats, n_speaking: int) -> Interval | None:
    known = scores[~np.isnan(scores)]
    if n_speaking < 2 or not len(known):
        return None
    low, high = np.percentile(known, PERCENTILES)
    return float(low), float(high)


def _p_value(moved: Floats, observed: float) -> float:
    known = moved[~np.isnan(moved)]
    far = np.abs(known - observed) >= abs(observed) - 1e-12  # equal but for rounding counts as equal
    return (int(far.sum()) + 1) / (len(known) + 1)
