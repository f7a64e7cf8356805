"""A student: starts as its teacher, learns what the teachers say, and ends the same after a kill."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import iraqcoal_nlp as iq
from iraqcoal_nlp.cli.main import app
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import write_annotations
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.evaluation.scores import event_matrix
from iraqcoal_nlp.model.configuration import POOLINGS
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import read_evaluation
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training import distil as distilling
from iraqcoal_nlp.training import finetune as finetuning
from iraqcoal_nlp.training import recipe_trainer as running
from iraqcoal_nlp.training import seeds as seeding
from iraqcoal_nlp.training import soft_labels as judging
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.distil import distil, layers_of, student_of
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer
from iraqcoal_nlp.training.epochs import DevRows
from iraqcoal_nlp.training.lexical import lexical_labels, noted_lexical_labels
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import train
from iraqcoal_nlp.training.soft_labels import teach
from toy import PLACES, toy_recipe, toy_splits

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # torch and its exporter warn of their internals

UNLABELLED = [f"قال شهود إن صواريخ استهدفت قاعدة {place} وإن التحالف أوقف التدريب" for place in PLACES]


@pytest.fixture(scope="module")
def deep_checkpoint(tiny_checkpoint, tmp_path_factory):
    """The tiny checkpoint with four layers."""
    import shutil

    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("deep") / "bert"
    shutil.copytree(tiny_checkpoint, folder)
    torch.manual_seed(4)
    BertModel(BertConfig.from_pretrained(tiny_checkpoint, num_hidden_layers=4)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def recipe(deep_checkpoint) -> TrainRecipe:
    return replace(
        toy_recipe(deep_checkpoint), epochs=6.0, student_layers=2, student_epochs=6.0, student_learning_rate=5e-3
    )


@pytest.fixture(scope="module")
def teacher(recipe) -> IraqCoalForSentenceClassification:
    return build_model(recipe, toy_splits().train, head_seed=1)


@pytest.fixture(scope="module")
def windows(recipe):
    normalize = build_normalizer(recipe.normalizer)
    texts = [*(row.text for row in toy_splits().train), *UNLABELLED]
    return load_tokenizer(recipe).first_windows([normalize(text) for text in texts])


def test_a_student_of_all_layers_is_its_teacher(teacher, windows):
    student = student_of(teacher, 4)
    ids = torch.tensor([windows[0]])
    mask = torch.ones_like(ids)
    teacher.train(mode=False)
    student.train(mode=False)
    assert student(ids, mask).stance_logits.equal(teacher(ids, mask).stance_logits)


@pytest.mark.parametrize(("n_layers", "kept"), [(1, [3]), (2, [1, 3]), (3, [0, 2, 3])])
def test_a_student_has_evenly_spaced_layers_of_its_own(teacher, n_layers, kept):
    student = student_of(teacher, n_layers)
    assert student.config.encoder_config.num_hidden_layers == len(layers_of(student)) == n_layers
    for layer, source in zip(layers_of(student), kept, strict=True):
        weight, original = (item.state_dict()["output.dense.weight"] for item in (layer, layers_of(teacher)[source]))
        assert weight.equal(original)
        assert weight.data_ptr() != original.data_ptr()


@pytest.mark.parametrize("n_layers", [0, 5])
def test_a_student_has_no_more_layers_than_its_teacher(teacher, n_layers):
    with pytest.raises(RecipeError, match="4 layers"):
        student_of(teacher, n_layers)


def test_soft_labels_are_the_mean_of_the_teachers_and_survive_a_kill(recipe, teacher, windows, tmp_path, monkeypatch):
    other = build_model(recipe, toy_splits().train, head_seed=2)
    whole = teach([teacher, other], windows, tmp_path / "whole", bf16=False)
    alone = [teach([network], windows, tmp_path / name, bf16=False) for name, network in (("a", teacher), ("b", other))]
    assert np.allclose(whole.stance_probs, (alone[0].stance_probs + alone[1].stance_probs) / 2, atol=1e-6)
    assert np.allclose(whole.event_probs, (alone[0].event_probs + alone[1].event_probs) / 2, atol=1e-6)
    assert np.array_equal(whole.vectors, alone[0].vectors)
    assert np.allclose(whole.stance_probs.sum(axis=1), 1.0, atol=1e-5)

    monkeypatch.setattr(judging, "_PART", 16)
    judged, real = [], judging._judge_part

    def killed(network, part, **how):
        if len(judged) == 3:
            raise KeyboardInterrupt
        judged.append(len(part))
        return real(network, part, **how)

    monkeypatch.setattr(judging, "_judge_part", killed)
    with pytest.raises(KeyboardInterrupt):
        teach([teacher, other], windows, tmp_path / "killed", bf16=False)
    monkeypatch.setattr(
        judging, "_judge_part", lambda network, part, **how: judged.append(len(part)) or real(network, part, **how)
    )
    again = teach([teacher, other], windows, tmp_path / "killed", bf16=False)
    assert sum(judged) == 2 * len(windows)
    assert np.allclose(again.stance_probs, whole.stance_probs, atol=1e-5)  # in other batches


@pytest.mark.parametrize("pooling", POOLINGS)
def test_vectors_are_noted_whatever_their_pooling(recipe, windows, tmp_path, pooling):
    network = build_model(replace(recipe, pooling=pooling), toy_splits().train, head_seed=1)
    soft = teach([network], windows[:3], tmp_path, bf16=False)
    assert soft.vectors.shape == (3, network.stance_head.in_features)


def test_a_student_comes_nearer_to_its_teachers(recipe, teacher, tmp_path):
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)
    dev = DevRows(recipe, tokenizer, toy_splits().dev)
    before = dev.score(student_of(teacher, 2))
    student, run = distil(recipe, [teacher], rows, UNLABELLED, tokenizer, tmp_path, said=tmp_path / "said", dev=dev)
    assert run.score.mean > before.mean
    again, _ = distil(recipe, [teacher], rows, UNLABELLED, tokenizer, tmp_path, said=tmp_path / "said", dev=dev)
    assert all(weight.equal(again.state_dict()[name]) for name, weight in student.state_dict().items())


def test_all_of_a_student_learns_whatever_of_its_teacher_did(recipe, teacher, tmp_path):
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)
    half = build_model(recipe, rows, head_seed=1)
    half.requires_grad_(False)
    told = (recipe, replace(recipe, freeze_layers=3, lora_rank=2))
    students = [
        distil(asked, [network], rows, UNLABELLED, tokenizer, tmp_path / name, said=tmp_path / "said")[0].state_dict()
        for asked, network, name in zip(told, (teacher, half), ("whole", "half"), strict=True)
    ]
    assert all(weight.equal(students[1][name]) for name, weight in students[0].items())
    before = student_of(teacher, 2).state_dict()
    assert not any(weight.equal(before[name]) for name, weight in students[0].items() if "position" not in name)


def test_a_student_may_learn_without_dropout_of_attention_weights(recipe, teacher, tmp_path):
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)
    usual, spared = (
        distil(
            replace(recipe, student_attention_dropout=choice),
            [teacher], rows, UNLABELLED, tokenizer, tmp_path / choice, said=tmp_path / "said",
        )[0]
        for choice in ("encoder", "none")
    )  # fmt: skip
    rates = [{layer.attention.self.dropout.p for layer in layers_of(model)} for model in (teacher, usual, spared)]
    assert rates == [{0.1}, {0.1}, {0.0}]
    assert all(layer.output.dropout.p == 0.1 for layer in layers_of(spared))
    assert not usual.stance_head.weight.equal(spared.stance_head.weight)


def test_a_head_that_a_recipe_leaves_out_teaches_nothing(recipe, teacher, tmp_path):
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)
    told = replace(recipe, heads=("stance",))
    blind = [replace(row, events=None) for row in rows]
    students = [
        distil(told, [teacher], given, UNLABELLED, tokenizer, tmp_path / name, said=tmp_path / "said")[0].state_dict()
        for given, name in ((rows, "whole"), (blind, "blind"))
    ]
    assert all(weight.equal(students[1][name]) for name, weight in students[0].items())
    assert students[0]["events_head.weight"].equal(teacher.state_dict()["events_head.weight"])
    assert not students[0]["stance_head.weight"].equal(teacher.state_dict()["stance_head.weight"])


def test_too_many_layers_are_told_before_the_teachers_train(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(finetuning, "fit", None)
    with pytest.raises(RecipeError, match="student_layers is 5, but the teacher has 4 layers"):
        train(
            replace(recipe, student_layers=5), TrainData(splits=toy_splits(), unlabelled=UNLABELLED), tmp_path / "run"
        )
    assert not (tmp_path / "run").exists()


def test_a_killed_student_goes_on_where_it_was(recipe, teacher, tmp_path, monkeypatch):
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)

    real = distilling._SoftCollator.__call__

    def learn(name, killed_at=None):
        batches = []

        def collate(*given):
            if len(batches) == killed_at:
                raise KeyboardInterrupt
            batches.append(0)
            return real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(distilling._SoftCollator, "__call__", collate)
            student, _ = distil(recipe, [teacher], rows, UNLABELLED, tokenizer, tmp_path / name, said=tmp_path / "said")
        return student.state_dict(), len(batches)

    whole, n_batches = learn("whole")
    monkeypatch.setattr(running, "_SAVE_EVERY", 20)
    with pytest.raises(KeyboardInterrupt):
        learn("killed", killed_at=50)
    again, n_more = learn("killed")
    assert 0 < n_more < n_batches
    assert all(weight.equal(again[name]) for name, weight in whole.items())


def test_a_student_goes_on_with_the_annotated_sentences_alone(recipe, teacher, windows, tmp_path, monkeypatch):
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)
    read, real = [], distilling._SoftCollator.__call__
    monkeypatch.setattr(
        distilling._SoftCollator, "__call__", lambda self, items: read.extend(items) or real(self, items)
    )

    def learn(**settings):
        read.clear()
        told = replace(recipe, spelling_noise=0.5, student_epochs=2.0, **settings)
        student, _ = distil(told, [teacher], rows, UNLABELLED, tokenizer, tmp_path / "run", said=tmp_path / "said")
        return student.state_dict()

    plain = learn()
    assert {item["row"] for item in read} == set(range(len(windows)))
    assert all(tuple(item["input_ids"]) == tuple(windows[item["row"]]) for item in read)
    polished = learn(student_label_epochs=3)
    assert sorted(item["row"] for item in read) == sorted(3 * list(range(len(rows))))
    respelled = sum(tuple(item["input_ids"]) != tuple(windows[item["row"]]) for item in read)
    assert 0 < respelled < len(read)
    assert not polished["stance_head.weight"].equal(plain["stance_head.weight"])
    again, after = learn(student_label_epochs=3), learn()
    assert not read
    assert all(weight.equal(again[name]) for name, weight in polished.items())
    assert all(weight.equal(after[name]) for name, weight in plain.items())


def test_tf_idf_judges_what_it_has_not_seen():
    rows, dev = toy_splits().train, toy_splits().dev
    stance, events = lexical_labels(rows, [row.text for row in dev])
    assert [STANCES[place] for place in stance.argmax(axis=1)] == [row.stance for row in dev]
    assert np.array_equal(events > 0.5, event_matrix(row.events for row in dev))
    assert np.allclose(stance.sum(axis=1), 1.0)


def test_tf_idf_claims_nothing_that_nobody_judged():
    rows = [replace(row, events=None) for row in toy_splits().train if row.stance == "none"]
    stance, events = lexical_labels(rows, UNLABELLED)
    assert (stance == [[label == "none" for label in STANCES]] * len(UNLABELLED)).all()
    assert not events.any()
    attacks = [row for row in toy_splits().train if row.events in ((), ("attack",))]
    _, events = lexical_labels(attacks, UNLABELLED)
    assert (events.any(axis=0) == [event == "attack" for event in EVENTS]).all()


def test_a_student_hears_tf_idf_by_its_share(recipe, teacher, tmp_path, monkeypatch):
    learned = []
    monkeypatch.setattr(distilling, "fit", lambda *given, **_: learned.append(given[3]) or (None, None))
    rows, tokenizer = toy_splits().train, load_tokenizer(recipe)
    for share in (0.0, 0.25):
        told = replace(recipe, lexical_share=share)
        distil(told, [teacher], rows, UNLABELLED, tokenizer, tmp_path / f"{share}", said=tmp_path / "said")
    stance, events = noted_lexical_labels([], [], tmp_path / "said/tf-idf.npz")
    place = len(rows)  # the first unlabelled sentence
    items = [{"input_ids": [1, 2], "row": place}]
    alone, joined = (collator(items) for collator in learned)
    for key, lexical in (("stance_probs", stance), ("event_probs", events)):
        assert np.allclose(joined[key], 0.75 * alone[key].numpy() + 0.25 * lexical[place], atol=1e-6)
        assert not np.allclose(joined[key], alone[key].numpy(), atol=1e-3)


def test_the_student_of_a_run_is_its_model(recipe, tmp_path):
    data = TrainData(splits=toy_splits(), unlabelled=[*UNLABELLED, toy_splits().test[0].text])
    assert len(data.unlabelled_sentences()) == len(UNLABELLED)  # what must stay unseen teaches nothing
    folder = train(replace(recipe, seeds=(3, 4)), data, tmp_path).folder
    model = IraqCoalForSentenceClassification.from_pretrained(folder)
    assert len(layers_of(model)) == 2
    (result,) = iq.load(folder).classify_sentences([toy_splits().dev[0].text])
    assert result.stance in iq.STANCES
    student = read_evaluation(folder)["student"]
    assert (student["layers"], student["unlabelled"]) == (2, len(UNLABELLED))
    card = (folder / "README.md").read_text("utf-8")
    told = f"The model is a student of 2 layers: on the training rows and {len(UNLABELLED)} sentences without labels"
    assert told in card
    assert "| teaches |" in card
    assert "the seed;" not in card  # dev rows chose none: all of them teach
    with pytest.raises(RecipeError, match="another recipe or other data"):
        train(replace(recipe, seeds=(3, 4)), replace(data, unlabelled=UNLABELLED[:3]), tmp_path)


def test_a_finished_model_teaches_a_student_as_it_is(recipe, windows, tmp_path):
    data = TrainData(splits=toy_splits(), unlabelled=UNLABELLED)
    finished = train(replace(recipe, student_layers=0), data, tmp_path / "teacher").folder
    teacher = IraqCoalForSentenceClassification.from_pretrained(finished)
    student_recipe = replace(recipe, encoder=str(finished), epochs=0.0)
    folder = train(student_recipe, data, tmp_path / "student").folder
    assert len(layers_of(IraqCoalForSentenceClassification.from_pretrained(folder))) == 2
    judged = teach([teacher], windows, tmp_path / "judged", bf16=False)
    noted = teach([teacher], windows, tmp_path / "student" / judging.SAID, bf16=False)
    assert np.array_equal(judged.stance_probs, noted.stance_probs)  # the run's notes: no step has moved the teacher


def test_students_of_one_folder_of_teachers_cost_their_own_training_alone(recipe, tmp_path, monkeypatch):
    data, teachers = TrainData(splits=toy_splits(), unlabelled=UNLABELLED), tmp_path / "teachers"
    alone = train(replace(recipe, student_layers=1), data, tmp_path / "alone").folder
    train(recipe, data, tmp_path / "two", teachers=teachers)
    monkeypatch.setattr(judging, "_judge_part", None)
    monkeypatch.setattr(finetuning, "fit", None)
    named = replace(recipe, student_layers=1, name="smaller")
    shared = train(named, data, tmp_path / "one", teachers=teachers).folder
    weights = [IraqCoalForSentenceClassification.from_pretrained(folder).state_dict() for folder in (alone, shared)]
    assert all(weight.equal(weights[1][name]) for name, weight in weights[0].items())
    with pytest.raises(RecipeError, match=r"teachers: holds checkpoints of another recipe"):
        train(replace(recipe, learning_rate=1e-3), data, tmp_path / "other", teachers=teachers)


def test_a_run_may_keep_its_teachers_in_its_own_folder(recipe, tmp_path, monkeypatch):
    data = TrainData(splits=toy_splits(), unlabelled=UNLABELLED)
    train(recipe, data, tmp_path, teachers=tmp_path / "." / "")
    monkeypatch.setattr(finetuning, "fit", None)
    train(recipe, data, tmp_path)


def test_a_run_waits_for_another_that_trains_in_its_folder(tmp_path, monkeypatch):
    entered = threading.Event()

    def come_second():
        with seeding._alone_in(tmp_path):
            entered.set()

    second = threading.Thread(target=come_second)
    with seeding._alone_in(tmp_path):
        second.start()
        assert not entered.wait(0.5)
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(RecipeError, match="another run trains there"), seeding._alone_in(tmp_path):
            pass
    second.join(10)
    assert entered.is_set()


def test_only_a_model_of_ours_teaches_untrained(recipe, tmp_path):
    with pytest.raises(RecipeError, match="is no model of ours: nothing has trained its heads"):
        train(replace(recipe, epochs=0.0), TrainData(splits=toy_splits(), unlabelled=UNLABELLED), tmp_path)


def test_a_student_reads_unlabelled_texts_sentence_by_sentence(tmp_path):
    annotations, texts = tmp_path / "rows.jsonl", tmp_path / "texts.txt"
    write_annotations([*toy_splits().train, *toy_splits().dev], annotations)
    texts.write_text(f"{UNLABELLED[0]}. {UNLABELLED[1]}.\n\n{UNLABELLED[0]}.\n", encoding="utf-8")
    data = TrainData.read(annotations, unlabelled=texts)
    assert [text.rstrip(".") for text in data.unlabelled] == UNLABELLED[:2]


@pytest.mark.parametrize("option", ["--unlabelled", "--teachers"])
def test_options_of_a_student_are_refused_without_one(option, tmp_path):
    result = CliRunner().invoke(app, ["train", "smoke", "--data", "x.csv", "--out", str(tmp_path), option, "given"])
    assert result.exit_code == 2
    assert f"{option} is for recipes with a student: set student_layers in the recipe" in result.output
