"""A classifier that gives each sentence made-up labels, the same ones every time, without a model."""

from __future__ import annotations

import hashlib
import time

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.inference.aggregate import aggregate
from iraqcoal_nlp.records import SentenceResult
from iraqcoal_nlp.text.sentences import split_sentences


class StubClassifier:
    """Stands for an ArticleClassifier where scoring is tested, not the model.

    Args:
        seconds: Time that each article takes.
        fails_on: An article whose text holds this makes it raise.
    """

    model_id = "stub@000000000000"
    backend = "stub"

    def __init__(self, *, seconds: float = 0.0, fails_on: str | None = None) -> None:
        self._seconds, self._fails_on = seconds, fails_on

    def classify_articles(self, articles, *, split=True):
        for article in articles:
            if self._fails_on is not None and self._fails_on in article.text:
                raise RuntimeError("the model broke")
            time.sleep(self._seconds)
            sentences = split_sentences(article.text)
            results = [self._result(article.doc_id, sentence) for sentence in sentences]
            yield aggregate(article.doc_id, results, model=self.model_id, extra=article.extra)

    def _result(self, doc_id, sentence):
        digest = hashlib.sha256(sentence.text.encode("utf-8", "replace")).digest()
        probs = [byte / 255 for byte in digest[:7]]
        return SentenceResult(
            doc_id=doc_id,
            sent_id=sentence.sent_id,
            start=sentence.start,
            end=sentence.end,
            text=sentence.text,
            stance=STANCES[digest[7] % 3],
            stance_probs=dict(zip(STANCES, probs, strict=False)),
            events=tuple(event for event, p in zip(EVENTS, probs[3:], strict=True) if p > 0.7),
            event_probs=dict(zip(EVENTS, probs[3:], strict=True)),
            abstained=digest[8] < 30,
            flags=(),
            model=self.model_id,
        )
