"""Scores of predicted labels against gold (needs scikit-learn)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from iraqcoal_nlp.codebook import EVENTS, STANCES


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """One label's scores, each in [0, 1]; 0 where nothing was predicted or nothing is gold."""

    precision: float
    recall: float
    f1: float
    support: int
    """Sentences that have the label in the gold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Both heads' scores over one set of sentences."""

    n_sentences: int
    stance: dict[str, LabelScore]
    events: dict[str, LabelScore]

    @property
    def stance_macro_f1(self) -> float:
        """Mean F1 of the stances."""
        return float(np.mean([score.f1 for score in self.stance.values()]))

    @property
    def events_macro_f1(self) -> float:
        """Mean F1 of the events."""
        return float(np.mean([score.f1 for score in self.events.values()]))

    def to_dict(self) -> dict[str, Any]:
        """Return the scores, rounded to 4 places, ready for JSON."""

        def head(scores: dict[str, LabelScore], macro: float) -> dict[str, Any]:
            labels = {
                label: {"precision": round(s.precision, 4), "recall": round(s.recall, 4), "f1": round(s.f1, 4),
                        "support": s.support}
                for label, s in scores.items()
            }  # fmt: skip
            return {"macro_f1": round(macro, 4), "labels": labels}

        return {
            "n_sentences": self.n_sentences,
            "stance": head(self.stance, self.stance_macro_f1),
            "events": head(self.events, self.events_macro_f1),
        }


def score_labels(gold: Sequence[tuple[str, Sequence[str]]], predicted: Sequence[tuple[str, Sequence[str]]]) -> Scores:
    """Score (stance, events) pairs, sentence by sentence.

    Raises:
        ValueError: The lists have different lengths.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sentences, {len(predicted)} predicted")
    stance = _per_label(STANCES, _stance_matrix(gold), _stance_matrix(predicted))
    events = _per_label(EVENTS, *(event_matrix(events for _, events in pairs) for pairs in (gold, predicted)))
    return Scores(n_sentences=len(gold), stance=stance, events=events)


def calibration_error(
    probs: np.ndarray[Any, np.dtype[np.float64]], came_true: np.ndarray[Any, np.dtype[np.bool_]], *, bins: int = 15
) -> float:
    """Return the expected calibration error (Naeini et al., 2015), in [0, 1]; 0 is perfect.

    Args:
        probs: Stated probabilities. *Shape:* ``(n,)``.
        came_true: Whether what they were stated of is so. Same shape.
        bins: Stretches of equal width into which probabilities are gathered.
    """
    place = np.minimum((probs * bins).astype(int), bins - 1)
    gaps = [abs(probs[place == b].mean() - came_true[place == b].mean()) * (place == b).mean() for b in set(place)]
    return float(sum(gaps))


def _stance_matrix(pairs: Sequence[tuple[str, Sequence[str]]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array([[stance == label for label in STANCES] for stance, _ in pairs])


def event_matrix(events: Iterable[Collection[str]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which events each sentence has, in codebook order. *Shape:* ``(n_sentences, n_events)``."""
    return np.array([[label in reported for label in EVENTS] for reported in events])


def _per_label(
    labels: Sequence[str], gold: np.ndarray[Any, Any], predicted: np.ndarray[Any, Any]
) -> dict[str, LabelScore]:
    columns = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    return {
        label: LabelScore(precision=float(p), recall=float(r), f1=float(f), support=int(n))
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    }
