"""The baseline every model must beat: tf-idf and logistic regression (needs scikit-learn)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.predictions import Predictions
from iraqcoal_nlp.evaluation.scores import event_matrix, stance_matrix
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import best_thresholds
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer


class TfidfLogreg:
    """Characters 2-5 within words and words 1-3, tf-idf weighted, one logistic regression per head and event.

    It reads the same normalized text as the encoder.

    Args:
        inverse_penalty: C of the regressions. 1, with balanced classes, had the best stance on the dev split of the
            shipped model's data among 1 and 10, with and without balance.
        balanced: Whether classes weigh alike, however rare.
        seed: Seed of the solver.
    """

    def __init__(self, *, inverse_penalty: float = 1.0, balanced: bool = True, seed: int = 13) -> None:
        self._normalize = build_normalizer(NEWS_V1)
        self._features = FeatureUnion(
            [
                (
                    "chars",
                    TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
                ),
                ("words", TfidfVectorizer(ngram_range=(1, 3), min_df=2, sublinear_tf=True)),
            ]
        )
        self._thresholds: tuple[float, ...] = (0.5,) * len(EVENTS)
        weights = "balanced" if balanced else None
        self._stance, *self._events = (
            LogisticRegression(C=inverse_penalty, class_weight=weights, random_state=seed, max_iter=300)
            for _ in ("stance", *EVENTS)
        )

    def fit(self, rows: Sequence[Annotation]) -> Self:
        """Learn from annotated rows; a row without a head's label does not train that head."""
        features: csr_matrix = self._features.fit_transform([self._normalize(row.text) for row in rows]).tocsr()
        judged = [i for i, row in enumerate(rows) if row.stance is not None]
        self._stance.fit(features[judged], [rows[i].stance for i in judged])
        judged = [i for i, row in enumerate(rows) if row.events is not None]
        for event, model in zip(EVENTS, self._events, strict=True):
            model.fit(features[judged], [event in (rows[i].events or ()) for i in judged])
        return self

    def choose_thresholds(self, rows: Sequence[Annotation]) -> Self:
        """Choose each event's threshold on dev rows, as for a model; until then all are at .5."""
        judged = [row for row in rows if row.events is not None]
        _, events = self.predict_proba([row.text for row in judged])
        self._thresholds = best_thresholds(events, event_matrix(row.events or () for row in judged))
        return self

    def predict(self, rows: Sequence[Annotation]) -> Predictions:
        """Label annotated rows; the baseline never abstains."""
        stance_probs, event_probs = self.predict_proba([row.text for row in rows])
        return Predictions.of(
            rows,
            stances=stance_matrix(STANCES[best] for best in stance_probs.argmax(axis=1)),
            events=event_probs >= np.array(self._thresholds),
            stance_probs=stance_probs,
            event_probs=event_probs,
            abstained=np.zeros(len(rows), dtype=np.bool_),
        )

    def predict_proba(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Return stance and event probabilities. *Shapes:* ``(n, n_stances)`` and ``(n, n_events)``."""
        features = self._features.transform([self._normalize(text) for text in texts])
        order = [list(self._stance.classes_).index(stance) for stance in STANCES]
        stance = np.asarray(self._stance.predict_proba(features))[:, order]
        events = np.stack([np.asarray(model.predict_proba(features))[:, 1] for model in self._events], axis=1)
        return stance, events
