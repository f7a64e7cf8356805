"""Our scores as ``evaluate`` modules: made by calling the class, without a hub, a network or files of a cache.

>>> from iraqcoal_nlp.evaluation.metrics import EventsMetric
>>> EventsMetric().compute(predictions=[["attack"], []], references=[["attack"], ["handover"]])["micro_f1"]
0.6666666666666666

Labels come by name or by index, as our ``datasets`` tables hold them (:mod:`iraqcoal_nlp.data.datasets`).
:class:`StanceMetric` and :class:`EventsMetric` score decisions, :class:`StanceProbabilities` and
:class:`EventsProbabilities` probabilities. All take ``predictions`` and ``references`` at once, by ``add`` or by
``add_batch``, and go together in ``evaluate.combine``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import evaluate
import numpy as np
from datasets import ClassLabel, Features, Value
from datasets import Sequence as SequenceFeature

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.evaluation.abstention import risk_coverage
from iraqcoal_nlp.evaluation.reliability import brier_score, calibration_error, reliability_bins, stated_cases
from iraqcoal_nlp.evaluation.scores import (
    LabelScore,
    average_precisions,
    event_matrix,
    label_scores,
    macro_average,
    macro_average_precision,
    matthews_correlation,
    micro_f1,
    stance_matrix,
)
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools

_STANCE = ClassLabel(names=list(STANCES))
_EVENTS = SequenceFeature(ClassLabel(names=list(EVENTS)))
_STANCE_PROBS = SequenceFeature(Value("float64"), length=len(STANCES))
_EVENT_PROBS = SequenceFeature(Value("float64"), length=len(EVENTS))


class _Metric(evaluate.Metric):  # type: ignore[misc]
    """What the modules share: everything stays in memory, and no folder is made for a cache."""

    def __init__(self) -> None:
        super().__init__(keep_in_memory=True)

    def _describe(self, inputs: str, **columns: Any) -> evaluate.MetricInfo:  # noqa: ANN401 - features have no base
        return evaluate.MetricInfo(
            description=self.__doc__, citation="", inputs_description=inputs, features=Features(columns)
        )

    def _build_data_dir(self) -> str:
        return ""  # the base class would make a folder in the home directory


class StanceMetric(_Metric):
    """Precision, recall and F1 per stance and macro, and the correlation ``mcc``."""

    def _info(self) -> evaluate.MetricInfo:
        inputs = "predictions, references: one stance per sentence, by name or index."
        return self._describe(inputs, predictions=_STANCE, references=_STANCE)

    def _compute(self, predictions: Sequence[int], references: Sequence[int]) -> dict[str, float]:
        gold, predicted = _stances(references), _stances(predictions)
        return _flat(label_scores(gold, predicted, STANCES)) | {"mcc": matthews_correlation(gold, predicted)}


class EventsMetric(_Metric):
    """Precision, recall and F1 per event, macro and micro."""

    def _info(self) -> evaluate.MetricInfo:
        inputs = "predictions, references: a list of events per sentence, by name or index; it may be empty."
        return self._describe(inputs, predictions=_EVENTS, references=_EVENTS)

    def _compute(
        self, predictions: Sequence[Collection[int]], references: Sequence[Collection[int]]
    ) -> dict[str, float]:
        gold, predicted = _events(references), _events(predictions)
        return _flat(label_scores(gold, predicted, EVENTS)) | {"micro_f1": micro_f1(gold, predicted)}


class StanceProbabilities(_Metric):
    """Average precision per stance and macro, calibration error, Brier score, AURC, and bins for a diagram."""

    def _info(self) -> evaluate.MetricInfo:
        inputs = "predictions: probabilities of the stances in codebook order. references: stances."
        return self._describe(inputs, predictions=_STANCE_PROBS, references=_STANCE)

    def _compute(self, predictions: Sequence[Sequence[float]], references: Sequence[int]) -> dict[str, Any]:
        gold, probs = _stances(references), np.array(predictions)
        confidence, right = stated_cases(gold, probs, exclusive=True)
        aurc = risk_coverage(confidence, ~right).area
        return _of_probabilities(gold, probs, STANCES, exclusive=True) | {"aurc": aurc}


class EventsProbabilities(_Metric):
    """Average precision per event and macro, calibration error, Brier score, and bins for a diagram."""

    def _info(self) -> evaluate.MetricInfo:
        inputs = "predictions: probabilities of the events in codebook order. references: lists of events."
        return self._describe(inputs, predictions=_EVENT_PROBS, references=_EVENTS)

    def _compute(self, predictions: Sequence[Sequence[float]], references: Sequence[Collection[int]]) -> dict[str, Any]:
        return _of_probabilities(_events(references), np.array(predictions), EVENTS, exclusive=False)


def _stances(indices: Sequence[int | None]) -> Bools:
    if any(index is None or index < 0 for index in indices):
        raise ValueError("a stance is missing: leave out sentences that nobody judged")
    return stance_matrix(STANCES[index] for index in indices if index is not None)


def _events(indices: Sequence[Collection[int] | None]) -> Bools:
    if any(row is None for row in indices):
        raise ValueError("a list of events is missing: leave out sentences that nobody judged")
    return event_matrix([EVENTS[index] for index in row] for row in indices if row is not None)


def _flat(scores: Mapping[str, LabelScore]) -> dict[str, float]:
    """Return macro scores and those of the labels as ``f1_attack``: ``evaluate`` knows no nested results."""
    macro = macro_average(scores)
    flat = {"macro_f1": macro.f1, "macro_precision": macro.precision, "macro_recall": macro.recall}
    for label, score in scores.items():
        flat |= {f"f1_{label}": score.f1, f"precision_{label}": score.precision, f"recall_{label}": score.recall}
    return flat


def _of_probabilities(gold: Bools, probs: Floats, labels: Sequence[str], *, exclusive: bool) -> dict[str, Any]:
    areas = average_precisions(gold, probs, labels)
    bins = reliability_bins(*stated_cases(gold, probs, exclusive=exclusive))
    return {
        "average_precision": macro_average_precision(areas),
        **{f"average_precision_{label}": area for label, area in areas.items()},
        "calibration_error": calibration_error(bins),
        "brier": brier_score(gold, probs, exclusive=exclusive),
        "reliability": [asdict(part) for part in bins],
    }
