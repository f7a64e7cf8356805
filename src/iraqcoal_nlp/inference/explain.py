"""Why a sentence got a label: each word is left out in turn, and the label's log-odds are measured again.

Leave-one-out occlusion (Li, Monroe and Jurafsky, 2016, arXiv:1612.08220). It needs nothing but the scores, so it is the
same for every backend, and it explains the answer that rows show: calibrated, of all windows together. A word is left
out by deletion, its punctuation stays; an ellipsis in its place orders the words about as well (``docs/explain.md``).

Its limit: where two words say the same, taking out either changes little, and both get a small weight. How faithful
the order of the words is, ``scripts/explain_faithfulness.py`` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, NEUTRAL_STANCE, STANCES
from iraqcoal_nlp.errors import CodebookError
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.records import NOT_ARABIC, LabelExplanation, SentenceExplanation, SentenceResult, WordAttribution
from iraqcoal_nlp.text.words import leave_out, word_spans

Score = Callable[[Sequence[str]], tuple[Floats, Floats]]
"""From raw sentences to calibrated probabilities, *shapes* ``(n, n_stances)`` and ``(n, n_events)``."""

LONGEST = 400
"""Words. What is longer is no sentence but text without full stops; its cost grows with the square of its length."""

LABELS: tuple[str, ...] = (*STANCES, *EVENTS)
"""Columns of the probabilities that are compared."""

_RUNS_AT_ONCE = 512
_CERTAIN = 1e-9  # log-odds of what is nearer to 0 or 1 would be noise
_PLACES = 4


def explain_sentences(
    score: Score, sentences: Sequence[SentenceResult], *, labels: Sequence[str] = (), filler: str = ""
) -> list[SentenceExplanation]:
    """Explain the labels of each sentence: its events, its stance other than ``none``, and those asked for.

    A sentence of more than :data:`LONGEST` words, or without an Arabic letter, comes back without any explanation.

    Args:
        score: The model that labelled the sentences.
        sentences: Results of that model.
        labels: More labels to explain, in every sentence.
        filler: What stands in for a word that is left out; by default nothing.

    Raises:
        CodebookError: ``labels`` holds an unknown label.
        TypeError: ``labels`` is a string.
    """
    if isinstance(labels, str):
        raise TypeError(f"labels must be a list of labels: write [{labels!r}]")
    unknown = [label for label in labels if label not in LABELS]
    if unknown:
        raise CodebookError(f"unknown label {unknown[0]!r}: use any of {', '.join(LABELS)}")
    explained: list[SentenceExplanation] = []
    for batch in _batches(sentences, labels):
        variants = [
            [sentence.text, *(leave_out(sentence.text, [span], filler) for span in spans)] if spans else []
            for sentence, _, spans in batch
        ]
        odds = log_odds(score, [text for texts in variants for text in texts])
        at = 0
        for (sentence, wanted, spans), texts in zip(batch, variants, strict=True):
            rows = odds[at : at + len(texts)]
            at += len(texts)
            explained.append(
                SentenceExplanation(
                    sentence=sentence, labels=tuple(_explanation(sentence, label, spans, rows) for label in wanted)
                )
            )
    return explained


def log_odds(score: Score, texts: Sequence[str]) -> Floats:
    """Return the log-odds of every label. *Shape:* ``(n_texts, n_labels)``, labels as in :data:`LABELS`."""
    if not texts:
        return np.empty((0, len(LABELS)))
    probs = np.clip(np.concatenate(score(texts), axis=1), _CERTAIN, 1 - _CERTAIN)
    return np.asarray(np.log(probs) - np.log1p(-probs))


def _batches(
    sentences: Sequence[SentenceResult], labels: Sequence[str]
) -> Iterator[list[tuple[SentenceResult, list[str], list[tuple[int, int]]]]]:
    """Yield sentences with the labels to explain and their words, as many as keep all cores busy."""
    batch: list[tuple[SentenceResult, list[str], list[tuple[int, int]]]] = []
    n_runs = 0
    for sentence in sentences:
        given = {sentence.stance, *sentence.events} - {NEUTRAL_STANCE}
        wanted = [label for label in LABELS if label in given or label in labels]
        spans = word_spans(sentence.text) if wanted and NOT_ARABIC not in sentence.flags else []
        if not 0 < len(spans) <= LONGEST:
            wanted, spans = [], []
        batch.append((sentence, wanted, spans))
        n_runs += len(spans)
        if n_runs >= _RUNS_AT_ONCE:
            yield batch
            batch, n_runs = [], 0
    if batch:
        yield batch


def _explanation(
    sentence: SentenceResult, label: str, spans: Sequence[tuple[int, int]], odds: Floats
) -> LabelExplanation:
    """Compare the whole sentence (the first row) with the sentence less each word."""
    column = odds[:, LABELS.index(label)]
    words = (
        WordAttribution(
            word=sentence.text[start:end],
            start=sentence.start + start,
            end=sentence.start + end,
            weight=round(float(weight), _PLACES),
        )
        for (start, end), weight in zip(spans, column[0] - column[1:], strict=True)
    )
    probs = {**sentence.stance_probs, **sentence.event_probs}
    return LabelExplanation(label=label, probability=probs[label], words=tuple(words))
