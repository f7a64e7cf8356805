"""``transformers.Trainer`` as a recipe sets it: our optimizer, our losses, an order of rows that no kill changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import PartialState
from datasets import Dataset
from torch import Tensor
from torch.utils.data import Sampler
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.training.collator import Collate
from iraqcoal_nlp.training.consistency import disagreement, twice
from iraqcoal_nlp.training.optimization import build_optimizer, exchange_averages
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.sampling import LengthBatches
from iraqcoal_nlp.training.trainer import ProgressLines, last_checkpoint, uses_bf16

_SAVE_EVERY = 250  # steps: about four minutes of a small encoder on two cores


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


def run_trainer(
    recipe: TrainRecipe,
    model: IraqCoalForSentenceClassification,
    dataset: Dataset,
    collator: Collate,
    checkpoints: Path,
    *,
    seed: int,
    labels: Sequence[str],
    callbacks: Sequence[TrainerCallback] = (),
    trainer: type[RecipeTrainer] = RecipeTrainer,
) -> IraqCoalForSentenceClassification:
    """Train the model as it is to the last epoch, on all processes that run this.

    Args:
        recipe: Settings of the run.
        model: The network, ready to learn.
        dataset: Rows as the collator takes them, with their ``length`` in pieces.
        collator: Makes a batch of rows; told of epochs if it is a callback, too.
        checkpoints: Folder for checkpoints; a killed run goes on from the last one there.
        seed: Seed of the dropout and the order of rows.
        labels: Names of the columns that hold labels.
        callbacks: Further callbacks.
        trainer: Computes the loss.
    """
    told = [*callbacks, collator, ProgressLines()]
    running = trainer(
        recipe,
        model=model,
        args=training_arguments(recipe, checkpoints, seed, labels=labels),
        train_dataset=dataset,
        data_collator=collator,
        callbacks=[given for given in told if isinstance(given, TrainerCallback)],
    )
    running.remove_callback(PrinterCallback)
    with _fastest_attention(model, bf16=running.args.bf16):
        running.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    exchange_averages(running.optimizer)
    PartialState().wait_for_everyone()
    # Mixed precision wraps `forward`; left on, an exporter would write a bf16 graph.
    return cast(
        "IraqCoalForSentenceClassification",
        running.accelerator.unwrap_model(running.model, keep_fp32_wrapper=False),
    )


@contextmanager
def _fastest_attention(model: IraqCoalForSentenceClassification, *, bf16: bool) -> Iterator[None]:
    """Compute attention as plain products for a while, where torch's own function for it is slower.

    So it is in bf16 on a CPU: a step of six layers of 384 took 433 ms for 489, without dropout of attention weights
    274 for 451. In fp32 both are alike.
    """
    usual = model.encoder.config._attn_implementation
    slow = usual == "sdpa" and bf16 and not torch.cuda.is_available()
    if slow:
        model.encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        if slow:
            model.encoder.set_attn_implementation(usual)


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
