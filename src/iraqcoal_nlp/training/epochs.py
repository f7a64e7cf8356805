"""The dev rows after each epoch: which epoch is kept, when to stop, and whether a run has collapsed."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from iraqcoal_nlp.codebook import EVENTS
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.evaluation.predictions import HeadPredictions, Predictions
from iraqcoal_nlp.evaluation.scores import collapsed, label_scores, macro_average
from iraqcoal_nlp.inference.calibration import sigmoid, softmax
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.training.encoders import training_windows
from iraqcoal_nlp.training.optimization import averaged_weights
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.sampling import current_epoch

LOGGER = logging.getLogger(__name__)

HISTORY = "epochs.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevScore:
    """What a network gets right on the dev rows, at the likeliest stance and the events more likely than not."""

    stance_macro_f1: float | None
    """``None`` for a head that does not learn, or that nobody judged."""
    events_macro_f1: float | None
    mean: float
    """Mean macro-F1 of the heads that learn: what chooses."""
    collapsed: tuple[str, ...] = ()
    """Heads that say the same of every row, though the rows differ."""

    def __str__(self) -> str:
        """Return both heads' figures in words."""
        heads = {"stance": self.stance_macro_f1, "events": self.events_macro_f1}
        return ", ".join(f"{head} {figure:.3f}" for head, figure in heads.items() if figure is not None)


class DevRows:
    """The rows that choose, as the network reads them: those of which a head that learns was judged.

    Args:
        recipe: Names the normalizer and the heads that learn.
        tokenizer: The encoder's.
        rows: Annotated sentences.
    """

    def __init__(self, recipe: TrainRecipe, tokenizer: SentenceTokenizer, rows: Sequence[Annotation]) -> None:
        self._heads = recipe.heads
        self._rows = [row for row in rows if any(getattr(row, head) is not None for head in recipe.heads)]
        self._windows = training_windows(recipe, tokenizer, [row.text for row in self._rows])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def score(self, model: IraqCoalForSentenceClassification) -> DevScore:
        """Score the network where it is; its mode, training or evaluation, stays as it was."""
        training = model.training
        stance_logits, event_logits = TorchBackend(model, device=str(model.device)).logits(self._windows)
        model.train(training)
        predictions = Predictions.of_probabilities(
            self._rows, softmax(stance_logits), sigmoid(event_logits), thresholds=[0.5] * len(EVENTS)
        )
        judged = {name: head for name, head in predictions.heads.items() if name in self._heads}
        macro_f1 = {name: _macro_f1(head) for name, head in judged.items()}
        return DevScore(
            stance_macro_f1=macro_f1.get("stance"),
            events_macro_f1=macro_f1.get("events"),
            mean=round(sum(macro_f1.values()) / len(macro_f1), 4),
            collapsed=tuple(name for name, head in judged.items() if collapsed(head.gold, head.predicted)),
        )


def _macro_f1(head: HeadPredictions) -> float:
    return round(macro_average(label_scores(head.gold, head.predicted, head.labels)).f1, 4)


class EpochKeeper(TrainerCallback):
    """Scores each epoch on the dev rows, keeps the best one's weights in ``folder``, stops when nothing is gained.

    Where the optimizer keeps averages of the weights, these are what is scored and kept.
    The history lies in a file, so that a killed run that goes on knows the epochs before. An epoch's end is a
    checkpoint: what was best before is deleted only when no run can go on from before it.
    """

    def __init__(
        self, model: IraqCoalForSentenceClassification, dev: DevRows, folder: Path, recipe: TrainRecipe
    ) -> None:
        self._model, self._dev, self._folder = model, dev, folder
        self._recipe, self._keep_best, self._over = recipe, recipe.epoch_choice == "best", False

    def on_epoch_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **given: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> TrainerControl:
        """Score, keep, and say whether to stop."""
        if self._over:  # the Trainer makes one more step before it stops; it counts for nothing
            return control
        epoch = _epoch(state)
        # A run that goes on from a checkpoint before this epoch's end meets its own later entries: they are replaced.
        history = {known: score for known, score in read_history(self._folder).items() if known < epoch}
        best_before = max((past.mean for past in history.values()), default=-1.0)
        with averaged_weights(given["optimizer"]):
            score = history[epoch] = self._dev.score(self._model)
            if state.is_world_process_zero and self._keep_best and score.mean > best_before:
                weights = {name: value.detach().cpu().contiguous() for name, value in self._model.state_dict().items()}
                path = _kept(self._folder, epoch)
                save_file(weights, path.with_suffix(".part"))
                path.with_suffix(".part").replace(path)
        LOGGER.info("epoch %d: dev macro-F1 %s", epoch, score)
        if state.is_world_process_zero:
            told = json.dumps({str(known): asdict(past) for known, past in history.items()}, indent=1)
            write_whole(self._folder / HISTORY, [told, "\n"])
        if ran_out(self._recipe, history):
            LOGGER.info("no gain on the dev rows for %d epochs: training stops", epoch - best_epoch(history))
            self._over = control.should_training_stop = True
        control.should_save = True
        return control

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - as above
    ) -> None:
        """Delete the weights of epochs that a later one has beaten."""
        n_ended = current_epoch(state)  # later entries are of a run that was killed: they will be replaced
        history = {known: score for known, score in read_history(self._folder).items() if known <= n_ended}
        if state.is_world_process_zero and history:
            drop_kept(self._folder, but=best_epoch(history))

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **given: Any,  # noqa: ANN401 - as above
    ) -> TrainerControl:
        """Score the epoch that a checkpoint ended, if the run was killed between the two."""
        at_an_end = state.epoch is not None and state.epoch >= 1 and abs(state.epoch - round(state.epoch)) < 1e-6
        if at_an_end and _epoch(state) not in read_history(self._folder):
            return self.on_epoch_end(args, state, control, **given)
        return control


def _epoch(state: TrainerState) -> int:
    return math.ceil((state.epoch or 0.0) - 1e-6)  # the last of 2.5 epochs is the third


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


def ran_out(recipe: TrainRecipe, history: dict[int, DevScore]) -> bool:
    """Whether the epochs after the best one have used up the recipe's patience."""
    return bool(recipe.patience and history) and max(history) - best_epoch(history) >= recipe.patience


def load_kept(model: IraqCoalForSentenceClassification, folder: Path, epoch: int) -> None:
    """Put the weights that were kept of an epoch into the model."""
    model.load_state_dict(load_file(_kept(folder, epoch)))


def drop_kept(folder: Path, *, but: int | None = None) -> None:
    """Delete the weights that were kept of epochs, of all but one."""
    for path in folder.glob("best-*"):
        if but is None or path != _kept(folder, but):
            path.unlink(missing_ok=True)


def _kept(folder: Path, epoch: int) -> Path:
    return folder / f"best-{epoch}.safetensors"
