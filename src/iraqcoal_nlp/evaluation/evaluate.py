"""A whole evaluation: annotated files and a model in; scores out, with a record of what they rest on."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.data.annotations import Annotation, labelling_models, read_annotations
from iraqcoal_nlp.data.splits import say_splits
from iraqcoal_nlp.errors import InputError, printable
from iraqcoal_nlp.evaluation.bootstrap import PERCENTILES, RESAMPLES, SEED
from iraqcoal_nlp.evaluation.checklist import PassRate, read_checklist, run_checklist
from iraqcoal_nlp.evaluation.measure import compare_predictions, score_predictions
from iraqcoal_nlp.evaluation.predictions import Predictions, pool, predict
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.store import file_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedFile:
    """An annotation file that has been read."""

    name: str
    """The file's name without its ending; numbered where another file has it."""
    path: Path
    sha256: str
    rows: tuple[Annotation, ...]
    """Rows that were judged for one head at least."""
    n_unjudged: int
    """Rows that were judged for neither, and left out."""
    n_trained_on: int = 0
    """Rows that the file gives to train or dev, and left out: a model may have learned them."""

    @property
    def caution(self) -> str | None:
        """What to know of labels that a model has given; ``None`` where none seems to have."""
        labelled = labelling_models(self.rows)
        meaning = "unless a person has judged each one since, figures show agreement with a model, not quality"
        return None if labelled is None else f"{labelled}: {meaning}"

    def to_dict(self) -> dict[str, Any]:
        """Return all but the text, ready for JSON."""
        return {
            "file": printable(self.path),
            "sha256": self.sha256,
            "n_sentences": len(self.rows),
            "n_documents": len({row.doc_id for row in self.rows}),
            "n_unjudged": self.n_unjudged,
            "n_trained_on": self.n_trained_on,
        }


def read_files(paths: Iterable[Path], *, test_only: bool = True) -> list[AnnotatedFile]:
    """Read annotation files.

    Args:
        paths: The files.
        test_only: Whether to take only the test rows of a file that says which are.

    Raises:
        InputError: See :func:`~iraqcoal_nlp.data.annotations.read_annotations`; or nobody judged any row of a file, or
            some of its rows say a side and others do not.
    """
    files: list[AnnotatedFile] = []
    for path in paths:
        everything = read_annotations(path)
        split = test_only and say_splits(everything, path)
        rows = [row for row in everything if row.split == "test"] if split else everything
        if not rows:
            raise InputError("gives every row to train or dev: there is no test row to measure on", path=path)
        judged = tuple(row for row in rows if row.stance is not None or row.events is not None)
        if not judged:
            raise InputError("no row has a stance or events: there is nothing to measure", path=path)
        files.append(
            AnnotatedFile(
                name=_free_name(path.stem, {file.name for file in files}),
                path=path,
                sha256=file_sha256(path),
                rows=judged,
                n_unjudged=len(rows) - len(judged),
                n_trained_on=len(everything) - len(rows),
            )
        )
    return files


def _free_name(stem: str, taken: Container[str]) -> str:
    """Return a name that no other file has: scores and predictions are kept by it."""
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(name for name in chain([stem], numbered) if name not in taken)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What was measured, of what and on what."""

    model: str
    """The model's id, or what was cross-validated."""
    files: Sequence[AnnotatedFile]
    predictions: Mapping[str, Predictions]
    """By the name of the set."""
    scores: Mapping[str, Mapping[str, Any]]
    """:func:`~iraqcoal_nlp.evaluation.measure.score_predictions` by the name of the set."""
    second_model: str | None = None
    second_predictions: Mapping[str, Predictions] = field(default_factory=dict)
    second_scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    comparison: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """:func:`~iraqcoal_nlp.evaluation.measure.compare_predictions` by the name of the set."""
    checklist: Path | None = None
    pass_rates: Mapping[str, PassRate] = field(default_factory=dict)
    """By capability."""
    folds: Sequence[Mapping[str, Any]] = ()
    """Scores of each fold of a cross-validation."""

    @classmethod
    def of_folds(cls, recipe: str, files: Sequence[AnnotatedFile], folds: Sequence[Predictions]) -> Self:
        """Score the predictions of a cross-validation together, and each fold alone.

        Args:
            recipe: Name of the recipe.
            files: What was dealt into folds.
            folds: :func:`~iraqcoal_nlp.training.folds.cross_validate` over the rows of all files.
        """
        name = f"{'-'.join(file.name for file in files)}-{len(folds)}-folds"
        pooled = pool(folds)
        return cls(
            model=f"{recipe}, one model per fold",
            files=files,
            predictions={name: pooled},
            scores={name: score_predictions(pooled)},
            folds=[score_predictions(fold) for fold in folds],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all that was found, ready for JSON; it can be understood alone."""
        record: dict[str, Any] = {
            "library": f"iraqcoal-nlp {__version__}",
            "model": self.model,
            "data": {file.name: file.to_dict() for file in self.files},
            "intervals": {
                "method": "percentile bootstrap of documents",
                "percentiles": list(PERCENTILES),
                "resamples": RESAMPLES,
                "seed": SEED,
            },
            "scores": dict(self.scores),
        }
        if self.folds:
            record["folds"] = list(self.folds)
        if self.second_model is not None:
            record["second_model"] = {"model": self.second_model, "scores": dict(self.second_scores)}
            record["comparison"] = dict(self.comparison)
        if self.checklist is not None:
            record["checklist"] = {
                "file": printable(self.checklist.name),
                "sha256": file_sha256(self.checklist),
                "capabilities": {
                    name: {"passed": rate.passed, "total": rate.total, "failed": list(rate.failed_ids)}
                    for name, rate in self.pass_rates.items()
                },
            }
        return record


def evaluate_model(
    classifier: ArticleClassifier,
    files: Sequence[AnnotatedFile],
    *,
    second: ArticleClassifier | None = None,
    checklist: Path | None = None,
) -> Evaluation:
    """Measure a model on each file.

    Args:
        classifier: A loaded model.
        files: What to measure it on; may be empty if there is a checklist.
        second: A model to compare it with, on the same sentences.
        checklist: Behavioural tests (``.jsonl``) to run as well.

    Raises:
        InputError: The checklist cannot be read.
    """
    cases = [] if checklist is None else read_checklist(checklist)
    predictions = {file.name: predict(classifier, file.rows) for file in files}
    others = {} if second is None else {file.name: predict(second, file.rows) for file in files}
    return Evaluation(
        model=classifier.model_id,
        files=files,
        predictions=predictions,
        scores={name: score_predictions(predicted) for name, predicted in predictions.items()},
        second_model=None if second is None else second.model_id,
        second_predictions=others,
        second_scores={name: score_predictions(predicted) for name, predicted in others.items()},
        comparison={name: compare_predictions(predictions[name], predicted) for name, predicted in others.items()},
        checklist=checklist,
        pass_rates=run_checklist(cases, classifier),
    )
