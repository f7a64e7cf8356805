"""Attention as one node of an ONNX graph, which ONNX Runtime computes with one kernel (needs torch and transformers).

Exported operation by operation, the attention of one layer is two dozen small nodes: on a sentence of forty pieces they
take as long as its matrix products. The linear layers around it stay as they are, so they quantize as before.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch
from onnx import GraphProto, ModelProto, NodeProto
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PretrainedConfig, PreTrainedModel

NAME = "iraqcoal_onnx"
"""The implementation's name in transformers. It is for the exporter alone: it computes nothing."""

NODE = "MultiHeadAttention"
"""The node's type, of ONNX Runtime's domain ``com.microsoft``."""


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    *,
    scaling: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Stand for the attention of one layer; its tensors have the *shape* ``(batch_size, n_heads, seq_len, width)``."""
    batch_size, n_heads, seq_len, width = query.shape
    flat = [tensor.transpose(1, 2).reshape(batch_size, seq_len, n_heads * width) for tensor in (query, key, value)]
    mixed = torch.onnx.ops.symbolic(
        f"com.microsoft::{NODE}",
        [*flat, None, attention_mask],  # without a bias of its own: the linear layers have added theirs
        {"num_heads": n_heads, "scale": width**-0.5 if scaling is None else scaling},
        dtype=query.dtype,
        shape=flat[0].shape,
        version=1,
    )
    return mixed.reshape(batch_size, seq_len, n_heads, width), None


def _mask(*, attention_mask: Tensor, **_: Any) -> Tensor:  # noqa: ANN401 - transformers gives shapes and types as well
    """Return the mask as the node takes it, 0 for padding. *Shape:* ``(batch_size, seq_len)``."""
    return attention_mask.to(torch.int32)


def use_one_node(encoder: PreTrainedModel) -> None:
    """Make an encoder's attention one node where it is exported; encoders without transformers' interface stay."""
    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, _mask)
    encoder.set_attn_implementation(NAME)


def sees_everything(config: PretrainedConfig) -> bool:
    """Whether every layer of an encoder attends to every piece, as the node does: no sliding window, no causal mask."""
    kinds = getattr(config, "layer_types", None) or ()
    windowed = getattr(config, "sliding_window", None) or getattr(config, "local_attention", None)
    return not (windowed or getattr(config, "is_decoder", False) or set(kinds) - {"full_attention"})


def join_heads(model: ModelProto) -> ModelProto:
    """Take out what splits the heads around each attention and joins them again: the node takes and gives them joined.

    Args:
        model: Any graph; it is changed in place.
    """
    graph = model.graph
    writers = {name: node for node in graph.node for name in node.output}
    readers: defaultdict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    for node in graph.node:
        if node.op_type != NODE:
            continue
        for place in range(3):
            while (before := writers.get(node.input[place])) is not None and before.op_type == "Reshape":
                node.input[place] = before.input[0]
        last = node.output[0]
        while len(readers[last]) == 1 and readers[last][0].op_type == "Reshape":
            last = readers[last][0].output[0]
        for reader in readers[last]:
            reader.input[list(reader.input).index(last)] = node.output[0]
    _remove_unread(graph)
    return model


def _remove_unread(graph: GraphProto) -> None:
    results = {output.name for output in graph.output}
    while True:
        read = results.union(*(node.input for node in graph.node))
        unread = [node for node in graph.node if read.isdisjoint(node.output)]
        if not unread:
            return
        for node in unread:
            graph.node.remove(node)
