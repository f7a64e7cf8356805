"""Several seeds of one recipe: which have collapsed, which one is kept, or the mean of their weights."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.fingerprints import rows_sha256, texts_sha256
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.identity import encoder_id
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.training.distil import STUDENT, distil
from iraqcoal_nlp.training.epochs import DevRows, DevScore
from iraqcoal_nlp.training.finetune import SeedRun, finetune
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.soft_labels import SAID
from iraqcoal_nlp.training.trainer import claim_folder, is_first_process

LOGGER = logging.getLogger(__name__)

ANY_STUDENT: dict[str, Any] = {
    "name": "teachers",
    "student_layers": 1,
    "student_epochs": 1.0,
    "student_label_epochs": 0.0,
    "student_learning_rate": 1e-4,
    "student_attention_dropout": "encoder",
    "vector_loss_weight": 1.0,
    "lexical_share": 0.0,
}
"""What stands in place of what a recipe says of its student: shared teachers do not depend on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedsReport:
    """What the seeds of a run came to."""

    runs: tuple[SeedRun, ...]
    used: tuple[int, ...]
    """Seeds whose weights are in the network that was returned."""
    score: DevScore | None
    """Dev score of that network; ``None`` without dev rows."""


def train_seeds(
    recipe: TrainRecipe,
    rows: Sequence[Annotation],
    tokenizer: SentenceTokenizer,
    out: Path,
    *,
    dev: Sequence[Annotation] = (),
    unlabelled: Sequence[str] = (),
    teachers: Path | None = None,
) -> tuple[IraqCoalForSentenceClassification, SeedsReport]:
    """Train every seed of the recipe, and choose or average as it says, or let a student learn from them.

    Args:
        recipe: Settings of the run.
        rows: Training sentences.
        tokenizer: The encoder's.
        out: Folder of the run; each seed has one inside.
        dev: Rows that choose epoch and seed. Without any, the last epoch and the first seed are kept.
        unlabelled: Sentences for a student, if the recipe has one.
        teachers: Folder of the seeds, and of what they say to a student, if that is another one: runs that differ in
            the student alone can share it.

    Returns:
        The network in evaluation mode, and what happened.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
        RecipeError: ``out`` holds checkpoints of another recipe or other rows.
    """
    claim(out, recipe, rows, dev, unlabelled)
    if teachers is None or teachers.resolve() == out.resolve():
        teachers = out
    dev_rows = DevRows(recipe, tokenizer, dev)
    runs: list[SeedRun] = []
    weights: dict[int, Mapping[str, Tensor]] = {}
    with _alone_in(teachers):
        if teachers is not out:
            claim(teachers, replace(recipe, **ANY_STUDENT), rows, dev, unlabelled)
        for number, seed in enumerate(recipe.seeds, 1):
            LOGGER.info("seed %d (%d of %d)", seed, number, len(recipe.seeds))
            model, run = finetune(recipe, rows, tokenizer, teachers / f"seed-{seed}", seed=seed, dev=dev_rows)
            runs.append(run)
            weights[seed] = {name: value.cpu() for name, value in model.state_dict().items()}
            if run.score is not None and run.score.collapsed:
                heads = " and ".join(run.score.collapsed)
                LOGGER.warning("seed %d has collapsed: its %s head gives every dev row the same answer", seed, heads)
    used = choose_seeds(recipe, runs)
    if recipe.student_layers:
        networks = [_with_weights(model, weights[seed]) for seed in used]
        model, _ = distil(
            recipe, networks, rows, unlabelled, tokenizer, out / STUDENT, said=teachers / SAID, dev=dev_rows
        )
    else:
        model.load_state_dict(mean_weights([weights[seed] for seed in used]))
    score = dev_rows.score(model) if len(dev_rows) else None
    if score is not None and len(used) > 1:
        LOGGER.info(
            "%s %d seeds: dev macro-F1 %s", "student of" if recipe.student_layers else "mean of", len(used), score
        )
    return model.train(mode=False), SeedsReport(runs=tuple(runs), used=used, score=score)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let one run at a time train in a folder that several may share; the next one waits, and finds all done.

    Raises:
        RecipeError: Another run holds the folder, and this one has several processes, which cannot wait together.
    """
    lock = FileLock(folder / "lock")
    if is_first_process():  # it holds the folder for the others
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if os.environ.get("WORLD_SIZE", "1") != "1":
                raise RecipeError(f"{folder}: another run trains there: start again when it has ended") from None
            LOGGER.info("%s: another run trains there: waiting for it", folder)
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _with_weights(
    model: IraqCoalForSentenceClassification, state: Mapping[str, Tensor]
) -> IraqCoalForSentenceClassification:
    """Return a network of the model's shape with these weights."""
    network = copy.deepcopy(model)
    network.load_state_dict(state)
    return network


def choose_seeds(recipe: TrainRecipe, runs: Sequence[SeedRun]) -> tuple[int, ...]:
    """Return the seeds to use: the best on the dev rows, or all; without the collapsed, unless all are."""
    sound = [run for run in runs if run.score is None or not run.score.collapsed]
    if not sound:
        LOGGER.warning("every seed has collapsed: the model is not usable; try another learning rate or more rows")
        sound = list(runs)
    if recipe.seed_choice == "average" or recipe.student_layers:
        return tuple(run.seed for run in sound)
    return (max(sound, key=lambda run: -1.0 if run.score is None else run.score.mean).seed,)


def mean_weights(networks: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of equally shaped networks' weights ("model soup": Wortsman et al., 2022, arXiv:2203.05482)."""
    if len(networks) == 1:
        return dict(networks[0])
    return {
        name: torch.stack([network[name].double() for network in networks]).mean(dim=0).to(first.dtype)
        for name, first in networks[0].items()
    }


def claim(
    out: Path,
    recipe: TrainRecipe,
    rows: Sequence[Annotation],
    dev: Sequence[Annotation],
    unlabelled: Sequence[str] = (),
) -> None:
    """Note whose checkpoints ``out`` holds, and refuse those of another run.

    Raises:
        RecipeError: The recipe or the rows differ from those of the checkpoints.
    """
    encoder = encoder_id(recipe.encoder, recipe.revision)  # its folder may have been written anew
    told = f"{recipe.as_learned()!r} {encoder} {rows_sha256(rows)} {rows_sha256(dev)}"
    if unlabelled:
        told += " " + texts_sha256(unlabelled)
    # `s*`: the folders of the seeds, of the student and of what they said to it
    claim_folder(out, told, checkpoints="s*/*")
