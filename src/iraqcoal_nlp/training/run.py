"""A whole training run: annotated rows and a recipe in, a model folder out."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.splits import Splits, drop_leaks
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.measure import measure
from iraqcoal_nlp.evaluation.scores import event_matrix
from iraqcoal_nlp.inference.calibration import (
    fit_events_temperature,
    fit_stance_temperature,
    sigmoid,
    softmax,
)
from iraqcoal_nlp.inference.thresholds import abstention_level, best_thresholds
from iraqcoal_nlp.model.backends.onnx import OnnxBackend
from iraqcoal_nlp.model.backends.protocol import Backend, Floats
from iraqcoal_nlp.model.card import fill_card
from iraqcoal_nlp.model.export import export_onnx
from iraqcoal_nlp.model.store import ONNX, TOKENIZER, ModelSettings, write_manifest, write_settings
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.finetune import finetune, public_name
from iraqcoal_nlp.training.recipe import TrainRecipe

LOGGER = logging.getLogger(__name__)

MODEL = "model"
"""Folder of the finished model inside the run's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainData:
    """What a run reads."""

    splits: Splits
    """Real sentences: train, dev for calibration and thresholds, test to measure."""
    extra: Sequence[Annotation] = ()
    """Sentences that only train, such as authored ones."""
    gold: Sequence[Annotation] = ()
    """A public test set; nothing that resembles it may train."""

    def training_rows(self) -> list[Annotation]:
        """Return all training rows, those left out that nearly repeat a held-out sentence."""
        held_out = [*self.splits.dev, *self.splits.test, *self.gold]
        return [*drop_leaks(self.splits.train, self.gold), *drop_leaks(self.extra, held_out)]

    def dev_rows(self) -> list[Annotation]:
        """Return the dev rows that choose, those left out that nearly repeat a sentence of the gold."""
        return drop_leaks(self.splits.dev, self.gold)


def train(recipe: TrainRecipe, data: TrainData, out: Path) -> Path:
    """Fine-tune, export, calibrate, measure and write the model folder ``out/model``.

    A killed run goes on from its last checkpoint when it is called again.

    Args:
        recipe: Settings of the run.
        data: Rows to train, choose and measure on.
        out: Folder of the run.

    Returns:
        The model folder: torch weights, int8 ONNX graph, card.

    Raises:
        RecipeError: The encoder cannot be found.
        InputError: No row is left to train on.
    """
    folder = out / MODEL
    rows, dev = data.training_rows(), data.dev_rows()
    given = len(data.splits.train) + len(data.extra)
    LOGGER.info("%d rows train, %d choose, %d measure", len(rows), len(dev), len(data.splits.test))
    if len(rows) < given:
        LOGGER.info("%d of %d are left out of training: they nearly repeat held-out rows", given - len(rows), given)
    if not rows:
        raise InputError(f"no row is left to train on: {given} were given, and all nearly repeat held-out ones")
    if not dev:
        LOGGER.warning("no row is left to choose thresholds: all stay at .5")
    network, tokenizer = finetune(recipe, rows, out)
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder)
    tokenizer.save(folder / TOKENIZER)
    export_onnx(network, folder / ONNX, int8=True)
    settings = choose_settings(recipe, OnnxBackend(folder / ONNX), tokenizer, dev)
    write_settings(folder, settings)
    write_manifest(folder)
    scores = measure(folder, {"held-out news": data.splits.test, "seed gold": data.gold})
    evaluation = {
        "scores": scores,
        "settings": asdict(settings),
        "recipe": asdict(replace(recipe, encoder=public_name(recipe))),
        "n_train": len(rows),
    }
    (folder / "evaluation.json").write_text(json.dumps(evaluation, ensure_ascii=False, indent=2) + "\n", "utf-8")
    (folder / "README.md").write_text(_card(recipe, data, rows, len(dev), settings, scores), "utf-8")
    write_manifest(folder)
    return folder


def predict_logits(
    normalizer: Sequence[str], backend: Backend, tokenizer: SentenceTokenizer, rows: Sequence[Annotation]
) -> tuple[Floats, Floats]:
    """Return both heads' logits for the first window of each row."""
    normalize = build_normalizer(normalizer)
    return backend.logits(tokenizer.first_windows([normalize(row.text) for row in rows]))


def choose_settings(
    recipe: TrainRecipe, backend: Backend, tokenizer: SentenceTokenizer, dev: Sequence[Annotation]
) -> ModelSettings:
    """Fit temperatures, thresholds and the abstention level on the dev rows that have both labels.

    Without such rows everything stays at its default: temperature 1, threshold .5, no abstention.
    """
    base = ModelSettings(name=recipe.name, normalizer=recipe.normalizer, max_length=recipe.max_length)
    judged = [row for row in dev if row.stance is not None and row.events is not None]
    if not judged:
        return base
    stance_logits, event_logits = (
        np.asarray(part, dtype=np.float64) for part in predict_logits(recipe.normalizer, backend, tokenizer, judged)
    )
    gold_stance = np.array([STANCES.index(row.stance or "") for row in judged])
    gold_events = event_matrix(row.events or () for row in judged)
    stance_temperature = fit_stance_temperature(stance_logits, gold_stance)
    events_temperature = fit_events_temperature(event_logits, gold_events)
    return replace(
        base,
        stance_temperature=stance_temperature,
        events_temperature=events_temperature,
        event_thresholds=best_thresholds(sigmoid(event_logits, events_temperature), gold_events),
        abstain_below=abstention_level(softmax(stance_logits, stance_temperature)),
    )


def _card(
    recipe: TrainRecipe,
    data: TrainData,
    rows: Sequence[Annotation],
    n_dev: int,
    settings: ModelSettings,
    scores: Mapping[str, Mapping[str, Any]],
) -> str:
    extra = set(data.extra)
    n_extra = sum(row in extra for row in rows)
    n_sources = len({row.source for row in data.splits.train if row.source is not None})
    real = f"{len(rows) - n_extra:,} split by document" + (f", from {n_sources} sources" if n_sources else "")
    calibration = "; ".join(
        f"{name}: stance {entry['stance']['calibration_error']:.3f}, events {entry['events']['calibration_error']:.3f}"
        for name, entry in scores.items()
    )
    thresholds = ", ".join(
        f"{event} {value:.2f}" for event, value in zip(EVENTS, settings.event_thresholds, strict=True)
    )
    facts = {
        "name": recipe.name,
        "encoder": public_name(recipe),
        "encoder_licence": recipe.encoder_licence or "see its own card",
        "version": __version__,
        "n_train": f"{len(rows):,}",
        "n_dev": f"{n_dev:,}",
        "n_test": f"{len(data.splits.test):,}",
        "sources": real + (f"; {n_extra:,} that only train" if n_extra else ""),
        "calibration": calibration or "not measured",
        "data_note": recipe.data_note,
        "settings": f"Temperatures: stance {settings.stance_temperature}, events {settings.events_temperature}. "
        f"Thresholds: {thresholds}.\nAbstains below {settings.abstain_below}.",
    }
    return fill_card(facts, scores)
