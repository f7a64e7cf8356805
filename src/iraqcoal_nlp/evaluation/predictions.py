"""What a model says of annotated sentences, beside what annotators say: all that scores, intervals and plots need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.abstention import RiskCoverage, risk_coverage
from iraqcoal_nlp.evaluation.reliability import ReliabilityBin, reliability_bins, stated_cases
from iraqcoal_nlp.evaluation.scores import event_matrix, stance_matrix
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.inference.thresholds import Bools
from iraqcoal_nlp.records import NOT_ARABIC, SentenceResult


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadPredictions:
    """One head over the sentences that were judged for it, one column per label.

    *Shapes:* ``(n_sentences, n_labels)``.
    """

    labels: tuple[str, ...]
    exclusive: bool
    """Whether one label alone is true of a sentence, as with the stance."""
    documents: tuple[str, ...]
    """Document of each sentence."""
    gold: Bools
    predicted: Bools
    probs: Floats

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self.documents)

    @property
    def wrong(self) -> Bools:
        """Whether any label of a sentence differs from the gold. *Shape:* ``(n_sentences,)``."""
        return np.asarray((self.gold != self.predicted).any(axis=1))

    @property
    def absent(self) -> tuple[str, ...]:
        """Labels that neither the gold nor the model gives any sentence: their F1 counts as 0, and says nothing."""
        here = np.asarray((self.gold | self.predicted).any(axis=0))
        return tuple(label for label, there in zip(self.labels, here, strict=True) if not there)

    @property
    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """How often what was stated came true."""
        return reliability_bins(*stated_cases(self.gold, self.probs, exclusive=self.exclusive))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Both heads over one set of annotated sentences."""

    stance: HeadPredictions
    events: HeadPredictions
    abstained: Bools
    """Whether the model leaves the stance to a person. *Shape:* that of ``stance.documents``."""
    n_sentences: int
    """Sentences judged for one head at least."""
    n_documents: int
    """Documents they come from."""

    @property
    def heads(self) -> dict[str, HeadPredictions]:
        """The heads for which any sentence was judged, by name."""
        both = {"stance": self.stance, "events": self.events}
        return {name: head for name, head in both.items() if len(head)}

    @property
    def risk_coverage(self) -> RiskCoverage:
        """How the stance's errors fall if the least certain sentences are left out."""
        return risk_coverage(self.stance.probs.max(axis=1), self.stance.wrong)

    @classmethod
    def of(
        cls,
        rows: Sequence[Annotation],
        *,
        stances: Bools,
        events: Bools,
        stance_probs: Floats,
        event_probs: Floats,
        abstained: Bools,
    ) -> Self:
        """Put a model's answers beside the labels; each head keeps the rows that were judged for it.

        Args:
            rows: Annotated sentences.
            stances: The chosen stance. *Shape:* ``(n_rows, n_stances)``.
            events: The reported events. *Shape:* ``(n_rows, n_events)``.
            stance_probs: Shape of ``stances``.
            event_probs: Shape of ``events``.
            abstained: Whether the stance is left to a person. *Shape:* ``(n_rows,)``.
        """
        documents = [row.doc_id for row in rows]
        with_stance = np.array([row.stance is not None for row in rows], dtype=np.bool_)
        with_events = np.array([row.events is not None for row in rows], dtype=np.bool_)
        judged = np.flatnonzero(with_stance | with_events)
        return cls(
            stance=HeadPredictions(
                labels=STANCES,
                exclusive=True,
                documents=tuple(documents[i] for i in np.flatnonzero(with_stance)),
                gold=stance_matrix(row.stance for row in rows if row.stance is not None),
                predicted=stances[with_stance],
                probs=stance_probs[with_stance],
            ),
            events=HeadPredictions(
                labels=EVENTS,
                exclusive=False,
                documents=tuple(documents[i] for i in np.flatnonzero(with_events)),
                gold=event_matrix(row.events for row in rows if row.events is not None),
                predicted=events[with_events],
                probs=event_probs[with_events],
            ),
            abstained=abstained[with_stance],
            n_sentences=len(judged),
            n_documents=len({documents[i] for i in judged}),
        )

    @classmethod
    def of_probabilities(
        cls, rows: Sequence[Annotation], stance_probs: Floats, event_probs: Floats, thresholds: Sequence[float]
    ) -> Self:
        """Put probabilities beside the labels: the likeliest stance, every event that reaches its threshold.

        Args:
            rows: Annotated sentences.
            stance_probs: *Shape:* ``(n_rows, n_stances)``.
            event_probs: *Shape:* ``(n_rows, n_events)``.
            thresholds: One per event.
        """
        return cls.of(
            rows,
            stances=np.arange(len(STANCES)) == stance_probs.argmax(axis=1)[:, None],
            events=event_probs >= np.asarray(thresholds),
            stance_probs=stance_probs,
            event_probs=event_probs,
            abstained=np.zeros(len(rows), dtype=np.bool_),
        )


def predict(classifier: ArticleClassifier, rows: Sequence[Annotation]) -> Predictions:
    """Label each row's text as one sentence."""
    results = classifier.classify_sentences([row.text for row in rows])
    stance_probs, event_probs = result_probs(results)
    return Predictions.of(
        rows,
        stances=stance_matrix(result.stance for result in results),
        events=event_matrix(result.events for result in results),
        stance_probs=stance_probs,
        event_probs=event_probs,
        abstained=np.array([result.abstained for result in results], dtype=np.bool_),
    )


def result_probs(results: Sequence[SentenceResult]) -> tuple[Floats, Floats]:
    """Return both heads' probabilities as arrays, *shape* ``(n_results, n_labels)``.

    What is not Arabic has certain ones, as the classifier decides it: those of the network mean nothing there.
    """
    stance = np.array([list(result.stance_probs.values()) for result in results]).reshape(-1, len(STANCES))
    events = np.array([list(result.event_probs.values()) for result in results]).reshape(-1, len(EVENTS))
    for place, result in enumerate(results):
        if NOT_ARABIC in result.flags:
            stance[place], events[place] = stance_matrix([result.stance])[0], 0.0
    return stance, events


def pool(parts: Sequence[Predictions]) -> Predictions:
    """Return the predictions of several models over different documents as one set."""
    return Predictions(
        stance=_pool([part.stance for part in parts]),
        events=_pool([part.events for part in parts]),
        abstained=np.concatenate([part.abstained for part in parts]),
        n_sentences=sum(part.n_sentences for part in parts),
        n_documents=sum(part.n_documents for part in parts),
    )


def _pool(parts: Sequence[HeadPredictions]) -> HeadPredictions:
    return HeadPredictions(
        labels=parts[0].labels,
        exclusive=parts[0].exclusive,
        documents=tuple(document for part in parts for document in part.documents),
        gold=np.concatenate([part.gold for part in parts]),
        predicted=np.concatenate([part.predicted for part in parts]),
        probs=np.concatenate([part.probs for part in parts]),
    )
