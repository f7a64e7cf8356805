"""A teacher that is no network: tf-idf and logistic regression, which err elsewhere than encoders do.

Its probabilities are no better than a fine-tuned encoder's, but the mean of both is (an ensemble of unlike classifiers:
Dietterich, 2000, doi:10.1007/3-540-45014-9_1), and a student can learn that mean at no cost in scoring.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.scores import event_matrix
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.training.notes import read_arrays, write_arrays

LOGGER = logging.getLogger(__name__)

INVERSE_PENALTY = 30.0
"""C of the regressions: chosen on the shipped model's dev split, for the mean with its network."""


def lexical_labels(rows: Sequence[Annotation], texts: Sequence[str]) -> tuple[Floats, Floats]:
    """Fit on annotated sentences, and judge sentences.

    Args:
        rows: Annotated sentences.
        texts: Sentences to judge.

    Returns:
        Probabilities of the stances, *shape* ``(n_texts, n_stances)``, and of the events,
        *shape* ``(n_texts, n_events)``. What no row has is never claimed; events that nobody judged are none.
    """
    LOGGER.info("tf-idf learns from %d sentences and judges %d", len(rows), len(texts))
    return _stances(rows, texts), _events(rows, texts)


def noted_lexical_labels(rows: Sequence[Annotation], texts: Sequence[str], notes: Path) -> tuple[Floats, Floats]:
    """Return :func:`lexical_labels`, read from the file ``notes`` if an earlier call has written them there."""
    if not notes.is_file():
        stance, events = lexical_labels(rows, texts)
        write_arrays(notes, stance=stance, events=events)
    said = read_arrays(notes)
    return said["stance"], said["events"]


def _stances(rows: Sequence[Annotation], texts: Sequence[str]) -> Floats:
    judged = [(row.text, row.stance) for row in rows if row.stance is not None]
    probs = np.zeros((len(texts), len(STANCES)))
    found = sorted({stance for _, stance in judged})
    if len(found) < 2:
        probs[:, [STANCES.index(name) for name in found or ["none"]]] = 1.0
        return probs
    classifier = _classifier().fit([text for text, _ in judged], [stance for _, stance in judged])
    probs[:, [STANCES.index(name) for name in classifier.classes_]] = classifier.predict_proba(texts)
    return probs


def _events(rows: Sequence[Annotation], texts: Sequence[str]) -> Floats:
    judged = [row for row in rows if row.events is not None]
    if not judged:
        return np.zeros((len(texts), len(EVENTS)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Label .* is present in all", category=UserWarning)
        classifier = _classifier().fit([row.text for row in judged], event_matrix(row.events or () for row in judged))
    return cast("Floats", classifier.predict_proba(texts))


def _classifier() -> Any:  # noqa: ANN401 - scikit-learn carries no types
    from iraqcoal_nlp.evaluation.baselines import TfidfClassifier  # noqa: PLC0415 - runs without this teacher need it not

    # Without balance: the mean is taken of probabilities, which balanced classes would inflate.
    return TfidfClassifier(inverse_penalty=INVERSE_PENALTY, class_weight=None)
