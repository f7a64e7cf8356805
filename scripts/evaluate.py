"""Print the quality tables of README: ``python scripts/evaluate.py [DATA_ROOT]``.

Without DATA_ROOT: the shipped model on the seed gold and the behavioural tests, which come with the project. With it
(see ``scripts/train.py``): also on the documents that were held out of training, and beside tf-idf + logistic
regression trained on the same rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.benchmark.estimators import EstimatorModel
from iraqcoal_nlp.benchmark.rows import Example
from iraqcoal_nlp.benchmark.specs import ModelSpec
from iraqcoal_nlp.benchmark.tasks import load_task
from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.evaluation.checklist import read_checklist, run_checklist, shipped_checklist
from iraqcoal_nlp.evaluation.measure import compare_predictions, score_predictions
from iraqcoal_nlp.evaluation.predictions import Predictions, predict
from iraqcoal_nlp.evaluation.tables import comparison_tables, score_tables
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.card import score_table
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.training.data import SEED_GOLD, TrainData
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from train import read_data

BASELINE = "tf-idf + logistic regression"

ROOT = Path(__file__).resolve().parents[1]


TASK = load_task("coalition.v1")


def fit_baseline(data: TrainData, **options: float | str | None) -> EstimatorModel:
    """Return the baseline, trained on what trains the model, with thresholds from the same dev rows."""
    model = EstimatorModel(TASK, ModelSpec(name="tfidf-logreg"), seed=13, options=options)
    train, dev = ([Example.of(row) for row in rows] for rows in (data.training_rows(), data.dev_rows()))
    model.fit(train, dev)
    return model


def label(model: EstimatorModel, rows: Sequence[Annotation]) -> Predictions:
    """Let the baseline label annotated rows; it never abstains."""
    probs = model.predict_proba([Example.of(row) for row in rows])
    return Predictions.of_probabilities(rows, probs["stance"], probs["events"], model.thresholds["events"])


def main() -> int:
    """Read the arguments, measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", metavar="DATA_ROOT")
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--baseline-c", type=float, default=1.0, help="C of the baseline's logistic regressions")
    parser.add_argument("--baseline-unweighted", action="store_true", help="let the baseline's rare classes weigh less")
    parser.add_argument("--checklist", type=Path, default=shipped_checklist(), help="behavioural tests")
    args = parser.parse_args()
    try:
        folder = locate_model(args.model)
        classifier = ArticleClassifier.from_folder(folder)
        gold = read_annotations(ROOT / "seeds/gold.jsonl")
        sets: dict[str, Sequence[Annotation]] = {SEED_GOLD: gold}
        predictions: dict[tuple[str, str], Predictions] = {}
        if args.root:
            recipe = TrainRecipe.from_toml(locate_recipe("mini"))
            data = read_data(args.root, seed=recipe.split_seed)
            sets = data.test_sets()
            weight = None if args.baseline_unweighted else "balanced"
            baseline = fit_baseline(data, inverse_penalty=args.baseline_c, class_weight=weight)
            predictions |= {(BASELINE, name): label(baseline, annotated) for name, annotated in sets.items()}
        rates = run_checklist(read_checklist(args.checklist), classifier)
        predictions |= {(folder.name, name): predict(classifier, annotated) for name, annotated in sets.items()}
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, annotated in sets.items():
        print(f"{name}: {len(annotated)} sentences")
    table = {f"{model}, {name}": score_predictions(found) for (model, name), found in predictions.items()}
    print(score_table({name: scores for name, scores in table.items() if scores.keys() >= set(HEADS)}))
    print("\n| behaviour | passed |\n| --- | ---: |")
    print("\n".join(f"| {name} | {rate.passed} of {rate.total} |" for name, rate in rates.items()))
    console = Console(highlight=False)
    shown = [score_tables(name, table[name], found) for name, found in zip(table, predictions.values(), strict=True)]
    parts = [part for tables in shown for part in ("", *tables)]
    if args.root:
        parts += ["", f"first: {BASELINE}", f"second: {folder.name}"]
        for name in sets:
            both = predictions[BASELINE, name], predictions[folder.name, name]
            parts += comparison_tables(name, compare_predictions(*both), *both)
    for part in parts:
        console.print(part, markup=False, soft_wrap=isinstance(part, str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
