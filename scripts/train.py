"""Train a model: ``python scripts/train.py models/recipes/mini.toml --data news.jsonl --out runs/mini``.

Data files: JSON Lines with ``id, doc_id, text, stance, events``. A killed run goes on when started again.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.model.card import score_table
from iraqcoal_nlp.training.recipe import TrainRecipe
from iraqcoal_nlp.training.run import TrainData, train

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Read the arguments, train, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, help="a TOML file of models/recipes")
    parser.add_argument("--data", type=Path, required=True, help="annotated sentences, split by document")
    parser.add_argument("--extra", type=Path, help="annotated sentences that only train")
    parser.add_argument("--gold", type=Path, default=ROOT / "seeds/gold.jsonl", help="public test set")
    parser.add_argument("--checklist", type=Path, default=ROOT / "seeds/checklist.jsonl", help="behavioural tests")
    parser.add_argument("--encoder", help="overrides the recipe's encoder: a folder or hub name")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    try:
        recipe = TrainRecipe.from_toml(args.recipe)
        if args.encoder:
            recipe = replace(recipe, encoder=args.encoder)
        data = TrainData.read(
            args.data, extra=args.extra, gold=args.gold, checklist=args.checklist, seed=recipe.split_seed
        )
        report = train(recipe, data, args.out)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"model in {report.folder}")
    print(score_table(report.scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
