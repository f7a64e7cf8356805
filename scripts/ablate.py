"""Measure changes of the shipped model's training: ``python scripts/ablate.py DATA_ROOT --out runs/ablations [NAME]``.

``scripts/ablations.toml`` (``--plan``) says what is changed: each of its ``[runs.NAME]`` is the recipe with the
settings of ``[common]`` and its own, on all documents or a ``share`` of them; those of ``scripts/students.toml`` have
the same teachers, trained once, in OUT/teachers. A run writes a model folder and its figures to OUT/NAME; one that is
finished is not repeated, a killed one goes on. ``--table`` prints what is there: dev figures choose, the others tell.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.duplicates import stable_hash
from iraqcoal_nlp.data.fingerprints import rows_sha256
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.evaluation.measure import measure
from iraqcoal_nlp.model.card import figure, markdown_table
from iraqcoal_nlp.training.data import HELD_OUT, SEED_GOLD, TrainData
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from iraqcoal_nlp.training.run import train
from train import ROOT, UNLABELLED, UNSELECTED, read_data

FIGURES = "figures.json"
TEACHERS = "teachers"
"""Folder of the networks that teach the students of a plan, beside the runs'."""
SHARE = "share"
"""Key of a plan that is no setting of a recipe: the part of the documents that train."""
DEV = "dev"
SETS = (DEV, HELD_OUT, UNSELECTED, SEED_GOLD)


def in_share(row: Annotation, share: float) -> bool:
    """Whether the row's document is in the part; a smaller part lies inside a larger one."""
    return stable_hash(f"share {row.doc_id}") < share * 2**64


def part_of(data: TrainData, share: float) -> TrainData:
    """Return the data with a part of the documents that train; what chooses and measures stays whole."""
    splits = replace(data.splits, train=tuple(row for row in data.splits.train if in_share(row, share)))
    return replace(data, splits=splits, extra=[row for row in data.extra if in_share(row, share)])


def read_plan(path: Path) -> dict[str, dict[str, Any]]:
    """Return the changes of each run by its name: those of ``[common]``, then its own.

    Raises:
        RecipeError: The file cannot be read, is not TOML or has no runs.
    """
    try:
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
        runs: dict[str, dict[str, Any]] = {name: plan.get("common", {}) | own for name, own in plan["runs"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise RecipeError(f"{path}: not a plan with [runs.NAME] ({error})") from None
    return runs


def changed(recipe: TrainRecipe, changes: Mapping[str, Any], plan: Path) -> tuple[TrainRecipe, float]:
    """Return the recipe with some settings changed, and the share of the documents that train.

    Raises:
        RecipeError: A setting is unknown, of a wrong type or out of range.
    """
    share = changes.get(SHARE, 1.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise RecipeError(f"{plan}: share is {share!r}: use a number above 0, up to 1")
    if "split_seed" in changes:
        raise RecipeError(f"{plan}: split_seed must be the recipe's: all runs are measured on the same rows")
    settings = {key: value for key, value in changes.items() if key != SHARE}
    return recipe.changed(settings, plan), float(share)


def run(recipe: TrainRecipe, share: float, data: TrainData, folder: Path) -> dict[str, Any]:
    """Train and measure one change, and return its figures."""
    part = part_of(data, share)
    report = train(recipe, part, folder, teachers=folder.parent / TEACHERS if recipe.student_layers else None)
    figures: dict[str, Any] = asked(recipe, share) | {
        "rows": len(part.training_rows()),
        "data": fingerprint(data),
        "scores": measure(report.folder, {DEV: part.dev_rows()}) | dict(report.scores),
    }
    write_whole(folder / FIGURES, [json.dumps(figures, ensure_ascii=False, indent=1), "\n"])
    return figures


def asked(recipe: TrainRecipe, share: float) -> dict[str, Any]:
    """Return what tells a run from another, as JSON holds it."""
    told: dict[str, Any] = json.loads(json.dumps({"share": share, "recipe": asdict(recipe) | {"encoder": ""}}))
    return told


def fingerprint(data: TrainData) -> str:
    """Return a hash of the rows that train, choose and measure."""
    return rows_sha256([*data.training_rows(), *data.dev_rows(), *chain(*data.test_sets().values())])


def check_data(found: Mapping[str, dict[str, Any] | None], data: TrainData, out: Path) -> None:
    """Refuse to put new figures beside some of other data.

    Raises:
        RecipeError: A finished run is of other rows.
    """
    told = fingerprint(data)
    for name, figures in found.items():
        if figures is not None and figures.get("data") != told:
            raise RecipeError(f"{out / name / FIGURES}: is of other data: delete {out / name} to repeat the run")


def read_figures(folder: Path, recipe: TrainRecipe, share: float) -> dict[str, Any] | None:
    """Return the figures of a run, if it is finished.

    Raises:
        RecipeError: They are those of other settings.
    """
    path = folder / FIGURES
    if not path.is_file():
        return None
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if figures | asked(recipe, share) != figures:
        raise RecipeError(f"{path}: is of other settings than the plan's: delete {folder} to repeat the run")
    return figures


def table(found: Mapping[str, dict[str, Any] | None]) -> str:
    """Return what was measured as a Markdown table: macro-F1 of stance and events, with 95 % intervals on news.

    Args:
        found: Figures of each run by its name, or ``None``.
    """
    rows = []
    for run_name, figures in found.items():
        if figures is not None:
            cells = [cell(figures["scores"].get(name), interval=name == HELD_OUT) for name in SETS]
            rows.append([run_name, f"{figures['rows']:,}", *cells])
    return markdown_table(["run", "rows", *SETS], rows)


def cell(scores: dict[str, Any] | None, *, interval: bool) -> str:
    """Return a table's cell: macro-F1 of stance and events, with 95 % intervals if wanted."""
    if scores is None:
        return ""
    return " / ".join(_told(scores[head], interval=interval) for head in HEADS)


def _told(head: dict[str, Any], *, interval: bool) -> str:
    if not interval:
        return figure(head["macro_f1"])
    low, high = (f"{end:.2f}".lstrip("0") for end in head["interval"])
    return f"{figure(head['macro_f1'])} ({low}-{high})"


def main() -> int:
    """Read the arguments, and run or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT")
    parser.add_argument("names", nargs="*", metavar="NAME", help="runs of the plan; without any, all")
    parser.add_argument("--out", type=Path, required=True, help="folder of all runs")
    parser.add_argument("--recipe", default=str(ROOT / "models/recipes/mini.toml"))
    parser.add_argument("--plan", type=Path, default=ROOT / "scripts/ablations.toml", help="what is changed")
    parser.add_argument("--table", action="store_true", help="run nothing; print the figures of finished runs")
    args = parser.parse_intermixed_args()  # names may come after options
    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    try:
        plan = read_plan(args.plan)
        names = args.names or list(plan)
        if unknown := set(names) - set(plan):
            raise RecipeError(f"{args.plan}: has no run {', '.join(sorted(unknown))}: known are {', '.join(plan)}")
        base = TrainRecipe.from_toml(locate_recipe(args.recipe))
        base = replace(base, encoder=str(args.root / "encoder"), seeds=base.seeds[:1])
        # A mistake in the last is told before the first.
        runs = {name: changed(base, plan[name], args.plan) for name in names}
        found = {name: read_figures(args.out / name, *runs[name]) for name in names}
        waiting = [] if args.table else [name for name, figures in found.items() if figures is None]
        if waiting:
            students = any(runs[name][0].student_layers for name in waiting)
            data = read_data(args.root, seed=base.split_seed, unlabelled=UNLABELLED if students else 0)
            check_data(found, data, args.out)
            for name in waiting:
                found[name] = run(*runs[name], data, args.out / name)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
