"""Seeds, epochs and what learns: a run is one function of its recipe, its rows and its seeds."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

import iraqcoal_nlp as iq
from conftest import DEMAND, HANDOVER, ROOT
from iraqcoal_nlp.data.splits import Splits
from iraqcoal_nlp.evaluation.scores import event_matrix
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.training import finetune as finetuning
from iraqcoal_nlp.training import recipe_trainer as running
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer
from iraqcoal_nlp.training.epochs import DevRows, DevScore, EpochKeeper, collapsed, read_history
from iraqcoal_nlp.training.finetune import SeedRun, finetune
from iraqcoal_nlp.training.optimization import build_optimizer, layer_of, prepare
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import train
from iraqcoal_nlp.training.seeds import choose_seeds, claim, mean_weights, train_seeds
from iraqcoal_nlp.training.trainer import last_checkpoint
from toy import toy_recipe, toy_rows, toy_splits

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # torch and its exporter warn of their internals


@pytest.fixture(scope="module")
def recipe(tiny_checkpoint) -> TrainRecipe:
    return replace(toy_recipe(tiny_checkpoint), epochs=4.0)


@pytest.fixture(scope="module")
def tokenizer(recipe):
    return load_tokenizer(recipe)


@pytest.fixture
def splits():
    return toy_splits()


def test_one_seed_one_result_even_after_a_kill(recipe, splits, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(running, "_SAVE_EVERY", 7)
    recipe = replace(recipe, seeds=(3, 4), epoch_choice="best")
    told = [train(recipe, TrainData(splits=splits), tmp_path / name).folder for name in ("one", "two")]

    class Killed(finetuning.Collator):
        steps = 0

        def __call__(self, items):
            Killed.steps += 1
            if Killed.steps > 56:  # in the second epoch of the second seed: ten batches an epoch
                raise KeyboardInterrupt
            return super().__call__(items)

    with monkeypatch.context() as patched:
        patched.setattr(finetuning, "Collator", Killed)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, TrainData(splits=splits), tmp_path / "killed")
    assert (tmp_path / "killed/seed-3" / finetuning.WEIGHTS).is_file()
    assert not (tmp_path / "killed/seed-4" / finetuning.WEIGHTS).exists()
    with caplog.at_level("INFO", "iraqcoal_nlp"):
        told.append(train(recipe, TrainData(splits=splits), tmp_path / "killed").folder)
    assert "seed-3 was trained before" in caplog.text  # else a run from the start would end the same
    assert "seed-4/checkpoints/checkpoint-14" in caplog.text
    first, *others = ((folder / "evaluation.json").read_bytes() for folder in told)
    assert all(other == first for other in others)


def test_the_best_epoch_is_kept_and_training_stops_when_nothing_is_gained(recipe, splits, tokenizer, tmp_path):
    dev = DevRows(recipe, tokenizer, splits.dev)
    best = replace(recipe, epoch_choice="best", epochs=6.0)
    model, run = finetune(best, splits.train, tokenizer, tmp_path / "best", seed=5, dev=dev)
    assert sorted(run.epochs) == [1, 2, 3, 4, 5, 6]
    assert run.score.mean == max(score.mean for score in run.epochs.values())
    assert dev.score(model) == run.score
    still = replace(best, patience=2, learning_rate=1e-12, head_learning_rate=1e-12)
    _, stopped = finetune(still, splits.train, tokenizer, tmp_path / "still", seed=5, dev=dev)
    assert sorted(stopped.epochs) == [1, 2, 3]
    assert stopped.kept_epoch == 1


@pytest.mark.parametrize("place", ["score", "on_save"])  # before the epoch is noted, and after
def test_a_run_killed_where_it_would_have_stopped_trains_no_further(
    recipe, splits, tokenizer, tmp_path, monkeypatch, place
):
    monkeypatch.setattr(running, "_SAVE_EVERY", 10)  # an epoch's steps
    dev = DevRows(recipe, tokenizer, splits.dev)
    still = replace(recipe, epoch_choice="best", epochs=6.0, patience=2, learning_rate=1e-12, head_learning_rate=1e-12)
    whole, run = finetune(still, splits.train, tokenizer, tmp_path / "whole", seed=5, dev=dev)
    owner = DevRows if place == "score" else EpochKeeper
    usual = getattr(owner, place)

    def kill(*args, **given):
        if len(read_history(tmp_path / "killed")) == (2 if place == "score" else 3):
            raise KeyboardInterrupt
        return usual(*args, **given)

    with monkeypatch.context() as patched:
        patched.setattr(owner, place, kill)
        with pytest.raises(KeyboardInterrupt):
            finetune(still, splits.train, tokenizer, tmp_path / "killed", seed=5, dev=dev)
    resumed, again = finetune(still, splits.train, tokenizer, tmp_path / "killed", seed=5, dev=dev)
    assert (again.epochs, again.kept_epoch) == (run.epochs, 1)
    assert sorted(again.epochs) == [1, 2, 3]
    assert resumed.stance_head.weight.equal(whole.stance_head.weight)
    assert [path.name for path in (tmp_path / "killed").iterdir() if "best" in path.name] == []


def test_seeds_differ_and_their_mean_is_the_mean(recipe, splits, tokenizer, tmp_path):
    average = replace(recipe, seeds=(3, 4), seed_choice="average", epochs=8.0)
    model, report = train_seeds(average, splits.train, tokenizer, tmp_path, dev=splits.dev)
    assert report.used == (3, 4)
    dev = DevRows(average, tokenizer, splits.dev)
    one, two = (finetune(average, splits.train, tokenizer, tmp_path / f"seed-{s}", seed=s, dev=dev)[0] for s in (3, 4))
    assert not one.stance_head.weight.equal(two.stance_head.weight)
    assert torch.allclose(model.stance_head.weight, (one.stance_head.weight + two.stance_head.weight) / 2)
    assert report.score == dev.score(model)


def test_heads_of_seeds_that_are_averaged_start_alike(recipe, tokenizer, tmp_path):
    asleep = replace(recipe, epochs=1.0, learning_rate=1e-12, head_learning_rate=1e-12, seeds=(3, 4))
    for choice, alike in (("average", True), ("best", False)):
        heads = [
            finetune(replace(asleep, seed_choice=choice), toy_rows()[:8], tokenizer, tmp_path / f"{choice}{s}", seed=s)[
                0
            ]
            for s in (3, 4)
        ]
        assert torch.allclose(heads[0].events_head.weight, heads[1].events_head.weight, atol=1e-6) == alike


def test_a_collapsed_seed_is_neither_kept_nor_averaged(recipe):
    def run(seed: int, mean: float, *collapsed: str) -> SeedRun:
        score = DevScore(stance_macro_f1=mean, events_macro_f1=mean, mean=mean, collapsed=collapsed)
        return SeedRun(seed=seed, epochs={1: score}, kept_epoch=1)

    runs = [run(1, 0.9, "stance"), run(2, 0.5), run(3, 0.7)]
    assert choose_seeds(recipe, runs) == (3,)
    assert choose_seeds(replace(recipe, seed_choice="average"), runs) == (2, 3)
    assert choose_seeds(recipe, [run(1, 0.2, "events")]) == (1,)
    gold, same = event_matrix([["attack"], []]), event_matrix([["attack"], ["attack"]])
    assert collapsed(gold, same)
    assert not collapsed(gold, gold)
    assert not collapsed(same, same)


def test_frozen_layers_and_an_idle_head_stay_as_they_are(recipe, tokenizer, tmp_path):
    before = build_model(recipe, toy_rows(), head_seed=3).state_dict()
    frozen = replace(recipe, epochs=1.0, freeze_layers=1, heads=("events",))
    after = finetune(frozen, toy_rows(), tokenizer, tmp_path, seed=3)[0].state_dict()
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed == {"events_head.weight", "events_head.bias"}
    with pytest.raises(iq.RecipeError, match="freeze_layers is 2, but the encoder has 1 layers"):
        finetune(replace(frozen, freeze_layers=2), toy_rows(), tokenizer, tmp_path / "two", seed=3)


def test_rates_fall_from_layer_to_layer(recipe):
    decayed = replace(recipe, layer_decay=0.5, learning_rate=1e-3, head_learning_rate=1e-2)
    model = build_model(decayed, [])
    rates = {id(p): group["lr"] for group in build_optimizer(model, decayed).param_groups for p in group["params"]}
    by_name = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    assert by_name["stance_head.weight"] == 1e-2
    assert by_name["encoder.encoder.layer.0.output.dense.weight"] == pytest.approx(5e-4)
    assert by_name["encoder.embeddings.word_embeddings.weight"] == pytest.approx(2.5e-4)
    assert layer_of("encoder.base_model.model.encoder.layer.7.attention.self.query.lora_A.default.weight", 12) == 8


def test_adapters_learn_in_place_of_the_encoder_and_are_merged(recipe, tokenizer, tmp_path):
    pytest.importorskip("peft")
    adapted = replace(recipe, lora_rank=2, epochs=2.0)
    model = build_model(adapted, toy_rows(), head_seed=3)
    names = set(model.state_dict())
    prepare(model, adapted)
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or name.startswith(("stance_head.", "events_head.")) for name in learning)
    trained, _ = finetune(adapted, toy_rows(), tokenizer, tmp_path, seed=3)
    assert set(trained.state_dict()) == names
    before = build_model(adapted, toy_rows(), head_seed=3)
    key = "encoder.encoder.layer.0.output.dense.weight"
    assert not before.state_dict()[key].equal(trained.state_dict()[key])
    again, _ = finetune(adapted, toy_rows(), tokenizer, tmp_path, seed=3)
    assert again.state_dict()[key].equal(trained.state_dict()[key])


def test_a_model_of_ours_is_trained_further_from_where_it_stands(recipe, splits, tmp_path):
    first = train(replace(recipe, epochs=10.0), TrainData(splits=splits), tmp_path / "first").folder
    further = replace(recipe, encoder=str(first))
    network, saved = build_model(further, []), IraqCoalForSentenceClassification.from_pretrained(first)
    assert network.stance_head.weight.equal(saved.stance_head.weight)
    with pytest.raises(iq.RecipeError, match=r"normalizer is .* was trained with"):
        build_model(replace(further, normalizer=()), [])
    with pytest.raises(iq.RecipeError, match="pooling is 'cls'"):
        build_model(replace(further, pooling="cls"), [])


def test_the_shipped_model_starts_from_its_int8_graph(sentences, classifier):
    mini = TrainRecipe(name="x", encoder="iraqcoal-mini")
    backend, tokenizer = TorchBackend(build_model(mini, []), device="cpu"), load_tokenizer(mini)
    windows = tokenizer.first_windows([classifier._normalize(text) for text in sentences[:40]])
    (stance, events), (graph_stance, graph_events) = backend.logits(windows), classifier._backend.logits(windows)
    assert (stance.argmax(axis=1) == graph_stance.argmax(axis=1)).mean() >= 0.95
    assert ((events > 0) == (graph_events > 0)).mean() >= 0.98


def test_checkpoints_of_another_run_are_refused(recipe, splits, tokenizer, tmp_path):
    short = replace(recipe, epochs=1.0)
    train_seeds(short, splits.train, tokenizer, tmp_path)
    others = [(replace(short, learning_rate=1e-3), splits.train, ()), (short, splits.train[1:], ())]
    for other, rows, dev in [*others, (short, splits.train, splits.dev)]:
        with pytest.raises(iq.RecipeError, match="checkpoints of another recipe or other data"):
            train_seeds(other, rows, tokenizer, tmp_path, dev=dev)


def test_a_row_that_moves_from_training_to_dev_is_another_run(recipe, splits, tmp_path):
    (tmp_path / "seed-3").mkdir()
    (tmp_path / "seed-3/x").touch()
    rows, dev = list(splits.train), list(splits.dev)
    with pytest.raises(iq.RecipeError, match="checkpoints of another recipe or other data"):
        claim(tmp_path, recipe, rows, dev)
    (tmp_path / "seed-3/x").unlink()
    claim(tmp_path, recipe, rows, dev)
    (tmp_path / "seed-3/x").touch()
    claim(tmp_path, recipe, rows, dev)
    with pytest.raises(iq.RecipeError, match="checkpoints of another recipe or other data"):
        claim(tmp_path, recipe, rows[:-1], [rows[-1], *dev])


def test_an_encoder_that_was_written_anew_is_another_run(recipe, splits, tiny_checkpoint, tmp_path, monkeypatch):
    encoder, run = tmp_path / "encoder", tmp_path / "run"
    shutil.copytree(tiny_checkpoint, encoder)
    recipe, rows, dev = replace(recipe, encoder=str(encoder)), list(splits.train), list(splits.dev)
    claim(run, recipe, rows, dev)
    (run / "student").mkdir()
    (run / "student/x").touch()
    claim(run, recipe, rows, dev)
    monkeypatch.chdir(tmp_path)  # the same files by another path, and another text for the card, are the same run
    claim(run, replace(recipe, encoder="encoder", data_note="One annotator.", encoder_licence="MIT"), rows, dev)
    config = encoder / "config.json"
    config.write_text(config.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(iq.RecipeError, match="checkpoints of another recipe or other data"):
        claim(run, recipe, rows, dev)


def test_a_checkpoint_that_a_kill_left_half_written_is_passed_over(tmp_path):
    for step, state in ((10, "{}"), (20, '{"epoch": 1'), (30, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state, "utf-8")
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
    assert [folder.name for folder in tmp_path.iterdir()] == ["checkpoint-10"]
    assert last_checkpoint(tmp_path / "none") is None


def test_a_head_that_nobody_taught_says_nothing(recipe, splits, tmp_path):
    only_stance = Splits(
        **{name: tuple(replace(row, events=None) for row in getattr(splits, name)) for name in ("train", "dev", "test")}
    )
    report = train(replace(recipe, epochs=6.0), TrainData(splits=only_stance), tmp_path)
    assert report.scores["held-out news"].keys() >= {"stance"}
    assert "events" not in report.scores["held-out news"]
    results = iq.load(report.folder).classify_sentences([row.text for row in splits.test])
    assert all(result.events == () for result in results)
    assert len({result.stance for result in results}) > 1


def test_the_mean_of_one_is_itself_and_of_two_lies_between():
    one, two = ({"w": torch.tensor([value, 2.0])} for value in (1.0, 3.0))
    assert mean_weights([one])["w"].equal(one["w"])
    assert mean_weights([one, two])["w"].tolist() == [2.0, 2.0]


def test_two_processes_train_one_model(recipe, tmp_path):
    rows = [
        {"id": row.id, "doc_id": row.doc_id, "text": row.text, "stance": row.stance, "events": row.events}
        for row in toy_rows()
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    settings = f'name = "toy"\nencoder = "{recipe.encoder}"\nmax_length = 64\nepochs = 2\nprecision = "fp32"\n'
    (tmp_path / "r.toml").write_text(settings, "utf-8")
    launch = ["-m", "torch.distributed.run", "--nproc_per_node=2"]  # what `accelerate launch` starts, here on CPUs
    command = ["-m", "iraqcoal_nlp", "train", "r.toml", "--data", "rows.jsonl", "--out", "run"]
    done = subprocess.run(
        [sys.executable, *launch, *command],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("rows train") == 1
    # 138 rows in batches of 16 are 9 steps an epoch for one process, 5 for two.
    assert "138 rows train" in done.stderr
    assert "\n10 steps" in done.stderr
    results = iq.load(tmp_path / "run/model").classify_sentences([DEMAND, HANDOVER])
    assert len(results) == 2
