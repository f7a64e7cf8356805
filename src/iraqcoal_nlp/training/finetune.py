"""Fine-tuning with ``transformers.Trainer``: an encoder, a recipe and annotated rows give one network per seed."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import PartialState
from datasets import Dataset
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import Sampler
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.modeling import IGNORED_EVENT, IGNORED_STANCE, IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.collator import Collate, Collator, respelling
from iraqcoal_nlp.training.consistency import disagreement, twice
from iraqcoal_nlp.training.encoders import build_model, own_model
from iraqcoal_nlp.training.epochs import (
    DevRows,
    DevScore,
    EpochKeeper,
    best_epoch,
    drop_kept,
    load_kept,
    ran_out,
    read_history,
)
from iraqcoal_nlp.training.optimization import build_optimizer, exchange_averages, finish, prepare
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.sampling import LengthBatches
from iraqcoal_nlp.training.trainer import ProgressLines, last_checkpoint, uses_bf16

LOGGER = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
"""Folder inside a seed's folder; a run that finds one there goes on from it."""

WEIGHTS = "weights.safetensors"
"""The finished network of a seed, inside its folder."""

_UNFINISHED = "weights.part"
_SAVE_EVERY = 250  # steps: about four minutes of a small encoder on two cores


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRun:
    """What one seed came to."""

    seed: int
    epochs: dict[int, DevScore]
    """Dev scores by epoch; empty without dev rows."""
    kept_epoch: int | None
    """The epoch whose weights were kept; ``None``: the last, of which there is no score."""

    @property
    def score(self) -> DevScore | None:
        """Dev score of the weights that were kept."""
        return None if self.kept_epoch is None else self.epochs[self.kept_epoch]


def finetune(
    recipe: TrainRecipe,
    rows: Sequence[Annotation],
    tokenizer: SentenceTokenizer,
    out: Path,
    *,
    seed: int,
    dev: DevRows | None = None,
) -> tuple[IraqCoalForSentenceClassification, SeedRun]:
    """Train one network on all ``rows``; a killed run goes on from its last checkpoint in ``out``.

    Args:
        recipe: Settings of the run.
        rows: Training sentences; a missing label trains only the other head.
        tokenizer: The encoder's.
        out: Folder of this seed.
        seed: Seed of the dropout and the order of rows; of new heads too, unless the recipe averages seeds.
        dev: Rows that choose the epoch; without them, or where there are none, the last epoch is kept.

    Returns:
        The network in evaluation mode, and its scores on the dev rows.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
        RecipeError: The encoder has not the form that the recipe asks for, or would stay untrained.
    """
    out.mkdir(parents=True, exist_ok=True)
    set_seed(seed)
    # Weights can be averaged only where the heads started alike.
    model = build_model(recipe, rows, head_seed=recipe.seeds[0] if recipe.seed_choice == "average" else seed)
    if not recipe.epochs and own_model(recipe) is None:
        raise RecipeError(f"epochs is 0, but {recipe.encoder!r} is no model of ours: nothing has trained its heads")
    if not recipe.epochs or load_finished(model, out):
        return model.train(mode=False), seed_run(recipe, seed, out)
    prepare(model, recipe)
    plain = Collator(pad_id=model.config.encoder_config.pad_token_id or 0)
    collator = respelling(plain, recipe, tokenizer, seed=seed)
    dataset = tokenize(recipe, rows, tokenizer)
    return fit(recipe, model, dataset, collator, out, seed=seed, dev=dev)


def load_finished(model: IraqCoalForSentenceClassification, out: Path) -> bool:
    """Put the weights that an earlier call has finished into the model, if there are any."""
    finished = out / WEIGHTS
    if not finished.is_file():
        return False
    LOGGER.info("%s was trained before", out.name)
    model.load_state_dict(load_file(finished))
    return True


def fit(
    recipe: TrainRecipe,
    model: IraqCoalForSentenceClassification,
    dataset: Dataset,
    collator: Collate,
    out: Path,
    *,
    seed: int,
    dev: DevRows | None = None,
    trainer: type[RecipeTrainer] | None = None,
) -> tuple[IraqCoalForSentenceClassification, SeedRun]:
    """Train a network that is made and prepared, and keep its finished weights in ``out``.

    Args:
        recipe: Settings of the run.
        model: The network, ready to learn.
        dataset: Rows as the collator takes them, with their ``length`` in pieces.
        collator: Makes a batch of rows.
        out: Folder of this network.
        seed: Seed of the dropout and the order of rows.
        dev: Rows that choose the epoch.
        trainer: Computes the loss; without it, the network does.

    Returns:
        The network in evaluation mode, and its scores on the dev rows.
    """
    if not ran_out(recipe, read_history(out)):
        model = _train(recipe, model, dataset, collator, dev, out, seed, trainer or RecipeTrainer)
    report = seed_run(recipe, seed, out)
    if report.kept_epoch is not None and report.kept_epoch != max(report.epochs):
        load_kept(model, out, report.kept_epoch)
    PartialState().wait_for_everyone()  # before the first process deletes what others still read
    finish(model, recipe)
    if PartialState().is_main_process:
        # A half-written file must not pass for a finished one.
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, out / _UNFINISHED)
        (out / _UNFINISHED).replace(out / WEIGHTS)
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
        drop_kept(out)
    return model.train(mode=False), report


def tokenize(recipe: TrainRecipe, rows: Sequence[Annotation], tokenizer: SentenceTokenizer) -> Dataset:
    """Return what the network trains on: texts, their piece ids and the number of these, and both heads' labels."""
    normalize = build_normalizer(recipe.normalizer)
    windows = tokenizer.windows([normalize(row.text) for row in rows])
    ids = [first for first, *_ in windows]
    n_cut = sum(len(item) > 1 for item in windows)
    if n_cut:
        LOGGER.warning("%d of %d training sentences are longer than %d pieces: the model learns from their first "
                       "window alone", n_cut, len(rows), recipe.max_length)  # fmt: skip
    stances = [row.stance if "stance" in recipe.heads else None for row in rows]
    events = [row.events if "events" in recipe.heads else None for row in rows]
    return Dataset.from_dict(
        {
            "text": [row.text for row in rows],
            "input_ids": ids,
            "length": [len(item) for item in ids],
            "stance_labels": [IGNORED_STANCE if stance is None else STANCES.index(stance) for stance in stances],
            "event_labels": [
                [IGNORED_EVENT if reported is None else float(event in reported) for event in EVENTS]
                for reported in events
            ],
        }
    )


class RecipeTrainer(Trainer):
    """The Trainer, with our optimizer and loss, and with our order of rows unless the recipe wants its own."""

    def __init__(self, recipe: TrainRecipe, **settings: Any) -> None:  # noqa: ANN401 - what Trainer takes
        super().__init__(**settings)
        self.recipe = recipe

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """Return the network's own loss, and with R-Drop how far two passes of it differ."""
        weight, heads = self.recipe.r_drop, self.recipe.heads
        if not weight:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        output = model(**twice(inputs))
        apart = disagreement(output, heads=heads, event_loss_weight=self.recipe.event_loss_weight)
        loss = output.loss + weight * apart
        return (loss, output) if return_outputs else loss

    def create_optimizer(self, model: torch.nn.Module | None = None) -> torch.optim.Optimizer:
        """Return ours, made once."""
        if self.optimizer is None:
            network = cast("IraqCoalForSentenceClassification", self.model)
            self.optimizer = build_optimizer(network, self.recipe)
        return self.optimizer

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int] | None:
        if self.args.train_sampling_strategy == "group_by_length":
            return super()._get_train_sampler(train_dataset)
        rows = cast("Dataset", self.train_dataset if train_dataset is None else train_dataset)
        order = LengthBatches(rows["length"], batch_size=self.args.train_batch_size, seed=self.args.seed)
        self.add_callback(order)
        return order


def _train(
    recipe: TrainRecipe,
    model: IraqCoalForSentenceClassification,
    dataset: Dataset,
    collator: Collate,
    dev: DevRows | None,
    out: Path,
    seed: int,
    trainer_class: type[RecipeTrainer],
) -> IraqCoalForSentenceClassification:
    """Train the model as it is to the last epoch, on all processes that run this."""
    keeper = EpochKeeper(model, dev, out, recipe) if dev is not None and len(dev) else None
    trainer = trainer_class(
        recipe,
        model=model,
        args=training_arguments(recipe, out / CHECKPOINTS, seed, labels=["stance_labels", "event_labels"]),
        train_dataset=dataset,
        data_collator=collator,
        callbacks=[given for given in (keeper, collator, ProgressLines()) if isinstance(given, TrainerCallback)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(out / CHECKPOINTS))
    exchange_averages(trainer.optimizer)
    PartialState().wait_for_everyone()
    # Mixed precision wraps `forward`; left on, an exporter would write a bf16 graph.
    return cast(
        "IraqCoalForSentenceClassification",
        trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False),
    )


def training_arguments(
    recipe: TrainRecipe, checkpoints: Path, seed: int, *, labels: Sequence[str]
) -> TrainingArguments:
    """Return what the Trainer takes of a recipe.

    Args:
        recipe: Settings of the run.
        checkpoints: Folder for checkpoints.
        seed: Seed of the dropout and the order of rows.
        labels: Names of the columns that hold labels.
    """
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        num_train_epochs=recipe.epochs,
        max_grad_norm=recipe.max_grad_norm,
        neftune_noise_alpha=recipe.embedding_noise or None,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warmup_ratio,  # below 1 it is a share of all steps
        use_cpu=not torch.cuda.is_available(),
        bf16=uses_bf16(recipe.precision),
        train_sampling_strategy="group_by_length" if recipe.row_order == "group_by_length" else "random",
        length_column_name="length",
        remove_unused_columns=False,  # our collator picks what the network takes
        label_names=list(labels),
        save_steps=_SAVE_EVERY,
        save_total_limit=2,
        logging_steps=50,
        disable_tqdm=not sys.stderr.isatty(),
        report_to=[],
        seed=seed,
        data_seed=seed,
    )


def seed_run(recipe: TrainRecipe, seed: int, out: Path) -> SeedRun:
    """Say what the seed's folder holds."""
    history = read_history(out)
    kept = None
    if history:
        kept = best_epoch(history) if recipe.epoch_choice == "best" else max(history)
    return SeedRun(seed=seed, epochs=history, kept_epoch=kept)
