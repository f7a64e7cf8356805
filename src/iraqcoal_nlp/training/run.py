"""A whole training run: annotated rows and a recipe in, a model folder out."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from transformers.utils.logging import disable_progress_bar

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.codebook import EVENTS, HEADS, STANCES
from iraqcoal_nlp.data.annotations import (
    UNLESS_JUDGED,
    Annotation,
    label_counts,
    labelling_models,
    write_annotations,
)
from iraqcoal_nlp.data.fingerprints import rows_sha256, texts_sha256
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.checklist import run_checklist
from iraqcoal_nlp.evaluation.measure import measure
from iraqcoal_nlp.evaluation.scores import event_matrix
from iraqcoal_nlp.inference.calibration import (
    fit_events_temperature,
    fit_stance_temperature,
    sigmoid,
    softmax,
)
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.inference.thresholds import abstention_level, best_thresholds
from iraqcoal_nlp.model.backends.onnx import OnnxBackend
from iraqcoal_nlp.model.backends.protocol import Backend, Floats
from iraqcoal_nlp.model.card import fill_card
from iraqcoal_nlp.model.export import check_export, export_onnx
from iraqcoal_nlp.model.store import (
    CARD,
    EVALUATION,
    ONNX,
    TOKENIZER,
    ModelSettings,
    read_evaluation,
    write_manifest,
    write_settings,
)
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.distil import student_of
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer, own_model, public_name, training_windows
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.seeds import SeedsReport, train_seeds

LOGGER = logging.getLogger(__name__)

MODEL = "model"
"""Folder of the finished model inside the run's folder."""

FEW = 30
"""So many dev rows are needed to fit anything on: fewer would give extremes."""

TEST = "test.jsonl"
"""Held-out rows of the run, in the run's folder: what the model may be measured on again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """A finished run."""

    folder: Path
    """The model folder: torch weights, int8 ONNX graph, settings, card."""
    seeds: SeedsReport
    scores: Mapping[str, Mapping[str, Any]]
    """What ``evaluation.json`` says of each set that was measured."""


def train(recipe: TrainRecipe, data: TrainData, out: Path, *, teachers: Path | None = None) -> TrainReport:
    """Fine-tune, export, calibrate, measure and write the model folder ``out/model``.

    A killed run goes on from its last checkpoint when it is called again. Under ``accelerate launch`` every process
    calls this; the first one writes.

    Args:
        recipe: Settings of the run.
        data: Rows to train, choose and measure on.
        out: Folder of the run.
        teachers: Folder of the seeds that teach the recipe's student, if it is another one: runs that differ in the
            student alone can share it.

    Returns:
        The model folder, and what was measured.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
        RecipeError: ``out`` holds another run, torch is too old to export, or the encoder has fewer layers than the
            student shall have.
        InputError: No row is left to train on.
    """
    check_export()  # before the training, not hours later when the trained network is written
    if recipe.student_layers:
        student_of(build_model(recipe, ()), recipe.student_layers)  # nor after the teachers' training
    disable_progress_bar()  # those of loading and writing one file; the Trainer's stays
    rows, dev = data.training_rows(), data.dev_rows()
    given = len(data.splits.train) + len(data.extra)
    LOGGER.info("%d rows train, %d choose, %d measure", len(rows), len(dev), len(data.splits.test))
    if len(rows) < given:
        LOGGER.info("%d of %d are left out of training: they nearly repeat held-out rows", given - len(rows), given)
    if not given:
        raise InputError("no row fell to the training side: give more documents, or a column `split`")
    if not rows:
        raise InputError(f"no row is left to train on: {given} were given, and all nearly repeat held-out ones")
    labelled = labelling_models([*rows, *dev, *data.splits.test])
    if labelled is not None:
        LOGGER.warning("%s: %s", labelled, UNLESS_JUDGED)
    if not dev:
        LOGGER.warning("no row is left to choose by: the last epoch is kept, and settings stay as they are")
    tokenizer = load_tokenizer(recipe)
    unlabelled = data.unlabelled_sentences() if recipe.student_layers else ()
    network, seeds = train_seeds(recipe, rows, tokenizer, out, dev=dev, unlabelled=unlabelled, teachers=teachers)
    folder = out / MODEL
    processes = PartialState()
    if processes.is_main_process:
        folder.mkdir(parents=True, exist_ok=True)
        network.cpu()  # the exporter's example is there
        network.save_pretrained(folder)
        tokenizer.save(folder / TOKENIZER)
        export_onnx(network, folder / ONNX, int8=True)
        settings = choose_settings(recipe, OnnxBackend(folder / ONNX), tokenizer, rows, dev)
        write_settings(folder, settings)
        write_manifest(folder)
        write_annotations(data.splits.test, out / TEST)
        student = _student(recipe, unlabelled, seeds) if recipe.student_layers else None
        _measure(recipe, data, rows, dev, seeds, settings, folder, student=student)
    processes.wait_for_everyone()
    return TrainReport(folder=folder, seeds=seeds, scores=read_evaluation(folder)["scores"])


def _student(recipe: TrainRecipe, unlabelled: Sequence[str], seeds: SeedsReport) -> dict[str, Any]:
    """Return what ``evaluation.json`` says of a student."""
    dev = {} if seeds.score is None else {"stance": seeds.score.stance_macro_f1, "events": seeds.score.events_macro_f1}
    return {
        "layers": recipe.student_layers,
        "unlabelled": len(unlabelled),
        "sha256": texts_sha256(unlabelled),
        "dev": {head: value for head, value in dev.items() if value is not None},
    }


def _measure(
    recipe: TrainRecipe,
    data: TrainData,
    rows: Sequence[Annotation],
    dev: Sequence[Annotation],
    seeds: SeedsReport,
    settings: ModelSettings,
    folder: Path,
    *,
    student: Mapping[str, Any] | None,
) -> None:
    """Measure the folder, and write ``evaluation.json`` and the card into it."""
    test = data.test_sets()
    used = {"train": rows, "dev": dev, **test}
    evaluation = {
        "scores": measure(folder, test),
        "checklist": [
            {"capability": name, "passed": rate.passed, "total": rate.total}
            for name, rate in run_checklist(data.checklist, ArticleClassifier.from_folder(folder)).items()
        ],
        "seeds": [asdict(run) | {"used": run.seed in seeds.used} for run in seeds.runs],
        "student": student,
        "settings": asdict(settings),
        "fitted": fitted_heads(recipe, rows, dev),
        "recipe": asdict(replace(recipe, encoder=public_name(recipe))),
        "sources": data.sources(rows),
        "data": {
            name: {"rows": len(part), "labels": label_counts(part), "sha256": rows_sha256(part)}
            for name, part in used.items()
        },
        "library": __version__,
    }
    told = json.dumps(evaluation, ensure_ascii=False, indent=2) + "\n"
    (folder / EVALUATION).write_text(told, "utf-8")
    (folder / CARD).write_text(fill_card(json.loads(told)), "utf-8")
    write_manifest(folder)


def choose_settings(
    recipe: TrainRecipe,
    backend: Backend,
    tokenizer: SentenceTokenizer,
    rows: Sequence[Annotation],
    dev: Sequence[Annotation],
) -> ModelSettings:
    """Fit each head's temperature and thresholds on the dev rows that were judged for it.

    With fewer than :data:`FEW` of them a head keeps what it started from: the settings of the model that was trained
    further, else temperature 1, thresholds .5, no abstention. A new head that no training row has taught is silenced:
    its stance is always marked as abstained, its events are never reported.

    Args:
        recipe: Settings of the run.
        backend: The trained network.
        tokenizer: Its tokenizer.
        rows: Training rows.
        dev: Rows that choose.
    """
    parent = own_model(recipe)
    base = ModelSettings(
        name=recipe.name,
        normalizer=recipe.normalizer,
        max_length=recipe.max_length,
        target_query=recipe.target_query,
    )
    if parent is not None:
        base = replace(parent.settings, name=recipe.name, max_length=recipe.max_length)
    chosen: dict[str, Any] = {}
    for head in HEADS:
        judged = _judged_for(head, dev)
        if parent is None and not _is_taught(head, recipe, rows):
            LOGGER.warning("nothing taught the %s head: it is silenced", head)
            chosen |= {"abstain_below": 1.0} if head == "stance" else {"event_thresholds": (1.0,) * len(EVENTS)}
        elif len(judged) < FEW:
            LOGGER.warning("%d dev rows are too few to calibrate the %s head: it keeps its settings", len(judged), head)
        else:
            logits = backend.logits(training_windows(recipe, tokenizer, [row.text for row in judged]))
            chosen |= _stance_settings(logits[0], judged) if head == "stance" else _event_settings(logits[1], judged)
    return replace(base, **chosen)


def fitted_heads(recipe: TrainRecipe, rows: Sequence[Annotation], dev: Sequence[Annotation]) -> tuple[str, ...]:
    """Return the heads of which :func:`choose_settings` fits something."""
    known = own_model(recipe) is not None
    return tuple(
        head for head in HEADS if len(_judged_for(head, dev)) >= FEW and (known or _is_taught(head, recipe, rows))
    )


def _judged_for(head: str, rows: Sequence[Annotation]) -> list[Annotation]:
    return [row for row in rows if getattr(row, head) is not None]


def _is_taught(head: str, recipe: TrainRecipe, rows: Sequence[Annotation]) -> bool:
    return head in recipe.heads and bool(_judged_for(head, rows))


def _stance_settings(logits: Floats, judged: Sequence[Annotation]) -> dict[str, Any]:
    exact = np.asarray(logits, dtype=np.float64)
    temperature = fit_stance_temperature(exact, np.array([STANCES.index(row.stance or "") for row in judged]))
    return {"stance_temperature": temperature, "abstain_below": abstention_level(softmax(exact, temperature))}


def _event_settings(logits: Floats, judged: Sequence[Annotation]) -> dict[str, Any]:
    exact, gold = np.asarray(logits, dtype=np.float64), event_matrix(row.events or () for row in judged)
    temperature = fit_events_temperature(exact, gold)
    return {
        "events_temperature": temperature,
        "event_thresholds": best_thresholds(sigmoid(exact, temperature), gold),
    }
