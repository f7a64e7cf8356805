"""The dev rows after each epoch: which epoch is kept, when to stop, and whether a run has collapsed."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.measure import judged_rows
from iraqcoal_nlp.evaluation.scores import score_labels
from iraqcoal_nlp.model.backends.protocol import Floats
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.recipe import TrainRecipe

LOGGER = logging.getLogger(__name__)

HISTORY, BEST = "epochs.json", "best.safetensors"

Labels = tuple[str, tuple[str, ...]]
"""Stance and events of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevScore:
    """What a network gets right on the dev rows, at the likeliest stance and the events more likely than not."""

    stance_macro_f1: float
    events_macro_f1: float
    mean: float
    """Mean macro-F1 of the heads that learn: what chooses."""
    collapsed: tuple[str, ...] = ()
    """Heads that say the same of every row, though the rows differ."""


class DevRows:
    """The rows that choose, as the network reads them: those of which both heads were judged.

    Args:
        recipe: Names the normalizer and the heads that learn.
        tokenizer: The encoder's.
        rows: Annotated sentences.
    """

    def __init__(self, recipe: TrainRecipe, tokenizer: SentenceTokenizer, rows: Sequence[Annotation]) -> None:
        judged = judged_rows(rows)
        normalize = build_normalizer(recipe.normalizer)
        self._windows = tokenizer.first_windows([normalize(text) for text, _, _ in judged])
        self._gold = [(stance, events) for _, stance, events in judged]
        self._heads = recipe.heads

    def __len__(self) -> int:
        return len(self._gold)

    def score(self, model: IraqCoalForSentenceClassification) -> DevScore:
        """Score the network where it is; its mode, training or evaluation, stays as it was."""
        training = model.training
        backend = TorchBackend(model, device=str(model.device))
        predicted = _labels(*backend.logits(self._windows))
        model.train(training)
        scores = score_labels(self._gold, predicted)
        by_head = {"stance": scores.stance_macro_f1, "events": scores.events_macro_f1}
        return DevScore(
            stance_macro_f1=round(by_head["stance"], 4),
            events_macro_f1=round(by_head["events"], 4),
            mean=round(sum(by_head[head] for head in self._heads) / len(self._heads), 4),
            collapsed=tuple(head for head in collapsed_heads(self._gold, predicted) if head in self._heads),
        )


def collapsed_heads(gold: Sequence[Labels], predicted: Sequence[Labels]) -> tuple[str, ...]:
    """Return the heads that give every row the same answer, although the gold gives several.

    Some seeds of a large encoder end so, two of ten in published runs of AraBERT; a mean over seeds that holds one
    measures luck.
    """
    heads = []
    for name, place in (("stance", 0), ("events", 1)):
        if len({pair[place] for pair in gold}) > 1 and len({pair[place] for pair in predicted}) == 1:
            heads.append(name)
    return tuple(heads)


class EpochKeeper(TrainerCallback):
    """Scores each epoch on the dev rows, keeps the best one's weights in ``folder``, stops when nothing is gained.

    The history lies in a file, so that a killed run that goes on knows the epochs before.
    """

    def __init__(self, model: IraqCoalForSentenceClassification, dev: DevRows, folder: Path, *, patience: int) -> None:
        self._model, self._dev, self._folder, self._patience = model, dev, folder, patience

    def on_epoch_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> TrainerControl:
        """Score, keep, and say whether to stop."""
        epoch = _epoch(state)
        # A run that goes on from a checkpoint before this epoch's end meets its own later entries: they are replaced.
        history = {known: score for known, score in read_history(self._folder).items() if known < epoch}
        score = self._dev.score(self._model)
        LOGGER.info(
            "epoch %d: dev macro-F1 stance %.3f, events %.3f", epoch, score.stance_macro_f1, score.events_macro_f1
        )
        best_before = max((past.mean for past in history.values()), default=-1.0)
        history[epoch] = score
        if state.is_world_process_zero:
            if score.mean > best_before:
                weights = {name: value.detach().cpu().contiguous() for name, value in self._model.state_dict().items()}
                save_file(weights, self._folder / BEST)
            (self._folder / HISTORY).write_text(
                json.dumps({str(known): asdict(past) for known, past in history.items()}, indent=1) + "\n", "utf-8"
            )
        best = best_epoch(history)
        if self._patience and epoch - best >= self._patience:
            LOGGER.info("no gain on the dev rows for %d epochs: training stops", epoch - best)
            control.should_training_stop = True
        return control

    def complete(self, args: TrainingArguments, state: TrainerState, control: TrainerControl) -> None:
        """Score the last epoch if it is not: a run killed between its last checkpoint and its score lacks it."""
        if _epoch(state) not in read_history(self._folder):
            self.on_epoch_end(args, state, control)


def _epoch(state: TrainerState) -> int:
    return round(state.epoch or 0.0)


def read_history(folder: Path) -> dict[int, DevScore]:
    """Return the scores of the epochs that a run has finished."""
    path = folder / HISTORY
    if not path.is_file():
        return {}
    return {
        int(epoch): DevScore(**score | {"collapsed": tuple(score["collapsed"])})
        for epoch, score in json.loads(path.read_text("utf-8")).items()
    }


def best_epoch(history: dict[int, DevScore]) -> int:
    """Return the epoch with the highest mean; of equals, the earliest."""
    return max(history, key=lambda epoch: (history[epoch].mean, -epoch))


def load_best(model: IraqCoalForSentenceClassification, folder: Path) -> None:
    """Put the best epoch's weights into the model."""
    model.load_state_dict(load_file(folder / BEST))


def _labels(stance_logits: Floats, event_logits: Floats) -> list[Labels]:
    """Return the likeliest stance and the events more likely than not."""
    return [
        (STANCES[int(best)], tuple(event for event, yes in zip(EVENTS, row > 0, strict=True) if yes))
        for best, row in zip(np.argmax(stance_logits, axis=1), event_logits, strict=True)
    ]
