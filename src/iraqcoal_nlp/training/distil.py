"""Knowledge distillation: a student of fewer layers learns from its teachers' probabilities on unlabelled sentences.

Soft labels of both heads (Hinton et al., 2015, arXiv:1503.02531), the mean of several teachers', tf-idf among them if
the recipe wants it (:mod:`iraqcoal_nlp.training.lexical`), and the first teacher's sentence vectors (as the hidden
states of Sanh et al., 2019, arXiv:1910.01108); the student starts from that teacher's layers, evenly spaced. It may end
with the annotated sentences alone, as the general and the task's distillation of TinyBERT follow each other (Jiao et
al., 2020, arXiv:1909.10351).
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor, nn

from iraqcoal_nlp.codebook import EVENTS, HEADS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.batching import pad
from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification, IraqCoalOutput
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.training.collator import respelling
from iraqcoal_nlp.training.encoders import own_model, training_windows
from iraqcoal_nlp.training.epochs import DevRows
from iraqcoal_nlp.training.finetune import SeedRun, fit, load_finished, seed_run
from iraqcoal_nlp.training.lexical import noted_lexical_labels
from iraqcoal_nlp.training.optimization import prepare
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.recipe_trainer import RecipeTrainer
from iraqcoal_nlp.training.soft_labels import Floats, SoftLabels, teach, with_lexical
from iraqcoal_nlp.training.trainer import uses_bf16

LOGGER = logging.getLogger(__name__)

STUDENT = "student"
"""Folder of the student inside the run's folder."""

POLISHED = "polished"
"""Folder, inside the student's, of one that went on with the annotated sentences alone."""

_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")  # as the architectures call it


def distil(
    recipe: TrainRecipe,
    teachers: Sequence[IraqCoalForSentenceClassification],
    rows: Sequence[Annotation],
    unlabelled: Sequence[str],
    tokenizer: SentenceTokenizer,
    out: Path,
    *,
    said: Path,
    dev: DevRows | None = None,
) -> tuple[IraqCoalForSentenceClassification, SeedRun]:
    """Train a student on annotated and unlabelled sentences; a killed run goes on from its last checkpoint.

    An annotated sentence is learned as the mean of its labels and the teachers' probabilities. With
    ``student_label_epochs`` the student then goes over the annotated ones alone, respelled by ``spelling_noise``. All
    of it learns, whatever of the teachers did: ``freeze_layers`` and ``lora_rank`` are theirs alone. A head that the
    recipe leaves out is learned from a model of ours, which has it already, and otherwise stays as it is.

    Args:
        recipe: Settings of the student: ``student_layers`` and those of the training.
        teachers: Networks that were trained; the student starts from the first.
        rows: Annotated sentences.
        unlabelled: Further sentences.
        tokenizer: The teachers' tokenizer.
        out: Folder of the student.
        said: Folder of what the teachers say: another student of them finds it there.
        dev: Rows that choose the epoch.

    Returns:
        The student in evaluation mode, and its scores on the dev rows.

    Raises:
        RecipeError: The teacher has fewer layers than the student shall have.
    """
    seed = recipe.seeds[0]
    recipe = replace(
        recipe,
        learning_rate=recipe.student_learning_rate,
        epochs=recipe.student_epochs,
        seeds=(seed,),
        freeze_layers=0,
        lora_rank=0,
    )
    student = student_of(teachers[0], recipe.student_layers)
    if recipe.student_attention_dropout == "none":
        student = _without_attention_dropout(student)
    last = out / POLISHED if recipe.student_label_epochs else out
    if load_finished(student, last):
        return student.train(mode=False), seed_run(recipe, seed, last)
    texts = [*(row.text for row in rows), *unlabelled]
    windows = training_windows(recipe, tokenizer, texts)
    LOGGER.info("a student of %d layers learns from %d sentences", recipe.student_layers, len(windows))
    soft = teach(teachers, windows, said, bf16=uses_bf16(recipe.precision))
    if recipe.lexical_share:
        lexical = noted_lexical_labels(rows, texts, said / "tf-idf.npz")
        soft = with_lexical(soft, lexical, recipe.lexical_share)
    stance, events = _mixed(rows, soft, recipe.heads)
    dataset = Dataset.from_dict({
        "text": texts,
        "input_ids": [list(ids) for ids in windows],
        "length": [len(ids) for ids in windows],
        "row": list(range(len(windows))),
    })  # fmt: skip
    pad_id = student.config.encoder_config.pad_token_id or 0
    collator = _SoftCollator(pad_id, stance, events, soft.vectors)
    recipe = replace(recipe, heads=HEADS if own_model(recipe) is not None else recipe.heads)
    if not load_finished(student, out):
        prepare(student.requires_grad_(True), recipe)
        student, run = fit(recipe, student, dataset, collator, out, seed=seed, dev=dev, trainer=_Distillation)
        if last == out:
            return student, run
    recipe = replace(recipe, epochs=recipe.student_label_epochs)
    spelled = respelling(collator, recipe, tokenizer, seed=seed)
    prepare(student.requires_grad_(True), recipe)
    annotated = dataset.select(range(len(rows)))
    return fit(recipe, student, annotated, spelled, last, seed=seed, dev=dev, trainer=_Distillation)


def student_of(teacher: IraqCoalForSentenceClassification, n_layers: int) -> IraqCoalForSentenceClassification:
    """Return a copy of the teacher with ``n_layers`` of its layers, evenly spaced, the last among them.

    Raises:
        RecipeError: The teacher has not so many.
    """
    own = len(layers_of(teacher))
    if not 1 <= n_layers <= own:
        raise RecipeError(f"student_layers is {n_layers}, but the teacher has {own} layers")
    student = copy.deepcopy(teacher)
    layers = layers_of(student)
    kept = [layers[round((place + 1) * own / n_layers) - 1] for place in range(n_layers)]
    del layers[:]
    layers.extend(kept)
    student.config.encoder_config.num_hidden_layers = n_layers
    student.encoder.config.num_hidden_layers = n_layers
    return student


def _without_attention_dropout(
    student: IraqCoalForSentenceClassification,
) -> IraqCoalForSentenceClassification:
    """Return the network as its configuration makes it once that names no dropout of attention weights."""
    config = cast("IraqCoalConfig", copy.deepcopy(student.config))
    for name in _ATTENTION_DROPOUT:
        if hasattr(config.encoder_config, name):
            setattr(config.encoder_config, name, 0.0)
    network = IraqCoalForSentenceClassification(config)
    network.load_state_dict(student.state_dict())
    return network


def layers_of(model: IraqCoalForSentenceClassification) -> nn.ModuleList:
    """Return the encoder's list of layers, which the architectures name differently.

    Raises:
        RecipeError: It has none that can be found.
    """
    wanted = model.config.encoder_config.num_hidden_layers
    for module in model.encoder.modules():
        if isinstance(module, nn.ModuleList) and len(module) == wanted:
            return module
    raise RecipeError(f"{model.config.encoder_config.model_type}: its layers are not found, so it cannot be distilled")


def _mixed(rows: Sequence[Annotation], soft: SoftLabels, heads: Sequence[str]) -> tuple[Floats, Floats]:
    """Return what is learned: of the first ``len(rows)`` sentences half their labels, half what the teachers say.

    The labels of a head that is not among ``heads`` are passed over.
    """
    stance, events = soft.stance_probs.copy(), soft.event_probs.copy()
    for index, row in enumerate(rows):
        if row.stance is not None and "stance" in heads:
            stance[index] = (stance[index] + np.array([row.stance == label for label in STANCES])) / 2
        if row.events is not None and "events" in heads:
            events[index] = (events[index] + np.array([label in row.events for label in EVENTS])) / 2
    return stance, events


class _SoftCollator:
    """Pads a batch, and adds what its sentences teach."""

    def __init__(self, pad_id: int, stance: Floats, events: Floats, vectors: NDArray[np.float16]) -> None:
        self._pad_id, self._stance, self._events, self._vectors = pad_id, stance, events, vectors

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        ids, mask = pad([item["input_ids"] for item in items], self._pad_id)
        rows = [item["row"] for item in items]
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "stance_probs": torch.from_numpy(self._stance[rows]),
            "event_probs": torch.from_numpy(self._events[rows]),
            "vectors": torch.from_numpy(self._vectors[rows].astype(np.float32)),
        }


class _Distillation(RecipeTrainer):
    """The Trainer with the loss of a student."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # noqa: ANN401 - as above
        """Return the cross-entropy to the teachers in the heads, and how far the vector has turned from theirs."""
        del num_items_in_batch
        output: IraqCoalOutput = model(inputs["input_ids"], inputs["attention_mask"])
        assert output.stance_logits is not None and output.event_logits is not None  # noqa: PT018
        assert output.sentence_vectors is not None
        stance = nn.functional.cross_entropy(output.stance_logits.float(), inputs["stance_probs"])
        events = nn.functional.binary_cross_entropy_with_logits(output.event_logits.float(), inputs["event_probs"])
        alike = nn.functional.cosine_similarity(output.sentence_vectors.float(), inputs["vectors"], dim=-1)
        losses = {"stance": stance, "events": self.recipe.event_loss_weight * events}
        learned = torch.stack([losses[head] for head in self.recipe.heads]).sum()
        loss = learned + self.recipe.vector_loss_weight * (1.0 - alike).mean()
        return (loss, output) if return_outputs else loss
