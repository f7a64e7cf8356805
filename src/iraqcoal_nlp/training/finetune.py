"""Fine-tuning with ``transformers.Trainer``: an encoder, a recipe and annotated rows give a torch checkpoint."""

from __future__ import annotations

import hashlib
import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from datasets import Dataset
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Sampler
from transformers import (
    AutoConfig,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
    get_linear_schedule_with_warmup,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.batching import pad
from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.modeling import IGNORED_EVENT, IGNORED_STANCE, IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.sampling import LengthBatches

LOGGER = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
"""Folder inside the run's folder; a run that finds one there goes on from it."""

RUN = "run.sha256"
"""File that says of which recipe and rows the checkpoints are."""

_SAVE_EVERY = 250  # steps: about four minutes of a small encoder on two cores


def finetune(
    recipe: TrainRecipe, rows: Sequence[Annotation], out: Path
) -> tuple[IraqCoalForSentenceClassification, SentenceTokenizer]:
    """Train a model on all ``rows``; a killed run goes on from its last checkpoint in ``out``.

    Args:
        recipe: Settings of the run.
        rows: Training sentences; a missing label trains only the other head.
        out: Folder for checkpoints.

    Returns:
        The trained network in evaluation mode, and the tokenizer that goes with it.

    Raises:
        RecipeError: The encoder can be found neither as a folder nor on a hub, or ``out`` holds checkpoints of another
            recipe or other rows.
    """
    _claim(out, recipe, rows)
    set_seed(recipe.seed)
    tokenizer = load_tokenizer(recipe)
    model = build_model(recipe, rows)
    dataset = tokenize(recipe, rows, tokenizer)
    arguments = _arguments(recipe, out / CHECKPOINTS)
    trainer = _Trainer(
        model=model,
        args=arguments,
        train_dataset=dataset,
        data_collator=Collator(pad_id=model.config.encoder_config.pad_token_id or 0),
        optimizers=_optimizers(recipe, model, math.ceil(len(dataset) / arguments.train_batch_size)),
    )
    trainer.train(resume_from_checkpoint=_last_checkpoint(out / CHECKPOINTS))
    # Mixed precision wraps `forward`; left on, an exporter would write a bf16 graph.
    trained = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return trained.eval(), tokenizer


def load_tokenizer(recipe: TrainRecipe) -> SentenceTokenizer:
    """Load the encoder's fast tokenizer.

    Raises:
        RecipeError: The encoder cannot be found.
    """
    loaded = _fetch(AutoTokenizer.from_pretrained, recipe)
    return SentenceTokenizer(loaded.backend_tokenizer, max_length=recipe.max_length)


def build_model(recipe: TrainRecipe, rows: Sequence[Annotation]) -> IraqCoalForSentenceClassification:
    """Load the encoder and put new heads on it; stance weights come from the rows.

    Raises:
        RecipeError: The encoder cannot be found.
    """
    encoder_config = _fetch(AutoConfig.from_pretrained, recipe)
    encoder_config.dtype = torch.float32  # half-precision files would otherwise give a half-precision network
    encoder_config._name_or_path = public_name(recipe)
    config = IraqCoalConfig(
        encoder_config,
        pooling=recipe.pooling,
        head_dropout=recipe.head_dropout,
        stance_weights=stance_weights(rows) if recipe.stance_weighting == "inverse_sqrt" else None,
        event_loss_weight=recipe.event_loss_weight,
    )
    return IraqCoalForSentenceClassification.from_encoder(recipe.encoder, config)


def public_name(recipe: TrainRecipe) -> str:
    """Return the encoder's name as it may be published: of a folder, its last part only."""
    if recipe.encoder_name:
        return recipe.encoder_name
    folder = Path(recipe.encoder)
    return folder.name if folder.is_dir() else recipe.encoder


def stance_weights(rows: Sequence[Annotation]) -> tuple[float, ...]:
    """Return 1/sqrt(frequency) per stance, scaled to mean 1; a stance that never occurs counts as once."""
    counts = Counter(row.stance for row in rows)
    raw = [1 / math.sqrt(max(counts[stance], 1)) for stance in STANCES]
    return tuple(weight * len(raw) / sum(raw) for weight in raw)


def tokenize(recipe: TrainRecipe, rows: Sequence[Annotation], tokenizer: SentenceTokenizer) -> Dataset:
    """Return what the network trains on: piece ids, their number, and both heads' labels."""
    normalize = build_normalizer(recipe.normalizer)
    windows = tokenizer.windows([normalize(row.text) for row in rows])
    ids = [first for first, *_ in windows]
    n_cut = sum(len(item) > 1 for item in windows)
    if n_cut:
        LOGGER.warning("%d of %d training sentences are longer than %d pieces: the model learns from their first "
                       "window alone", n_cut, len(rows), recipe.max_length)  # fmt: skip
    return Dataset.from_dict(
        {
            "input_ids": ids,
            "length": [len(item) for item in ids],
            "stance_labels": [IGNORED_STANCE if row.stance is None else STANCES.index(row.stance) for row in rows],
            "event_labels": [
                [IGNORED_EVENT if row.events is None else float(event in row.events) for event in EVENTS]
                for row in rows
            ],
        }
    )


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


class _Trainer(Trainer):
    """The Trainer, with our order of rows unless the recipe wants its own."""

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int] | None:
        if self.args.train_sampling_strategy == "group_by_length":
            return super()._get_train_sampler(train_dataset)
        rows = cast("Dataset", self.train_dataset if train_dataset is None else train_dataset)
        return LengthBatches(rows["length"], batch_size=self.args.train_batch_size, seed=self.args.seed)


def _arguments(recipe: TrainRecipe, checkpoints: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch_size,
        num_train_epochs=recipe.epochs,
        max_grad_norm=recipe.max_grad_norm,
        use_cpu=not torch.cuda.is_available(),
        bf16=recipe.precision == "bf16" or (recipe.precision == "auto" and _has_bf16()),
        train_sampling_strategy="group_by_length" if recipe.row_order == "group_by_length" else "random",
        length_column_name="length",
        remove_unused_columns=False,  # our collator picks what the network takes
        label_names=["stance_labels", "event_labels"],
        save_steps=_SAVE_EVERY,
        save_total_limit=2,
        logging_steps=50,
        report_to=[],
        seed=recipe.seed,
        data_seed=recipe.seed,
    )


def _has_bf16() -> bool:
    """Whether bf16 arithmetic is native here: emulated, it is slower than fp32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _optimizers(recipe: TrainRecipe, model: torch.nn.Module, steps_per_epoch: int) -> tuple[AdamW, LambdaLR]:
    """AdamW with four groups: encoder and heads, each with and without decay."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decays = parameter.ndim > 1
        groups.setdefault((name.startswith("encoder."), decays), []).append(parameter)
    optimizer = AdamW(
        [
            {
                "params": parameters,
                "lr": recipe.learning_rate if in_encoder else recipe.head_learning_rate,
                "weight_decay": recipe.weight_decay if decays else 0.0,
            }
            for (in_encoder, decays), parameters in groups.items()
        ]
    )
    steps = math.ceil(steps_per_epoch * recipe.epochs)
    return optimizer, get_linear_schedule_with_warmup(optimizer, round(recipe.warmup_ratio * steps), steps)


def _claim(out: Path, recipe: TrainRecipe, rows: Sequence[Annotation]) -> None:
    """Note whose checkpoints ``out`` holds, and refuse those of another run.

    Raises:
        RecipeError: The recipe or the rows differ from those of the checkpoints.
    """
    told = "\n".join([repr(recipe), *(repr((row.text, row.stance, row.events)) for row in rows)])
    fingerprint = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
    path = out / RUN
    if any(out.glob(f"{CHECKPOINTS}/checkpoint-*")) and (
        not path.is_file() or path.read_text("utf-8").strip() != fingerprint
    ):
        raise RecipeError(
            f"{out}: holds checkpoints of another recipe or other data: choose another folder or empty it"
        )
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(fingerprint + "\n", encoding="utf-8")


def _last_checkpoint(checkpoints: Path) -> str | None:
    found = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    if found is not None:
        LOGGER.info("resuming from %s", found)
    return found


def _fetch(load: Callable[[str], Any], recipe: TrainRecipe) -> Any:  # noqa: ANN401 - a tokenizer or a configuration
    """Load a part of the encoder from its folder or a hub.

    Raises:
        RecipeError: It cannot be found.
    """
    try:
        return load(recipe.encoder)
    except (OSError, ValueError):
        raise RecipeError(
            f"encoder {recipe.encoder!r} is no folder of a model, nor can it be fetched from a hub: download its "
            "config, tokenizer and weights into a folder and set `encoder` to that folder"
        ) from None
