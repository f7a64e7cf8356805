"""From a torch network to an ONNX graph, fp32 or int8 (needs torch, onnx and onnxscript: the ``train`` extra)."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.attention import join_heads, sees_everything, use_one_node
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification

EXPORTS = (2, 8)
"""The first torch that can export a network with lengths left open."""

OPSET = 20
"""The first in which GELU is one node."""

IN_FULL = 2
"""Products that int8 leaves in fp32; what one fewer or more changes in the shipped model: ``docs/performance.md``."""


class _Logits(nn.Module):
    """The network as a plain function of two tensors, as an exporter wants it."""

    def __init__(self, model: IraqCoalForSentenceClassification) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        output = self.model(input_ids, attention_mask)
        return output.stance_logits, output.event_logits


def check_export() -> None:
    """Refuse a torch that cannot export a network.

    Raises:
        RecipeError: It is too old; the message says which to install.
    """
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < EXPORTS:
        raise RecipeError(f'torch {torch.__version__} cannot export a network: pip install "torch>=2.8,<2.14"')


def export_onnx(
    model: IraqCoalForSentenceClassification, path: Path, *, int8: bool, fused: bool = True, in_full: int = IN_FULL
) -> None:
    """Write the graph: inputs ``input_ids`` and ``attention_mask`` of any batch and length, both heads' logits out.

    Args:
        model: The network; it is put into evaluation mode.
        path: The file to write.
        int8: Whether to quantize: weights per channel ahead of time, layer inputs at run time (dynamic), embeddings
            too. About a third of the size and twice the speed.
        fused: Whether each attention becomes one node, which only ONNX Runtime knows; about a tenth faster. Encoders
            without transformers' attention interface are written without it.
        in_full: How many products int8 leaves in fp32: those of :func:`widest_weights`.
    """
    with tempfile.TemporaryDirectory() as scratch, _without_notes():
        plain = Path(scratch) / "plain.onnx"
        _export_plain(model, plain, fused=fused)
        onnx.save(join_heads(_stripped(onnx.load(plain))), plain)
        if int8:
            # The type of what such a node gives is not inferred: it has to be told.
            given = {"DefaultTensorType": onnx.TensorProto.FLOAT}
            quantize_dynamic(
                plain,
                path,
                per_channel=True,
                weight_type=QuantType.QInt8,
                extra_options=given,
                nodes_to_exclude=_products_with(onnx.load(plain), widest_weights(model, in_full)),
            )
        else:
            path.write_bytes(plain.read_bytes())


def widest_weights(model: IraqCoalForSentenceClassification, count: int) -> list[Tensor]:
    """Return the weights of the linear layers whose inputs are the widest: greatest value by standard deviation.

    In encoders a few numbers of some layers' inputs are a hundred times as large as the others (Bondarenko et al.,
    2021, arXiv:2109.12948). With one scale for all, as dynamic quantization has it, the others are rounded away: in
    the shipped model these products made a third of the error. The outliers come with any text, so random pieces show
    them.

    Args:
        model: A network on the CPU; its mode stays as it is.
        count: How many layers, the widest first.
    """
    widths: dict[nn.Linear, float] = {}

    def note(module: nn.Module, given: tuple[Tensor, ...], _: object) -> None:
        if isinstance(module, nn.Linear):
            widths[module] = float(given[0].abs().max() / given[0].std().clamp(min=1e-9))

    hooks = [m.register_forward_hook(note) for m in model.encoder.modules() if isinstance(m, nn.Linear)]
    training = model.training
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(model.config.encoder_config.vocab_size, (8, 48), generator=generator)
    try:
        with torch.inference_mode():
            model.train(mode=False)(ids, torch.ones_like(ids))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return [layer.weight for layer in sorted(widths, key=widths.__getitem__, reverse=True)[:count]]


def _products_with(graph: onnx.ModelProto, weights: Sequence[Tensor]) -> list[str]:
    """Return the names of the products with these weights, which the exporter has transposed and renamed."""
    wanted = [weight.detach().numpy().T for weight in weights]
    found = {
        item.name
        for item in graph.graph.initializer
        for weight in wanted
        if tuple(item.dims) == weight.shape and np.array_equal(numpy_helper.to_array(item), weight)
    }
    return [node.name for node in graph.graph.node if node.op_type == "MatMul" and node.input[1] in found]


@contextmanager
def _without_notes() -> Iterator[None]:
    """Keep exporter and quantizer from telling of their internals: both log on the root and warn."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _stripped(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what only the exporter needs.

    Its notes on every node hold source paths of the machine that exported, and its shapes of inner values contradict
    onnx's own inference, which quantization needs.
    """
    del graph.graph.value_info[:]
    del graph.graph.metadata_props[:]
    del graph.metadata_props[:]
    for node in graph.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
    return graph


def _export_plain(model: IraqCoalForSentenceClassification, path: Path, *, fused: bool) -> None:
    ids = torch.tensor([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", min=2, max=512)}
    usual = model.encoder.config._attn_implementation
    if fused and sees_everything(model.encoder.config):
        use_one_node(model.encoder)
    else:
        model.encoder.set_attn_implementation("eager")  # operation by operation
    try:
        torch.onnx.export(
            _Logits(model).train(mode=False),
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["stance_logits", "event_logits"],
            dynamic_shapes=(axes, axes),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    finally:
        model.encoder.set_attn_implementation(usual)  # the other one only exports
