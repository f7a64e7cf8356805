"""Measure one change of the shipped model's training: ``python scripts/ablate.py DATA_ROOT --out runs/ablations NAME``.

Each call trains the recipe with some settings changed (``--set r_drop=1.0``, ``--set 'seeds=[14]'``), on all documents
or a part of them (``--share 0.25``), and writes a model folder and its figures under OUT/NAME; a finished NAME is not
run again. ``--table`` prints what is there: dev figures choose, the others only tell.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.duplicates import stable_hash
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.evaluation.measure import measure
from iraqcoal_nlp.model.card import figure, markdown_table
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from iraqcoal_nlp.training.run import HELD_OUT, SEED_GOLD, TrainData, train
from train import ROOT, UNSELECTED, read_data

FIGURES = "figures.json"
DEV = "dev"
SETS = (DEV, HELD_OUT, UNSELECTED, SEED_GOLD)


def in_share(row: Annotation, share: float) -> bool:
    """Whether the row's document is in the part; a smaller part lies inside a larger one."""
    return stable_hash(f"share {row.doc_id}") < share * 2**64


def part_of(data: TrainData, share: float) -> TrainData:
    """Return the data with a part of the documents that train; what chooses and measures stays whole."""
    splits = replace(data.splits, train=tuple(row for row in data.splits.train if in_share(row, share)))
    return replace(data, splits=splits, extra=[row for row in data.extra if in_share(row, share)])


def changed(recipe: TrainRecipe, settings: list[str]) -> TrainRecipe:
    """Return the recipe with settings given as ``key=value``, the value in TOML.

    Raises:
        RecipeError: A setting is not TOML, unknown or out of range.
    """
    try:
        given = tomllib.loads("\n".join(settings))
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
        }
        return replace(recipe, **values)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise RecipeError(f"--set: {error}") from None


def run(args: argparse.Namespace) -> None:
    """Train and measure one change."""
    folder = args.out / args.name
    if (folder / FIGURES).is_file():
        return
    base = TrainRecipe.from_toml(locate_recipe(args.recipe))
    recipe = changed(replace(base, encoder=str(args.root / "encoder"), seeds=base.seeds[:1]), args.set)
    data = part_of(read_data(args.root, seed=recipe.split_seed), args.share)
    report = train(recipe, data, folder)
    figures: dict[str, Any] = {
        "changes": args.set,
        "share": args.share,
        "rows": len(data.training_rows()),
        "recipe": asdict(recipe) | {"encoder": ""},
        "scores": measure(report.folder, {DEV: data.dev_rows()}) | dict(report.scores),
    }
    (folder / FIGURES).write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")


def table(out: Path) -> str:
    """Return what was measured as a Markdown table: macro-F1 of stance and events, with 95 % intervals on news."""
    rows = []
    for path in sorted(out.glob(f"*/{FIGURES}")):
        figures = json.loads(path.read_text("utf-8"))
        cells = [_cell(figures["scores"].get(name), interval=name == HELD_OUT) for name in SETS]
        rows.append([path.parent.name, f"{figures['rows']:,}", *cells])
    return markdown_table(["run", "rows", *SETS], rows)


def _cell(scores: dict[str, Any] | None, *, interval: bool) -> str:
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
    parser.add_argument("name", nargs="?", help="name of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of all runs")
    parser.add_argument("--recipe", default=str(ROOT / "models/recipes/mini.toml"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="setting to change, in TOML")
    parser.add_argument("--share", type=float, default=1.0, help="share of the training documents")
    parser.add_argument("--table", action="store_true", help="print the figures of finished runs")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    try:
        if args.name:
            run(args)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if args.table:
        print(table(args.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
