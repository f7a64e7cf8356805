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
from iraqcoal_nlp.model.backends.repeats import RepeatedWindows
from iraqcoal_nlp.model.external_data import has_external_data

_OUTPUTS = ["stance_logits", "event_logits"]

SLOWER = ("SkipLayerNormFusion",)
"""Rewritings of graphs that ONNX Runtime is kept from: on the CPU that kernel takes four times what it replaces."""


class OnnxBackend:
    """A session over ``model.onnx``.

    Args:
        path: The graph: inputs ``input_ids`` and ``attention_mask``, outputs ``stance_logits`` and ``event_logits``.
        threads: Sentences scored at the same time; 0 means one per available core.
        remember: Windows whose logits are kept, so that they are computed once though they come again.

    Raises:
        ModelFolderError: The file is damaged, or names other files to read.
    """

    name = "onnx"

    def __init__(self, path: Path, *, threads: int = 0, remember: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            outside = has_external_data(path)
        except (OSError, ValueError) as error:
            raise ModelFolderError(f"{path}: cannot be read as an ONNX graph ({error})") from None
        if outside:
            raise ModelFolderError(f"{path}: keeps tensors in other files; save the graph without external data")
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(SLOWER)
            )
        except Exception as error:  # ONNX Runtime's own errors share no base class
            raise ModelFolderError(f"{path}: ONNX Runtime cannot load it ({error})") from None
        self._threads = threads or available_cores()
        self._repeated = RepeatedWindows(remember) if remember else None

    def logits(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """See :meth:`Backend.logits`."""
        return self._score(windows) if self._repeated is None else self._repeated.logits(windows, self._score)

    def _score(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
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
