"""From windows to a sentence, and from sentences to an article.

**Windows** (a sentence longer than the model reads at once): each event takes its highest probability; the stance
probabilities are those of the window most sure of a stance other than ``none``. What one part of a sentence says,
the sentence says.

**Articles**, rule ``majority.v1``: abstained sentences do not vote. The article's stance is ``favor`` or ``against``,
whichever more sentences express; ``none`` if neither occurs or both are equal. Its events are those of any sentence.
The counts are given beside it, so other rules need no second run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, NEUTRAL_STANCE, STANCES
from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.records import ArticleResult, SentenceResult

AGGREGATORS = ("majority.v1",)
"""Article rules this library knows, by the name that model folders store."""

_NEUTRAL = STANCES.index(NEUTRAL_STANCE)


def check_aggregator(name: str) -> None:
    """Refuse an unknown rule.

    Raises:
        ModelFolderError: ``name`` is not in :data:`AGGREGATORS`.
    """
    if name not in AGGREGATORS:
        raise ModelFolderError(f"unknown aggregator {name!r}: this library has {', '.join(AGGREGATORS)}")


def merge_windows(stance_probs: Floats, event_probs: Floats) -> tuple[Floats, Floats]:
    """Merge the windows of one sentence.

    Args:
        stance_probs: *Shape:* ``(n_windows, n_stances)``.
        event_probs: *Shape:* ``(n_windows, n_events)``.

    Returns:
        *Shapes* ``(n_stances,)`` and ``(n_events,)``.
    """
    return stance_probs[np.argmin(stance_probs[:, _NEUTRAL])], event_probs.max(axis=0)


def aggregate(
    doc_id: str, sentences: Sequence[SentenceResult], *, model: str, extra: Mapping[str, Any] | None = None
) -> ArticleResult:
    """Sum up an article by rule ``majority.v1``."""
    votes = [sentence.stance for sentence in sentences if not sentence.abstained]
    favor, against = votes.count("favor"), votes.count("against")
    stances = [sentence.stance for sentence in sentences]
    reported = [event for sentence in sentences for event in sentence.events]
    return ArticleResult(
        doc_id=doc_id,
        sentences=tuple(sentences),
        stance="favor" if favor > against else "against" if against > favor else NEUTRAL_STANCE,
        stance_counts={stance: stances.count(stance) for stance in STANCES},
        events=tuple(event for event in EVENTS if event in reported),
        event_counts={event: reported.count(event) for event in EVENTS},
        model=model,
        extra=dict(extra or {}),
    )
