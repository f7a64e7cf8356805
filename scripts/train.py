"""Rebuild the shipped model: ``python scripts/train.py DATA_ROOT --out runs/mini``.

DATA_ROOT holds what the model is made from and what cannot be in this repository, because the text belongs to its
publishers: ``encoder/`` (made by ``scripts/prepare_encoder.py``), ``data/news-train.jsonl`` (annotated news, split by
document) and ``data/authored.jsonl`` (sentences written for training); JSON Lines with ``id, doc_id, text, stance,
events``. A killed run goes on when started again. ``scripts/ship.py`` then makes the shipped folder. To train on
annotations of your own, use ``iraqcoal train``.

``seeds/authored.jsonl`` and ``seeds/corrections.jsonl`` are not in the shipped model yet: with them it was no better on
held-out news (see ``docs/model.md``).
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.evaluation.checklist import shipped_checklist
from iraqcoal_nlp.model.card import score_table
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from iraqcoal_nlp.training.run import TrainData, train

ROOT = Path(__file__).resolve().parents[1]


def read_data(root: Path, *, seed: int) -> TrainData:
    """Read what the shipped model is trained, chosen and measured on.

    Args:
        root: The DATA_ROOT.
        seed: The recipe's ``split_seed``.

    Raises:
        InputError: A file is missing or wrong; the message names file and row.
    """
    return TrainData.read(
        root / "data/news-train.jsonl",
        extra=[root / "data/authored.jsonl"],
        gold=ROOT / "seeds/gold.jsonl",
        checklist=shipped_checklist(),
        seed=seed,
    )


def main() -> int:
    """Read the arguments, train, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT")
    parser.add_argument(
        "--recipe", default=str(ROOT / "models/recipes/mini.toml"), help="recipe of the package, or file"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    try:
        recipe = replace(TrainRecipe.from_toml(locate_recipe(args.recipe)), encoder=str(args.root / "encoder"))
        report = train(recipe, read_data(args.root, seed=recipe.split_seed), args.out)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"model in {report.folder}")
    print(score_table(report.scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
