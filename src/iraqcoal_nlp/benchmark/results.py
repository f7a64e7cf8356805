"""``results.json``: the tasks and one record per model, task and seed, enough to run each again and to compare them.

.. code-block:: text

    format_version
    tasks      by name: title, score, questions, rows, files and hashes, published results; gold labels and documents
               of the test rows, without text, as paired tests need them
    cells      records; ``status`` is ``done``, or ``failed`` with a ``reason``
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.benchmark.rows import TaskData, encode_labels, label_counts, label_matrix
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import InputError

RESULTS = "results.json"
FORMAT_VERSION = 1
DONE, FAILED = "done", "failed"

_MEASURED_BY = ("questions", "weights", "documents")
"""What a record's scores hang on besides the rows, whose hash it holds itself."""

_PACKAGES = ("numpy", "scikit-learn", "skops", "torch", "transformers", "tokenizers", "onnxruntime")

Cell = dict[str, Any]
Key = tuple[str, str, int | None]


@dataclass(slots=True)
class Results:
    """What a folder of results holds."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Results:
        """Read ``results.json``; nothing yet, if there is none.

        Raises:
            InputError: It is damaged, or of a newer format.
        """
        path = folder / RESULTS
        if not path.is_file():
            return cls()
        try:
            content = json.loads(path.read_text("utf-8"))
            found, tasks, cells = content["format_version"], content["tasks"], content["cells"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"is no file of benchmark results ({error})", path=path) from None
        if found != FORMAT_VERSION:
            raise InputError(f"has format {found}; this library reads {FORMAT_VERSION}", path=path)
        return cls(tasks=tasks, cells=cells)

    def write(self, folder: Path) -> None:
        """Write ``results.json``; it appears whole or not at all."""
        content = {"format_version": FORMAT_VERSION, "tasks": self.tasks, "cells": self.cells}
        write_whole(folder / RESULTS, [json.dumps(content, ensure_ascii=False, indent=1), "\n"])

    def declare(self, name: str, told: dict[str, Any]) -> None:
        """Take up what is told of a task.

        Its records go if it asks, weighs or groups otherwise than when they were measured: their scores and labels
        would stand under a title that is not theirs.
        """
        told = json.loads(json.dumps(told))  # as it is once read: lists for tuples
        old = self.tasks.get(name, told)
        if any(old.get(key) != told[key] for key in _MEASURED_BY):
            self.cells = [cell for cell in self.cells if cell["task"] != name]
        self.tasks[name] = told

    def drop_others(self, cell: Cell) -> None:
        """Drop records of the cell's model and task that were made of something else, such as another recipe.

        One row of a leaderboard is one model. An older record of the cell itself stays, for :meth:`put` to replace.
        """
        self.cells = [
            other
            for other in self.cells
            if other["model_facts"] == cell["model_facts"]
            or key_of(other)[:2] != key_of(cell)[:2]
            or key_of(other) == key_of(cell)
        ]

    def find(self, key: Key) -> Cell | None:
        """Return the record of a model, task and seed."""
        return next((cell for cell in self.cells if key_of(cell) == key), None)

    def put(self, cell: Cell) -> None:
        """Add a record, in the place of an older one."""
        old = self.find(key_of(cell))
        if old is None:
            self.cells.append(cell)
        else:
            self.cells[self.cells.index(old)] = cell


def key_of(cell: Mapping[str, Any]) -> Key:
    """Return what names a record."""
    return cell["model"], cell["task"], cell["seed"]


def describe(data: TaskData) -> dict[str, Any]:
    """Return what results say of a task and its rows, without their text."""
    task = data.task
    sides = {"train": data.train, "dev": data.dev, "test": data.test}
    gold: dict[str, str] = {}
    judged: dict[str, str] = {}
    for question in task.questions:
        labels, known = label_matrix(data.test, question)
        gold[question.name], judged[question.name] = encode_labels(labels), encode_labels(known[:, None])
    numbers = {document: number for number, document in enumerate(dict.fromkeys(row.document for row in data.test))}
    alone = len(numbers) == len(data.test)
    return {
        "title": task.title,
        "description": task.description,
        "score": task.score_name,
        "questions": [asdict(question) for question in task.questions],
        "weights": task.weights(),
        "licence": task.licence,
        "citation": task.citation,
        "url": task.url,
        "split": asdict(task.split),
        "rows": {name: len(rows) for name, rows in sides.items()},
        "labels": {q.name: {name: label_counts(rows, q) for name, rows in sides.items()} for q in task.questions},
        "notes": list(data.notes),
        "files": dict(data.files),
        "data_sha256": data.sha256,
        "published": [asdict(result) for result in task.published],
        "gold": gold,
        "judged": judged,
        "documents": None if alone else " ".join(str(numbers[row.document]) for row in data.test),
    }


def versions() -> dict[str, str]:
    """Return what computed the results: this library, Python, and the packages that matter."""
    found = {"iraqcoal-nlp": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"platform": platform.system(), "machine": platform.machine()}


def documents_of(task: Mapping[str, Any], n_rows: int) -> Sequence[str]:
    """Return the document of each test row."""
    told = task["documents"]
    return [str(row) for row in range(n_rows)] if told is None else told.split()
