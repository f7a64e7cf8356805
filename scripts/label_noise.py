"""List annotations that are probably wrong: ``python scripts/label_noise.py DATA_ROOT [--top 100] [--texts]``.

tf-idf + logistic regression labels all annotated news, dev and test too, in five folds by document; what it
contradicts with confidence is listed, the gravest first, with id, given and suggested label, for a person to decide
by the codebook. What was decided is in ``seeds/corrections.jsonl`` and ``seeds/corpus_corrections.jsonl``, which
training applies, and which are applied here; ``second_reading.py`` tells how far readers agree.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.benchmark.estimators import EstimatorModel
from iraqcoal_nlp.benchmark.rows import Example
from iraqcoal_nlp.benchmark.specs import ModelSpec
from iraqcoal_nlp.benchmark.tasks import load_task
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.data.candidates import read_corpus_labels
from iraqcoal_nlp.data.corrections import apply_corrections
from iraqcoal_nlp.data.splits import k_folds
from iraqcoal_nlp.evaluation.label_noise import doubtful_labels
from iraqcoal_nlp.evaluation.scores import event_matrix, stance_matrix
from train import CORPUS_CORRECTIONS, CORPUS_LABELS, CORRECTIONS

FOLDS = 5

TASK = load_task("coalition.v1")


def doubts(rows: list[Annotation], *, seed: int) -> list[tuple[float, Annotation, str, str]]:
    """Return margin, row, given and suggested label of every doubtful annotation, the gravest first."""
    found = []
    for others, part in k_folds(rows, k=FOLDS, seed=seed):
        baseline = EstimatorModel(TASK, ModelSpec(name="tfidf-logreg"), seed=seed)
        baseline.fit([Example.of(row) for row in others], [])
        probs = baseline.predict_proba([Example.of(row) for row in part])
        event_probs = probs["events"]
        for doubt in doubtful_labels(stance_matrix(row.stance or "" for row in part), probs["stance"]):
            found.append((doubt.margin, part[doubt.index], STANCES[doubt.given], STANCES[doubt.suggested]))
        gold = event_matrix(row.events or () for row in part)
        for number, event in enumerate(EVENTS):
            reported = gold[:, number]
            two = np.stack([~reported, reported], axis=1)
            both = np.stack([1 - event_probs[:, number], event_probs[:, number]], axis=1)
            names = (f"no {event}", event)
            for doubt in doubtful_labels(two, both):
                found.append((doubt.margin, part[doubt.index], names[doubt.given], names[doubt.suggested]))
    return sorted(found, key=lambda item: (-item[0], item[1].id))


def main() -> int:
    """Read the arguments, and list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT", help="see scripts/train.py")
    parser.add_argument("--top", type=int, default=100, help="number of annotations to list")
    parser.add_argument("--texts", action="store_true", help="print the sentences too")
    parser.add_argument("--seed", type=int, default=13, help="seed of the folds")
    args = parser.parse_args()
    try:
        news = read_annotations(args.root / "data/news-train.jsonl")
        rows = apply_corrections(news, CORRECTIONS)
        labelled = read_corpus_labels(CORPUS_LABELS, args.root / "corpus/corpus.txt.xz")
        rows += apply_corrections(labelled, CORPUS_CORRECTIONS)
        judged = [row for row in rows if row.stance is not None and row.events is not None]
        found = doubts(judged, seed=args.seed)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for margin, row, given, suggested in found[: args.top]:
        print(f"{row.id}\t{given}\t{suggested}\t{margin:.2f}" + (f"\t{row.text}" if args.texts else ""))
    print(f"{len(found)} doubtful annotations of {len(judged)} sentences")
    return 0


if __name__ == "__main__":
    sys.exit(main())
