"""Measure a model folder as a user would load it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.scores import calibration_error, event_matrix, score_labels
from iraqcoal_nlp.inference.classifier import ArticleClassifier


def judged_rows(rows: Sequence[Annotation]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return text, stance and events of the rows in which both heads were judged."""
    return [(row.text, row.stance, row.events) for row in rows if row.stance is not None and row.events is not None]


def measure(folder: Path, sets: Mapping[str, Sequence[Annotation]]) -> dict[str, dict[str, Any]]:
    """Score the model on each set that has judged rows.

    Args:
        folder: The model folder.
        sets: Annotated sentences by the name of the set.

    Returns:
        By the name of the set: ``Scores.to_dict()``, and each head's ``calibration_error``.

    Raises:
        ModelFolderError: The folder cannot be loaded.
    """
    classifier = ArticleClassifier.from_folder(folder)
    measured = {}
    for name, rows in sets.items():
        judged = judged_rows(rows)
        if not judged:
            continue
        results = classifier.classify_sentences([text for text, _, _ in judged])
        gold = [(stance, events) for _, stance, events in judged]
        scores = score_labels(gold, [(result.stance, result.events) for result in results]).to_dict()
        stance_probs = np.array([[result.stance_probs[label] for label in STANCES] for result in results])
        event_probs = np.array([[result.event_probs[label] for label in EVENTS] for result in results])
        right = np.array(
            [STANCES[best] == stance for best, (stance, _) in zip(stance_probs.argmax(axis=1), gold, strict=True)]
        )
        reported = event_matrix(events for _, events in gold)
        scores["stance"]["calibration_error"] = round(calibration_error(stance_probs.max(axis=1), right), 4)
        scores["events"]["calibration_error"] = round(calibration_error(event_probs.ravel(), reported.ravel()), 4)
        measured[name] = scores
    return measured
