"""What tests share: a tiny checkpoint in the form a hub gives, the shipped model, the seeds."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported; no test may touch the network
if "PYTEST_XDIST_WORKER" in os.environ:  # several workers: one thread of torch's each, or they wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

import iraqcoal_nlp as iq
from iraqcoal_nlp.inference.classifier import ArticleClassifier

# No test depends on how fast the machine is: it may have other work to do.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT / "seeds"

DEMAND = "طالب البرلمان العراقي بإخراج القوات الأجنبية من البلاد"
HANDOVER = "سلم التحالف الدولي معسكر بسماية إلى القوات العراقية"
ATTACK = "سقطت ثلاثة صواريخ كاتيوشا على قاعدة عين الأسد التي تضم جنودا أميركيين"


@pytest.fixture(scope="session", autouse=True)
def this_machine_alone() -> Iterator[None]:
    """A connection to another machine is refused, as it would be without a network."""
    connect = socket.socket.connect

    def connect_here(own: socket.socket, address: object) -> None:
        if own.family in (socket.AF_INET, socket.AF_INET6):
            assert isinstance(address, tuple)
            if address[0] not in ("localhost", "127.0.0.1", "::1"):
                raise ConnectionRefusedError(f"a test reaches for {address[0]}")
        connect(own, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(scope="session")
def gold_rows() -> list[dict]:
    return [json.loads(line) for line in (SEEDS / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def sentences(gold_rows) -> list[str]:
    return [row["text"] for row in gold_rows if not row["boilerplate"]]


@pytest.fixture(scope="session")
def classifier() -> ArticleClassifier:
    return iq.load()


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory, sentences: list[str]) -> Path:
    """A BERT of one layer with random weights: config, safetensors and tokenizer as a hub would give them."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = sorted({word for sentence in sentences for word in re.findall(r"\w+|[^\w\s]", sentence)})
    letters = sorted({letter for word in words for letter in word})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), *words]
    vocab = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])],
    )
    folder = tmp_path_factory.mktemp("tiny-bert")
    special = {"unk": "[UNK]", "pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{key}_token": value for key, value in special.items()}
    ).save_pretrained(folder)
    torch.manual_seed(13)
    shape = BertConfig(
        vocab_size=len(vocab), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=128, pad_token_id=0,
    )  # fmt: skip
    BertModel(shape).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each format of ``checkpoints.FORMATS``."""
    from checkpoints import write_checkpoints

    return write_checkpoints(tmp_path_factory.mktemp("hub"))
