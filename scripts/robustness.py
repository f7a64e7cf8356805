"""Print how many labels change when a sentence is only spelled otherwise: ``python scripts/robustness.py``.

Each row is one kind of spelling, over those sentences that it changes. A *decision* is the stance of a sentence, or
whether one event is reported of it: five a sentence. ``--add STEP`` adds normalization steps that the model was not
trained with behind its own, for both spellings; the second row then tells what they do to the sentences as they stand.
The goal is 1 % of decisions for each kind.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.evaluation.scores import event_matrix, label_scores, macro_average, stance_matrix
from iraqcoal_nlp.model.card import figure, markdown_table
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.text.spelling import SPELLINGS

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.01
Labels = tuple[str, tuple[str, ...]]


def flips(before: Sequence[Labels], after: Sequence[Labels]) -> int:
    """Return how many decisions differ."""
    return sum(
        (one[0] != other[0]) + len(set(one[1]) ^ set(other[1])) for one, other in zip(before, after, strict=True)
    )


def f1_cells(gold: Sequence[Labels], labels: Sequence[Labels]) -> list[str]:
    """Return the macro F1 of both heads."""
    stance = label_scores(stance_matrix(row[0] for row in gold), stance_matrix(row[0] for row in labels), iq.STANCES)
    events = label_scores(event_matrix(row[1] for row in gold), event_matrix(row[1] for row in labels), iq.EVENTS)
    return [figure(macro_average(stance).f1), figure(macro_average(events).f1)]


def main() -> int:
    """Read the arguments, label every spelling, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--data", type=Path, default=ROOT / "seeds/gold.jsonl", help="annotated sentences")
    parser.add_argument("--add", nargs="*", default=[], metavar="STEP", help="further normalization steps")
    parser.add_argument(
        "--kind", action="append", choices=tuple(SPELLINGS), metavar="KIND", help="only this kind; may be repeated"
    )
    parser.add_argument("--seed", type=int, default=13, help="of the kinds that change some places only")
    args = parser.parse_args()
    try:
        rows = read_annotations(args.data)
        classifier = iq.load(args.model)
        step = build_normalizer([*classifier.settings.normalizer, *args.add] if args.add else [])
    except iq.IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    def label(texts: Sequence[str]) -> list[Labels]:
        return [(result.stance, result.events) for result in classifier.classify_sentences(texts)]

    judged = [(row.text, row.stance, row.events) for row in rows if row.stance is not None and row.events is not None]
    texts, gold = [text for text, _, _ in judged], [(stance, events) for _, stance, events in judged]
    plain = label(texts)
    base = label([step(text) for text in texts]) if args.add else plain
    table = []
    if args.add:
        table.append(["as it stands, without the steps", "", "", "", *f1_cells(gold, plain)])
    table.append(["as it stands", *_rates(plain, base, range(len(texts))), *f1_cells(gold, base)])
    over = []
    for kind in args.kind or SPELLINGS:
        rng = random.Random(args.seed)
        spelled = [SPELLINGS[kind](text, rng) for text in texts]
        changed = [index for index, (one, other) in enumerate(zip(texts, spelled, strict=True)) if one != other]
        labels = list(base)
        for index, found in zip(changed, label([step(spelled[index]) for index in changed]), strict=True):
            labels[index] = found
        table.append([kind, *_rates(base, labels, changed), *f1_cells(gold, labels)])
        if flips(base, labels) > GOAL * (1 + len(iq.EVENTS)) * len(changed):
            over.append(kind)
    print(f"{classifier.model_id} on {args.data.name}: {len(texts)} sentences")
    head = ["spelling", "sentences", "decisions changed", "sentences changed", "stance F1", "events F1"]
    print(markdown_table(head, table))
    print(f"kinds above the goal of {GOAL:.0%} of decisions: {'; '.join(over) or 'none'}")
    return 0


def _rates(before: Sequence[Labels], after: Sequence[Labels], among: Sequence[int]) -> list[str]:
    """Return the number of sentences in question, and the shares of decisions and of sentences that differ."""
    if not among:
        return ["0", "", ""]
    decisions = flips(before, after) / ((1 + len(iq.EVENTS)) * len(among))
    sentences = sum(before[index] != after[index] for index in among) / len(among)
    return [f"{len(among):,}", f"{decisions:.2%}", f"{sentences:.1%}"]


if __name__ == "__main__":
    sys.exit(main())
