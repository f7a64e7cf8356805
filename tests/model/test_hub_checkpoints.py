"""Checkpoints in the formats of a hub: each goes the whole way, and an incomplete or hostile one is one clear line."""

import json
import logging
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

import iraqcoal_nlp as iq
from checkpoints import FORMATS, POSITIONS, learn_pieces, write_json, write_vocabulary
from conftest import ROOT, SEEDS
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.data.splits import split_by_document
from iraqcoal_nlp.model.backends.onnx import OnnxBackend
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.encoder import load_encoder, load_encoder_config, load_encoder_tokenizer, longest_input
from iraqcoal_nlp.model.export import export_onnx
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.scoring.engines import local_engine
from iraqcoal_nlp.scoring.stream import score_files
from iraqcoal_nlp.text.normalize import ARABERT_V1, NEWS_V1, build_normalizer
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.encoders import build_model
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import train


@pytest.fixture
def copy(checkpoints, tmp_path) -> Path:
    """The checkpoint with the ``.bin`` file, free to be broken."""
    return Path(shutil.copytree(checkpoints["bin"], tmp_path / "copy"))


def recipe(encoder: Path) -> TrainRecipe:
    return TrainRecipe(
        name="hub", encoder=str(encoder), max_length=64, learning_rate=1e-3, epochs=2.0, precision="fp32",
        normalizer=NEWS_V1 if encoder.name == "xlm-roberta" else ARABERT_V1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("arabert", "قال « التحالف » : 3 قواعد"),
        ("arabert-large", "قال « التحالف » : 3 قواعد"),
        ("camelbert", "قال «التحالف»: ٣ قواعد"),
        ("marbert", "قال «التحالف»: ٣ قواعد"),
    ],
)
def test_each_encoder_reads_text_in_the_form_it_was_trained_on(name, read):
    shipped = TrainRecipe.from_toml(ROOT / "models" / "recipes" / f"{name}.toml")
    assert build_normalizer(shipped.normalizer)("قَالَ «التـحالف»: ٣ قواعد") == read
    assert shipped.encoder_licence


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch and its exporter warn of their own internals
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_the_whole_way(checkpoints, name, tmp_path, sentences):
    rows = read_annotations(SEEDS / "gold.jsonl")
    data = TrainData(splits=split_by_document(rows, seed=13))
    folder = train(recipe(checkpoints[name]), data, tmp_path / "run").folder

    assert json.loads((folder / "evaluation.json").read_text("utf-8"))["scores"]["held-out news"]["stance"]["labels"]
    assert not any(str(tmp_path.parent) in file.read_text("utf-8") for file in folder.glob("*.json"))  # no path of ours
    int8, loaded = iq.load(folder, backend="onnx"), iq.load(folder, backend="torch", device="cpu")
    for one, other in zip(int8.classify_sentences(sentences), loaded.classify_sentences(sentences), strict=True):
        assert one.stance_probs == pytest.approx(other.stance_probs, abs=0.05)
        assert one.event_probs == pytest.approx(other.event_probs, abs=0.05)
    report = score_files([SEEDS / "articles"], tmp_path / "rows.jsonl", local_engine(int8))
    assert (report.tally.articles, report.tally.errors) == (5, 0)
    assert len((tmp_path / "rows.jsonl").read_text("utf-8").splitlines()) == report.tally.sentences > 100

    network = IraqCoalForSentenceClassification.from_pretrained(folder)
    export_onnx(network, tmp_path / "fp32.onnx", int8=False)
    windows = load_encoder_tokenizer(checkpoints[name], max_length=64).first_windows(sentences[:20])
    exact, reference = OnnxBackend(tmp_path / "fp32.onnx"), TorchBackend(network, device="cpu")
    for one, other in zip(exact.logits(windows), reference.logits(windows), strict=True):
        assert one == pytest.approx(other, abs=1e-5)
        assert other.std(axis=0).max() > 1e-3  # sentences are told apart at all


@pytest.mark.parametrize(("name", "prefix"), [("bin", "bert."), ("electra", "electra."), ("xlm-roberta", "roberta.")])
def test_every_weight_of_the_encoder_comes_from_the_file(checkpoints, name, prefix):
    folder = checkpoints[name]
    saved = (
        torch.load(folder / "pytorch_model.bin", weights_only=True)
        if name == "bin"
        else load_file(folder / "model.safetensors")
    )
    encoder = build_model(recipe(folder), []).encoder.state_dict()
    assert encoder.keys()
    for key, value in encoder.items():
        assert value.equal(saved[prefix + key])


def test_loading_says_nothing_of_the_head_that_is_left_behind(checkpoints, caplog, capsys):
    with caplog.at_level(logging.WARNING):
        load_encoder(checkpoints["bin"], load_encoder_config(checkpoints["bin"]))
    assert caplog.text == ""
    assert "UNEXPECTED" not in capsys.readouterr().err


def test_an_encoder_that_is_not_there_is_one_line_that_says_what_to_fetch(copy, tmp_path):
    def refused(encoder: object, reason: str) -> None:
        for load in (load_encoder_config, lambda name: load_encoder_tokenizer(name, max_length=64)):
            with pytest.raises(iq.ModelFolderError, match=reason) as error:
                load(encoder)
            assert str(error.value).startswith(f"{encoder}: ")
            assert "\n" not in str(error.value)

    refused("aubmindlab/no-such-bert", r"`hf download aubmindlab/no-such-bert --local-dir no-such-bert`.*vocab\.txt")
    refused(tmp_path / "none", "no such folder: an encoder's folder needs")
    write_json(copy / "config.json", {"model_type": "never-heard-of"})
    refused(copy, r"transformers cannot use its config\.json \(The checkpoint you are trying to load has model type")
    (copy / "config.json").write_text("{", encoding="utf-8")
    refused(copy, r"transformers cannot use its config\.json \(It looks like the config file")
    (copy / "config.json").unlink()
    refused(copy, r"has no config\.json: an encoder's folder needs config\.json, model\.safetensors or")


class Hostile:
    """What a pickle may hold: a call that runs when it is opened."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_pickle_that_would_run_a_program_is_refused(copy, tmp_path):
    for zipped in (True, False):
        state = {"bert.pooler.dense.bias": Hostile(tmp_path / "ran")}
        torch.save(state, copy / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
        with pytest.raises(iq.ModelFolderError, match=r"could run any program.*model\.safetensors") as refused:
            build_model(recipe(copy), [])
        assert str(refused.value).startswith(f"{copy}: ")
        assert "\n" not in str(refused.value)
    assert not (tmp_path / "ran").exists()


def test_weights_that_are_missing_or_damaged_are_one_line(copy, checkpoints):
    saved = torch.load(copy / "pytorch_model.bin", weights_only=True)
    whole = (checkpoints["safetensors"] / "model.safetensors").read_bytes()

    def refused(reason: str) -> None:
        with pytest.raises(iq.ModelFolderError, match=reason) as error:
            build_model(recipe(copy), [])
        assert "\n" not in str(error.value)

    torch.save({"other." + name: value for name, value in saved.items()}, copy / "pytorch_model.bin")
    refused(r"21 of the encoder's weights are not in its files \(embeddings\.LayerNorm\.bias for one\)")
    (copy / "pytorch_model.bin").unlink()
    refused("its weights cannot be loaded")
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    refused("its weights cannot be loaded")
    (copy / "model.safetensors").write_bytes(whole)
    settings = json.loads((copy / "config.json").read_text("utf-8"))
    write_json(copy / "config.json", settings | {"hidden_size": 64})
    refused("its weights cannot be loaded")


@pytest.mark.parametrize("name", ["bin", "tokenizer.json"])
def test_placeholders_of_addresses_stay_whole(checkpoints, name):
    text = build_normalizer(ARABERT_V1)("قال @iraqnews إن التفاصيل على www.example.com")
    assert text == "قال [مستخدم] إن التفاصيل على [رابط]"
    ((window,),) = load_encoder_tokenizer(checkpoints[name], max_length=64).windows([text])
    assert [place for place in window if place in range(5, 8)] == [7, 5]
    assert 1 not in window  # no unknown piece


@pytest.mark.parametrize("name", FORMATS)
def test_text_is_cut_as_transformers_cuts_it(checkpoints, name, sentences):
    reference = AutoTokenizer.from_pretrained(checkpoints[name])
    ours = load_encoder_tokenizer(checkpoints[name], max_length=POSITIONS)
    short = [sentence for sentence in sentences if len(reference(sentence)["input_ids"]) <= POSITIONS]
    assert len(short) > 80
    assert [windows[0] for windows in ours.windows(short)] == reference(short)["input_ids"]


def test_without_its_settings_tokenizer_json_still_keeps_hamzas(checkpoints, tmp_path):
    folder = Path(shutil.copytree(checkpoints["tokenizer.json"], tmp_path / "copy"))
    whole = load_encoder_tokenizer(folder, max_length=64).windows(["أكد إعلام التحالف"])
    (folder / "tokenizer_config.json").unlink()
    assert load_encoder_tokenizer(folder, max_length=64).windows(["أكد إعلام التحالف"]) == whole


def test_without_its_settings_vocab_txt_is_read_with_a_warning(copy, caplog):
    (copy / "tokenizer_config.json").unlink()
    load_encoder_tokenizer(copy, max_length=64)
    assert "has no tokenizer_config.json: BERT's defaults apply, which turn أ and إ into ا" in caplog.text


def test_a_tokenizer_that_does_not_fit_is_one_line(copy):
    pieces = learn_pieces()

    def refused(reason: str, max_length: int = 64) -> None:
        with pytest.raises(iq.ModelFolderError, match=reason):
            load_encoder_tokenizer(copy, max_length=max_length)

    refused("reads 96 pieces at once, max_length asks for 97", max_length=97)
    write_vocabulary(copy, [*pieces, "زيادة"])
    refused(f"its tokenizer has {len(pieces) + 1} pieces, its encoder knows {len(pieces)}")
    (copy / "vocab.txt").unlink()
    refused(r"knows no Arabic letters: the folder lacks vocab\.txt")


def test_a_vocabulary_that_needs_another_package_is_one_line(checkpoints, tmp_path):
    folder = Path(shutil.copytree(checkpoints["xlm-roberta"], tmp_path / "copy"))
    (folder / "tokenizer.json").rename(folder / "sentencepiece.bpe.model")
    with pytest.raises(
        iq.ModelFolderError, match=r"its tokenizer cannot be read: get the checkpoint's tokenizer\.json"
    ):
        load_encoder_tokenizer(folder, max_length=64)


def test_positions_that_start_after_the_padding_are_not_counted_twice(checkpoints):
    for name in ("bin", "xlm-roberta"):
        folder = checkpoints[name]
        longest = longest_input(load_encoder_config(folder))
        assert longest == POSITIONS
        network = TorchBackend(build_model(recipe(folder), []), device="cpu")
        assert network.logits([[7] * longest])[0].shape == (1, 3)
        with pytest.raises((IndexError, RuntimeError)):
            network.logits([[7] * (longest + 1)])
