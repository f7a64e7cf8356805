"""Pre-training: words are hidden whole, a killed run goes on exactly, and a recipe can name what comes out."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

import iraqcoal_nlp as iq
from checkpoints import ARTICLES
from conftest import ROOT
from iraqcoal_nlp.data.domain import DomainWords
from iraqcoal_nlp.model.encoder import (
    encoder_pipeline,
    load_encoder,
    load_encoder_config,
    load_encoder_tokenizer,
    load_masked_lm,
)
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer
from iraqcoal_nlp.training import blocks as cutting
from iraqcoal_nlp.training import clock
from iraqcoal_nlp.training import pretrain as pretraining
from iraqcoal_nlp.training.blocks import Blocks, cut_into_blocks
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer
from iraqcoal_nlp.training.masked_lm import masked_lm_loss
from iraqcoal_nlp.training.masking import NOT_ASKED, MaskedCollator, MaskedDraws, Masker, draws
from iraqcoal_nlp.training.pretrain import PretrainRecipe, pretrain
from iraqcoal_nlp.training.recipe import TrainRecipe

SPORT = "فاز الفريق بالمباراة أمس في الملعب الكبير وسجل اللاعب هدفين في الشوط الثاني"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The seed articles, a paragraph each, a document for each three; some sport between."""
    lines = [line for path in ARTICLES for line in path.read_text("utf-8").splitlines() if line.strip()]
    documents = ["\n".join(lines[at : at + 3]) for at in range(0, len(lines), 3)]
    documents += [f"{SPORT} رقم {number}" for number in range(200)]
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("\n\n".join(documents), "utf-8")
    return path


@pytest.fixture(scope="module")
def recipe(checkpoints) -> PretrainRecipe:
    return PretrainRecipe(
        encoder=str(checkpoints["safetensors"]), max_length=64, batch_size=8, learning_rate=5e-3, precision="fp32",
        domain_weight=2, every=4, epochs=2.0,
    )  # fmt: skip


def masker(folder, *, share=0.15) -> Masker:
    mask = "<mask>" if "xlm" in str(folder) else "[MASK]"
    return Masker.of(encoder_pipeline(folder), [], mask, share=share)


@pytest.mark.parametrize("kind", ["safetensors", "xlm-roberta"])
def test_words_are_hidden_whole_and_the_same_seed_hides_the_same(checkpoints, kind, sentences):
    folder = checkpoints[kind]
    pipeline, hiding = encoder_pipeline(folder), masker(folder)
    n_pieces = n_hidden = n_seen = 0
    for number, text in enumerate(sentences):
        encoded = pipeline.encode(text)
        ids = np.array(encoded.ids)
        read, labels = hiding.hide(ids, np.random.default_rng((3, number)))
        again, _ = hiding.hide(ids, np.random.default_rng((3, number)))
        assert (read == again).all()
        asked = labels != NOT_ASKED
        assert (labels[asked] == ids[asked]).all()
        assert (read[~asked] == ids[~asked]).all()
        assert asked.any()
        assert not asked[hiding.special[ids]].any()
        continues = ~hiding.begins_word[ids] & ~hiding.special[ids]
        same_word = np.flatnonzero(continues[1:] & ~hiding.special[ids[:-1]]) + 1
        assert (asked[same_word] == asked[same_word - 1]).all()
        n_pieces, n_hidden = n_pieces + len(ids) - 2, n_hidden + asked.sum()
        n_seen += (read[asked] == hiding.mask_id).sum()
    assert 0.15 <= n_hidden / n_pieces < 0.3  # the last word of a block is hidden whole
    assert 0.72 < n_seen / n_hidden < 0.88


def test_a_vocabulary_without_a_mask_is_refused(checkpoints):
    with pytest.raises(iq.ModelFolderError, match=r"has no piece '\[M\]' to hide words with"):
        Masker.of(encoder_pipeline(checkpoints["safetensors"]), [], "[M]", share=0.15)


@pytest.mark.parametrize("extra", ["Ġ", "▁"])
def test_a_wordpiece_vocabulary_may_hold_signs_of_other_kinds(extra):
    pieces = ["[UNK]", "[MASK]", "قال", "##وا", "القوات", extra]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    begins = Masker.of(tokenizer, ["[UNK]"], "[MASK]", share=0.15).begins_word
    assert begins.tolist() == [True, True, True, False, True, True]


def test_blocks_hold_every_piece_of_every_document(checkpoints, sentences, tmp_path):
    folder = checkpoints["safetensors"]
    tokenizer, pipeline = load_encoder_tokenizer(folder, max_length=48), encoder_pipeline(folder)
    normalize = build_normalizer(NEWS_V1)
    domain = DomainWords.read()
    documents = [" ".join(sentences[at : at + 5]) for at in range(0, 60, 5)] + [f"{SPORT} {n}" for n in range(10)]
    blocks = cut_into_blocks(documents, tokenizer, normalize, domain, every=4)
    kept = [text for text in documents if domain.match(text)]
    kept += [text for text in documents if not domain.match(text)][::4]
    assert blocks.in_domain.any()
    assert not blocks.in_domain.all()
    assert max(blocks.lengths) == 48
    wanted = {piece for text in kept for piece in pipeline.encode(normalize(text)).ids}
    assert set(blocks.pieces.tolist()) == wanted
    blocks.save(tmp_path / "blocks.npz", "of this")
    again = Blocks.load(tmp_path / "blocks.npz", "of this")
    assert all((blocks[n] == again[n]).all() for n in range(len(blocks)))
    assert Blocks.load(tmp_path / "blocks.npz", "of that") is None
    assert Blocks.load(tmp_path / "none.npz", "of this") is None


def blocks_of(lengths, in_domain, held_out) -> Blocks:
    return Blocks(
        pieces=np.arange(sum(lengths), dtype=np.uint32) % 50 + 8,
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        in_domain=np.array(in_domain), held_out=np.array(held_out),
    )  # fmt: skip


def test_a_pass_reads_the_domain_as_often_as_it_weighs_and_never_what_is_held_out(checkpoints):
    blocks = blocks_of([10] * 12, [True, False] * 6, [False] * 10 + [True] * 2)
    assert sorted(draws(blocks, domain_weight=3).tolist()) == sorted([0, 2, 4, 6, 8] * 3 + [1, 3, 5, 7, 9])
    reading = MaskedDraws(
        blocks, masker(checkpoints["safetensors"]), batch_size=4, n_batches=10, domain_weight=3, seed=1
    )
    assert len(reading) == 40
    items = [reading[item] for item in range(40)]
    firsts = [np.where(item["labels"] == NOT_ASKED, item["input_ids"], item["labels"])[0] for item in items]
    assert (
        sorted(firsts[:20]) == sorted(firsts[20:]) == sorted(blocks[row][0] for row in draws(blocks, domain_weight=3))
    )
    assert firsts[:20] != firsts[20:]
    assert any((one["labels"] != items[0]["labels"]).any() for one in items[1:])
    assert all((reading[item]["input_ids"] == items[item]["input_ids"]).all() for item in (39, 0, 21))


def test_phrases_are_found_with_what_arabic_writes_to_them():
    domain = DomainWords(["القوات الأجنبية", "عين الأسد", "معسكر التاجي"])
    assert domain.match("وقال إن للقوات الاجنبية وجودا في قاعدة عين الأسد")
    assert not domain.match("القوات الأجنبية ثم للقوات الأجنبية وبالقوات الاجنبية")
    assert not domain.match("عين الأسدية ومعسكر")
    assert DomainWords(["القوات", "قوات"]).match("القوات الأميركية")  # one phrase, written twice
    assert DomainWords.read().match("قصف معسكر التاجي الذي تستخدمه قوات التحالف الدولي")
    assert not DomainWords.read().match(SPORT)


@pytest.mark.parametrize(("content", "reason"), [(b"# only a note\n", "holds no phrase"), (b"\xff\xfe", "not UTF-8")])
def test_a_list_that_cannot_be_used_is_one_line(tmp_path, content, reason):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(iq.InputError, match=rf"words\.txt: {reason}"):
        DomainWords.read(tmp_path / "words.txt")
    with pytest.raises(iq.InputError, match=r"none\.txt: cannot be read"):
        DomainWords.read(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"every": 0}, "every is 0: use 1 or a number above it"),
        ({"max_hours": -1.0}, "max_hours is -1.0: use 0 or a number above it"),
        ({"masked_share": 1.0}, "masked_share is 1.0: use a number below 1"),
        ({"epochs": 0.0}, "epochs is 0.0: use a number above 0"),
        ({"precision": "fp16"}, "precision is 'fp16': use one of"),
    ],
)
def test_a_setting_out_of_range_is_named(recipe, setting, reason):
    with pytest.raises(iq.RecipeError, match=reason):
        replace(recipe, **setting)


@pytest.mark.parametrize("kind", ["safetensors", "xlm-roberta", "electra"])
def test_the_loss_is_that_of_the_networks_own_head(checkpoints, kind):
    folder = checkpoints[kind]
    torch.manual_seed(1)
    model = load_masked_lm(folder, load_encoder_config(folder)).train(mode=False)
    hiding = masker(folder, share=0.3)
    items = []
    for number in range(3):
        read, labels = hiding.hide(np.arange(8, 30 + number), np.random.default_rng(number))
        items.append({"input_ids": read, "labels": labels})
    batch = MaskedCollator(pad_id=0)(items)
    assert float(masked_lm_loss(model, batch)) == pytest.approx(float(model(**batch).loss), abs=1e-5)


def test_a_head_is_new_and_tied_where_the_checkpoint_has_none(tiny_checkpoint):
    config = load_encoder_config(tiny_checkpoint)
    model = load_masked_lm(tiny_checkpoint, config)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    encoder = load_encoder(tiny_checkpoint, config).state_dict()
    assert all(value.equal(encoder[name]) for name, value in model.base_model.state_dict().items())


@pytest.fixture(scope="module", autouse=True)
def _more_held_out():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cutting, "HELD_OUT", 8)  # a small corpus has few documents
        yield


@pytest.fixture(scope="module")
def finished(recipe, corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("pretrain") / "whole"
    return pretrain(recipe, [corpus], out), out


pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its internals


@pytest.mark.slow
def test_the_loss_falls_and_a_recipe_can_name_the_encoder(recipe, finished):
    report, out = finished
    assert set(report.after) == {"domain", "other"}
    assert all(report.after[kind] < report.before[kind] - 0.2 for kind in report.after)
    assert report.pieces > 0
    assert not (out / "checkpoints").exists()
    named = TrainRecipe(name="toy", encoder=report.folder, max_length=64)
    network = build_model(named, [])
    (window,) = load_tokenizer(named).first_windows(["سلم التحالف الدولي معسكر بسماية"])
    assert (
        window
        == load_tokenizer(replace(named, encoder=recipe.encoder)).first_windows(["سلم التحالف الدولي معسكر بسماية"])[0]
    )
    before = load_encoder(recipe.encoder, load_encoder_config(recipe.encoder)).state_dict()
    after = network.encoder.state_dict()
    assert after.keys() == before.keys()
    assert not after["embeddings.word_embeddings.weight"].equal(before["embeddings.word_embeddings.weight"])


@pytest.mark.slow
def test_a_killed_run_goes_on_as_an_unbroken_one(recipe, corpus, finished, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(clock, "_SAVE_EVERY", 0.0)

    class Killed(MaskedCollator):
        batches = 0

        def __call__(self, items):
            Killed.batches += 1
            if Killed.batches > 30:
                raise KeyboardInterrupt
            return super().__call__(items)

    with monkeypatch.context() as patched:
        patched.setattr(pretraining, "MaskedCollator", Killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain(recipe, [corpus], tmp_path)
    assert list((tmp_path / "checkpoints").iterdir())
    with pytest.raises(iq.RecipeError, match="checkpoints of another recipe or other data"):
        pretrain(replace(recipe, learning_rate=1e-3), [corpus], tmp_path)
    report, out = finished
    with caplog.at_level("INFO", "iraqcoal_nlp"):
        again = pretrain(recipe, [corpus], tmp_path)
    assert "checkpoints/checkpoint-" in caplog.text  # else a run from the start would end the same
    assert (again.before, again.after, again.steps) == (report.before, report.after, report.steps)
    name = "encoder/model.safetensors"
    assert (tmp_path / name).read_bytes() == (out / name).read_bytes()
    assert pretrain(recipe, [corpus], tmp_path) == again  # nothing is done twice


@pytest.mark.slow
def test_a_run_ends_when_its_time_is_over(recipe, corpus, tmp_path):
    report = pretrain(replace(recipe, epochs=1000.0, max_hours=3 / 3600), [corpus], tmp_path)
    assert 2 < report.hours * 3600 < 30
    assert report.steps > 1
    assert (tmp_path / "encoder/model.safetensors").is_file()


@pytest.mark.slow
def test_the_script_prints_the_losses_and_one_line_for_a_mistake(recipe, corpus, tmp_path):
    def run(*arguments):
        command = [sys.executable, "scripts/pretrain.py", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    done = run(recipe.encoder, corpus, "--out", tmp_path / "run", "--epochs", "0.2", "--max-length", "64")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("held-out loss | before | after\n")
    assert json.loads((tmp_path / "run/pretrain.json").read_text("utf-8"))["steps"] >= 1
    wrong = run(recipe.encoder, tmp_path / "none.txt", "--out", tmp_path / "wrong", "--max-length", "64")
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1].endswith("none.txt: cannot be read (No such file or directory)")
