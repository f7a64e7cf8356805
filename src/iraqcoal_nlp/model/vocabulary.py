"""Pruning a vocabulary: the pieces that a corpus uses, the same network behind them.

Most of a multilingual encoder's weights are embeddings of pieces that Arabic news never contains. Without them, text
whose pieces are all kept is cut as before, and the network computes the same from it (Abdaoui et al., 2020,
arXiv:2010.05609). A rarer word falls apart into smaller pieces, down to letters, which are always kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedModel

from iraqcoal_nlp.errors import ModelFolderError

Counts = npt.NDArray[np.int64]

_LETTERS = re.compile(r"(?:▁|##)?[ -~\u0600-\u06ff«»“”‘’…–—•°]")
"""One letter, digit or mark: at the start of a word (``▁``), inside it (``##``), or anywhere."""

_BYTES = re.compile(r"<0x[0-9A-F]{2}>")
"""Pieces that spell a character which has none."""

_AT_ONCE = 4000  # texts in memory: enough to keep all cores busy


def count_pieces(tokenizer: Tokenizer, texts: Iterable[str]) -> Counts:
    """Count how often each piece occurs. *Shape:* ``(n_pieces,)``, in the order of ids.

    Args:
        tokenizer: The pipeline, its normalizer included.
        texts: Any number of texts; only a few thousand are held in memory.
    """
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    waiting = iter(texts)
    while some := list(islice(waiting, _AT_ONCE)):
        encodings = tokenizer.encode_batch_fast(some, add_special_tokens=False)
        ids = np.concatenate([encoding.ids for encoding in encodings]).astype(np.int64)
        counts += np.bincount(ids, minlength=len(counts))
    return counts


def pieces_to_keep(tokenizer: Tokenizer, counts: Counts, *, min_count: int, pad_id: int = 0) -> list[int]:
    """Return the ids that stay, ascending: special and added pieces, letters, and whatever occurs often enough.

    Args:
        tokenizer: The pipeline that was counted with.
        counts: Occurrences by id.
        min_count: Least number of occurrences of a piece that stays.
        pad_id: The padding's id. It and all below stay, and so keep their numbers: some encoders count their
            positions from it.
    """
    added = tokenizer.get_added_tokens_decoder()
    keep = {*added, *range(pad_id + 1), *np.flatnonzero(counts >= max(min_count, 1)).tolist()}
    keep |= {
        index for piece, index in tokenizer.get_vocab().items() if _LETTERS.fullmatch(piece) or _BYTES.fullmatch(piece)
    }
    unknown = _unknown_id(tokenizer)
    return sorted(keep if unknown is None else {*keep, unknown})


def prune_tokenizer(tokenizer: Tokenizer, keep: Sequence[int]) -> Tokenizer:
    """Return a pipeline with only the kept pieces, numbered in their order.

    Args:
        tokenizer: A Unigram (SentencePiece) or WordPiece pipeline: of these, a segmentation without any dropped piece
            stays the best, or the greedy, one. Merges of byte-pair encoding know no such law.
        keep: Ids, ascending; special and unknown pieces among them.

    Raises:
        ModelFolderError: The pipeline is of another kind.
    """
    content = json.loads(tokenizer.to_str())
    new_ids = {old: new for new, old in enumerate(keep)}
    model = content["model"]
    if model["type"] == "Unigram":
        pieces = model["vocab"]
        model["vocab"] = [pieces[old] for old in keep if old < len(pieces)]
        model["unk_id"] = new_ids.get(model["unk_id"])
    elif model["type"] == "WordPiece":
        model["vocab"] = {piece: new_ids[old] for piece, old in model["vocab"].items() if old in new_ids}
    else:
        raise ModelFolderError(f"a {model['type']} vocabulary cannot be pruned, only Unigram and WordPiece ones can")
    content["added_tokens"] = [token | {"id": new_ids[token["id"]]} for token in content["added_tokens"]]
    content["post_processor"] = _renumbered(content["post_processor"], new_ids)
    content["truncation"] = content["padding"] = None
    return Tokenizer.from_str(json.dumps(content))


def prune_embeddings(encoder: PreTrainedModel, keep: Sequence[int]) -> None:
    """Leave an encoder the embeddings of the kept pieces, in their order, and renumber its configuration's ids.

    Args:
        encoder: Any encoder; changed in place.
        keep: Ids, ascending. One beyond the encoder's rows is new, such as a mask that the checkpoint lacks: it gets
            the mean of the kept rows.
    """
    old = cast("nn.Embedding", encoder.get_input_embeddings())
    rows = old.weight.detach()[[index for index in keep if index < old.num_embeddings]]
    new = rows.mean(dim=0, keepdim=True).expand(len(keep) - len(rows), -1)
    new_ids = {before: after for after, before in enumerate(keep)}
    padding = None if old.padding_idx is None else new_ids[old.padding_idx]
    pruned = nn.Embedding.from_pretrained(torch.cat([rows, new]), freeze=False, padding_idx=padding)
    encoder.set_input_embeddings(pruned)
    encoder.config.vocab_size = len(keep)
    for key, value in encoder.config.to_dict().items():
        if key.endswith("_token_id") and isinstance(value, int):
            setattr(encoder.config, key, new_ids.get(value))


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    model = json.loads(tokenizer.to_str())["model"]
    unknown: int | None = model["unk_id"] if "unk_id" in model else tokenizer.token_to_id(str(model["unk_token"]))
    return unknown


def _renumbered(processor: dict[str, Any] | None, new_ids: Mapping[int, int]) -> dict[str, Any] | None:
    """Return the step that sets special pieces around a text, with their new ids."""
    if processor is None:
        return None
    processor = dict(processor)
    if processor["type"] == "Sequence":
        processor["processors"] = [_renumbered(step, new_ids) for step in processor["processors"]]
    if processor["type"] == "TemplateProcessing":
        processor["special_tokens"] = {
            name: token | {"ids": [new_ids[old] for old in token["ids"]]}
            for name, token in processor["special_tokens"].items()
        }
    for role in ("cls", "sep"):  # of the steps made for BERT and RoBERTa
        if role in processor:
            piece, old = processor[role]
            processor[role] = [piece, new_ids[old]]
    return processor
