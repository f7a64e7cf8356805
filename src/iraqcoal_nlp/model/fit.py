"""Whether the parts of a model belong together, tried out before the first sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.backends.protocol import Backend
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer


def check_fit(backend: Backend, tokenizer: SentenceTokenizer, path: Path) -> None:
    """Read one window, as long as there can be, of the tokenizer's last piece.

    A network with fewer pieces or positions than the tokenizer, or with other outputs than our labels, fails here and
    not in the middle of a run.

    Args:
        backend: The network.
        tokenizer: What cuts its inputs.
        path: The model folder, for the message.

    Raises:
        ModelFolderError: They do not fit.
    """
    try:
        stance, events = backend.logits([tokenizer.extreme_window()])
    except Exception as error:  # of ONNX Runtime and torch, which share no base class
        reason = str(error).partition("\n")[0]
        raise ModelFolderError(f"{path}: its network cannot read what its tokenizer writes ({reason})") from None
    shapes, wanted = (stance.shape, events.shape), ((1, len(STANCES)), (1, len(EVENTS)))
    if shapes != wanted:
        raise ModelFolderError(f"{path}: its network answers in shapes {shapes}, not {wanted}")
    if not (np.isfinite(stance).all() and np.isfinite(events).all()):
        raise ModelFolderError(f"{path}: its network answers with numbers that are not finite: its weights are damaged")
