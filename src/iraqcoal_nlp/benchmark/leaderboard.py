"""From records to standings: one row per model, the best first, each compared with the best."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iraqcoal_nlp.benchmark.results import DONE, Cell, Results, documents_of
from iraqcoal_nlp.benchmark.rows import decode_labels
from iraqcoal_nlp.evaluation.bootstrap import Interval, holm, paired_weighted, weighted_interval
from iraqcoal_nlp.inference.thresholds import Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One model on one task: all of its runs."""

    model: str
    cells: tuple[Cell, ...]
    """Finished runs, at least one."""
    n_failed: int
    """Runs that came to nothing."""
    interval: Interval | None
    """95 %, of the mean over runs: how much it would scatter on other test documents."""
    difference: float | None = None
    """Mean score less that of the best; ``None`` for the best itself."""
    p_value: float | None = None
    """Of that difference, corrected for the number of models (Holm); ``None`` where too few documents speak."""

    @property
    def scores(self) -> list[float]:
        """Main score of each run."""
        return [cell["main"] for cell in self.cells]

    @property
    def median(self) -> float:
        """Median main score: what ranks."""
        return statistics.median(self.scores)

    @property
    def worst(self) -> float:
        """Lowest main score."""
        return min(self.scores)

    @property
    def mean(self) -> float:
        """Mean main score."""
        return statistics.fmean(self.scores)

    @property
    def collapsed(self) -> tuple[int, ...]:
        """Seeds of runs that gave every row the same answer; only of models that chance has a part in."""
        return tuple(cell["seed"] for cell in self.cells if cell["seed"] is not None and cell["collapsed"])

    def median_of(self, *keys: str) -> float | None:
        """Return the median over runs of a figure of their records; ``None`` where none is known."""
        found = []
        for cell in self.cells:
            value: Any = cell
            for key in keys:
                value = value[key]
            if value is not None:
                found.append(float(value))
        return statistics.median(found) if found else None

    def label_f1(self) -> dict[str, dict[str, float]]:
        """Return the median F1 of each label, by question."""
        return {
            question: {
                label: statistics.median(cell["scores"][question]["labels"][label]["f1"] for cell in self.cells)
                for label in head["labels"]
            }
            for question, head in self.cells[0]["scores"].items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A model that came to nothing on a task."""

    model: str
    seeds: tuple[int | None, ...]
    reason: str
    """In the words of the first of its runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One task's standings."""

    name: str
    task: Mapping[str, Any]
    """What results say of the task."""
    standings: tuple[Standing, ...]
    """The best first."""
    failures: tuple[Failure, ...]

    @property
    def n_documents(self) -> int:
        """Documents of the test rows: what intervals and p-values rest on."""
        return len(set(documents_of(self.task, self.task["rows"]["test"])))


def make_boards(results: Results) -> list[Board]:
    """Return the standings of each task that any model was run on, in the order of the tasks."""
    return [_board(name, task, cells) for name, task in results.tasks.items() if (cells := _cells(results, name))]


def _cells(results: Results, task: str) -> list[Cell]:
    return [cell for cell in results.cells if cell["task"] == task]


def _board(name: str, task: Mapping[str, Any], cells: Sequence[Cell]) -> Board:
    models = list(dict.fromkeys(cell["model"] for cell in cells))
    by_model = {model: [cell for cell in cells if cell["model"] == model] for model in models}
    done = {model: [c for c in runs if c["status"] == DONE] for model, runs in by_model.items()}
    failed = {model: [c for c in runs if c["status"] != DONE] for model, runs in by_model.items()}
    ranked = sorted((m for m in models if done[m]), key=lambda m: -statistics.median(c["main"] for c in done[m]))
    gold = _joined(task, task["gold"])
    documents = documents_of(task, task["rows"]["test"])
    runs = {model: [_joined(task, cell["predicted"]) for cell in done[model]] for model in ranked}
    compared = [paired_weighted(gold, runs[ranked[0]], runs[m], documents, task["weights"]) for m in ranked[1:]]
    known = [difference.p_value for difference in compared if difference.p_value is not None]
    adjusted = iter(holm(known))
    standings = []
    for place, model in enumerate(ranked):
        difference = compared[place - 1] if place else None
        standings.append(
            Standing(
                model=model,
                cells=tuple(done[model]),
                n_failed=len(failed[model]),
                interval=weighted_interval(gold, runs[model], documents, task["weights"]),
                difference=None if difference is None else difference.difference,
                p_value=None if difference is None or difference.p_value is None else next(adjusted),
            )
        )
    failures = [
        Failure(model=model, seeds=tuple(c["seed"] for c in runs), reason=runs[0]["reason"])
        for model, runs in failed.items()
        if runs
    ]
    return Board(name=name, task=task, standings=tuple(standings), failures=tuple(failures))


def _joined(task: Mapping[str, Any], encoded: Mapping[str, str]) -> Bools:
    """Return all questions' labels side by side, false where nobody has judged. *Shape:* ``(n_rows, n_labels)``."""
    columns = []
    for question in task["questions"]:
        judged = decode_labels(task["judged"][question["name"]], 1)
        columns.append(decode_labels(encoded[question["name"]], len(question["labels"])) & judged)
    return np.hstack(columns)
