"""From training rows to the tensors of a batch, as they are or in other spellings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from iraqcoal_nlp.model.batching import pad
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.noise import spelling_noise
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.sampling import EpochListener

Collate = Callable[[list[dict[str, Any]]], dict[str, Tensor]]
"""Makes a batch of rows; one that is a callback too is told of steps and epochs."""


class Collator:
    """Pads a batch to its longest sentence."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Return tensors of *shape* ``(batch_size, seq_len)`` for ids and mask, and both heads' labels."""
        ids, mask = pad([item["input_ids"] for item in items], self.pad_id)
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "stance_labels": torch.tensor([item["stance_labels"] for item in items]),
            "event_labels": torch.tensor([item["event_labels"] for item in items], dtype=torch.float32),
        }


class SpellingCollator(EpochListener):
    """Gives some sentences of each batch another spelling, in each epoch another one, and collates.

    A spelling follows from seed, epoch and sentence alone, so that a killed run goes on as an unbroken one would. The
    Trainer tells it the epoch: it must also be one of the run's callbacks.

    Args:
        collator: Makes the tensors.
        recipe: Says how often, and how text is normalized.
        tokenizer: The encoder's.
        seed: Seed of the run.
    """

    def __init__(self, collator: Collate, recipe: TrainRecipe, tokenizer: SentenceTokenizer, *, seed: int) -> None:
        self._collator, self._tokenizer, self._seed = collator, tokenizer, seed
        self._probability = recipe.spelling_noise
        self._normalize = build_normalizer(recipe.normalizer)

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Respell, and return what the collator makes of it."""
        seed = f"{self._seed} {self._epoch}"
        spelled = [spelling_noise(item["text"], seed=seed, probability=self._probability) for item in items]
        windows = self._tokenizer.first_windows([self._normalize(text) for text in spelled])
        return self._collator([item | {"input_ids": ids} for item, ids in zip(items, windows, strict=True)])


def respelling(collator: Collate, recipe: TrainRecipe, tokenizer: SentenceTokenizer, *, seed: int) -> Collate:
    """Return a :class:`SpellingCollator` around the collator, or, if the recipe asks for no noise, the collator."""
    return SpellingCollator(collator, recipe, tokenizer, seed=seed) if recipe.spelling_noise else collator
