"""Cross-validation by document: every sentence is labelled by a model that saw nothing of its document."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.splits import k_folds, split_by_document
from iraqcoal_nlp.evaluation.predictions import Predictions, predict
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import train

LOGGER = logging.getLogger(__name__)


def cross_validate(recipe: TrainRecipe, rows: Sequence[Annotation], out: Path, *, k: int) -> list[Predictions]:
    """Train one model per fold and let it label the documents it did not see.

    Of the other folds, a tenth of the documents chooses temperatures and thresholds. Started again after a kill, the
    run goes on from its last checkpoint.

    Args:
        recipe: Settings of each run; its ``split_seed`` deals the folds.
        rows: Annotated sentences.
        out: Folder of the runs: ``fold-1`` and so on, each as :func:`~iraqcoal_nlp.training.run.train` leaves it.
        k: Number of folds, at least 2.

    Returns:
        The predictions of each fold. :func:`~iraqcoal_nlp.evaluation.predictions.pool` makes one set of them.

    Raises:
        InputError: The rows come from too few documents.
        RecipeError: See :func:`~iraqcoal_nlp.training.run.train`.
    """
    predictions = []
    for number, (others, held_out) in enumerate(k_folds(rows, k=k, seed=recipe.split_seed), 1):
        LOGGER.info("fold %d of %d", number, k)
        rest = split_by_document(others, seed=recipe.split_seed, test=0.0)
        splits = replace(rest, test=tuple(held_out))
        folder = train(recipe, TrainData(splits=splits), out / f"fold-{number}").folder
        predictions.append(predict(ArticleClassifier.from_folder(folder), held_out))
    return predictions
