"""Several seeds of one recipe: which have collapsed, which one is kept, or the mean of their weights."""

from __future__ import annotations

import copy
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.fingerprints import rows_sha256
from iraqcoal_nlp.model.identity import encoder_id
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.distil import STUDENT, distil
from iraqcoal_nlp.training.epochs import DevRows, DevScore
from iraqcoal_nlp.training.finetune import SeedRun, finetune
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.trainer import claim_folder

LOGGER = logging.getLogger(__name__)


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
    unlabelled: Sequence[str] = (),
) -> tuple[IraqCoalForSentenceClassification, SeedsReport]:
    """Train every seed of the recipe, and choose or average as it says, or let a student learn from them.

    Args:
        recipe: Settings of the run.
        rows: Training sentences.
        tokenizer: The encoder's.
        out: Folder of the run; each seed has one inside.
        dev: Rows that choose epoch and seed. Without any, the last epoch and the first seed are kept.
        unlabelled: Sentences for a student, if the recipe has one.

    Returns:
        The network in evaluation mode, and what happened.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
        RecipeError: ``out`` holds checkpoints of another recipe or other rows.
    """
    claim(out, recipe, rows, dev, unlabelled)
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
    if recipe.student_layers:
        model = _student(recipe, model, [weights[seed] for seed in used], rows, unlabelled, tokenizer, out, dev_rows)
    else:
        model.load_state_dict(mean_weights([weights[seed] for seed in used]))
    score = dev_rows.score(model) if len(dev_rows) else None
    if score is not None and len(used) > 1:
        LOGGER.info(
            "%s %d seeds: dev macro-F1 %s", "student of" if recipe.student_layers else "mean of", len(used), score
        )
    return model.train(mode=False), SeedsReport(runs=tuple(runs), used=used, score=score)


def _student(
    recipe: TrainRecipe,
    model: IraqCoalForSentenceClassification,
    weights: Sequence[Mapping[str, Tensor]],
    rows: Sequence[Annotation],
    unlabelled: Sequence[str],
    tokenizer: SentenceTokenizer,
    out: Path,
    dev: DevRows,
) -> IraqCoalForSentenceClassification:
    """Let the networks with these weights, of the model's shape, teach a student."""
    teachers = []
    for state in weights:
        teacher = copy.deepcopy(model)
        teacher.load_state_dict(state)
        teachers.append(teacher)
    normalize = build_normalizer(recipe.normalizer)
    windows = tokenizer.first_windows([normalize(text) for text in [*(row.text for row in rows), *unlabelled]])
    LOGGER.info("a student of %d layers learns from %d sentences", recipe.student_layers, len(windows))
    student, _ = distil(recipe, teachers, rows, windows, out / STUDENT, dev=dev)
    return student


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
    told = f"{recipe!r} {encoder} {rows_sha256(rows)} {rows_sha256(dev)}"
    if recipe.student_layers:
        told += " " + hashlib.sha256("\n".join(unlabelled).encode("utf-8", "replace")).hexdigest()
    # `s*`: the folders of the seeds and of the student
    claim_folder(out, told, checkpoints="s*/*")
