"""Print where the shipped model errs: ``python scripts/error_rates.py [DATA_ROOT]``.

Without DATA_ROOT: for each behaviour of the behavioural tests how often it fails, and one sentence on which it does.
With it (see ``scripts/train.py``): also, for each source of the held-out news, how many sentences get a wrong stance or
wrong events. Sources of few sentences stand together. Intervals are 95 % (Wilson, 1927). ``--worst 10`` adds, for each
label, the held-out sentences on which it is most surely wrong, whole: they belong to their publishers.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.checklist import Case, read_checklist, run_checklist, shipped_checklist
from iraqcoal_nlp.evaluation.predictions import Predictions, predict
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.card import markdown_table
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from train import read_data

FEW = 30
"""Sources of fewer sentences are put together."""

_Z = 1.96


def failing_rows(classifier: ArticleClassifier, cases: Sequence[Case]) -> Iterator[list[str]]:
    """Yield, for each behaviour that ever fails, how often, and one such sentence with the model's labels."""
    by_id = {case.id: case for case in cases}
    for name, rate in run_checklist(cases, classifier).items():
        if not rate.failed_ids:
            continue
        case = by_id[rate.failed_ids[0]]
        text = case.variant or case.text
        (found,) = classifier.classify_sentences([text])
        labels = ", ".join((found.stance, *found.events))
        yield [name, f"{len(rate.failed_ids)} of {rate.total}", text, labels]


def rows_by_source(found: Predictions, rows: Sequence[Annotation]) -> Iterator[list[str]]:
    """Yield, for each source, how many of its sentences the model gets wrong; last, for all."""
    n_sentences = Counter(row.source or "unnamed" for row in rows)
    few = [name for name, count in n_sentences.items() if count < FEW]
    together = dict.fromkeys(few, f"{len(few)} sources of fewer than {FEW} sentences")

    def wrong(head: str) -> defaultdict[str, list[bool]]:
        """Return whether each judged sentence is wrong, by source."""
        judged = [row for row in rows if getattr(row, head) is not None]
        of_source = defaultdict(list)
        for row, is_wrong in zip(judged, found.heads[head].wrong.tolist(), strict=True):
            name = row.source or "unnamed"
            for place in (together.get(name, name), "all"):
                of_source[place].append(is_wrong)
        return of_source

    stances, events = wrong("stance"), wrong("events")
    for name, flags in sorted(stances.items(), key=lambda source: len(source[1])):
        yield [name, f"{len(flags):,}", wrong_share(flags), wrong_share(events[name])]


def worst_rows(found: Predictions, rows: Sequence[Annotation], count: int) -> Iterator[list[str]]:
    """Yield, for each label, the sentences that it is claimed of or missed in against the highest probability."""
    for name, head in found.heads.items():
        judged = [row for row in rows if getattr(row, name) is not None]
        for column, label in enumerate(head.labels):
            gold, probs = head.gold[:, column], head.probs[:, column]
            distance = np.where(gold != head.predicted[:, column], np.abs(gold - probs), -1.0)
            for place in np.argsort(-distance, kind="stable")[:count]:
                if distance[place] < 0:
                    break  # fewer errors than asked for
                kind = "missed" if gold[place] else "claimed"
                yield [label, kind, f"{probs[place]:.2f}", judged[place].id, " ".join(judged[place].text.split())]


def wrong_share(wrong: Sequence[bool]) -> str:
    """Return a share with its Wilson interval; empty if nothing was judged."""
    if not wrong:
        return ""
    total = len(wrong)
    share = sum(wrong) / total
    middle = share + _Z**2 / (2 * total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    low, high = ((middle + side * half) / (1 + _Z**2 / total) for side in (-1, 1))
    return f"{share:.0%} ({max(low, 0):.0%} to {high:.0%})"


def main() -> int:
    """Read the arguments, label, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", metavar="DATA_ROOT")
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument(
        "--worst", type=int, default=0, metavar="N", help="with DATA_ROOT: errors of each label to show"
    )
    args = parser.parse_args()
    try:
        classifier = iq.load(args.model)
        held_out: Sequence[Annotation] = ()
        if args.root:
            held_out = read_data(args.root, seed=TrainRecipe.from_toml(locate_recipe("mini")).split_seed).splits.test
        cases = read_checklist(shipped_checklist())
    except iq.IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{classifier.model_id}\n")
    print(markdown_table(["behaviour", "failed", "such as", "labelled"], failing_rows(classifier, cases)))
    if held_out:
        found = predict(classifier, held_out)
        print(f"\n{len(held_out):,} sentences of held-out news\n")
        print(markdown_table(["source", "sentences", "wrong stance", "wrong events"], rows_by_source(found, held_out)))
        if args.worst:
            worst = worst_rows(found, held_out, args.worst)
            print(f"\n{markdown_table(['label', 'error', 'probability', 'id', 'sentence'], worst)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
