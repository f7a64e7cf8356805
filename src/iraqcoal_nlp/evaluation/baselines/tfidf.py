"""tf-idf and a linear model (needs scikit-learn)."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from iraqcoal_nlp.evaluation.baselines.text_input import Texts, tag_as_text, text_columns
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer

KINDS = ("logreg", "svm")

_CALIBRATION_FOLDS = 3
_ENOUGH = 100
_N_GRAMS: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("chars", 3, {"analyzer": "char_wb", "ngram_range": (2, 5)}),
    ("words", 2, {"ngram_range": (1, 3)}),
)
"""Name, least number of texts with an n-gram, and form of each kind of n-gram."""


class TfidfFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Characters 2-5 within words and words 1-3, tf-idf weighted, of text normalized as the encoders read it.

    Of a pair, the features are what both texts share and by how much they differ, n-gram by n-gram: the order of the
    two changes nothing.

    Args:
        normalizer: Names of the normalization steps.
    """

    def __init__(self, normalizer: tuple[str, ...] = NEWS_V1) -> None:
        self.normalizer = normalizer

    def fit(self, X: Texts, y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn vocabulary and weights."""
        texts = [text for column in self._normalized(X) for text in column]
        # Few texts repeat little: rare n-grams are dropped only where enough remain.
        enough = len(texts) >= _ENOUGH
        self.union_ = FeatureUnion(
            [
                (name, TfidfVectorizer(min_df=rare if enough else 1, sublinear_tf=True, **settings))
                for name, rare, settings in _N_GRAMS
            ]
        ).fit(texts)
        return self

    def transform(self, X: Texts) -> csr_matrix:  # noqa: N803
        """Return the features. *Shape:* ``(n, n_features)``, of pairs ``(n, 2 * n_features)``."""
        check_is_fitted(self)
        first, *others = (self.union_.transform(column).tocsr() for column in self._normalized(X))
        if not others:
            return first
        return hstack([first.minimum(others[0]), abs(first - others[0])]).tocsr()

    def _normalized(self, texts: Texts) -> list[list[str]]:
        normalize = build_normalizer(self.normalizer)
        return [[normalize(text) for text in column] for column in text_columns(texts)]

    def __getstate__(self) -> dict[str, Any]:
        """Return the n-grams as one text and their weights as an array: skops gives each entry of a dict a record."""
        state: dict[str, Any] = {"normalizer": self.normalizer}
        for name, vectorizer in getattr(self, "union_", FeatureUnion([])).transformer_list:
            vocabulary = vectorizer.vocabulary_
            state[f"{name}_terms"] = "\n".join(sorted(vocabulary, key=vocabulary.__getitem__))
            state[f"{name}_idf"] = vectorizer.idf_
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`__getstate__` returned."""
        self.normalizer = tuple(state["normalizer"])
        if len(state) == 1:
            return  # it was not fitted
        parts = []
        for name, _, settings in _N_GRAMS:
            vocabulary = {term: place for place, term in enumerate(state[f"{name}_terms"].split("\n"))}
            vectorizer = TfidfVectorizer(vocabulary=vocabulary, sublinear_tf=True, **settings)
            vectorizer.idf_ = state[f"{name}_idf"]
            parts.append((name, vectorizer))
        self.union_ = FeatureUnion(parts)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = False, True
        return tags


class TfidfClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """tf-idf and a logistic regression, or a linear support vector machine calibrated by Platt's sigmoid (1999).

    Args:
        kind: ``logreg`` or ``svm``.
        inverse_penalty: C of the linear models. 1, with balanced classes, had the best stance on the dev split of the
            shipped model's data among 1 and 10, with and without balance.
        class_weight: ``balanced``: classes weigh alike, however rare; ``None``: as often as they occur.
        normalizer: Names of the normalization steps.
        random_state: Seed of the calibration's folds and of the solvers.
    """

    def __init__(
        self,
        kind: str = "logreg",
        *,
        inverse_penalty: float = 1.0,
        class_weight: str | None = "balanced",
        normalizer: tuple[str, ...] = NEWS_V1,
        random_state: int = 13,
    ) -> None:
        self.kind = kind
        self.inverse_penalty = inverse_penalty
        self.class_weight = class_weight
        self.normalizer = normalizer
        self.random_state = random_state

    def fit(self, X: Texts, y: npt.ArrayLike) -> Self:  # noqa: N803
        """Learn from texts and their labels.

        Raises:
            ValueError: ``kind`` is unknown, or there is one class only.
        """
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}: use one of {', '.join(KINDS)}")
        labels = np.asarray(y)
        if labels.ndim == 1 and len(np.unique(labels)) < 2:
            raise ValueError(f"all {len(labels)} texts have one label: two are needed to learn a difference")
        rarest = int(labels.sum(axis=0).min()) if labels.ndim == 2 else int(np.unique_counts(labels).counts.min())
        linear = self._linear(rarest)
        model = OneVsRestClassifier(linear) if labels.ndim == 2 else linear
        self.pipeline_ = Pipeline([("features", TfidfFeatures(self.normalizer)), ("model", model)]).fit(X, labels)
        self.classes_ = self.pipeline_.classes_
        return self

    def predict_proba(self, X: Texts) -> Floats:  # noqa: N803
        """Return the probability of each class. *Shape:* ``(n, n_classes)``."""
        check_is_fitted(self)
        return np.asarray(self.pipeline_.predict_proba(X))

    def predict(self, X: Texts) -> npt.NDArray[Any]:  # noqa: N803
        """Return the likeliest class of each text, or of several labels those more likely than not."""
        probs = self.predict_proba(X)
        several = isinstance(self.pipeline_["model"], OneVsRestClassifier)
        return (probs >= 0.5).astype(int) if several else self.classes_[probs.argmax(axis=1)]

    @property
    def n_parameters(self) -> int:
        """Weights of the linear models; of the calibrated one, those of each fold's."""
        check_is_fitted(self)
        return sum(model.coef_.size + model.intercept_.size for model in _linear_models(self.pipeline_["model"]))

    def _linear(self, rarest: int) -> LogisticRegression | CalibratedClassifierCV:
        if self.kind == "logreg":
            return LogisticRegression(
                C=self.inverse_penalty, class_weight=self.class_weight, random_state=self.random_state, max_iter=300
            )
        machine = LinearSVC(C=self.inverse_penalty, class_weight=self.class_weight, random_state=self.random_state)
        # Each fold needs a case of each class.
        folds = max(2, min(_CALIBRATION_FOLDS, rarest))
        return CalibratedClassifierCV(machine, cv=StratifiedKFold(folds, shuffle=True, random_state=self.random_state))

    def __sklearn_tags__(self) -> Tags:
        return tag_as_text(super().__sklearn_tags__())


def _linear_models(model: Any) -> list[Any]:  # noqa: ANN401 - whatever stands at the end of the pipeline
    if hasattr(model, "estimators_"):
        return [linear for part in model.estimators_ for linear in _linear_models(part)]
    if hasattr(model, "calibrated_classifiers_"):
        return [part.estimator for part in model.calibrated_classifiers_]
    return [model] if hasattr(model, "coef_") else []  # a label that all rows have, or none, has no model
