"""Run models on tasks, cell by cell: finished ones are kept, failed ones are rows too."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.benchmark.cell import CellError, CellRequest, run_cell
from iraqcoal_nlp.benchmark.results import DONE, FAILED, Cell, Results, describe, versions
from iraqcoal_nlp.benchmark.rows import TaskData, load_rows
from iraqcoal_nlp.benchmark.specs import ENCODER, ModelSpec
from iraqcoal_nlp.benchmark.tasks import Task, load_task
from iraqcoal_nlp.errors import InputError, IraqCoalError

FIRST_SEED = 13
CELLS = "cells"
"""Folder of the trained models inside that of the results."""

OnCell = Callable[[Cell, bool], None]
"""Called with each record, and whether it was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPlan:
    """What is to be run."""

    models: tuple[ModelSpec, ...]
    tasks: tuple[str, ...]
    """Names, or ``.toml`` files."""
    out: Path
    seeds: int = 5
    """Runs of each model that chance has a part in."""
    first_seed: int = FIRST_SEED
    data_root: Path | None = None
    recipe: str = "benchmark"
    """Recipe of encoders: a file, or the name of one of the package."""

    def cells(self) -> Iterator[tuple[str, ModelSpec, int | None]]:
        """Yield task, model and seed of each cell; one without a seed for models that need none."""
        for task in self.tasks:
            for spec in self.models:
                seeds = range(self.first_seed, self.first_seed + self.seeds) if spec.seeded else [None]
                yield from ((task, spec, seed) for seed in seeds)


def run_benchmark(plan: BenchmarkPlan, *, on_cell: OnCell | None = None, isolated: bool = True) -> Results:
    """Run what is not finished yet, and write ``results.json`` after each cell.

    A cell is finished if its record has the same fingerprint: data, model, recipe and seed. Failed ones are tried
    again. Records of other models and tasks in the folder stay.

    Args:
        plan: What to run.
        on_cell: Called after each cell.
        isolated: See :func:`~iraqcoal_nlp.benchmark.cell.run_cell`.

    Returns:
        All records of the folder.

    Raises:
        IraqCoalError: A task or its data cannot be read, or two tasks have one name. Nothing was run then.
    """
    tasks = {name: load_task(name) for name in plan.tasks}
    _refuse_twins(tasks)
    data = {name: load_rows(task, plan.data_root) for name, task in tasks.items()}
    if plan.out.exists() and not plan.out.is_dir():
        raise InputError("is a file: name a folder for the results", path=plan.out)
    plan.out.mkdir(parents=True, exist_ok=True)
    results = Results.read(plan.out)
    for task_data in data.values():
        results.declare(task_data.task.name, describe(task_data))
    # What was measured on other rows cannot stand beside what is measured on these.
    results.cells = [c for c in results.cells if c["data_sha256"] == results.tasks[c["task"]]["data_sha256"]]
    for name, spec, seed in plan.cells():
        cell = _start(plan, data[name], name, spec, seed)
        if "error" not in cell["model_facts"]:  # a model that cannot be read says nothing of its earlier runs
            results.drop_others(cell)
        known = results.find((cell["model"], cell["task"], cell["seed"]))
        finished = known is not None and _is_finished(known, cell)
        if known is not None and finished:
            cell = known
        else:
            cell |= _run(plan, name, cell, isolated=isolated)
            results.put(cell)
            results.write(plan.out)
        if on_cell is not None:
            on_cell(cell, finished)
    results.write(plan.out)
    return results


def cell_command(plan: BenchmarkPlan, task: str, model: str, seed: int | None) -> str:
    """Return the command that runs one cell alone."""
    words = ["iraqcoal", "benchmark", "--models", model, "--task", task, "--out", str(plan.out)]
    if seed is not None:
        words += ["--seeds", "1", "--first-seed", str(seed)]
    if plan.data_root is not None and load_task(task).needs_data_root:
        words += ["--data-root", str(plan.data_root)]
    if model.startswith(ENCODER):
        words += ["--recipe", plan.recipe]
    return shlex.join(words)


def whole_command(cells: Sequence[Cell]) -> str:
    """Return what runs all of the cells, and stands on top of a leaderboard: a command for each recipe of encoders."""
    single = [shlex.split(cell["command"])[2:] for cell in cells]
    options = [dict(zip(words[::2], words[1::2], strict=True)) for words in single]
    recipes = list(dict.fromkeys(told["--recipe"] for told in options if "--recipe" in told)) or [""]
    parts: dict[str, list[int]] = {recipe: [] for recipe in recipes}
    for place, told in enumerate(options):
        parts[told.get("--recipe", recipes[0])].append(place)  # models without a recipe run with the first
    return "\n".join(_one_command([cells[at] for at in part], [options[at] for at in part]) for part in parts.values())


def _one_command(cells: Sequence[Cell], options: Sequence[Mapping[str, str]]) -> str:
    models, tasks = (",".join(dict.fromkeys(told[name] for told in options)) for name in ("--models", "--task"))
    words = ["iraqcoal", "benchmark", "--models", models, "--task", tasks]
    seeds = {cell["seed"] for cell in cells if cell["seed"] is not None}
    if seeds:
        # One command has no gaps: it runs all seeds from the first to the last.
        words += ["--seeds", str(max(seeds) - min(seeds) + 1)]
        words += ["--first-seed", str(min(seeds))] if min(seeds) != FIRST_SEED else []
    for name in ("--recipe", "--data-root", "--out"):
        words += next(([name, told[name]] for told in reversed(options) if name in told), [])
    return shlex.join(words)


def _refuse_twins(tasks: Mapping[str, Task]) -> None:
    """Refuse two tasks of one name: each would overwrite what was measured on the other.

    Raises:
        InputError: There are two.
    """
    first_with: dict[str, str] = {}
    for given, task in tasks.items():
        first = first_with.setdefault(task.name, given)
        if first != given:
            raise InputError(f"{first} and {given} are both named {task.name}: rename one, or run them apart")


def _is_finished(known: Cell, cell: Cell) -> bool:
    """Whether a record needs no new run; one whose model is not there any more stays."""
    same = known["fingerprint"] == cell["fingerprint"] or "error" in cell["model_facts"]
    return known["status"] == DONE and same


def _start(plan: BenchmarkPlan, data: TaskData, task: str, spec: ModelSpec, seed: int | None) -> Cell:
    """Return what is known of a cell before it runs."""
    cell: dict[str, Any] = {"model": spec.name, "task": data.task.name, "seed": seed}
    try:
        facts = spec.facts(plan.recipe)
    except IraqCoalError as error:
        facts = {"error": str(error)}
    told = json.dumps([cell, data.sha256, facts], sort_keys=True, ensure_ascii=False)
    return cell | {
        "status": FAILED,
        "command": cell_command(plan, task, spec.name, seed),
        "fingerprint": hashlib.sha256(told.encode()).hexdigest()[:16],
        "data_sha256": data.sha256,
        "model_facts": facts,
        "versions": versions(),
    }


def _run(plan: BenchmarkPlan, task: str, cell: Cell, *, isolated: bool) -> dict[str, Any]:
    if "error" in cell["model_facts"]:
        return {"reason": cell["model_facts"]["error"]}
    seed = FIRST_SEED if cell["seed"] is None else cell["seed"]
    place = "-".join(re.sub(r"[^\w.-]+", "_", str(part)) for part in (cell["model"], seed))
    request = CellRequest(
        task=task,
        model=cell["model"],
        seed=seed,
        recipe=plan.recipe,
        data_root=None if plan.data_root is None else str(plan.data_root),
        folder=str(plan.out / CELLS / cell["task"] / place),
        fingerprint=cell["fingerprint"],
    )
    try:
        return {"status": DONE, **run_cell(request, isolated=isolated)}
    except CellError as error:
        return {"reason": str(error)}
