"""Checkpoints as a hub holds them, at tiny size and with random weights."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    ElectraConfig,
    ElectraForPreTraining,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

ARTICLES = sorted((Path(__file__).resolve().parents[1] / "seeds" / "articles").glob("*.txt"))
PLACEHOLDERS = ["[رابط]", "[بريد]", "[مستخدم]"]
SPECIAL = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
SHAPE = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
POSITIONS = 96
FORMATS = ("bin", "safetensors", "tokenizer.json", "electra", "xlm-roberta")


def learn_pieces() -> list[str]:
    """Learn a WordPiece vocabulary of the seed articles, special pieces and placeholders first, as AraBERT's."""
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer = normalizers.BertNormalizer(lowercase=False)
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *PLACEHOLDERS]
    articles = [str(path) for path in ARTICLES]
    learner.train(articles, trainers.WordPieceTrainer(vocab_size=900, special_tokens=special, show_progress=False))
    ids = learner.get_vocab()
    return sorted(ids, key=ids.__getitem__)


def write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def write_vocabulary(folder: Path, pieces: list[str]) -> None:
    """Write the three tokenizer files of AraBERT's repository, word for word but for the length."""
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    write_json(folder / "special_tokens_map.json", SPECIAL)
    settings = {
        "do_lower_case": False, **SPECIAL, "tokenize_chinese_chars": True, "strip_accents": None, "max_len": POSITIONS,
        "do_basic_tokenize": True, "never_split": ["[بريد]", "[مستخدم]", "[رابط]"], "special_tokens_map_file": None,
        "name_or_path": "aubmindlab/bert-base-arabertv02",
    }  # fmt: skip
    write_json(folder / "tokenizer_config.json", settings)


def write_bert(folder: Path, pieces: list[str], *, weights: str) -> None:
    """Write a masked language model as AraBERT's repository holds it: ``bert.`` prefixes, head, position ids."""
    write_vocabulary(folder, pieces)
    shape = {
        "architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1, "initializer_range": 0.02, "max_position_embeddings": POSITIONS,
        "model_type": "bert", "type_vocab_size": 2, "vocab_size": len(pieces), **SHAPE,
    }  # fmt: skip
    write_json(folder / "config.json", shape)
    state = BertForMaskedLM(BertConfig(**{key: shape[key] for key in shape if key != "model_type"})).state_dict()
    state["bert.embeddings.position_ids"] = torch.arange(POSITIONS)[None]  # saved by the versions of 2020
    if weights == "bin":  # torch's format before 1.6: one pickle after another, no zip
        torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    else:
        save_file({name: value.clone() for name, value in state.items()}, folder / "model.safetensors")


def write_electra(folder: Path, pieces: list[str]) -> None:
    """Write a discriminator whose embeddings are narrower than its layers, as AraELECTRA's repository holds it."""
    write_vocabulary(folder, pieces)
    config = ElectraConfig(vocab_size=len(pieces), embedding_size=16, max_position_embeddings=POSITIONS, **SHAPE)
    ElectraForPreTraining(config).save_pretrained(folder)


def write_xlm_roberta(folder: Path) -> None:
    """Write an XLM-R: SentencePiece pieces in tokenizer.json, padding id 1, positions that start after it."""
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    learner = Tokenizer(models.Unigram())
    learner.normalizer = normalizers.NFKC()
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    tokens = [*special.values()]
    articles = [str(path) for path in ARTICLES]
    trainer = trainers.UnigramTrainer(vocab_size=600, special_tokens=tokens, unk_token="<unk>", show_progress=False)
    learner.train(articles, trainer)
    learner.add_special_tokens(["<mask>"])
    learner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    learner.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "XLMRobertaTokenizer", "mask_token": "<mask>", "model_max_length": POSITIONS}
    write_json(folder / "tokenizer_config.json", settings | special)
    config = XLMRobertaConfig(
        vocab_size=learner.get_vocab_size(), max_position_embeddings=POSITIONS + 2, type_vocab_size=1, pad_token_id=1,
        bos_token_id=0, eos_token_id=2, **SHAPE,
    )  # fmt: skip
    XLMRobertaForMaskedLM(config).save_pretrained(folder)


def write_checkpoints(folder: Path) -> dict[str, Path]:
    """Write one checkpoint with random weights for each of :data:`FORMATS`, and return their folders."""
    torch.manual_seed(13)
    folders = {name: folder / name for name in FORMATS}
    for path in folders.values():
        path.mkdir()
    pieces = learn_pieces()
    write_bert(folders["bin"], pieces, weights="bin")
    write_bert(folders["safetensors"], pieces, weights="safetensors")
    write_bert(folders["tokenizer.json"], pieces, weights="safetensors")
    AutoTokenizer.from_pretrained(folders["tokenizer.json"]).backend_tokenizer.save(
        str(folders["tokenizer.json"] / "tokenizer.json")
    )
    (folders["tokenizer.json"] / "vocab.txt").unlink()
    write_electra(folders["electra"], pieces)
    write_xlm_roberta(folders["xlm-roberta"])
    return folders
