"""From an int8 ONNX graph of ours back to the weights of the network, to train it further (needs onnx and torch).

The shipped model holds no torch weights: they would double its size. Its graph has them all, rounded to 8 bits, which
costs a model little and its further training less.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, numpy_helper
from torch import Tensor

from iraqcoal_nlp.errors import ModelFolderError

_PREFIX = "model."  # of every parameter's name: the exported module wraps the network


def weights_from_onnx(path: Path) -> dict[str, Tensor]:
    """Return the network's weights by their names in torch, fp32.

    Args:
        path: A graph written by :func:`iraqcoal_nlp.model.export.export_onnx` with ``int8=True``.

    Raises:
        ModelFolderError: The file is no such graph.
    """
    try:
        graph = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf raises classes of its own
        raise ModelFolderError(f"{path}: cannot be read as an ONNX graph ({error})") from None
    try:
        return _weights(graph)
    except (KeyError, IndexError, ValueError) as error:
        raise ModelFolderError(f"{path}: is no int8 graph of this library ({error!r})") from None


def _weights(graph: ModelProto) -> dict[str, Tensor]:
    stored: dict[str, Any] = {item.name: numpy_helper.to_array(item) for item in graph.graph.initializer}
    weights: dict[str, Tensor] = {}
    for name, value in stored.items():
        if not name.startswith(_PREFIX):
            continue
        if name.endswith("_quantized"):  # embeddings keep their names
            base = name.removesuffix("_quantized")
            weights[base.removeprefix(_PREFIX)] = _restored(stored, base)
        elif not name.endswith(("_scale", "_zero_point")):
            weights[name.removeprefix(_PREFIX)] = torch.from_numpy(value.copy())
    for base, bias in _linear_layers(graph, stored):
        matrix = torch.from_numpy(stored[base].copy()) if base in stored else _restored(stored, base)
        weights[bias.removeprefix(_PREFIX).removesuffix("bias") + "weight"] = matrix.T.contiguous()
    return weights


def _restored(stored: dict[str, Any], base: str) -> Tensor:
    """Return ``(quantized - zero point) * scale``; scales are one per column, or one for all."""
    quantized = stored[f"{base}_quantized"].astype(np.float32)
    value = (quantized - stored[f"{base}_zero_point"].astype(np.float32)) * stored[f"{base}_scale"]
    return torch.from_numpy(np.ascontiguousarray(value, dtype=np.float32))


def _linear_layers(graph: ModelProto, stored: dict[str, Any]) -> list[tuple[str, str]]:
    """Pair each matrix, quantized or kept, with the bias that is added to its product: only the bias kept its name."""
    readers: defaultdict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.graph.node:
        for name in node.input:
            readers[name].append(node)
    pairs = []
    for node in graph.graph.node:
        if node.op_type != "MatMulInteger" and not (node.op_type == "MatMul" and node.input[1] in stored):
            continue
        after = node
        while after.op_type != "Add":
            after = readers[after.output[0]][0]
        (bias,) = (name for name in after.input if name.startswith(_PREFIX) and name.endswith("bias"))
        pairs.append((node.input[1].removesuffix("_quantized"), bias))
    return pairs
