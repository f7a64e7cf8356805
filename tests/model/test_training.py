"""The whole way on a checkpoint in the form a hub gives: train, save, load, score, in torch and ONNX."""

import json
from dataclasses import replace

import pytest

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.splits import Splits
from iraqcoal_nlp.model.backends.onnx import OnnxBackend
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.dequantize import weights_from_onnx
from iraqcoal_nlp.model.export import export_onnx
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import SAFETENSORS, ModelFolder
from iraqcoal_nlp.training import finetune as finetuning
from iraqcoal_nlp.training import recipe_trainer as running
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import train
from toy import toy_recipe, toy_rows, toy_splits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # torch and its exporter warn of their own internals
]


@pytest.fixture(scope="module")
def recipe(tiny_checkpoint) -> TrainRecipe:
    return toy_recipe(tiny_checkpoint)


@pytest.fixture(scope="module")
def folder(recipe, tmp_path_factory):
    return train(recipe, TrainData(splits=toy_splits()), tmp_path_factory.mktemp("run")).folder


REGULARIZED = {
    "r_drop": 1.0, "embedding_noise": 5.0, "ema_decay": 0.9, "spelling_noise": 0.5, "pooling": "mean_max",
}  # fmt: skip
QUERY = "الموقف من القوات الأجنبية"


def finetune(recipe, rows, out):
    """Train the recipe's first seed, without dev rows."""
    network, _ = finetuning.finetune(recipe, rows, load_tokenizer(recipe), out, seed=recipe.seeds[0])
    return network


def test_the_model_learns_and_says_so(folder):
    scores = json.loads((folder / "evaluation.json").read_text("utf-8"))["scores"]["held-out news"]
    assert scores["events"]["macro_f1"] > 0.9
    assert "| held-out news |" in (folder / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("precision", "inside"), [("bf16", "eager"), ("fp32", "sdpa")])
def test_attention_is_computed_the_fastest_way_while_a_cpu_trains(recipe, tmp_path, monkeypatch, precision, inside):
    used, loss = set(), running.RecipeTrainer.compute_loss

    def note(trainer, model, *given, **named):
        used.add(model.encoder.config._attn_implementation)
        return loss(trainer, model, *given, **named)

    monkeypatch.setattr(running.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(running.RecipeTrainer, "compute_loss", note)
    network = finetune(replace(recipe, epochs=1.0, precision=precision), toy_rows(), tmp_path)
    assert used == {inside}
    assert network.encoder.config._attn_implementation == "sdpa"


def test_torch_and_onnx_agree(folder):
    texts = [row.text for row in toy_rows()]
    onnx = iq.load(folder, backend="onnx").classify_sentences(texts)
    torch = iq.load(folder, backend="torch", device="cpu").classify_sentences(texts)
    differences = [
        abs(one.event_probs[label] - two.event_probs[label])
        for one, two in zip(onnx, torch, strict=True)
        for label in iq.EVENTS
    ]
    assert sum(differences) / len(differences) <= 0.02
    same = [(one.stance, one.events) == (two.stance, two.events) for one, two in zip(onnx, torch, strict=True)]
    assert sum(same) / len(same) >= 0.98


def test_a_folder_without_torch_weights_still_scores_and_says_what_lacks(folder, tmp_path):
    for file in folder.iterdir():
        if file.name != SAFETENSORS:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(iq.ModelFolderError, match=r"model\.safetensors: named in the manifest but missing"):
        iq.load(tmp_path)
    with pytest.raises(iq.ModelFolderError, match="runs with backend 'onnx', on the CPU"):
        iq.load(tmp_path, backend="torch", verify=False)
    assert iq.load(tmp_path, verify=False).classify_sentences(["استهدفت صواريخ قاعدة بلد"])[0].events == ("attack",)


@pytest.mark.parametrize("settings", [{}, REGULARIZED], ids=["plain", "regularized"])
def test_one_seed_one_model_even_after_a_kill(recipe, settings, tmp_path, monkeypatch, caplog):
    recipe = replace(recipe, **settings)
    monkeypatch.setattr(running, "_SAVE_EVERY", 10)
    rows = toy_rows()[::3]
    whole = finetune(recipe, rows, tmp_path / "whole")

    class Killed(finetuning.Collator):
        steps = 0

        def __call__(self, items):
            Killed.steps += 1
            if Killed.steps > 25:
                raise KeyboardInterrupt
            return super().__call__(items)

    with monkeypatch.context() as patched:
        patched.setattr(finetuning, "Collator", Killed)
        with pytest.raises(KeyboardInterrupt):
            finetune(recipe, rows, tmp_path / "killed")
    saved = {folder.name for folder in (tmp_path / "killed" / finetuning.CHECKPOINTS).iterdir()}
    assert saved == {"checkpoint-10", "checkpoint-20"}
    with caplog.at_level("INFO", "iraqcoal_nlp"):
        resumed = finetune(recipe, rows, tmp_path / "killed")
    assert "checkpoint-20" in caplog.text  # without it, a run from the start would end the same
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert one.equal(other)


def test_nothing_left_to_train_on_is_said(recipe, tmp_path):
    rows = tuple(toy_rows()[:3])
    data = TrainData(splits=Splits(train=rows, dev=(), test=()), gold=rows)
    with pytest.raises(iq.InputError, match="no row is left to train on: 3 were given"):
        train(recipe, data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("pooling", ["max", "mean_max"])
def test_the_graphs_of_other_poolings_equal_torch(recipe, pooling, tmp_path):
    rows = toy_rows()[::5]
    model = finetune(replace(recipe, pooling=pooling, epochs=1.0), rows, tmp_path / "run")
    export_onnx(model, tmp_path / "fp32.onnx", int8=False)
    export_onnx(model, tmp_path / "int8.onnx", int8=True)
    windows = [[2, *range(10, 10 + n), 3] for n in (1, 5, 60)]
    reference = TorchBackend(model, device="cpu").logits(windows)
    for name, tolerance in (("fp32.onnx", 1e-4), ("int8.onnx", 0.2)):
        for one, other in zip(OnnxBackend(tmp_path / name).logits(windows), reference, strict=True):
            assert one == pytest.approx(other, abs=tolerance)
    weights = weights_from_onnx(tmp_path / "int8.onnx")
    assert weights["events_head.weight"].shape == model.events_head.weight.shape
    assert weights["events_head.weight"].numpy() == pytest.approx(model.events_head.weight.detach().numpy(), abs=0.01)


def test_a_query_is_read_in_training_and_in_scoring(recipe, tmp_path):
    asked = replace(recipe, target_query=QUERY, epochs=6.0)
    folder = train(asked, TrainData(splits=toy_splits()), tmp_path / "run").folder
    assert ModelFolder.open(folder).settings.target_query == QUERY
    assert QUERY in (folder / "README.md").read_text("utf-8")
    text = toy_rows()[0].text
    classifier = iq.load(folder)
    (window,) = load_tokenizer(asked).first_windows([classifier._normalize(text)])
    assert classifier._tokenizer.windows([classifier._normalize(text)]) == [[window]]
    assert len(window) > len(load_tokenizer(recipe).first_windows([classifier._normalize(text)])[0])
    with pytest.raises(iq.RecipeError, match=r"target_query is '', but .* was trained with"):
        build_model(replace(recipe, encoder=str(folder)), [])
    build_model(replace(asked, encoder=str(folder)), [])


def test_a_folder_without_a_query_has_the_settings_it_always_had(folder):
    assert "target_query" not in json.loads((folder / "iraqcoal.json").read_text("utf-8"))


def test_the_fp32_graph_equals_torch(folder, tmp_path):
    model = IraqCoalForSentenceClassification.from_pretrained(folder)
    export_onnx(model, tmp_path / "fp32.onnx", int8=False)
    windows = [[2, *range(10, 10 + n), 3] for n in (1, 5, 60)]
    plain, torch = OnnxBackend(tmp_path / "fp32.onnx"), TorchBackend(model, device="cpu")
    for one, other in zip(plain.logits(windows), torch.logits(windows), strict=True):
        assert one == pytest.approx(other, abs=1e-4)
