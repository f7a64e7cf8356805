"""Batches of like length under a token budget, for backends that pad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

TOKEN_BUDGET = 4096
"""Pieces in one batch, padding included: enough to fill a processor, little enough to stay in its cache."""


def length_batches(lengths: Sequence[int], *, token_budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Yield lists of indices, longest sentences first; every index comes once.

    Args:
        lengths: Pieces per sequence.
        token_budget: Upper bound of sequences × longest sequence in a batch; a longer sequence is a batch of its own.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > token_budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def pad(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return ids and attention mask, padded to the longest. *Shape* of each: ``(n_sequences, longest)``."""
    width = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(sequences), width), dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask
