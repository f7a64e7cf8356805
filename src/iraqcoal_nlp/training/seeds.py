"""Several seeds of one recipe: which have collapsed, which one is kept, or the mean of their weights."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.fingerprints import rows_sha256
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.training.epochs import DevRows, DevScore
from iraqcoal_nlp.training.finetune import SeedRun, finetune
from iraqcoal_nlp.training.recipe import TrainRecipe

LOGGER = logging.getLogger(__name__)

RUN = "run.sha256"
"""File that says of which recipe and rows the checkpoints in a run's folder are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedsReport:
    """What the seeds of a run came to."""

    runs: tuple[SeedRun, ...]
    used: tuple[int, ...]
    """Seeds whose weights are in the network that was returned."""
    score: DevScore | None
    """Dev score of that network; ``None`` without dev rows."""

    @property
    def collapsed(self) -> tuple[int, ...]:
        """Seeds of which a head gives every dev row the same answer."""
        return tuple(run.seed for run in self.runs if run.score is not None and run.score.collapsed)


def train_seeds(
    recipe: TrainRecipe,
    rows: Sequence[Annotation],
    tokenizer: SentenceTokenizer,
    out: Path,
    *,
    dev: Sequence[Annotation] = (),
) -> tuple[IraqCoalForSentenceClassification, SeedsReport]:
    """Train every seed of the recipe, and choose or average as it says.

    Args:
        recipe: Settings of the run.
        rows: Training sentences.
        tokenizer: The encoder's.
        out: Folder of the run; each seed has one inside.
        dev: Rows that choose epoch and seed. Without any, the last epoch and the first seed are kept.

    Returns:
        The network in evaluation mode, and what happened.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
        RecipeError: ``out`` holds checkpoints of another recipe or other rows.
    """
    claim(out, recipe, rows, dev)
    dev_rows = DevRows(recipe, tokenizer, dev)
    runs: list[SeedRun] = []
    weights: dict[int, Mapping[str, Tensor]] = {}
    for number, seed in enumerate(recipe.seeds, 1):
        LOGGER.info("seed %d (%d of %d)", seed, number, len(recipe.seeds))
        model, run = finetune(recipe, rows, tokenizer, out / f"seed-{seed}", seed=seed, dev=dev_rows)
        runs.append(run)
        weights[seed] = {name: value.cpu() for name, value in model.state_dict().items()}
        if run.score is not None and run.score.collapsed:
            heads = " and ".join(run.score.collapsed)
            LOGGER.warning("seed %d has collapsed: its %s head gives every dev row the same answer", seed, heads)
    used = choose_seeds(recipe, runs)
    model.load_state_dict(mean_weights([weights[seed] for seed in used]))
    score = dev_rows.score(model) if len(dev_rows) else None
    if score is not None and len(used) > 1:
        LOGGER.info("mean of %d seeds' weights: dev macro-F1 %s", len(used), score)
    return model.train(mode=False), SeedsReport(runs=tuple(runs), used=used, score=score)


def choose_seeds(recipe: TrainRecipe, runs: Sequence[SeedRun]) -> tuple[int, ...]:
    """Return the seeds to use: the best on the dev rows, or all; without the collapsed, unless all are."""
    sound = [run for run in runs if run.score is None or not run.score.collapsed]
    if not sound:
        LOGGER.warning("every seed has collapsed: the model is not usable; try another learning rate or more rows")
        sound = list(runs)
    if recipe.seed_choice == "average":
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


def claim(out: Path, recipe: TrainRecipe, rows: Sequence[Annotation], dev: Sequence[Annotation]) -> None:
    """Note whose checkpoints ``out`` holds, and refuse those of another run.

    Raises:
        RecipeError: The recipe or the rows differ from those of the checkpoints.
    """
    told = f"{recipe!r} {rows_sha256(rows)} {rows_sha256(dev)}"
    fingerprint = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
    path = out / RUN
    if any(out.glob("seed-*/*")) and (not path.is_file() or path.read_text("utf-8").strip() != fingerprint):
        raise RecipeError(
            f"{out}: holds checkpoints of another recipe or other data: choose another folder or empty it"
        )
    out.mkdir(parents=True, exist_ok=True)
    if os.environ.get("RANK", "0") == "0":  # of several processes, the first writes
        write_whole(path, [fingerprint, "\n"])
