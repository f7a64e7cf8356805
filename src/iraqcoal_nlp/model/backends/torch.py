"""torch, on any device, in padded batches of like length (needs torch and transformers)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.backends.protocol import Floats
from iraqcoal_nlp.model.batching import length_batches, pad
from iraqcoal_nlp.model.loading import load_network
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification

logger = logging.getLogger(__name__)


class TorchBackend:
    """A network in evaluation mode.

    Args:
        model: The network.
        device: Any torch device name; ``auto`` takes CUDA if there is one. Without CUDA, ``cuda`` is the CPU, which is
            logged as a warning.
        dtype: ``float32`` or ``bfloat16``.

    Raises:
        ModelFolderError: torch knows no such device, or cannot use it.
    """

    def __init__(
        self, model: IraqCoalForSentenceClassification, *, device: str = "auto", dtype: str = "float32"
    ) -> None:
        device = _usable(device)
        self._model = model
        try:
            self._model.to(torch.device(device), getattr(torch, dtype))  # type: ignore[arg-type]  # wrapped signature
        except (RuntimeError, AssertionError) as error:  # torch's own errors for what it was not built with
            raise ModelFolderError(
                f"the model cannot run on device {device!r} ({str(error).splitlines()[0]})"
            ) from None
        self._model.train(mode=False)
        self.name = f"torch, {device}, {dtype}"
        self._device = device
        self._pad_id = model.config.encoder_config.pad_token_id or 0

    @classmethod
    def from_folder(cls, path: Path, *, device: str = "auto", dtype: str = "float32") -> TorchBackend:
        """Load ``config.json`` and ``model.safetensors``.

        Raises:
            ModelFolderError: They are damaged, or do not belong together.
        """
        return cls(load_network(path), device=device, dtype=dtype)

    def logits(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """See :meth:`Backend.logits`."""
        config = self._model.config
        stance = np.empty((len(windows), len(config.stances)), dtype=np.float32)
        events = np.empty((len(windows), len(config.events)), dtype=np.float32)
        for batch, output in self.outputs(windows):
            stance[batch] = output.stance_logits.float().cpu().numpy()
            events[batch] = output.event_logits.float().cpu().numpy()
        return stance, events

    def outputs(self, windows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Any]]:
        """Yield what the network says batch by batch: the windows' indices, and an ``IraqCoalOutput``."""
        for batch in length_batches([len(window) for window in windows]):
            ids, mask = pad([windows[index] for index in batch], self._pad_id)
            with torch.inference_mode():
                output = self._model(torch.from_numpy(ids).to(self._device), torch.from_numpy(mask).to(self._device))
            yield batch, output


def _usable(device: str) -> str:
    """Return the device to use for the one that was asked for."""
    has_cuda = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if has_cuda else "cpu"
    if device.startswith("cuda") and not has_cuda:
        logger.warning("no CUDA device can be used here: running on the CPU")
        return "cpu"
    return device
