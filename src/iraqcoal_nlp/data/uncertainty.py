"""Which scored rows a person should judge: for training, the ones the model is least certain of (active learning).

- ``entropy``: the entropy of all answers together, the heads taken as independent (Settles, 2009, "Active Learning
  Literature Survey"). Rows high in it are unclear in several ways.
- ``margin``: how near the closest decision is to turning: the two best stances, or an event and its absence.
- ``diverse``: of the :data:`POOL` times as many rows that are highest in entropy, those that are least alike by tf-idf
  over character n-grams (farthest-first traversal, Gonzalez, 1985; as a core-set in Sener and Savarese, 2018,
  arXiv:1708.00489). Fewer variants of one report.
- ``random``: by chance alone. The only one for measuring: the others choose what is hard.

Every strategy passes over what is not Arabic, and takes a text that occurs several times once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from iraqcoal_nlp.data.duplicates import stable_hash
from iraqcoal_nlp.data.scored import ScoredRow
from iraqcoal_nlp.records import NOT_ARABIC, SentenceResult

STRATEGIES = ("entropy", "margin", "diverse", "random")

SEED = 13
"""What ``random`` starts from, if nothing else is said."""

POOL = 10
"""``diverse`` chooses among so many rows for each one that is wanted."""

_GRAMS = (2, 4)  # shorter ones are in every sentence; longer ones add columns and no contrast


def uncertain_rows(
    rows: Sequence[ScoredRow], *, strategy: str, count: int, seed: int = SEED
) -> list[tuple[ScoredRow, float]]:
    """Choose rows, each with its uncertainty: in [0, 1] for ``margin``, for the others in nats.

    The choice depends on the rows alone, that of ``random`` on their texts and the seed; ties go to the earlier row.
    ``diverse`` and ``random`` give rows in the order of choice, so that any first part of them is diverse, or random,
    too; the others, the least certain first.

    Raises:
        ValueError: ``strategy`` is unknown, or ``count`` is below 1.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r}: use one of {', '.join(STRATEGIES)}")
    if count < 1:
        raise ValueError(f"cannot choose {count} rows")
    measure = closeness if strategy == "margin" else entropy
    once: dict[str, ScoredRow] = {}
    for row in rows:
        if NOT_ARABIC not in row.sentence.flags:
            once.setdefault(row.sentence.text, row)
    ranked = sorted(((row, measure(row.sentence)) for row in once.values()), key=lambda pair: pair[1], reverse=True)
    if strategy == "random":
        return sorted(ranked, key=lambda pair: stable_hash(f"{seed}:{pair[0].sentence.text}"))[:count]
    if strategy != "diverse" or len(ranked) <= count:
        return ranked[:count]
    pool = ranked[: POOL * count]
    return [pool[place] for place in _farthest_first([row.sentence.text for row, _ in pool], count)]


def entropy(sentence: SentenceResult) -> float:
    """Return the entropy of the stance and of all events together, in nats."""
    stance = -sum(p * math.log(p) for p in sentence.stance_probs.values() if p > 0)
    return stance - sum(side * math.log(side) for p in sentence.event_probs.values() for side in (p, 1 - p) if side > 0)


def closeness(sentence: SentenceResult) -> float:
    """Return 1 less the smallest margin between the two best answers to any question; 1 is a tie."""
    best, second, *_ = sorted(sentence.stance_probs.values(), reverse=True)
    return 1 - min(best - second, *(abs(2 * p - 1) for p in sentence.event_probs.values()))


def _farthest_first(texts: Sequence[str], count: int) -> list[int]:
    """Start with the first text, then take again and again the one least like all that were taken."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - other strategies do not need it

    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=_GRAMS, dtype=np.float32).fit_transform(texts)
    chosen = [0]
    likeness = (vectors @ vectors[0].T).toarray().ravel()
    while len(chosen) < count:
        likeness[chosen] = np.inf
        chosen.append(int(np.argmin(likeness)))
        likeness = np.maximum(likeness, (vectors @ vectors[chosen[-1]].T).toarray().ravel())
    return chosen
