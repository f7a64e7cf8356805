"""What every run of the Trainer here shares: precision, progress, checkpoints, folders that have an owner."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import get_last_checkpoint

from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import RecipeError

LOGGER = logging.getLogger(__name__)

RUN = "run.sha256"
"""File that says of which recipe and data the checkpoints in a run's folder are."""


def is_first_process() -> bool:
    """Whether this is the first, or the only one, of the processes of a run: the one that writes.

    It can be asked before the Trainer has joined the processes, when asking accelerate would join them too early.
    """
    return os.environ.get("RANK", "0") == "0"


def claim_folder(out: Path, told: str, *, checkpoints: str) -> None:
    """Note whose checkpoints a folder holds, and refuse those of another run.

    Args:
        out: The folder of the run.
        told: All that changes the run's result, in words.
        checkpoints: Pattern of what a run that began has left in the folder.

    Raises:
        RecipeError: The folder holds checkpoints of another run.
    """
    fingerprint = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
    path = out / RUN
    if any(out.glob(checkpoints)) and (not path.is_file() or path.read_text("utf-8").strip() != fingerprint):
        raise RecipeError(
            f"{out}: holds checkpoints of another recipe or other data: choose another folder or empty it"
        )
    out.mkdir(parents=True, exist_ok=True)
    if is_first_process():
        write_whole(path, [fingerprint, "\n"])


def uses_bf16(precision: str) -> bool:
    """Whether a run computes in bf16: ``auto`` does where that is faster."""
    return precision == "bf16" or (precision == "auto" and _has_bf16())


def _has_bf16() -> bool:
    """Whether bf16 is faster than fp32 here: on GPUs that have it, and on processors with tiles (AMX).

    AVX-512's bf16 instructions alone are no gain: on a core that has them and no AMX, a product of 1024 x 384 by
    384 x 1536 ran at 83 GFLOP/s in bf16 and at 150 in fp32.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported())


def last_checkpoint(checkpoints: Path) -> str | None:
    """Return the newest whole checkpoint; those that a kill left half-written are deleted."""
    while (found := get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None) is not None:
        try:
            json.loads((Path(found) / TRAINER_STATE_NAME).read_text("utf-8"))  # the Trainer writes it last
        except (OSError, ValueError):
            shutil.rmtree(found, ignore_errors=True)  # another process of this run may be faster
            continue
        LOGGER.info("resuming from %s", found)
        return str(found)
    return None


class ProgressLines(TrainerCallback):
    """Tells the steps and the loss in lines, where there is no terminal to draw a bar on."""

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> None:
        """Tell how long the run will be."""
        LOGGER.info("%d steps", state.max_steps)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,  # noqa: ANN401 - the Trainer passes all it has
    ) -> None:
        """Tell how far it is."""
        if state.is_world_process_zero and logs and "loss" in logs:
            LOGGER.info("step %d of %d: loss %.4f", state.global_step, state.max_steps, float(logs["loss"]))
