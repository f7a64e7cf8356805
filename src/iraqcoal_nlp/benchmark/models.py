"""The models that can be compared, by name.

============================  ========================================================================================
name                          is
============================  ========================================================================================
``majority``                  the commonest label, with the labels' shares as probabilities
``keyword``                   a rule list (:mod:`iraqcoal_nlp.evaluation.baselines.keyword`)
``tfidf-logreg``              n-grams and a logistic regression (:mod:`iraqcoal_nlp.evaluation.baselines.tfidf`)
``tfidf-svm``                 n-grams and a calibrated linear support vector machine
``encoder:NAME or FOLDER``    a BERT-like checkpoint, or a model of ours, fine-tuned on the task's rows by a recipe
``model:NAME or FOLDER``      a model of ours as it is: nothing is trained
============================  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from iraqcoal_nlp.benchmark.estimators import EstimatorModel
from iraqcoal_nlp.benchmark.folders import FolderModel, TwoHeadEncoder
from iraqcoal_nlp.benchmark.specs import ENCODER, FOLDER, BenchmarkModel, ModelSpec, recipe_for
from iraqcoal_nlp.benchmark.tasks import Task
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools
from iraqcoal_nlp.model.locate import locate_model


def build(spec: ModelSpec, task: Task, *, seed: int, recipe: str, work: Path) -> BenchmarkModel:
    """Return the model, not yet trained.

    Args:
        spec: Its name.
        task: What it is to answer.
        seed: Seed of all chance in it.
        recipe: Name or file of the recipe of encoders.
        work: Folder for checkpoints of its training.

    Raises:
        IraqCoalError: It cannot answer the task, or is not there.
    """
    if spec.kind == FOLDER:
        return FolderModel(task, locate_model(spec.where))
    if spec.kind == ENCODER and task.form == "annotations":
        return TwoHeadEncoder(task, recipe_for(spec.where, recipe), seed=seed, work=work)
    return EstimatorModel(task, spec, seed=seed, recipe=recipe, work=work)


def choose(task: Task, probs: Mapping[str, Floats], thresholds: Mapping[str, Sequence[float]]) -> dict[str, Bools]:
    """Return by question the labels that are given: the likeliest, or all that reach their threshold."""
    chosen = {}
    for question in task.questions:
        of_question = probs[question.name]
        if question.exclusive:
            chosen[question.name] = np.arange(len(question.labels)) == of_question.argmax(axis=1)[:, None]
        else:
            chosen[question.name] = of_question >= np.asarray(thresholds[question.name])
    return chosen
