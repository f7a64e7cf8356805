"""Pre-training by the clock: when to save, when to end, how fast it goes."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from iraqcoal_nlp.data.outputs import write_whole

LOGGER = logging.getLogger(__name__)

_SAVE_EVERY = 300.0  # seconds


class Clock(TrainerCallback):
    """Counts the seconds of training over all calls of a run, saves by time, tells the speed, and ends the run.

    Args:
        max_hours: Limit; 0 sets none.
        path: File of the seconds before the last checkpoint.
    """

    def __init__(self, max_hours: float, path: Path) -> None:
        self._limit, self._path = max_hours * 3600, path
        self._before = float(json.loads(path.read_text("utf-8"))) if path.is_file() else 0.0
        self._began: float | None = None
        self._saved = self._pieces_before = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._before + (0.0 if self._began is None else time.monotonic() - self._began)

    def progress(self, step: int, n_steps: int) -> float:
        """Return how much of the run is over, in [0, 1]: by its steps or by its time, whichever is more."""
        by_time = self.seconds / self._limit if self._limit else 0.0
        return min(1.0, max(step / n_steps, by_time))

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> None:
        """Start the clock."""
        LOGGER.info("%d steps at most", state.max_steps)
        self._began, self._saved = time.monotonic(), self.seconds
        self._pieces_before = float(state.num_input_tokens_seen)

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - as above
    ) -> None:
        """Save when it is time, and stop when time is over."""
        if self._limit and self.seconds >= self._limit:
            control.should_training_stop = True
        elif self.seconds - self._saved >= _SAVE_EVERY:
            control.should_save = True

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - as above
    ) -> None:
        """Note the time of the checkpoint."""
        self._saved = self.seconds
        write_whole(self._path, [json.dumps(self._saved)])

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,  # noqa: ANN401 - as above
    ) -> None:
        """Tell how far the run is, and how fast."""
        if logs and "loss" in logs and self._began is not None:
            speed = (state.num_input_tokens_seen - self._pieces_before) / max(time.monotonic() - self._began, 1e-9)
            told = f"step {state.global_step} of {state.max_steps}: loss {float(logs['loss']):.3f}"
            LOGGER.info("%s, %s pieces/s, %.2f h", told, f"{speed:,.0f}", self.seconds / 3600)
