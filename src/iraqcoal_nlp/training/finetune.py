"""Fine-tuning with ``transformers.Trainer``: an encoder, a recipe and annotated rows give one network per seed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accelerate import PartialState
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import set_seed

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.modeling import IGNORED_EVENT, IGNORED_STANCE, IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.collator import Collate, Collator, respelling
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
from iraqcoal_nlp.training.optimization import finish, prepare
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.recipe_trainer import RecipeTrainer, run_trainer

LOGGER = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
"""Folder inside a seed's folder; a run that finds one there goes on from it."""

WEIGHTS = "weights.safetensors"
"""The finished network of a seed, inside its folder."""

_UNFINISHED = "weights.part"


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
        keeper = EpochKeeper(model, dev, out, recipe) if dev is not None and len(dev) else None
        model = run_trainer(
            recipe,
            model,
            dataset,
            collator,
            out / CHECKPOINTS,
            seed=seed,
            labels=["stance_labels", "event_labels"],
            callbacks=[] if keeper is None else [keeper],
            trainer=trainer or RecipeTrainer,
        )
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


def seed_run(recipe: TrainRecipe, seed: int, out: Path) -> SeedRun:
    """Say what the seed's folder holds."""
    history = read_history(out)
    kept = None
    if history:
        kept = best_epoch(history) if recipe.epoch_choice == "best" else max(history)
    return SeedRun(seed=seed, epochs=history, kept_epoch=kept)
