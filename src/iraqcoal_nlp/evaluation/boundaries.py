"""Scores a sentence splitter against gold sentences, by exact offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How many items two sets have, and share."""

    gold: int
    predicted: int
    shared: int

    @property
    def precision(self) -> float:
        """Share of predicted items that are gold; 1 if nothing was predicted."""
        return self.shared / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """Share of gold items that were predicted; 1 if there is no gold."""
        return self.shared / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryReport:
    """What a splitter got right over a set of articles."""

    spans: Agreement
    """Sentences whose start and end are both exact."""
    ends: Agreement
    """Sentence ends that are exact."""
    leaked: int
    """Boilerplate stretches of which any part came out as a sentence or in one."""


def score_boundaries(
    gold: Mapping[str, Sequence[Span]],
    predicted: Mapping[str, Sequence[Span]],
    boilerplate: Mapping[str, Sequence[Span]],
) -> BoundaryReport:
    """Compare predicted sentences with gold ones, article by article.

    Args:
        gold: True sentences of each article, by its id: ``(start, end)``, end-exclusive, without boilerplate.
        predicted: What the splitter gave for the same articles.
        boilerplate: Stretches that are no sentences; articles without any may be absent.

    Raises:
        ValueError: ``gold`` and ``predicted`` are not about the same articles.
    """
    if gold.keys() != predicted.keys():
        raise ValueError(f"gold and predicted differ in articles: {sorted(gold.keys() ^ predicted.keys())}")
    return BoundaryReport(
        spans=_agreement(_spans(gold), _spans(predicted)),
        ends=_agreement(_ends(gold), _ends(predicted)),
        leaked=sum(
            any(start < span[1] and span[0] < end for start, end in predicted.get(doc_id, ()))
            for doc_id, spans in boilerplate.items()
            for span in spans
        ),
    )


def _spans(sentences: Mapping[str, Sequence[Span]]) -> Set[tuple[str, int, int]]:
    return {(doc_id, start, end) for doc_id, spans in sentences.items() for start, end in spans}


def _ends(sentences: Mapping[str, Sequence[Span]]) -> Set[tuple[str, int]]:
    return {(doc_id, end) for doc_id, spans in sentences.items() for _, end in spans}


def _agreement(gold: Set[object], predicted: Set[object]) -> Agreement:
    return Agreement(gold=len(gold), predicted=len(predicted), shared=len(gold & predicted))
