"""What teachers say of sentences: probabilities of both heads and vectors, noted part by part."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.inference.calibration import sigmoid, softmax
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.training.notes import read_arrays, write_arrays

LOGGER = logging.getLogger(__name__)

SAID = "said"
"""Folder of what the teachers said, beside their own."""

_PART = 4_000  # sentences between two notes of a teacher: a kill costs a minute of a core

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """What teachers say of sentences."""

    stance_probs: Floats
    """*Shape:* ``(n_sentences, n_stances)``; rows sum to 1."""
    event_probs: Floats
    """*Shape:* ``(n_sentences, n_events)``, in [0, 1]."""
    vectors: NDArray[np.float16]
    """The first teacher's pooled vectors. *Shape:* ``(n_sentences, hidden_size)``, with ``mean_max`` twice as wide."""


def teach(
    teachers: Sequence[IraqCoalForSentenceClassification], windows: Sequence[Sequence[int]], out: Path, *, bf16: bool
) -> SoftLabels:
    """Let the teachers judge sentences; a killed call goes on from the parts it has noted in ``out``.

    Args:
        teachers: Networks of one shape of output; they are put into evaluation mode.
        windows: Piece ids of each sentence.
        out: Folder of the notes.
        bf16: Whether to compute in bf16.
    """
    said = [_judge(teacher, windows, out / f"{number}", bf16=bf16) for number, teacher in enumerate(teachers)]
    return SoftLabels(
        stance_probs=np.mean([softmax(stance.astype(np.float64)) for stance, _, _ in said], axis=0).astype(np.float32),
        event_probs=np.mean([sigmoid(events.astype(np.float64)) for _, events, _ in said], axis=0).astype(np.float32),
        vectors=said[0][2],
    )


def with_lexical(
    soft: SoftLabels, lexical: tuple[NDArray[np.float64], NDArray[np.float64]], share: float
) -> SoftLabels:
    """Return what teachers say once tf-idf (:mod:`iraqcoal_nlp.training.lexical`) has this share of the vote."""
    stance, events = (part.astype(np.float32) for part in lexical)
    return replace(
        soft,
        stance_probs=(1 - share) * soft.stance_probs + share * stance,
        event_probs=(1 - share) * soft.event_probs + share * events,
    )


def _judge(
    teacher: IraqCoalForSentenceClassification, windows: Sequence[Sequence[int]], notes: Path, *, bf16: bool
) -> tuple[Floats, Floats, NDArray[np.float16]]:
    """Return logits of both heads and pooled vectors of every sentence."""
    parts = []
    for first in range(0, len(windows), _PART):
        path = notes / f"{first}.npz"
        if not path.is_file():
            stance, events, vectors = _judge_part(teacher, windows[first : first + _PART], bf16=bf16)
            write_arrays(path, stance=stance, events=events, vectors=vectors)
            LOGGER.info("%s: %d of %d sentences judged", notes.name, first + len(stance), len(windows))
        parts.append(read_arrays(path))
    return (
        np.concatenate([part["stance"] for part in parts]),
        np.concatenate([part["events"] for part in parts]),
        np.concatenate([part["vectors"] for part in parts]),
    )


def _judge_part(
    teacher: IraqCoalForSentenceClassification, windows: Sequence[Sequence[int]], *, bf16: bool
) -> tuple[Floats, Floats, NDArray[np.float16]]:
    stance = np.empty((len(windows), len(STANCES)), dtype=np.float32)
    events = np.empty((len(windows), len(EVENTS)), dtype=np.float32)
    vectors = np.empty((len(windows), teacher.stance_head.in_features), dtype=np.float16)
    backend = TorchBackend(teacher)
    with torch.autocast(teacher.device.type, dtype=torch.bfloat16, enabled=bf16):
        for batch, output in backend.outputs(windows):
            stance[batch] = output.stance_logits.float().cpu().numpy()
            events[batch] = output.event_logits.float().cpu().numpy()
            vectors[batch] = output.sentence_vectors.float().cpu().numpy()
    return stance, events, vectors
