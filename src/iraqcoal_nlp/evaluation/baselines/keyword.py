"""A rule list: phrases that speak for a label, and how often they are right (needs scikit-learn)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from iraqcoal_nlp.evaluation.baselines.text_input import Texts, tag_as_text, text_columns
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer

Rules = Mapping[str, Sequence[str]]
"""Phrases by label."""

_FOLDS = str.maketrans("أإآىةؤئ", "ااايهوي")
_BEFORE = r"(?<!\w)[وف]?(?:[بك]?ال|لل|[بلكس])?"
"""And, so; with, as, for, will; the article."""
_BETWEEN = r"\w*\W+(?:\w+\W+){0,8}"
_normalize = build_normalizer(NEWS_V1)


def shipped_rules(question: str) -> Rules | None:
    """Return the rules that come with the package for a question such as ``stance``; ``None`` where there are none."""
    known: dict[str, Rules] = tomllib.loads(
        files("iraqcoal_nlp.evaluation.baselines").joinpath("keywords.toml").read_text(encoding="utf-8")
    )
    return known.get(question)


class KeywordClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says what the phrases of a rule list say, with the probability that training texts give to it.

    A phrase is words in order. A word matches with the usual particles before it and any ending; ``(a|b)`` is either;
    ``…`` stands for up to eight words; hamzas, ``ى`` and ``ة`` are folded. Of one label per text, the one with most
    phrases found is said (of equals, the first in the list), and its probability is how often each class has this
    said of it; of several labels each, a label's probability is its share among texts in which any of its phrases is
    found, or among the others. Counts have one added (Laplace).

    Args:
        rules: Phrases by label; for several labels each, in the order of the columns of ``y``.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules

    def fit(self, X: Texts, y: npt.ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn how often the rules are right.

        Raises:
            ValueError: There are no rules, or of several labels one has none.
        """
        labels = np.asarray(y)
        if not self.rules:
            raise ValueError("no rules were given")
        if labels.ndim == 2 and labels.shape[1] != len(self.rules):
            raise ValueError(f"{len(self.rules)} labels have rules, but y has {labels.shape[1]} columns")
        found = self._found(X)
        self.several_ = labels.ndim == 2
        if self.several_:
            self.classes_ = np.arange(labels.shape[1])
            hits, gold = found > 0, labels.astype(bool)
            self.table_ = np.stack([_shares(gold, ~hits), _shares(gold, hits)])
        else:
            self.classes_, places = np.unique(labels, return_inverse=True)
            counts = np.ones((len(self.rules) + 1, len(self.classes_)))
            np.add.at(counts, (self._said(found), places), 1.0)
            self.table_ = counts / counts.sum(axis=1, keepdims=True)
        return self

    def predict_proba(self, X: Texts) -> Floats:  # noqa: N803
        """Return the probability of each class. *Shape:* ``(n, n_classes)``."""
        check_is_fitted(self)
        found = self._found(X)
        if self.several_:
            return np.asarray(np.where(found > 0, self.table_[1], self.table_[0]))
        return np.asarray(self.table_[self._said(found)])

    def predict(self, X: Texts) -> npt.NDArray[Any]:  # noqa: N803
        """Return the likeliest class of each text, or of several labels those more likely than not."""
        probs = self.predict_proba(X)
        return (probs >= 0.5).astype(int) if self.several_ else self.classes_[probs.argmax(axis=1)]

    @property
    def n_parameters(self) -> int:
        """Phrases in the list."""
        return sum(map(len, (self.rules or {}).values()))

    def _found(self, texts: Texts) -> npt.NDArray[np.int64]:
        """Return how many phrases of each label stand in each text. *Shape:* ``(n, n_labels with rules)``."""
        patterns = [[_compiled(phrase) for phrase in phrases] for phrases in (self.rules or {}).values()]
        joined = [" . ".join(parts) for parts in zip(*text_columns(texts), strict=True)]
        folded = [_normalize(text).translate(_FOLDS) for text in joined]
        return np.array([[sum(p.search(text) is not None for p in group) for group in patterns] for text in folded])

    def _said(self, found: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the place of the label with most phrases found, one more than the last where there is none."""
        return np.asarray(np.where(found.any(axis=1), found.argmax(axis=1), found.shape[1]), dtype=np.int64)

    def __sklearn_tags__(self) -> Tags:
        return tag_as_text(super().__sklearn_tags__())


def _shares(gold: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> Floats:
    """Return each label's share among the chosen texts, with one added. *Shape:* ``(n_labels,)``."""
    return np.asarray(((gold & among).sum(axis=0) + 1) / (among.sum(axis=0) + 2))


@cache
def _compiled(phrase: str) -> re.Pattern[str]:
    pattern, gap = "", ""
    for word in phrase.translate(_FOLDS).split():
        if word == "…":
            gap = _BETWEEN
            continue
        pattern += (gap if pattern else "") + (_BEFORE if not pattern else _BEFORE.removeprefix(r"(?<!\w)")) + word
        gap = r"\w*\W+"
    return re.compile(pattern)
