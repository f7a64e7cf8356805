"""A recipe holds everything that changes a trained model, and nothing else."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.configuration import POOLINGS
from iraqcoal_nlp.text.normalize import NEWS_V1, NORMALIZERS

PRECISIONS = ("auto", "fp32", "bf16")
ROW_ORDERS = ("length_batches", "group_by_length")
STANCE_WEIGHTINGS = ("none", "inverse_sqrt")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRecipe:
    """Settings of one training run, read from a TOML file."""

    name: str
    """Name of the model, shown in every row that it scores."""
    encoder: str
    """Hub name (``aubmindlab/bert-base-arabertv02``) or folder of a BERT-like checkpoint."""
    encoder_name: str = ""
    """The encoder's public name for the card, if ``encoder`` is a folder."""
    encoder_licence: str = ""
    """The encoder's licence, for the card."""
    data_note: str = ""
    """What the card says of the annotations: who made them, and how far they can be trusted."""
    normalizer: tuple[str, ...] = NEWS_V1
    """Names of the normalization steps, in order."""
    pooling: str = "mean"
    """``mean`` over the sentence's tokens, or ``cls``, the first token."""
    max_length: int = 128
    """Pieces the model reads at once."""
    head_dropout: float = 0.1
    """Dropout before the heads, in [0, 1)."""
    learning_rate: float = 1e-4
    """Peak rate of the encoder (AdamW); linear warm-up, then linear to 0."""
    head_learning_rate: float = 1e-3
    """Peak rate of the new heads."""
    weight_decay: float = 0.01
    """AdamW's decay; biases and layer norms have none."""
    warmup_ratio: float = 0.06
    """Share of the steps that warm up, in [0, 1)."""
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm."""
    batch_size: int = 16
    """Sentences per step, of like length."""
    row_order: str = "length_batches"
    """``length_batches``: an epoch's order follows from its number, so a killed run ends as an unbroken one would;
    ``group_by_length``: the Trainer's own, longest first within each stretch."""
    epochs: float = 3.0
    """Passes over the training rows."""
    stance_weighting: str = "inverse_sqrt"
    """``inverse_sqrt`` weighs a stance by 1/sqrt(its frequency), mean 1; ``none`` weighs all alike."""
    event_loss_weight: float = 4.0
    """Factor on the events' loss."""
    precision: str = "auto"
    """``bf16`` autocast, ``fp32``, or ``auto``: bf16 where the processor has it."""
    seed: int = 13
    """Seed of the heads, the dropout and the order of rows."""
    split_seed: int = 13
    """Seed of the split by documents."""

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            RecipeError: A value is outside its range.
        """
        choices = {
            "precision": PRECISIONS,
            "stance_weighting": STANCE_WEIGHTINGS,
            "pooling": POOLINGS,
            "row_order": ROW_ORDERS,
        }
        for key, allowed in choices.items():
            if getattr(self, key) not in allowed:
                raise RecipeError(f"{key} is {getattr(self, key)!r}: use one of {', '.join(allowed)}")
        for key in (
            "learning_rate",
            "head_learning_rate",
            "max_grad_norm",
            "batch_size",
            "epochs",
            "event_loss_weight",
        ):
            if getattr(self, key) <= 0:
                raise RecipeError(f"{key} is {getattr(self, key)}: use a number above 0")
        for key in ("head_dropout", "warmup_ratio", "weight_decay"):
            if not 0 <= getattr(self, key) < 1:
                raise RecipeError(f"{key} is {getattr(self, key)}: use a number from 0 to below 1")
        for step in self.normalizer:
            if step not in NORMALIZERS:
                raise RecipeError(f"normalizer {step!r} is unknown: use {', '.join(sorted(NORMALIZERS))}")

    @classmethod
    def from_toml(cls, path: Path) -> TrainRecipe:
        """Read a recipe.

        Raises:
            RecipeError: The file is missing or not TOML, names an unknown key, lacks a required one, or gives a value
                of the wrong type or range. The message names the file and the key.
        """
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RecipeError(f"{path}: cannot be read ({error.strerror})") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RecipeError(f"{path}: not TOML ({error})") from None
        hints = get_type_hints(cls)
        for key, value in settings.items():
            if key not in hints:
                raise RecipeError(f"{path}: unknown setting {key!r}: known are {', '.join(hints)}")
            settings[key] = _typed(path, key, value, hints[key])
        missing = [
            field.name for field in fields(cls) if field.name in ("name", "encoder") and field.name not in settings
        ]
        if missing:
            raise RecipeError(f"{path}: setting {missing[0]!r} is missing")
        try:
            return cls(**settings)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from None


def _typed(path: Path, key: str, value: Any, wanted: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return the value in the type of its field; an integer may stand for a float, a list for a tuple."""
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if wanted in (str, int, float) and isinstance(value, wanted) and not isinstance(value, bool):
        return value
    name = "a list of strings" if wanted == tuple[str, ...] else wanted.__name__
    raise RecipeError(f"{path}: setting {key!r} is {value!r}: it must be {name}")
