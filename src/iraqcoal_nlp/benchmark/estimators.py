"""scikit-learn classifiers as models of a benchmark: the baselines, and encoders with one label per text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp.benchmark.rows import Example, Examples, label_matrix
from iraqcoal_nlp.benchmark.specs import ENCODER, ModelSpec, recipe_for
from iraqcoal_nlp.benchmark.tasks import Question, Task
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import IraqCoalError
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import best_thresholds

FEW = 30
"""So many dev rows are needed to choose thresholds on."""

_THRESHOLDS = "thresholds.json"


class EstimatorModel:
    """One scikit-learn classifier per question.

    Args:
        task: What it is to answer.
        spec: Which classifier.
        seed: Seed of all chance in it.
        recipe: Name or file of the recipe of encoders.
        work: Folder for checkpoints of an encoder's training.
        options: Further settings of a tf-idf classifier.
    """

    def __init__(
        self,
        task: Task,
        spec: ModelSpec,
        *,
        seed: int,
        recipe: str = "",
        work: Path = Path(),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._options = dict(options or {})
        self._task, self._spec, self._seed, self._recipe, self._work = task, spec, seed, recipe, work
        self._estimators: dict[str, Any] = {}
        self.thresholds: dict[str, Sequence[float]] = {}

    def fit(self, train: Examples, dev: Examples) -> None:
        """See :meth:`BenchmarkModel.fit`.

        Raises:
            IraqCoalError: It knows no answer to the task, or the rows teach none.
        """
        for question in self._task.questions:
            gold, judged = label_matrix(train, question)
            rows = [row for row, known in zip(train, judged, strict=True) if known]
            if not rows:
                raise IraqCoalError(f"no training row was judged for {question.name}")
            names = np.array(question.labels, dtype=object)
            labels = names[gold[judged].argmax(axis=1)] if question.exclusive else gold[judged]
            self._estimators[question.name] = self._new(question).fit(self._inputs(rows), labels)
            if not question.exclusive:
                self.thresholds[question.name] = self._choose_thresholds(question, dev)

    def predict_proba(self, rows: Examples) -> dict[str, Floats]:
        """See :meth:`BenchmarkModel.predict_proba`."""
        return {question.name: self._probabilities(question, rows) for question in self._task.questions}

    def save(self, folder: Path) -> None:
        """See :meth:`BenchmarkModel.save`."""
        for name, estimator in self._estimators.items():
            if self._spec.kind == ENCODER:
                estimator.save(folder / name)
            else:
                from iraqcoal_nlp.evaluation.baselines import save_estimator  # noqa: PLC0415 - encoders do not need it

                save_estimator(estimator, folder / f"{name}.skops")
        write_whole(folder / _THRESHOLDS, [json.dumps(self.thresholds), "\n"])

    def load(self, folder: Path) -> None:
        """See :meth:`BenchmarkModel.load`."""
        for question in self._task.questions:
            if self._spec.kind == ENCODER:
                from iraqcoal_nlp.training.encoder_classifier import EncoderClassifier  # noqa: PLC0415 - loads torch

                self._estimators[question.name] = EncoderClassifier.load(folder / question.name)
            else:
                from iraqcoal_nlp.evaluation.baselines import load_estimator  # noqa: PLC0415 - as above

                self._estimators[question.name] = load_estimator(folder / f"{question.name}.skops")
        self.thresholds = json.loads((folder / _THRESHOLDS).read_text("utf-8"))

    @property
    def n_parameters(self) -> int:
        """See :attr:`BenchmarkModel.n_parameters`."""
        if self._spec.kind == "majority":
            return sum(len(question.labels) for question in self._task.questions)
        return sum(estimator.n_parameters for estimator in self._estimators.values())

    def _new(self, question: Question) -> Any:  # noqa: ANN401 - any estimator
        kind = self._spec.kind
        if kind == ENCODER:
            from iraqcoal_nlp.training.encoder_classifier import EncoderClassifier  # noqa: PLC0415 - loads torch

            settings = recipe_for(self._spec.where, self._recipe)
            return EncoderClassifier(settings, random_state=self._seed, checkpoints=self._work / question.name)
        if kind == "majority":
            from sklearn.dummy import DummyClassifier  # noqa: PLC0415 - encoders do not need it
            from sklearn.multiclass import OneVsRestClassifier  # noqa: PLC0415

            prior = DummyClassifier(strategy="prior")
            return prior if question.exclusive else OneVsRestClassifier(prior)
        from iraqcoal_nlp.evaluation.baselines import KeywordClassifier, TfidfClassifier  # noqa: PLC0415 - as above
        from iraqcoal_nlp.evaluation.baselines.keyword import shipped_rules  # noqa: PLC0415

        if kind == "keyword":
            rules = shipped_rules(question.name)
            if rules is None:
                raise IraqCoalError(f"its list has no rules for {question.name}")
            return KeywordClassifier(rules)
        return TfidfClassifier(kind.removeprefix("tfidf-"), random_state=self._seed, **self._options)

    def _inputs(self, rows: Sequence[Example]) -> list[Any]:
        return [(row.text, row.second_text) for row in rows] if self._task.is_pairs else [row.text for row in rows]

    def _probabilities(self, question: Question, rows: Sequence[Example]) -> Floats:
        """Return probabilities in the order of the question's labels; one that never trained has 0."""
        estimator = self._estimators[question.name]
        probs = np.asarray(estimator.predict_proba(self._inputs(rows)), dtype=np.float64)
        if not question.exclusive:
            return probs
        aligned = np.zeros((len(rows), len(question.labels)))
        aligned[:, [question.labels.index(label) for label in estimator.classes_]] = probs
        return aligned

    def _choose_thresholds(self, question: Question, dev: Examples) -> tuple[float, ...]:
        gold, judged = label_matrix(dev, question)
        if judged.sum() < FEW:
            return (0.5,) * len(question.labels)
        rows = [row for row, known in zip(dev, judged, strict=True) if known]
        return best_thresholds(self._probabilities(question, rows), gold[judged])
