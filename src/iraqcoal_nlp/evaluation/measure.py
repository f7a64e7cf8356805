"""Measure a model as a user would load it, and compare two. What is returned is plain, rounded and ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.bootstrap import Difference, Interval, f1_intervals, paired_bootstrap
from iraqcoal_nlp.evaluation.predictions import HeadPredictions, Predictions, predict
from iraqcoal_nlp.evaluation.reliability import brier_score, calibration_error
from iraqcoal_nlp.evaluation.scores import (
    average_precisions,
    confusion,
    label_scores,
    macro_average,
    macro_average_precision,
    matthews_correlation,
    micro_f1,
)
from iraqcoal_nlp.inference.classifier import ArticleClassifier

_PLACES = 6  # of what is written: more than any table shows, so that nothing is rounded twice there


def measure(folder: Path, sets: Mapping[str, Sequence[Annotation]]) -> dict[str, dict[str, Any]]:
    """Score the model on each set of which any row was judged.

    Args:
        folder: The model folder.
        sets: Annotated sentences by the name of the set.

    Returns:
        :func:`score_predictions` by the name of the set.

    Raises:
        ModelFolderError: The folder cannot be loaded.
    """
    classifier = ArticleClassifier.from_folder(folder)
    measured = {name: score_predictions(predict(classifier, rows)) for name, rows in sets.items()}
    return {name: scores for name, scores in measured.items() if not scores.keys().isdisjoint(HEADS)}


def score_predictions(predictions: Predictions) -> dict[str, Any]:
    """Score both heads; one that nobody judged is left out.

    Returns:
        ``n_sentences``, ``n_documents``, and per head ``n_sentences``; ``macro_f1`` with its 95 % ``interval``,
        ``macro_precision``, ``macro_recall``, ``average_precision`` (macro); the same per label under ``labels``, with
        ``support``; ``calibration_error``, ``brier``. The stance also has ``mcc``, ``aurc``, ``abstention`` (share of
        sentences the model keeps, and its errors among them and among all) and ``confusion`` (a row per gold stance);
        the events have ``micro_f1``.
    """
    scores: dict[str, Any] = {"n_sentences": predictions.n_sentences, "n_documents": predictions.n_documents}
    scores |= {name: head_scores(head) for name, head in predictions.heads.items()}
    if "stance" in scores:
        scores["stance"] |= _stance_scores(predictions)
    if "events" in scores:
        scores["events"]["micro_f1"] = _round(micro_f1(predictions.events.gold, predictions.events.predicted))
    return scores


def compare_predictions(first: Predictions, second: Predictions) -> dict[str, Any]:
    """Compare two models' F1 scores on the same sentences by the paired bootstrap.

    Returns:
        Per judged head ``macro_f1`` and ``labels``, each with ``first``, ``second``, ``difference`` (second - first),
        its 95 % ``interval`` and ``p_value``.
    """
    compared = {}
    for name, head in first.heads.items():
        other = second.heads[name]
        *labels, macro = paired_bootstrap(head.gold, head.predicted, other.predicted, head.documents)
        entries = {label: _difference(entry) for label, entry in zip(head.labels, labels, strict=True)}
        compared[name] = {"macro_f1": _difference(macro), "labels": entries}
    return compared


def head_scores(head: HeadPredictions) -> dict[str, Any]:
    """Return what :func:`score_predictions` says of any head."""
    scores = label_scores(head.gold, head.predicted, head.labels)
    areas = average_precisions(head.gold, head.probs, head.labels)
    intervals = f1_intervals(head.gold, head.predicted, head.documents)
    macro = macro_average(scores)
    return {
        "n_sentences": len(head),
        "macro_f1": _round(macro.f1),
        "interval": _ends(intervals.macro),
        "macro_precision": _round(macro.precision),
        "macro_recall": _round(macro.recall),
        "average_precision": _round(macro_average_precision(areas)),
        "labels": {
            label: {
                "precision": _round(score.precision),
                "recall": _round(score.recall),
                "f1": _round(score.f1),
                "interval": _ends(interval),
                "average_precision": _round(areas[label]),
                "support": score.support,
            }
            for (label, score), interval in zip(scores.items(), intervals.labels, strict=True)
        },
        "calibration_error": _round(calibration_error(head.reliability)),
        "brier": _round(brier_score(head.gold, head.probs, exclusive=head.exclusive)),
    }


def _stance_scores(predictions: Predictions) -> dict[str, Any]:
    head, wrong, kept = predictions.stance, predictions.stance.wrong, ~predictions.abstained
    return {
        "mcc": _round(matthews_correlation(head.gold, head.predicted)),
        "confusion": confusion(head.gold, head.predicted),
        "aurc": _round(predictions.risk_coverage.area),
        "abstention": {
            "coverage": _round(float(kept.mean())),
            "risk": _round(float(wrong[kept].mean())) if kept.any() else None,
            "risk_of_all": _round(float(wrong.mean())),
        },
    }


def _difference(entry: Difference) -> dict[str, Any]:
    return {
        "first": _round(entry.first),
        "second": _round(entry.second),
        "difference": _round(entry.difference),
        "interval": _ends(entry.interval),
        "p_value": _round(entry.p_value),
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(end, _PLACES) for end in interval]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _PLACES)
