"""The order of training rows: batches of like length, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_POOL = 50  # batches sorted together: enough that a batch is of like length, few enough that its rows change


def current_epoch(state: TrainerState) -> int:
    """Return the number, from 0 on, of the epoch that a run is in."""
    return int((state.epoch or 0.0) + 1e-6)


class EpochListener(TrainerCallback):
    """Knows the number of the epoch, from 0 on, as one of a run's callbacks; a resumed run begins inside one."""

    _epoch = 0

    def on_epoch_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> None:
        """Take the number of the epoch that begins."""
        self._epoch = current_epoch(state)


class LengthBatches(Sampler[int], EpochListener):
    """Rows in shuffled batches of like length, so that little is padded.

    The Trainer's own ``group_by_length`` draws from a running generator: a killed run goes on in another order.
    Here an epoch's order follows from its number, so that a resumed run ends with the weights of an unbroken one. In a
    run of several processes that goes on inside an epoch, nothing but a callback tells the number: it must be one of
    the run's callbacks.

    Args:
        lengths: Pieces per row.
        batch_size: Rows per batch.
        seed: Seed of the order.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, seed: int) -> None:
        self._lengths = list(lengths)
        self._batch_size = batch_size
        self._seed = seed

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the given epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(1_000_003 * self._seed + self._epoch)
        order = torch.randperm(len(self), generator=generator).tolist()
        pool = _POOL * self._batch_size
        batches: list[list[int]] = []
        for first in range(0, len(order), pool):
            rows = sorted(order[first : first + pool], key=lambda row: self._lengths[row])
            batches += [rows[at : at + self._batch_size] for at in range(0, len(rows), self._batch_size)]
        # A batch that is not full must stay last: the loader cuts this stream of rows into batches of equal size.
        partial = [batches.pop()] if batches and len(batches[-1]) < self._batch_size else []
        for place in torch.randperm(len(batches), generator=generator).tolist():
            yield from batches[place]
        for batch in partial:
            yield from batch
