"""The network: losses, masks, saving."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.configuration import POOLINGS, IraqCoalConfig
from iraqcoal_nlp.model.modeling import IGNORED_EVENT, IGNORED_STANCE, IraqCoalForSentenceClassification
from iraqcoal_nlp.training.encoders import build_model
from iraqcoal_nlp.training.recipe import TrainRecipe

IDS = torch.tensor([[2, 10, 11, 12, 3, 0], [2, 20, 3, 0, 0, 0], [2, 30, 31, 32, 33, 3]])
MASK = (IDS != 0).long()


@pytest.fixture(scope="module", params=POOLINGS)
def network(request, tiny_checkpoint) -> IraqCoalForSentenceClassification:
    torch.manual_seed(7)
    recipe = TrainRecipe(name="tiny", encoder=str(tiny_checkpoint), pooling=request.param, stance_weighting="none")
    return build_model(recipe, []).eval()


def test_shapes_are_as_documented(network):
    output = network(IDS, MASK)
    assert output.loss is None
    assert output.stance_logits.shape == (3, 3)
    assert output.event_logits.shape == (3, 4)


def test_the_encoders_weights_are_taken_over(network, tiny_checkpoint):
    with torch.no_grad():
        reference = AutoModel.from_pretrained(tiny_checkpoint).eval()(IDS, MASK).last_hidden_state
        ours = network.encoder(IDS, MASK).last_hidden_state
    assert torch.equal(ours, reference)


def test_missing_labels_add_nothing(network):
    stance, events = torch.tensor([0, 1, 2]), torch.tensor([[1.0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]])
    first = slice(0, 1)
    full = network(IDS[first], MASK[first], stance_labels=stance[first], event_labels=events[first]).loss
    stance[1:], events[1:] = IGNORED_STANCE, IGNORED_EVENT
    masked = network(IDS, MASK, stance_labels=stance, event_labels=events).loss
    assert torch.allclose(full, masked, atol=1e-6)
    nothing = network(
        IDS,
        MASK,
        stance_labels=torch.full((3,), IGNORED_STANCE),
        event_labels=torch.full((3, 4), IGNORED_EVENT),
    ).loss
    assert nothing.item() == 0.0


def test_the_loss_is_the_sum_of_both_heads(network):
    stance, events = torch.tensor([0, 1, 2]), torch.zeros(3, 4)
    parts = network(IDS, MASK, stance_labels=stance).loss + network(IDS, MASK, event_labels=events).loss
    assert torch.allclose(network(IDS, MASK, stance_labels=stance, event_labels=events).loss, parts)


def test_stance_weights_change_the_balance(network):
    rare = IraqCoalConfig(network.config.encoder_config, stance_weights=(10.0, 1.0, 1.0))
    weighted = IraqCoalForSentenceClassification(rare).eval()
    logits, labels = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]), torch.tensor([0, 1])
    assert weighted._stance_loss(logits, labels) > network._stance_loss(logits, labels)


def test_padding_and_order_never_change_a_score(network):
    backend = TorchBackend(network, device="cpu")
    windows = [[2, *range(10, 10 + n), 3] for n in (1, 40, 7, 90, 3)]
    stance, events = backend.logits(windows)
    for index, window in enumerate(windows):
        alone_stance, alone_events = backend.logits([window])
        assert stance[index] == pytest.approx(alone_stance[0], abs=1e-5)
        assert events[index] == pytest.approx(alone_events[0], abs=1e-5)
    backwards, _ = backend.logits(windows[::-1])
    assert backwards[::-1] == pytest.approx(stance, abs=1e-5)


def test_bfloat16_is_near_float32(network):
    windows = [[2, *range(10, 10 + n), 3] for n in (1, 40, 7)]
    exact, _ = TorchBackend(network, device="cpu").logits(windows)
    backend = TorchBackend(copy.deepcopy(network), device="cpu", dtype="bfloat16")
    rounded, events = backend.logits(windows)
    assert backend.name == "torch, cpu, bfloat16"
    assert rounded.dtype == events.dtype == np.float32
    assert rounded == pytest.approx(exact, abs=0.05)
    assert not np.array_equal(rounded, exact)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has CUDA")
def test_without_cuda_the_cpu_is_taken_and_told(network, caplog):
    assert TorchBackend(network, device="cuda").name == "torch, cpu, float32"
    assert caplog.messages == ["no CUDA device can be used here: running on the CPU"]
    assert TorchBackend(network, device="auto").name == "torch, cpu, float32"
    assert len(caplog.messages) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_gives_the_scores_of_the_cpu(network):
    windows = [[2, *range(10, 10 + n), 3] for n in (1, 40, 7)]
    exact, _ = TorchBackend(copy.deepcopy(network), device="cpu").logits(windows)
    backend = TorchBackend(copy.deepcopy(network), device="auto")
    assert backend.name == "torch, cuda, float32"
    assert backend.logits(windows)[0] == pytest.approx(exact, abs=1e-3)


def test_a_device_that_torch_does_not_know_is_one_clear_line(network):
    with pytest.raises(ModelFolderError, match="the model cannot run on device 'abacus'"):
        TorchBackend(network, device="abacus")


def test_auto_classes_open_a_saved_folder_with_the_same_outputs(network, tmp_path):
    network.save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), IraqCoalConfig)
    again = AutoModel.from_pretrained(tmp_path).eval()
    assert isinstance(again, IraqCoalForSentenceClassification)
    assert torch.equal(again(IDS, MASK).stance_logits, network(IDS, MASK).stance_logits)


def test_an_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="unknown pooling 'median'"):
        IraqCoalConfig(pooling="median")


def test_an_encoder_that_cannot_be_found_is_one_clear_line(tiny_checkpoint):
    recipe = replace(TrainRecipe(name="x", encoder=str(tiny_checkpoint)), encoder="no-such/encoder")
    with pytest.raises(ModelFolderError, match="hf download no-such/encoder --local-dir"):
        build_model(recipe, [])
