"""A corpus as pre-training reads it: documents cut into blocks of word pieces, held as flat arrays in memory."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from iraqcoal_nlp.data.domain import DomainWords
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import Normalizer
from iraqcoal_nlp.training.notes import write_arrays

LOGGER = logging.getLogger(__name__)

SHORTEST = 8
"""Blocks of fewer pieces are left out: with two or three words there is little to guess from."""

HELD_OUT = 100
"""One document in so many is held out, chosen by its text: copies of a document stay on one side."""

_AT_ONCE = 500  # documents tokenized together
_TELL_EVERY = 20_000  # documents


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """Blocks of word pieces, special ones included, one after the other."""

    pieces: npt.NDArray[np.uint32]
    """All ids. *Shape:* ``(n_pieces,)``."""
    starts: npt.NDArray[np.int64]
    """Where each block begins, and the end. *Shape:* ``(n_blocks + 1,)``."""
    in_domain: npt.NDArray[np.bool_]
    """Whether the block's document is of the domain. *Shape:* ``(n_blocks,)``."""
    held_out: npt.NDArray[np.bool_]
    """Whether the block only measures. *Shape:* ``(n_blocks,)``."""

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.in_domain)

    def __getitem__(self, block: int) -> npt.NDArray[np.int64]:
        """Return one block's ids. *Shape:* ``(n_pieces_of_the_block,)``."""
        return self.pieces[self.starts[block] : self.starts[block + 1]].astype(np.int64)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Pieces of each block. *Shape:* ``(n_blocks,)``."""
        return np.diff(self.starts)

    def save(self, path: Path, fingerprint: str) -> None:
        """Write all arrays to a file that appears whole or not at all."""
        arrays = {name: getattr(self, name) for name in ("pieces", "starts", "in_domain", "held_out")}
        write_arrays(path, fingerprint=np.array(fingerprint), **arrays)

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> Blocks | None:
        """Read what :meth:`save` wrote; ``None`` if there is nothing, or it was made of something else."""
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as saved:
            if str(saved["fingerprint"]) != fingerprint:
                return None
            return cls(**{name: saved[name] for name in ("pieces", "starts", "in_domain", "held_out")})


def cut_into_blocks(
    documents: Iterable[str],
    tokenizer: SentenceTokenizer,
    normalize: Normalizer,
    domain: DomainWords,
    *,
    every: int = 1,
) -> Blocks:
    """Tokenize documents and cut them into blocks of the tokenizer's length.

    A block never holds text of two documents. The last one of a document reaches back to be full.

    Args:
        documents: Texts.
        tokenizer: The encoder's, with the length of the blocks.
        normalize: What the encoder's text goes through.
        domain: Says which documents are of the domain.
        every: Of the documents outside the domain, take each ``every``-th.
    """
    pieces: list[npt.NDArray[np.uint32]] = []
    lengths: list[int] = []
    in_domain: list[bool] = []
    held_out: list[bool] = []
    chosen = _chosen(documents, domain, every)
    while several := list(islice(chosen, _AT_ONCE)):
        texts = [normalize(text) for text, _ in several]
        for (text, of_domain), windows in zip(several, tokenizer.windows(texts, overlap=0), strict=True):
            aside = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) % HELD_OUT == 0
            for window in windows:
                if len(window) >= SHORTEST:
                    pieces.append(np.array(window, dtype=np.uint32))
                    lengths.append(len(window))
                    in_domain.append(of_domain)
                    held_out.append(aside)
    return Blocks(
        pieces=np.concatenate([np.empty(0, dtype=np.uint32), *pieces]),
        starts=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        in_domain=np.array(in_domain, dtype=np.bool_),
        held_out=np.array(held_out, dtype=np.bool_),
    )


def _chosen(documents: Iterable[str], domain: DomainWords, every: int) -> Iterator[tuple[str, bool]]:
    """Yield the documents to read, and whether each is of the domain."""
    n_domain = n_others = 0
    for number, text in enumerate(documents, 1):
        of_domain = domain.match(text)
        n_domain, n_others = n_domain + of_domain, n_others + (not of_domain)
        if of_domain or (n_others - 1) % every == 0:
            yield text, of_domain
        if number % _TELL_EVERY == 0:
            LOGGER.info("%d documents read, %d of the domain", number, n_domain)
    LOGGER.info("%d documents, %d of the domain", n_domain + n_others, n_domain)
