"""A pruned vocabulary: the same pieces and the same hidden states wherever nothing was dropped, no crash elsewhere."""

import copy
import hashlib
import json
import lzma
import runpy
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, processors
from transformers import AutoTokenizer

from checkpoints import ARTICLES
from conftest import ROOT
from iraqcoal_nlp.data.corpus import read_corpus
from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.encoder import (
    encoder_pipeline,
    load_encoder,
    load_encoder_config,
    load_encoder_tokenizer,
    save_encoder,
)
from iraqcoal_nlp.model.store import MANIFEST
from iraqcoal_nlp.model.vocabulary import count_pieces, pieces_to_keep, prune_embeddings, prune_tokenizer
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer
from iraqcoal_nlp.training.recipe import TrainRecipe

KINDS = ("bin", "electra", "xlm-roberta")  # WordPiece, WordPiece under narrow embeddings, Unigram with padding id 1


def open_checkpoint(folder):
    return load_encoder(folder, load_encoder_config(folder)).eval(), encoder_pipeline(folder)


@pytest.fixture(scope="module", params=KINDS)
def pruning(request, checkpoints):
    """A checkpoint, what remains of it after pruning to one article, and the kept ids."""
    encoder, tokenizer = open_checkpoint(checkpoints[request.param])
    pruned_encoder, _ = open_checkpoint(checkpoints[request.param])
    counts = count_pieces(tokenizer, read_corpus(ARTICLES[:1]))
    keep = pieces_to_keep(tokenizer, counts, min_count=1, pad_id=encoder.config.pad_token_id)
    prune_embeddings(pruned_encoder, keep)
    return encoder, tokenizer, pruned_encoder, prune_tokenizer(tokenizer, keep), keep


def test_pieces_are_counted_as_they_occur(checkpoints):
    _, tokenizer = open_checkpoint(checkpoints["bin"])
    texts = ["سلم التحالف المعسكر", "التحالف", ""]
    counts = count_pieces(tokenizer, texts)
    assert counts.sum() == sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)
    assert counts[tokenizer.token_to_id("التحالف")] == 2
    assert counts[tokenizer.token_to_id("[CLS]")] == 0


def test_kept_text_gives_the_same_pieces_and_hidden_states(pruning, sentences):
    encoder, tokenizer, pruned_encoder, pruned, keep = pruning
    assert len(keep) < 0.8 * tokenizer.get_vocab_size()
    kept = [text for text in sentences if set(tokenizer.encode(text).ids) <= set(keep)]
    assert 10 <= len(kept) < len(sentences)
    for text in kept:
        before, after = tokenizer.encode(text), pruned.encode(text)
        assert after.tokens == before.tokens
        assert [keep[index] for index in after.ids] == before.ids
        with torch.inference_mode():
            whole = encoder(torch.tensor([before.ids[:90]])).last_hidden_state
            part = pruned_encoder(torch.tensor([after.ids[:90]])).last_hidden_state
        assert torch.allclose(whole, part, atol=1e-5)


def test_padding_is_still_ignored(pruning):
    _, _, pruned_encoder, pruned, _ = pruning
    ids, pad = pruned.encode("سلم التحالف المعسكر").ids, pruned_encoder.config.pad_token_id
    mask = torch.tensor([[1] * len(ids) + [0] * 3])
    with torch.inference_mode():
        alone = pruned_encoder(torch.tensor([ids])).last_hidden_state
        padded = pruned_encoder(torch.tensor([ids + [pad] * 3]), attention_mask=mask).last_hidden_state
    assert torch.allclose(alone, padded[:, : len(ids)], atol=1e-5)


def test_special_pieces_keep_their_roles(pruning):
    encoder, tokenizer, pruned_encoder, pruned, keep = pruning
    for token in tokenizer.get_added_tokens_decoder().values():
        assert keep[pruned.token_to_id(token.content)] == tokenizer.token_to_id(token.content)
        assert pruned.encode(token.content, add_special_tokens=False).tokens == [token.content]
    for key in ("pad_token_id", "bos_token_id", "eos_token_id"):
        before, after = getattr(encoder.config, key), getattr(pruned_encoder.config, key)
        assert (before is None and after is None) or keep[after] == before
    assert pruned_encoder.config.vocab_size == pruned.get_vocab_size() == len(keep)


def test_dropped_words_fall_apart_into_kept_pieces(pruning, sentences):
    _, tokenizer, _, pruned, keep = pruning
    torn = [text for text in sentences if not set(tokenizer.encode(text).ids) <= set(keep)]
    assert torn
    for text in torn:
        before, after = tokenizer.encode(text), pruned.encode(text)
        assert len(after.ids) >= len(before.ids)
        assert sum("unk" in token.lower() for token in after.tokens) == sum("unk" in t.lower() for t in before.tokens)
        assert plain(after.tokens) == plain(before.tokens)


def plain(tokens: list[str]) -> str:
    return "".join(token.removeprefix("##") for token in tokens)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_text_breaks_it(pruning, text):
    *_, pruned, keep = pruning
    assert all(0 <= index < len(keep) for index in pruned.encode(text).ids)


def test_a_mask_that_the_checkpoint_lacks_gets_the_mean(checkpoints):
    encoder, tokenizer = open_checkpoint(checkpoints["bin"])
    n_rows = encoder.config.vocab_size
    tokenizer.add_special_tokens(["<mask>"])
    keep = pieces_to_keep(tokenizer, np.zeros(tokenizer.get_vocab_size(), dtype=np.int64), min_count=1)
    prune_embeddings(encoder, keep)
    weights = encoder.get_input_embeddings().weight
    assert keep[-1] == n_rows
    assert torch.allclose(weights[-1], weights[:-1].mean(dim=0))
    assert prune_tokenizer(tokenizer, keep).token_to_id("<mask>") == len(keep) - 1


@pytest.mark.parametrize(
    "step",
    [
        processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)),
        processors.Sequence([processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2))]),
    ],
    ids=["bert", "roberta, in a sequence"],
)
def test_marks_set_by_other_processors_are_renumbered(step):
    vocabulary = {"[UNK]": 0, "زائد": 1, "[CLS]": 2, "[SEP]": 3, "التحالف": 4}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.post_processor = step
    pruned = prune_tokenizer(tokenizer, [0, 2, 3, 4])
    assert pruned.encode("التحالف").ids == [1, 3, 2]
    assert pruned.encode("التحالف").tokens == ["[CLS]", "التحالف", "[SEP]"]
    assert pruned.encode("زائد").ids == [1, 0, 2]


def test_byte_pair_encoding_is_refused():
    tokenizer = Tokenizer(models.BPE({"ا": 0, "ل": 1, "ال": 2}, [("ا", "ل")]))
    with pytest.raises(ModelFolderError, match="a BPE vocabulary cannot be pruned, only Unigram and WordPiece"):
        prune_tokenizer(tokenizer, [0, 1])


@pytest.mark.parametrize("half", [False, True])
def test_a_saved_folder_opens_everywhere(pruning, half, tmp_path):
    _, _, encoder, pruned, _ = pruning
    pruned_encoder = copy.deepcopy(encoder)
    save_encoder(pruned_encoder, pruned, {"mask_token": "[MASK]"}, tmp_path, half=half)
    text = "سلم التحالف المعسكر"
    assert AutoTokenizer.from_pretrained(tmp_path)(text)["input_ids"] == pruned.encode(text).ids
    ids = load_encoder_tokenizer(tmp_path, max_length=64).first_windows([text])
    assert ids == [pruned.encode(text).ids]
    again = load_encoder(tmp_path, load_encoder_config(tmp_path)).eval()
    assert again.dtype == torch.float32
    with torch.inference_mode():
        one, other = (model.float()(torch.tensor(ids)).last_hidden_state for model in (again, pruned_encoder))
    assert torch.allclose(one, other, atol=1e-5)


def run_script(*arguments: object) -> int:
    argv, sys.argv = sys.argv, ["prepare_encoder.py", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(ROOT / "scripts" / "prepare_encoder.py"), run_name="__main__")
    finally:
        sys.argv = argv
    return int(end.value.code or 0)


def test_the_script_prepares_what_a_recipe_can_name(checkpoints, tmp_path, capsys):
    corpus = tmp_path / "corpus.jsonl.xz"
    rows = [json.dumps({"text": text}) for text in read_corpus(ARTICLES)]
    corpus.write_bytes(lzma.compress("\n".join(rows).encode()))
    out = tmp_path / "out"
    assert run_script(checkpoints["xlm-roberta"], corpus, "--out", out, "--min-count", 2, "--half") == 0
    assert "of 601 pieces" in capsys.readouterr().out
    listed = json.loads((out / MANIFEST).read_text("utf-8"))["files"]
    assert set(listed) == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    for name, facts in listed.items():
        assert facts["sha256"] == hashlib.sha256((out / name).read_bytes()).hexdigest()
    recipe = TrainRecipe(name="x", encoder=str(out), max_length=64)
    window = load_tokenizer(recipe).first_windows(["سلم التحالف المعسكر"])
    assert build_model(recipe, [])(torch.tensor(window), torch.ones(1, len(window[0]))).event_logits.shape == (1, 4)

    assert run_script(checkpoints["xlm-roberta"], corpus, "--out", out) == 2
    assert f"error: {out}: is not empty: choose a new folder" in capsys.readouterr().err
    assert run_script(tmp_path / "none", corpus, "--out", tmp_path / "new") == 2
    assert "no such folder" in capsys.readouterr().err
    assert run_script(checkpoints["bin"], corpus, "--out", tmp_path / "new", "--every", 0) == 2
    assert "--every and --min-count start at 1" in capsys.readouterr().err
    (tmp_path / "empty.txt").write_text("\n \n", encoding="utf-8")
    assert run_script(checkpoints["bin"], tmp_path / "empty.txt", "--out", tmp_path / "new") == 2
    assert "empty.txt: holds no text" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
