"""Fine-tuning with ``transformers.Trainer``: an encoder, a recipe and annotated rows give one network per seed."""

from __future__ import annotations

import json
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
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments, set_seed
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_callback import PrinterCallback
from transformers.trainer_utils import get_last_checkpoint

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.model.batching import pad
from iraqcoal_nlp.model.modeling import IGNORED_EVENT, IGNORED_STANCE, IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.encoders import build_model
from iraqcoal_nlp.training.epochs import BEST, DevRows, DevScore, EpochKeeper, best_epoch, load_best, read_history
from iraqcoal_nlp.training.optimization import build_optimizer, finish, prepare
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.sampling import LengthBatches

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
        RecipeError: The encoder has not the form that the recipe asks for.
    """
    out.mkdir(parents=True, exist_ok=True)
    set_seed(seed)
    # Weights can be averaged only where the heads started alike.
    model = build_model(recipe, rows, head_seed=recipe.seeds[0] if recipe.seed_choice == "average" else seed)
    finished = out / WEIGHTS
    if finished.is_file():
        LOGGER.info("seed %d was trained before: %s", seed, finished)
        model.load_state_dict(load_file(finished))
        return model.train(mode=False), _seed_run(recipe, seed, out)
    prepare(model, recipe)
    model = _train(recipe, model, tokenize(recipe, rows, tokenizer), dev, out, seed)
    report = _seed_run(recipe, seed, out)
    if report.kept_epoch is not None and report.kept_epoch != max(report.epochs):
        load_best(model, out)
    PartialState().wait_for_everyone()  # before the first process deletes what others still read
    finish(model, recipe)
    if PartialState().is_main_process:
        # A half-written file must not pass for a finished one.
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, out / _UNFINISHED)
        (out / _UNFINISHED).replace(finished)
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
        (out / BEST).unlink(missing_ok=True)
    return model.train(mode=False), report


def tokenize(recipe: TrainRecipe, rows: Sequence[Annotation], tokenizer: SentenceTokenizer) -> Dataset:
    """Return what the network trains on: piece ids, their number, and both heads' labels."""
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
            "input_ids": ids,
            "length": [len(item) for item in ids],
            "stance_labels": [IGNORED_STANCE if stance is None else STANCES.index(stance) for stance in stances],
            "event_labels": [
                [IGNORED_EVENT if reported is None else float(event in reported) for event in EVENTS]
                for reported in events
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
    """The Trainer, with our optimizer, and with our order of rows unless the recipe wants the Trainer's own."""

    def __init__(self, recipe: TrainRecipe, **settings: Any) -> None:  # noqa: ANN401 - what Trainer takes
        super().__init__(**settings)
        self._recipe = recipe

    def create_optimizer(self, model: torch.nn.Module | None = None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            network = cast("IraqCoalForSentenceClassification", self.model)
            self.optimizer = build_optimizer(network, self._recipe)
        return self.optimizer

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int] | None:
        if self.args.train_sampling_strategy == "group_by_length":
            return super()._get_train_sampler(train_dataset)
        rows = cast("Dataset", self.train_dataset if train_dataset is None else train_dataset)
        return LengthBatches(rows["length"], batch_size=self.args.train_batch_size, seed=self.args.seed)


class _ProgressLines(TrainerCallback):
    """Tells the steps and the loss in lines, where there is no terminal to draw a bar on."""

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> None:
        LOGGER.info("%d steps", state.max_steps)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> None:
        if state.is_world_process_zero and logs and "loss" in logs:
            LOGGER.info("step %d of %d: loss %.4f", state.global_step, state.max_steps, float(logs["loss"]))


def _train(
    recipe: TrainRecipe,
    model: IraqCoalForSentenceClassification,
    dataset: Dataset,
    dev: DevRows | None,
    out: Path,
    seed: int,
) -> IraqCoalForSentenceClassification:
    """Train the model as it is to the last epoch, on all processes that run this."""
    keeper = EpochKeeper(model, dev, out, recipe) if dev is not None and len(dev) else None
    trainer = _Trainer(
        recipe,
        model=model,
        args=_arguments(recipe, out / CHECKPOINTS, seed),
        train_dataset=dataset,
        data_collator=Collator(pad_id=model.config.encoder_config.pad_token_id or 0),
        callbacks=[callback for callback in (keeper, _ProgressLines()) if callback is not None],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=_last_checkpoint(out / CHECKPOINTS))
    PartialState().wait_for_everyone()
    # Mixed precision wraps `forward`; left on, an exporter would write a bf16 graph.
    return cast(
        "IraqCoalForSentenceClassification",
        trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False),
    )


def _arguments(recipe: TrainRecipe, checkpoints: Path, seed: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        num_train_epochs=recipe.epochs,
        max_grad_norm=recipe.max_grad_norm,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warmup_ratio,  # below 1 it is a share of all steps
        use_cpu=not torch.cuda.is_available(),
        bf16=recipe.precision == "bf16" or (recipe.precision == "auto" and _has_bf16()),
        train_sampling_strategy="group_by_length" if recipe.row_order == "group_by_length" else "random",
        length_column_name="length",
        remove_unused_columns=False,  # our collator picks what the network takes
        label_names=["stance_labels", "event_labels"],
        save_steps=_SAVE_EVERY,
        save_total_limit=2,
        logging_steps=50,
        disable_tqdm=not sys.stderr.isatty(),
        report_to=[],
        seed=seed,
        data_seed=seed,
    )


def _has_bf16() -> bool:
    """Whether bf16 arithmetic is native here: emulated, it is slower than fp32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _last_checkpoint(checkpoints: Path) -> str | None:
    """Return the newest whole checkpoint; those that a kill left half-written are deleted."""
    while (found := get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None) is not None:
        try:
            json.loads((Path(found) / TRAINER_STATE_NAME).read_text("utf-8"))  # the Trainer writes it last
        except (OSError, ValueError):
            shutil.rmtree(found, ignore_errors=True)  # another process of this run may be faster
            continue
        LOGGER.info("resuming from %s", found)
        return str(found)
    return None


def _seed_run(recipe: TrainRecipe, seed: int, out: Path) -> SeedRun:
    """Say what the seed's folder holds."""
    history = read_history(out)
    kept = None
    if history:
        kept = best_epoch(history) if recipe.epoch_choice == "best" else max(history)
    return SeedRun(seed=seed, epochs=history, kept_epoch=kept)
