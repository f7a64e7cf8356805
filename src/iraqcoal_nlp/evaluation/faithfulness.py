"""Do the words that an explanation names first really make the label?

The deletion tests of ERASER (DeYoung et al., 2020, arXiv:1911.03429), in its AOPC form. *Comprehensiveness*: how far
the label's probability falls when the first words of the order are left out; high is good. *Sufficiency*: how far it
falls when only those words are kept; low is good. Both are means over the shares of :data:`SHARES`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iraqcoal_nlp.inference.explain import LABELS, Score
from iraqcoal_nlp.text.words import leave_out

SHARES = (0.01, 0.05, 0.10, 0.20, 0.50)
"""Shares of a sentence's words, rounded up, as in ERASER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The words of one sentence in the order in which an explanation names them for one label."""

    text: str
    label: str
    spans: tuple[tuple[int, int], ...]
    """All words, the most important first; offsets into ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """Means over all rankings."""

    comprehensiveness: float
    sufficiency: float
    rankings: int


def measure_faithfulness(score: Score, rankings: Sequence[Ranking]) -> Faithfulness:
    """Leave out and keep the first words of each ranking.

    Args:
        score: The model, from raw sentences to probabilities.
        rankings: At least one, each with at least one word.
    """
    falls_without, falls_with_only = [], []
    for ranking in rankings:
        texts = [ranking.text]
        for share in SHARES:
            n_first = math.ceil(round(share * len(ranking.spans), 6))
            first, rest = ranking.spans[:n_first], ranking.spans[n_first:]
            texts += [leave_out(ranking.text, first), leave_out(ranking.text, rest)]
        probs = np.concatenate(score(texts), axis=1)[:, LABELS.index(ranking.label)]
        falls_without.append(probs[0] - probs[1::2])
        falls_with_only.append(probs[0] - probs[2::2])
    return Faithfulness(
        comprehensiveness=float(np.mean(falls_without)),
        sufficiency=float(np.mean(falls_with_only)),
        rankings=len(rankings),
    )
