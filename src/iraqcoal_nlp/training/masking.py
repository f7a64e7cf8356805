"""Whole words hidden for a network to guess, the same ones whenever the same seed asks.

Masked language modelling is of Devlin et al. (2019, arXiv:1810.04805), whole words of Cui et al. (2019,
arXiv:1906.08101).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from torch import Tensor
from torch.utils.data import Dataset

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.batching import pad
from iraqcoal_nlp.training.blocks import Blocks
from iraqcoal_nlp.training.sampling import LengthBatches

NOT_ASKED = -100
"""Label of a piece that nobody asks for: torch's cross-entropy passes it over."""

_BEGIN = ("▁", "Ġ")
_MASKED, _REPLACED = 0.8, 0.1  # of the chosen pieces; the rest stay as they are, as in BERT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Masker:
    """Chooses words and hides them."""

    mask_id: int
    begins_word: npt.NDArray[np.bool_]
    """Whether each piece of the vocabulary begins a word. *Shape:* ``(vocabulary_size,)``."""
    special: npt.NDArray[np.bool_]
    """Whether it is a special piece, never hidden or put in another's place. *Shape:* ``(vocabulary_size,)``."""
    share: float
    """Share of a block's pieces to hide, in (0, 1)."""

    @classmethod
    def of(cls, tokenizer: Tokenizer, special_pieces: Iterable[str], mask_piece: str, *, share: float) -> Masker:
        """Read a vocabulary: WordPiece marks what continues a word, SentencePiece and byte-level BPE what begins one.

        Raises:
            ModelFolderError: The vocabulary has no such mask piece.
        """
        vocabulary = tokenizer.get_vocab(with_added_tokens=True)
        if mask_piece not in vocabulary:
            raise ModelFolderError(f"the tokenizer has no piece {mask_piece!r} to hide words with")
        size = max(vocabulary.values()) + 1
        # A WordPiece vocabulary may hold ▁ or Ġ, too: both are characters of texts.
        continues = tokenizer.model.continuing_subword_prefix if isinstance(tokenizer.model, WordPiece) else None
        begins = max(_BEGIN, key=lambda mark: sum(piece.startswith(mark) for piece in vocabulary))
        begins_word, special = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for piece, number in vocabulary.items():
            begins_word[number] = piece.startswith(begins) if continues is None else not piece.startswith(continues)
        added = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
        special[[vocabulary[piece] for piece in {*special_pieces, *added, mask_piece} if piece in vocabulary]] = True
        return cls(mask_id=vocabulary[mask_piece], begins_word=begins_word, special=special, share=share)

    def hide(
        self, ids: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Hide whole words until the share is reached, one word at least.

        Args:
            ids: A block. *Shape:* ``(n_pieces,)``.
            rng: Source of chance.

        Returns:
            What the network reads, and the pieces it is asked for, :data:`NOT_ASKED` elsewhere. Same shape.
        """
        ordinary = ~self.special[ids]
        word = np.cumsum(self.begins_word[ids] & ordinary)  # a word that the block's edge has cut counts as one
        lengths = np.bincount(word[ordinary])
        order = rng.permutation(np.flatnonzero(lengths))
        wanted = max(1.0, self.share * ordinary.sum())
        n_words = int(np.searchsorted(np.cumsum(lengths[order]), wanted)) + 1
        chosen = ordinary & np.isin(word, order[:n_words])
        dice = rng.random(len(ids))
        read = np.where(chosen & (dice < _MASKED), self.mask_id, ids)
        others = np.flatnonzero(~self.special)
        replaced = chosen & (dice >= _MASKED) & (dice < _MASKED + _REPLACED)
        read = np.where(replaced, rng.choice(others, size=len(ids)), read)
        return read, np.where(chosen, ids, NOT_ASKED)


class MaskedDraws(Dataset[dict[str, Any]]):
    """Blocks in the order in which a run reads them, words hidden anew at each reading.

    Item k is the same whenever it is asked for, which makes a resumed run go on exactly. Each pass over the corpus
    reads a block once, or as often as its weight says, in batches of like length.

    Args:
        blocks: The corpus; held-out blocks are passed over.
        masker: Hides words.
        batch_size: Blocks per batch.
        n_batches: Batches in all.
        domain_weight: How often a pass reads blocks of the domain.
        seed: Seed of order and hiding.
    """

    def __init__(
        self, blocks: Blocks, masker: Masker, *, batch_size: int, n_batches: int, domain_weight: int, seed: int
    ) -> None:
        self._blocks, self._masker, self._seed = blocks, masker, seed
        self._rows = draws(blocks, domain_weight=domain_weight)
        self._sampler = LengthBatches(blocks.lengths[self._rows].tolist(), batch_size=batch_size, seed=seed)
        # The last batch of a pass that is not full is left out: batches would straddle passes, and lengths.
        self._per_pass = len(self._rows) // batch_size * batch_size
        self._n_items = n_batches * batch_size
        self._pass, self._order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        """Return the number of readings."""
        return self._n_items

    def __getitem__(self, item: int) -> dict[str, Any]:
        """Return ids and labels of one reading."""
        number, place = divmod(item, self._per_pass)
        if number != self._pass:
            self._sampler.set_epoch(number)
            self._pass, self._order = number, self._rows[list(self._sampler)]
        ids = self._blocks[int(self._order[place])]
        read, labels = self._masker.hide(ids, np.random.default_rng((self._seed, item)))
        return {"input_ids": read, "labels": labels}


def draws(blocks: Blocks, *, domain_weight: int) -> npt.NDArray[np.int64]:
    """Return the blocks of one pass that train, those of the domain as often as the weight says."""
    return np.repeat(np.arange(len(blocks)), np.where(blocks.in_domain, domain_weight, 1) * ~blocks.held_out)


class MaskedCollator:
    """Pads a batch of readings to its longest."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Return ids, mask and labels. *Shape* of each: ``(batch_size, seq_len)``."""
        ids, mask = pad([item["input_ids"] for item in items], self.pad_id)
        labels, _ = pad([item["labels"] for item in items], NOT_ASKED)
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "labels": torch.from_numpy(labels),
        }
