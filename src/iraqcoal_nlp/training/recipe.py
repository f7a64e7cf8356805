"""A recipe holds everything that changes a trained model, and nothing else."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.configuration import POOLINGS
from iraqcoal_nlp.model.locate import shipped_path
from iraqcoal_nlp.model.store import is_model_name
from iraqcoal_nlp.text.normalize import NEWS_V1, NORMALIZERS

RECIPES = "recipes"
"""Folder of the recipes that come with the package."""

_CHOICES = {
    "precision": ("auto", "fp32", "bf16"),
    "stance_weighting": ("none", "inverse_sqrt"),
    "pooling": POOLINGS,
    "row_order": ("length_batches", "group_by_length"),
    "epoch_choice": ("best", "last"),
    "seed_choice": ("best", "average"),
    "student_attention_dropout": ("encoder", "none"),
}

_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (
        ("learning_rate", "head_learning_rate", "max_grad_norm", "batch_size", "gradient_accumulation",
         "event_loss_weight", "max_length", "student_epochs", "student_learning_rate"),
        lambda value: value > 0,
        "a number above 0",
    ),
    (
        ("epochs", "freeze_layers", "lora_rank", "patience", "focal_gamma", "r_drop", "embedding_noise",
         "student_layers", "student_label_epochs", "vector_loss_weight"),
        lambda value: value >= 0,
        "0 or a number above it",
    ),
    (
        ("head_dropout", "warmup_ratio", "weight_decay", "label_smoothing", "ema_decay", "lexical_share"),
        lambda value: 0 <= value < 1,
        "a number from 0 to below 1",
    ),
    (("spelling_noise",), lambda value: 0 <= value <= 1, "a number from 0 to 1"),
    (("layer_decay",), lambda value: 0 < value <= 1, "a number above 0, up to 1"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRecipe:
    """Settings of one training run, read from a TOML file."""

    name: str
    """Name of the model, shown in every row that it scores."""
    encoder: str
    """Hub name (``aubmindlab/bert-base-arabertv02``) or folder of a BERT-like checkpoint; or ``iraqcoal-mini`` or the
    folder of any model of ours, which is then trained further, heads included."""
    revision: str = "main"
    """Branch, tag or commit of the encoder on its hub."""
    encoder_name: str = ""
    """The encoder's public name for the card, if ``encoder`` is a folder."""
    encoder_licence: str = ""
    """The encoder's licence, for the card."""
    data_note: str = ""
    """What the card says of the annotations: who made them, and how far they can be trusted."""
    normalizer: tuple[str, ...] = NEWS_V1
    """Names of the normalization steps, in order."""
    pooling: str = "mean"
    """``mean`` over the sentence's tokens, ``cls``, the first token, ``max`` over the tokens in each dimension, or
    ``mean_max``, both of these end to end."""
    target_query: str = ""
    """Text that names the target, read before each sentence and set apart by the separator, in scoring too: the
    sentence pairs of Sun et al. (2019, arXiv:1903.09588), but without segment ids. Empty is off. It takes its pieces
    from ``max_length``."""
    max_length: int = 128
    """Pieces the model reads at once."""
    head_dropout: float = 0.1
    """Dropout before the heads, in [0, 1)."""
    heads: tuple[str, ...] = HEADS
    """Heads that learn: ``stance``, ``events`` or both. The other's labels are passed over."""
    freeze_layers: int = 0
    """Lowest layers of the encoder that stay as they are, the embeddings with them; 0 freezes nothing."""
    lora_rank: int = 0
    """Rank of low-rank adapters (LoRA: Hu et al., 2021, arXiv:2106.09685) that learn in place of the encoder's weights,
    and are merged into them at the end; 0 is off. Needs the extra ``peft``."""
    learning_rate: float = 1e-4
    """Peak rate of the encoder (AdamW); linear warm-up, then linear to 0."""
    head_learning_rate: float = 1e-3
    """Peak rate of the heads."""
    layer_decay: float = 1.0
    """Factor on the rate from each layer to the one below it, in (0, 1] (Howard and Ruder, 2018, arXiv:1801.06146)."""
    weight_decay: float = 0.01
    """AdamW's decay; biases and layer norms have none."""
    warmup_ratio: float = 0.06
    """Share of the steps that warm up, in [0, 1)."""
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm."""
    batch_size: int = 16
    """Sentences per pass, of like length; on several devices, on each."""
    gradient_accumulation: int = 1
    """Passes per step of the optimizer."""
    row_order: str = "length_batches"
    """``length_batches``: an epoch's order follows from its number, so a killed run ends as an unbroken one would;
    ``group_by_length``: the Trainer's own, longest first within each stretch."""
    epochs: float = 3.0
    """Passes over the training rows. 0 is for a recipe with a student: the encoder, a model of ours, then teaches it as
    it is."""
    epoch_choice: str = "best"
    """``best`` keeps the epoch whose mean of both heads' macro-F1 is highest on the dev rows; ``last`` the last."""
    patience: int = 0
    """Epochs without a better score on the dev rows after which training stops; 0 never stops early. Needs
    ``epoch_choice = "best"``."""
    stance_weighting: str = "inverse_sqrt"
    """``inverse_sqrt`` weighs a stance by 1/sqrt(its frequency), mean 1; ``none`` weighs all alike."""
    event_loss_weight: float = 4.0
    """Factor on the events' loss."""
    label_smoothing: float = 0.0
    """Share of the probability that goes to the other labels (Szegedy et al., 2016, arXiv:1512.00567), in [0, 1)."""
    focal_gamma: float = 0.0
    """Exponent of the focal loss (Lin et al., 2017, arXiv:1708.02002): what is learned counts less; 0 is off."""
    r_drop: float = 0.0
    """Weight of R-Drop (Liang et al., 2021, arXiv:2106.14448): each batch is read twice, under two dropouts, and both
    heads' answers are drawn together. The authors took 0.5 to 5; 0 is off. Doubles the time."""
    embedding_noise: float = 0.0
    """Alpha of NEFTune (Jain et al., 2023, arXiv:2310.05914): in training, word embeddings get uniform noise of up to
    alpha/sqrt(pieces * width). The authors took 5 to 15; 0 is off."""
    spelling_noise: float = 0.0
    """Share of the training sentences that an epoch spells in another way (no hamzas, ة as ه, words run together), in
    [0, 1]; 0 is off."""
    ema_decay: float = 0.0
    """Decay of the moving average of the weights, such as 0.999, in [0, 1): the average is what is scored and kept. Of
    the first steps it forgets faster (``min(decay, (1 + step) / (10 + step))``); 0 is off."""
    precision: str = "auto"
    """``bf16`` autocast, ``fp32``, or ``auto``: bf16 where that is faster."""
    seeds: tuple[int, ...] = (13,)
    """Seeds of the heads, the dropout and the order of rows; each gives one trained network."""
    seed_choice: str = "best"
    """Of several seeds, ``best`` keeps the one with the highest mean of both heads' macro-F1 on the dev rows;
    ``average`` takes the mean of their weights (Wortsman et al., 2022, arXiv:2203.05482). A collapsed seed is left out
    of both."""
    student_layers: int = 0
    """Layers of a student that learns from the seeds' networks, on the annotated sentences and unlabelled ones
    (:mod:`iraqcoal_nlp.training.distil`), and becomes the model; 0: no student."""
    student_epochs: float = 1.0
    """The student's passes over all its sentences."""
    student_label_epochs: float = 0.0
    """Its further passes over the annotated sentences alone, spelled as ``spelling_noise`` says."""
    student_learning_rate: float = 1e-4
    """Peak rate of the student's encoder."""
    student_attention_dropout: str = "encoder"
    """``encoder``: the student's attention is thinned out in training as the encoder's configuration says; ``none``: it
    is not, and on a CPU a step takes two thirds of the time."""
    vector_loss_weight: float = 1.0
    """Factor on the student's loss for turning from the teacher's sentence vectors (1 - cosine)."""
    lexical_share: float = 0.0
    """Share of tf-idf and logistic regression in what a student's teachers say together, in [0, 1)
    (:mod:`iraqcoal_nlp.training.lexical`); 0: the networks teach alone."""
    split_seed: int = 13
    """Seed of the split by documents."""

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            RecipeError: A value is outside its range.
        """
        for key, allowed in _CHOICES.items():
            if getattr(self, key) not in allowed:
                raise RecipeError(f"{key} is {getattr(self, key)!r}: use one of {', '.join(allowed)}")
        for keys, holds, advice in _RANGES:
            for key in keys:
                if not (math.isfinite(getattr(self, key)) and holds(getattr(self, key))):
                    raise RecipeError(f"{key} is {getattr(self, key)}: use {advice}")
        self._check_lists()
        if not is_model_name(self.name):
            raise RecipeError(f"name is {self.name!r}: use a line of 1 to 100 characters that can be seen")
        if not self.epochs and not self.student_layers:
            raise RecipeError("epochs is 0: use a number above 0, or set student_layers for a student of the encoder")
        if self.patience and self.epoch_choice == "last":
            raise RecipeError('patience goes with epoch_choice = "best": the last epoch would be kept')

    def _check_lists(self) -> None:
        if not self.heads or not set(self.heads) <= set(HEADS):
            raise RecipeError(f"heads is {list(self.heads)}: use one or both of {', '.join(HEADS)}")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise RecipeError(f"seeds is {list(self.seeds)}: use one or more different whole numbers")
        if not all(0 <= seed < 2**32 for seed in self.seeds):
            raise RecipeError(f"seeds is {list(self.seeds)}: use numbers from 0 to below 2**32")
        for step in self.normalizer:
            if step not in NORMALIZERS:
                raise RecipeError(f"normalizer {step!r} is unknown: use {', '.join(sorted(NORMALIZERS))}")

    def as_learned(self) -> TrainRecipe:
        """Return the recipe without what changes nothing that is learned: words for the card, the encoder's path."""
        return replace(self, name="model", encoder="", encoder_name="", encoder_licence="", data_note="")

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
        settings = _checked(path, settings)
        missing = [field.name for field in fields(cls) if field.default is MISSING and field.name not in settings]
        if missing:
            raise RecipeError(f"{path}: setting {missing[0]!r} is missing")
        try:
            return cls(**settings)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from None

    def changed(self, settings: Mapping[str, Any], path: Path) -> TrainRecipe:
        """Return the recipe with some of its settings replaced by those that the file ``path`` gives.

        Raises:
            RecipeError: As :meth:`from_toml`.
        """
        typed = _checked(path, settings)
        try:
            return replace(self, **typed)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from None


def locate_recipe(name: str) -> Path:
    """Return the file of a recipe: a path, or the name of one that comes with the package, such as ``arabert``.

    Raises:
        RecipeError: There is neither.
    """
    if Path(name).is_file():
        return Path(name)
    folder = shipped_path(RECIPES, source=f"models/{RECIPES}")
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if name in known:
        return folder / f"{name}.toml"
    raise RecipeError(f"{name}: no such recipe file; those that come with the package are {', '.join(known)}")


def _checked(path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in the types of their fields, once all are known."""
    hints = get_type_hints(TrainRecipe)
    for key in settings:
        if key not in hints:
            raise RecipeError(f"{path}: unknown setting {key!r}: known are {', '.join(hints)}")
    return {key: _typed(path, key, value, hints[key]) for key, value in settings.items()}


def _typed(path: Path, key: str, value: Any, wanted: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return the value in the type of its field; an integer may stand for a float, a list for a tuple."""
    if wanted is float and _is(value, int):
        return float(value)
    if wanted in _LISTS and isinstance(value, list) and all(_is(item, _LISTS[wanted][0]) for item in value):
        return tuple(value)
    if wanted in (str, int, float) and _is(value, wanted):
        return value
    name = _LISTS[wanted][1] if wanted in _LISTS else wanted.__name__
    raise RecipeError(f"{path}: setting {key!r} is {value!r}: it must be {name}")


_LISTS: dict[Any, tuple[type, str]] = {
    tuple[str, ...]: (str, "a list of strings"),
    tuple[int, ...]: (int, "a list of whole numbers"),
}


def _is(value: object, kind: type) -> bool:
    """Whether the value has the type; TOML's true and false are no numbers."""
    return isinstance(value, kind) and not isinstance(value, bool)
