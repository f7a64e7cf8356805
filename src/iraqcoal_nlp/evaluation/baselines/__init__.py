"""Baselines every model must beat: scikit-learn classifiers over texts, or over pairs of texts.

>>> from sklearn.model_selection import cross_val_score
>>> from iraqcoal_nlp.evaluation.baselines import TfidfClassifier
>>> cross_val_score(TfidfClassifier(), texts, labels, scoring="f1_macro")  # doctest: +SKIP

``X`` is a list of texts, or of pairs (*shape* ``(n, 2)``). ``y`` is one label per text (*shape* ``(n,)``), or which of
several labels each has (*shape* ``(n, n_labels)``, true or false); ``predict_proba`` then gives each label's own
probability.
"""

from __future__ import annotations

from iraqcoal_nlp.evaluation.baselines.keyword import KeywordClassifier
from iraqcoal_nlp.evaluation.baselines.persistence import load_estimator, save_estimator
from iraqcoal_nlp.evaluation.baselines.tfidf import TfidfClassifier

__all__ = ["KeywordClassifier", "TfidfClassifier", "load_estimator", "save_estimator"]
