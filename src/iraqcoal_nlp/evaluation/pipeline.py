"""Our classifier where ``evaluate`` wants a pipeline for text classification (needs evaluate).

>>> import iraqcoal_nlp as iq
>>> from iraqcoal_nlp.data.datasets import load_gold
>>> from iraqcoal_nlp.evaluation.metrics import StanceMetric
>>> from iraqcoal_nlp.evaluation.pipeline import SentenceEvaluator, SentencePipeline
>>> gold = load_gold("seeds/gold.jsonl")["test"]
>>> pipe = SentencePipeline(iq.load(), head="stance")
>>> SentenceEvaluator().compute(pipe, gold, metric=StanceMetric(), label_column="stance")  # doctest: +SKIP

The events go the same way, with ``head="events"``, ``EventsMetric()`` and ``label_column="events"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluate.evaluator import TextClassificationEvaluator

from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.inference.classifier import ArticleClassifier

TASK = "text-classification"


class SentencePipeline:
    """Labels sentences as ``transformers``' pipeline for text classification would.

    Args:
        classifier: A loaded model.
        head: ``stance``, whose label is a name; or ``events``, whose label is a list of names.

    Raises:
        ValueError: ``head`` is unknown.
    """

    task = TASK

    def __init__(self, classifier: ArticleClassifier, *, head: str = "stance") -> None:
        if head not in HEADS:
            raise ValueError(f"unknown head {head!r}: use one of {', '.join(HEADS)}")
        self._classifier = classifier
        self._head = head

    def __call__(self, texts: Iterable[str | Mapping[str, Any]], *, truncation: bool = True) -> list[dict[str, Any]]:
        """Return ``label`` and ``score`` per sentence: of a stance its probability, of events each one's.

        Args:
            texts: Sentences, or mappings that have one as ``text``.
            truncation: Taken because evaluators pass it; long sentences are read to their end all the same.
        """
        sentences = [text["text"] if isinstance(text, Mapping) else text for text in texts]
        results = self._classifier.classify_sentences(sentences)
        if self._head == "stance":
            return [{"label": result.stance, "score": result.stance_probs[result.stance]} for result in results]
        return [
            {"label": list(result.events), "score": [result.event_probs[event] for event in result.events]}
            for result in results
        ]


class SentenceEvaluator(TextClassificationEvaluator):  # type: ignore[misc]
    """What ``evaluate.evaluator("text-classification")`` gives, able to run beside transformers 5.

    evaluate 0.4.6 asks whether a pipeline is one of TensorFlow's models, a class that transformers 5 no longer has, and
    fails. This one takes pipelines only.
    """

    def prepare_pipeline(
        self,
        model_or_pipeline: Any,  # noqa: ANN401 - any callable with a task
        tokenizer: object = None,
        feature_extractor: object = None,
        device: int | None = None,
    ) -> Any:  # noqa: ANN401
        """Return the pipeline as it is.

        Raises:
            ValueError: It is no pipeline for text classification.
        """
        if getattr(model_or_pipeline, "task", None) != self.task:
            raise ValueError(f"{type(model_or_pipeline).__name__} is no pipeline for {self.task}")
        return model_or_pipeline
