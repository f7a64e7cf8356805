"""Print the quality tables of README: ``python scripts/evaluate.py [--data news.jsonl --extra authored.jsonl]``.

Without ``--data``: the shipped model on the seed gold and the behavioural tests, which come with the project. With it:
also on the documents that were held out of training, and beside tf-idf + logistic regression trained on the same rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp import EVENTS, STANCES, InputError, IraqCoalError
from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.data.splits import split_by_document
from iraqcoal_nlp.evaluation.baselines import TfidfLogreg
from iraqcoal_nlp.evaluation.checklist import read_checklist, run_checklist
from iraqcoal_nlp.evaluation.measure import judged_rows, measure
from iraqcoal_nlp.evaluation.scores import event_matrix, score_labels
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.inference.thresholds import best_thresholds
from iraqcoal_nlp.model.card import score_table
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.training.run import TrainData

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Read the arguments, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--data", type=Path, help="the sentences the model was trained and held out on")
    parser.add_argument("--extra", type=Path, help="sentences that only train")
    parser.add_argument("--gold", type=Path, default=ROOT / "seeds/gold.jsonl")
    parser.add_argument("--baseline-c", type=float, default=1.0, help="C of the baseline's logistic regressions")
    parser.add_argument("--baseline-unweighted", action="store_true", help="let the baseline's rare classes weigh less")
    parser.add_argument("--checklist", type=Path, default=ROOT / "seeds/checklist.jsonl", help="behavioural tests")
    parser.add_argument("--split-seed", type=int, default=13, help="the recipe's split_seed")
    args = parser.parse_args()
    try:
        folder = locate_model(args.model)
        gold = read_annotations(args.gold)
        sets: dict[str, Sequence[Annotation]] = {"seed gold": gold}
        table: dict[str, dict[str, Any]] = {}
        if args.data:
            splits = split_by_document(read_annotations(args.data), seed=args.split_seed)
            extra = read_annotations(args.extra) if args.extra else []
            sets = {"held-out news": splits.test, **sets}
            data = TrainData(splits=splits, extra=extra, gold=gold)
            rows = data.training_rows()
            if not splits.test or not rows:
                raise InputError("too few rows to train a baseline and measure it", path=args.data)
            baseline = TfidfLogreg(inverse_penalty=args.baseline_c, balanced=not args.baseline_unweighted)
            table |= baseline_scores(baseline.fit(rows), data.dev_rows(), sets)
        rates = run_checklist(read_checklist(args.checklist), ArticleClassifier.from_folder(folder))
        table |= {f"{folder.name}, {name}": scores for name, scores in measure(folder, sets).items()}
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, annotated in sets.items():
        print(f"{name}: {len(annotated)} sentences")
    print(score_table(table))
    print("\n| behaviour | passed |\n| --- | ---: |")
    print("\n".join(f"| {name} | {rate.passed} of {rate.total} |" for name, rate in rates.items()))
    return 0


def baseline_scores(
    baseline: TfidfLogreg, dev_rows: Sequence[Annotation], sets: dict[str, Sequence[Annotation]]
) -> dict[str, dict[str, Any]]:
    """Score a trained baseline; its thresholds come from the dev rows that chose the model's."""
    dev = judged_rows(dev_rows)
    _, dev_events = baseline.predict_proba([text for text, _, _ in dev])
    thresholds = best_thresholds(dev_events, event_matrix(events for _, _, events in dev))
    table = {}
    for name, annotated in sets.items():
        rows = judged_rows(annotated)
        stance, events = baseline.predict_proba([text for text, _, _ in rows])
        predicted = [
            (STANCES[best], [event for event, yes in zip(EVENTS, accepted, strict=True) if yes])
            for best, accepted in zip(stance.argmax(axis=1), events >= np.array(thresholds), strict=True)
        ]
        expected = [(stance, events) for _, stance, events in rows]
        table[f"tf-idf + logistic regression, {name}"] = score_labels(expected, predicted).to_dict()
    return table


if __name__ == "__main__":
    sys.exit(main())
