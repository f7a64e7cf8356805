"""Scores of decisions and of rankings, per label (needs scikit-learn).

Both heads come as matrices with one column per label in codebook order; a stance fills one column of its row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score, matthews_corrcoef, precision_recall_fscore_support

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """One label's scores, each in [0, 1]; 0 where nothing was predicted or nothing is gold."""

    precision: float
    recall: float
    f1: float
    support: int
    """Sentences that have the label in the gold."""


def stance_matrix(stances: Iterable[str]) -> Bools:
    """Return which stance each sentence has. *Shape:* ``(n_sentences, n_stances)``."""
    return _label_matrix(((stance,) for stance in stances), STANCES)


def event_matrix(events: Iterable[Collection[str]]) -> Bools:
    """Return which events each sentence has. *Shape:* ``(n_sentences, n_events)``."""
    return _label_matrix(events, EVENTS)


def label_scores(gold: Bools, predicted: Bools, labels: Sequence[str]) -> dict[str, LabelScore]:
    """Return precision, recall and F1 of each label.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        predicted: True where the model chose it. Same shape.
        labels: Names of the columns.
    """
    columns = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    return {
        label: LabelScore(precision=float(p), recall=float(r), f1=float(f), support=int(n))
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    }


def macro_average(scores: Mapping[str, LabelScore]) -> LabelScore:
    """Return the mean of each score over the labels, and their support together."""
    return LabelScore(
        precision=float(np.mean([score.precision for score in scores.values()])),
        recall=float(np.mean([score.recall for score in scores.values()])),
        f1=float(np.mean([score.f1 for score in scores.values()])),
        support=sum(score.support for score in scores.values()),
    )


def micro_f1(gold: Bools, predicted: Bools) -> float:
    """Return the F1 over all labels together, each (sentence, label) a case. *Shapes* as in :func:`label_scores`."""
    return float(precision_recall_fscore_support(gold, predicted, average="micro", zero_division=0)[2])


def average_precisions(gold: Bools, probs: Floats, labels: Sequence[str]) -> dict[str, float | None]:
    """Return the area under each label's precision-recall curve, in [0, 1]; ``None`` for a label without gold.

    Args:
        gold: True where annotators chose the label. *Shape:* ``(n_sentences, n_labels)``.
        probs: Probability of each label. Same shape.
        labels: Names of the columns.
    """
    return {
        label: float(average_precision_score(gold[:, i], probs[:, i])) if gold[:, i].any() else None
        for i, label in enumerate(labels)
    }


def macro_average_precision(areas: Mapping[str, float | None]) -> float | None:
    """Return the mean over the labels that have gold; ``None`` if none has."""
    known = [area for area in areas.values() if area is not None]
    return float(np.mean(known)) if known else None


def matthews_correlation(gold: Bools, predicted: Bools) -> float:
    """Return the multi-class correlation of two lists of stances (Gorodkin, 2004), in [-1, 1].

    0 is chance, and also where either list holds one stance only.

    Args:
        gold: One true column per row. *Shape:* ``(n_sentences, n_stances)``.
        predicted: Same shape.
    """
    if min(gold.any(axis=0).sum(), predicted.any(axis=0).sum()) < 2:
        return 0.0
    return float(matthews_corrcoef(gold.argmax(axis=1), predicted.argmax(axis=1)))


def confusion(gold: Bools, predicted: Bools) -> list[list[int]]:
    """Return how often each gold stance (row) was called each stance (column), both in codebook order.

    Args:
        gold: One true column per row. *Shape:* ``(n_sentences, n_stances)``.
        predicted: Same shape.
    """
    return [[int((here & said).sum()) for said in predicted.T] for here in gold.T]


def collapsed(gold: Bools, predicted: Bools) -> bool:
    """Whether every row gets the same answer, although the gold gives several.

    Some seeds of a large encoder end so, two of ten in published runs of AraBERT; a mean over seeds that holds one
    measures luck.

    Args:
        gold: *Shape:* ``(n_sentences, n_labels)``.
        predicted: Same shape.
    """
    return len(np.unique(predicted, axis=0)) == 1 < len(np.unique(gold, axis=0))


def _label_matrix(rows: Iterable[Collection[str]], labels: Sequence[str]) -> Bools:
    found = [[label in row for label in labels] for row in rows]
    return np.array(found, dtype=np.bool_).reshape(len(found), len(labels))
