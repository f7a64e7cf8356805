"""The whole way on a checkpoint in the form a hub gives: train, save, load, score, in torch and ONNX."""

import json
from dataclasses import replace

import pytest

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.splits import Splits
from iraqcoal_nlp.model.backends.onnx import OnnxBackend
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.export import export_onnx
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import SAFETENSORS
from iraqcoal_nlp.text.normalize import ARABERT_V1
from iraqcoal_nlp.training import finetune as finetuning
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import TrainData, train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # torch and its exporter warn of their own internals
]

PLACES = ["بسماية", "التاجي", "بلد", "كركوك", "الموصل", "القيارة", "سبايكر", "الحبانية", "بغداد", "أربيل"]


def toy_rows() -> list[Annotation]:
    """Sentences so regular that a tiny model learns them."""
    patterns = [
        ("سلم التحالف الدولي معسكر {} إلى القوات العراقية", "none", ("handover",)),
        ("طالب البرلمان العراقي بإخراج القوات الأجنبية من {}", "against", ("withdrawal_demand",)),
        ("استهدفت صواريخ قاعدة {} مساء السبت", "none", ("attack",)),
        ("نحيي قوات التحالف في {} ونشكر دعمها", "favor", ()),
        ("أوقف التحالف مهام التدريب في {}", "none", ("suspension",)),
    ]
    return [
        Annotation(id=f"{i}-{j}", doc_id=f"d{i}-{j}", text=f"{pattern.format(place)} {j}", stance=stance, events=events)
        for i, (pattern, stance, events) in enumerate(patterns)
        for j, place in enumerate(PLACES * 3)
    ]


@pytest.fixture(scope="module")
def recipe(tiny_checkpoint) -> TrainRecipe:
    return TrainRecipe(
        name="toy", encoder=str(tiny_checkpoint), normalizer=ARABERT_V1, max_length=64, learning_rate=5e-3,
        head_learning_rate=5e-3, epochs=10.0, batch_size=8, precision="fp32",
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(recipe, tmp_path_factory):
    rows = toy_rows()
    parts = {"train": rows[::4] + rows[1::4], "dev": rows[2::4], "test": rows[3::4]}
    splits = Splits(**{name: tuple(part) for name, part in parts.items()})
    return train(recipe, TrainData(splits=splits), tmp_path_factory.mktemp("run"))


def test_the_model_learns_and_says_so(folder):
    scores = json.loads((folder / "evaluation.json").read_text("utf-8"))["scores"]["held-out news"]
    assert scores["events"]["macro_f1"] > 0.9
    assert "| held-out news |" in (folder / "README.md").read_text("utf-8")


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


def test_one_seed_one_model_even_after_a_kill(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(finetuning, "_SAVE_EVERY", 10)
    rows = toy_rows()[::3]
    whole, _ = finetuning.finetune(recipe, rows, tmp_path / "whole")

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
            finetuning.finetune(recipe, rows, tmp_path / "killed")
    saved = {folder.name for folder in (tmp_path / "killed" / finetuning.CHECKPOINTS).iterdir()}
    assert saved == {"checkpoint-10", "checkpoint-20"}
    resumed, _ = finetuning.finetune(recipe, rows, tmp_path / "killed")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert one.equal(other)


def test_checkpoints_of_another_run_are_refused(recipe, tmp_path):
    short = replace(recipe, epochs=1.0)
    finetuning.finetune(short, toy_rows(), tmp_path)
    for other, rows in ((replace(short, learning_rate=1e-3), toy_rows()), (short, toy_rows()[1:])):
        with pytest.raises(iq.RecipeError, match="checkpoints of another recipe or other data"):
            finetuning.finetune(other, rows, tmp_path)


def test_nothing_left_to_train_on_is_said(recipe, tmp_path):
    rows = tuple(toy_rows()[:3])
    data = TrainData(splits=Splits(train=rows, dev=(), test=()), gold=rows)
    with pytest.raises(iq.InputError, match="no row is left to train on: 3 were given"):
        train(recipe, data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_fp32_graph_equals_torch(folder, tmp_path):
    model = IraqCoalForSentenceClassification.from_pretrained(folder)
    export_onnx(model, tmp_path / "fp32.onnx", int8=False)
    windows = [[2, *range(10, 10 + n), 3] for n in (1, 5, 60)]
    plain, torch = OnnxBackend(tmp_path / "fp32.onnx"), TorchBackend(model, device="cpu")
    for one, other in zip(plain.logits(windows), torch.logits(windows), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_another_seed_is_another_model(recipe, tmp_path):
    one, _ = finetuning.finetune(replace(recipe, epochs=1.0), toy_rows(), tmp_path / "one")
    other, _ = finetuning.finetune(replace(recipe, epochs=1.0, seed=14), toy_rows(), tmp_path / "other")
    assert not one.stance_head.weight.equal(other.stance_head.weight)
