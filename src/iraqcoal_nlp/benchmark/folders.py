"""Model folders of ours as models of a benchmark: as they are, or made on the task's rows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from iraqcoal_nlp.benchmark.rows import Examples
from iraqcoal_nlp.benchmark.specs import ENCODER
from iraqcoal_nlp.benchmark.tasks import Task
from iraqcoal_nlp.errors import IraqCoalError
from iraqcoal_nlp.evaluation.predictions import result_probs
from iraqcoal_nlp.inference.calibration import Floats


class FolderModel:
    """A model folder of ours, scored as a user would score it."""

    def __init__(self, task: Task, path: Path) -> None:
        if task.form != "annotations":
            asked = task.questions[0].name
            raise IraqCoalError(f"it answers stance and events, not {asked}: fine-tune it as {ENCODER}{path.name}")
        self.path = path
        self.thresholds: dict[str, Sequence[float]] = {}

    def fit(self, train: Examples, dev: Examples) -> None:
        """Do nothing: it comes trained."""

    def predict_proba(self, rows: Examples) -> dict[str, Floats]:
        """See :meth:`BenchmarkModel.predict_proba` and :func:`.result_probs`."""
        results = self._classifier.classify_sentences([row.text for row in rows])
        stance, events = result_probs(results)
        return {"stance": stance, "events": events}

    def save(self, folder: Path) -> None:
        """Do nothing: it has a folder."""

    def load(self, folder: Path) -> None:
        """Load the model from its own folder."""
        from iraqcoal_nlp.inference.classifier import ArticleClassifier  # noqa: PLC0415 - baselines do not need it

        self._classifier = ArticleClassifier.from_folder(self.path)
        self.thresholds = {"events": self._classifier.settings.event_thresholds}

    @property
    def n_parameters(self) -> int:
        """Weights of the network, counted from its configuration."""
        import torch  # noqa: PLC0415 - asked for after all that is measured

        from iraqcoal_nlp.model.configuration import IraqCoalConfig  # noqa: PLC0415
        from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification  # noqa: PLC0415

        with torch.device("meta"):
            network = IraqCoalForSentenceClassification(IraqCoalConfig.from_pretrained(self.path))
        return int(network.num_parameters())


class TwoHeadEncoder(FolderModel):
    """An encoder fine-tuned for stance and events together, exported and calibrated as `iraqcoal train` does it."""

    def __init__(self, task: Task, recipe: Any, *, seed: int, work: Path) -> None:  # noqa: ANN401 - a TrainRecipe
        super().__init__(task, work)
        self._recipe, self._seed, self._work = recipe, seed, work

    def fit(self, train: Examples, dev: Examples) -> None:
        """See :meth:`BenchmarkModel.fit`."""
        from iraqcoal_nlp.data.splits import Splits  # noqa: PLC0415
        from iraqcoal_nlp.training.data import TrainData  # noqa: PLC0415 - loads torch
        from iraqcoal_nlp.training.run import train as run  # noqa: PLC0415

        sides = {
            name: tuple(row.annotation(f"{name}-{number}") for number, row in enumerate(rows))
            for name, rows in (("train", train), ("dev", dev))
        }
        recipe = replace(self._recipe, seeds=(self._seed,))
        self.path = run(recipe, TrainData(splits=Splits(**sides, test=())), self._work).folder

    def save(self, folder: Path) -> None:
        """Move the run's model into the folder; its checkpoints are dropped."""
        shutil.copytree(self.path, folder, dirs_exist_ok=True)
        shutil.rmtree(self._work, ignore_errors=True)

    def load(self, folder: Path) -> None:
        """See :meth:`BenchmarkModel.load`."""
        self.path = folder
        super().load(folder)
