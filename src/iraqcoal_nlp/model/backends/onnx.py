"""ONNX Runtime on the CPU, one sentence per run, one thread per core.

An int8 graph with dynamic quantization measures the range of each layer's input over the whole batch: beside other
neighbours, or with padding, the same sentence would get other scores. One sentence per run makes its scores depend
on nothing else, needs no padding, and keeps all cores busy with sentences of their own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.backends.protocol import Floats

_OUTPUTS = ["stance_logits", "event_logits"]


class OnnxBackend:
    """A session over ``model.onnx``.

    Args:
        path: The graph: inputs ``input_ids`` and ``attention_mask``, outputs ``stance_logits`` and ``event_logits``.
        threads: Sentences scored at the same time; 0 means one per available core.

    Raises:
        ModelFolderError: ONNX Runtime cannot load the file.
    """

    name = "onnx"

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own errors share no base class
            raise ModelFolderError(f"{path}: ONNX Runtime cannot load it ({error})") from None
        self._threads = threads or available_cores()

    def logits(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """See :meth:`Backend.logits`."""
        if self._threads == 1 or len(windows) == 1:
            results = [self._run(window) for window in windows]
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                results = list(pool.map(self._run, windows))
        return np.concatenate([stance for stance, _ in results]), np.concatenate([events for _, events in results])

    def _run(self, window: Sequence[int]) -> tuple[Floats, Floats]:
        ids = np.array([window], dtype=np.int64)
        stance, events = self._session.run(_OUTPUTS, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return stance, events


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
