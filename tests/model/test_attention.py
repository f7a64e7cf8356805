"""Attention as one node of the graph: the same numbers, whatever the length and padding, and the same int8 weights."""

import onnx
import onnxruntime as ort
import pytest
import torch
from transformers import BertConfig, MistralConfig, ModernBertConfig, XLMRobertaConfig

from iraqcoal_nlp.model.attention import NAME, NODE, sees_everything
from iraqcoal_nlp.model.batching import pad
from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.dequantize import weights_from_onnx
from iraqcoal_nlp.model.export import export_onnx
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification

LAYERS = 2


@pytest.mark.parametrize(
    "config",
    [ModernBertConfig(num_hidden_layers=2), BertConfig(is_decoder=True), MistralConfig(sliding_window=8)],
    ids=lambda config: config.model_type,
)
def test_attention_that_does_not_see_every_piece_stays_as_it_is(config):
    assert not sees_everything(config)
    assert sees_everything(BertConfig())
    assert sees_everything(XLMRobertaConfig())


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(13)
    shape = BertConfig(
        vocab_size=50, hidden_size=24, num_hidden_layers=LAYERS, num_attention_heads=4, intermediate_size=48
    )
    model = IraqCoalForSentenceClassification(IraqCoalConfig(encoder_config=shape)).eval()
    for value in model.parameters():
        if value.dim() == 1:
            torch.nn.init.normal_(value)  # the exporter drops sums with zeros, and keeps one of equal tensors
    return model


@pytest.fixture(scope="module")
def graphs(network, tmp_path_factory):
    """The network with its attention as one node, and operation by operation; plain and int8."""
    folder = tmp_path_factory.mktemp("graphs")
    paths = {(fused, int8): folder / f"{fused}-{int8}.onnx" for fused in (True, False) for int8 in (True, False)}
    for (fused, int8), path in paths.items():
        export_onnx(network, path, int8=int8, fused=fused)
    return paths


def logits(path, ids, mask):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"input_ids": ids, "attention_mask": mask})


def test_each_layer_has_one_node_and_nothing_splits_its_heads(graphs):
    nodes = [node.op_type for node in onnx.load(graphs[True, False]).graph.node]
    assert nodes.count(NODE) == LAYERS
    assert nodes.count("Gelu") == LAYERS
    assert {"Softmax", "Transpose", "Erf"}.isdisjoint(nodes)
    assert NODE not in [node.op_type for node in onnx.load(graphs[False, False]).graph.node]


def test_padded_and_alone_the_logits_are_those_of_torch(graphs, network):
    windows = [[2, *range(10, 10 + length), 3] for length in (1, 6, 30)]
    for batch in (*([window] for window in windows), windows):
        ids, mask = pad(batch, 0)
        with torch.no_grad():
            output = network(torch.from_numpy(ids), torch.from_numpy(mask))
        expected = [output.stance_logits.numpy(), output.event_logits.numpy()]
        for fused in (True, False):
            for one, other in zip(logits(graphs[fused, False], ids, mask), expected, strict=True):
                assert one == pytest.approx(other, abs=1e-5)


def test_int8_weights_are_the_same_bits_and_can_be_trained_further(graphs, network):
    fused, plain = weights_from_onnx(graphs[True, True]), weights_from_onnx(graphs[False, True])
    assert fused.keys() == plain.keys()
    for name, value in network.state_dict().items():
        assert fused[name].equal(plain[name])
        assert fused[name].shape == value.shape


def test_exporting_leaves_the_network_as_it_was(graphs, network):
    assert network.encoder.config._attn_implementation != NAME
    ids = torch.tensor([[2, 5, 3]])
    assert network(ids, torch.ones_like(ids)).stance_logits.std() > 0
