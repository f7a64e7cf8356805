"""One model on one task with one seed: trained, then measured, each in a process of its own.

A process of its own gives each its own peak memory, and keeps one that dies from taking the others with it. Run by
:mod:`iraqcoal_nlp.benchmark.run` as ``python -m iraqcoal_nlp.benchmark.cell REQUEST.json``.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp.benchmark.memory import peak_megabytes
from iraqcoal_nlp.benchmark.models import build, choose
from iraqcoal_nlp.benchmark.rows import TaskData, encode_labels, label_matrix, load_rows
from iraqcoal_nlp.benchmark.specs import FOLDER, BenchmarkModel, ModelSpec
from iraqcoal_nlp.benchmark.tasks import load_task
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import IraqCoalError
from iraqcoal_nlp.evaluation.bootstrap import weighted_f1, weighted_interval
from iraqcoal_nlp.evaluation.measure import head_scores
from iraqcoal_nlp.evaluation.predictions import HeadPredictions
from iraqcoal_nlp.evaluation.scores import collapsed
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.model.backends.onnx import available_cores

TRAIN, MEASURE = "train", "measure"
MODEL, WORK, TRAINED = "model", "work", "trained.json"

LONG_PASS = 10.0
"""Seconds from which one pass over the rows is enough: the first, warm-up and all."""

_REPEATS = 3


class CellError(IraqCoalError):
    """A cell came to nothing; its text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRequest:
    """All that a process must know."""

    task: str
    """Name or ``.toml`` file."""
    model: str
    seed: int
    recipe: str
    data_root: str | None
    folder: str
    """Folder of the cell: the trained model and, while it trains, its checkpoints."""
    fingerprint: str
    """What the trained model in the folder must have been made of to be used again."""


def run_cell(request: CellRequest, *, isolated: bool = True) -> dict[str, Any]:
    """Train, unless it has been, and measure.

    Args:
        request: What to run.
        isolated: Whether each phase runs in a process of its own; if not, peak memory is not known.

    Returns:
        What :func:`measure` returns, and ``seconds`` and ``peak_memory_mb`` of both phases.

    Raises:
        CellError: The model failed; the message is the reason, in one line.
    """
    folder, spec = Path(request.folder), ModelSpec(name=request.model)
    run = _apart if isolated else _here
    trained: dict[str, Any] = {}
    if spec.is_trained:
        trained = _read(folder / TRAINED)
        if trained.get("fingerprint") != request.fingerprint:
            folder.mkdir(parents=True, exist_ok=True)
            trained = run(TRAIN, request) | {"fingerprint": request.fingerprint}
            write_whole(folder / TRAINED, [json.dumps(trained), "\n"])
    measured = run(MEASURE, request)
    both = {name: {TRAIN: trained.get(name), MEASURE: measured[name]} for name in ("seconds", "peak_memory_mb")}
    return measured | both


def train(request: CellRequest) -> dict[str, Any]:
    """Fit the model on the task's rows and save it. Return ``seconds`` of the fit alone."""
    data, model = _open(request)
    started = time.perf_counter()
    model.fit(data.train, data.dev)
    seconds = time.perf_counter() - started
    folder = Path(request.folder) / MODEL
    # In this order: wherever it ends early, no older record vouches for files that are not its own.
    (folder.parent / TRAINED).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    model.save(folder)
    return {"seconds": round(seconds, 2)}


def measure(request: CellRequest) -> dict[str, Any]:
    """Load the saved model and score the test rows.

    Returns:
        ``main`` (the task's main score) with its 95 % ``interval``; ``scores`` by question
        (:func:`~iraqcoal_nlp.evaluation.measure.head_scores`); ``collapsed``, questions that get one answer for all
        rows; ``predicted``, the labels given, as :func:`~iraqcoal_nlp.benchmark.rows.encode_labels` writes them;
        ``thresholds``; ``seconds`` of a pass over the rows, ``sentences_per_second``, ``parameters``,
        ``bytes_on_disk``, ``threads``.
    """
    data, model = _open(request)
    folder = Path(request.folder) / MODEL
    model.load(folder)
    rows = data.test
    started = time.perf_counter()
    probs = model.predict_proba(rows)
    seconds = [time.perf_counter() - started]
    if seconds[0] < LONG_PASS:
        seconds = [_seconds(lambda: model.predict_proba(rows)) for _ in range(_REPEATS)]
    peak = peak_megabytes()
    spec = ModelSpec(name=request.model)
    home = Path(model.path) if spec.kind == FOLDER else folder  # type: ignore[attr-defined]  # a folder of ours
    return {
        **score(data, probs, model.thresholds),
        "thresholds": {name: list(values) for name, values in model.thresholds.items()},
        "seconds": round(statistics.median(seconds), 4),
        "peak_memory_mb": peak,
        "sentences_per_second": round(len(rows) / statistics.median(seconds), 1),
        "parameters": model.n_parameters,
        "bytes_on_disk": sum(file.stat().st_size for file in home.rglob("*") if file.is_file()),
        "threads": available_cores(),
    }


def score(data: TaskData, probs: Mapping[str, Floats], thresholds: Mapping[str, Any]) -> dict[str, Any]:
    """Score probabilities of a task's test rows: see :func:`measure`."""
    chosen = choose(data.task, probs, thresholds)
    documents = np.array([row.document for row in data.test], dtype=object)
    scores, collapsed_questions, columns = {}, [], []
    for question in data.task.questions:
        gold, judged = label_matrix(data.test, question)
        given = chosen[question.name]
        head = HeadPredictions(
            labels=question.labels,
            exclusive=question.exclusive,
            documents=tuple(documents[judged]),
            gold=gold[judged],
            predicted=given[judged],
            probs=probs[question.name][judged],
        )
        if not len(head):
            raise IraqCoalError(f"no test row was judged for {question.name}")
        scores[question.name] = head_scores(head)
        if collapsed(head.gold, head.predicted):
            collapsed_questions.append(question.name)
        columns.append((gold, given & judged[:, None]))
    gold, given = (np.hstack(parts) for parts in zip(*columns, strict=True))
    weights = data.task.weights()
    interval = weighted_interval(gold, [given], list(documents), weights)
    return {
        "main": round(weighted_f1(gold, given, weights), 4),
        "interval": None if interval is None else [round(end, 4) for end in interval],
        "scores": scores,
        "collapsed": collapsed_questions,
        "predicted": {name: encode_labels(labels) for name, labels in chosen.items()},
    }


def _open(request: CellRequest) -> tuple[TaskData, BenchmarkModel]:
    root = None if request.data_root is None else Path(request.data_root)
    data = load_rows(load_task(request.task), root)
    # Checkpoints of another recipe or other rows must not be taken up.
    work = Path(request.folder) / f"{WORK}-{request.fingerprint}"
    spec = ModelSpec(name=request.model)
    return data, build(spec, data.task, seed=request.seed, recipe=request.recipe, work=work)


def _here(phase: str, request: CellRequest) -> dict[str, Any]:
    action = {TRAIN: train, MEASURE: measure}[phase]
    try:
        return action(request) | {"peak_memory_mb": None}
    except Exception as error:  # whatever a model may raise
        raise CellError(_reason(error)) from error


def _apart(phase: str, request: CellRequest) -> dict[str, Any]:
    """Run a phase in a new process."""
    folder = Path(request.folder)
    folder.mkdir(parents=True, exist_ok=True)
    told, answer, log = folder / f"{phase}.request.json", folder / f"{phase}.json", folder / f"{phase}.log"
    answer.unlink(missing_ok=True)
    write_whole(told, [json.dumps(asdict(request), indent=1), "\n"])
    environment = os.environ | {
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    with log.open("a", encoding="utf-8") as errors:
        command = [sys.executable, "-m", "iraqcoal_nlp.benchmark.cell", phase, str(told), str(answer)]
        process = subprocess.run(command, stdout=errors, stderr=errors, env=environment, check=False)
    result = _read(answer)
    if "error" in result:
        raise CellError(result["error"])
    if not result:
        raise CellError(f"its process ended with {_ending(process.returncode)}: see {log}")
    return result


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    hint = " (out of memory?)" if -code == signal.SIGKILL else ""
    return f"signal {-code}{hint}"


def _reason(error: BaseException) -> str:
    """Return one line that says what went wrong."""
    if isinstance(error, ModuleNotFoundError):
        return f'training needs {error.name}: pip install "iraqcoal-nlp[train]"'
    first = str(error).strip().partition("\n")[0]
    return first if isinstance(error, IraqCoalError) else f"{type(error).__name__}: {first}"


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def main(phase: str, request: Path, answer: Path) -> None:
    """Run one phase and write its answer, or the reason why there is none."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    action = {TRAIN: train, MEASURE: measure}[phase]
    try:
        result = action(CellRequest(**json.loads(request.read_text("utf-8"))))
        result.setdefault("peak_memory_mb", peak_megabytes())
    except Exception as error:  # whatever a model may raise: it is one row of the leaderboard
        traceback.print_exc()
        result = {"error": _reason(error)}
    write_whole(answer, [json.dumps(result, ensure_ascii=False), "\n"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
