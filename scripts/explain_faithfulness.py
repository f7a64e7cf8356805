"""Print how faithful explanations are: ``python scripts/explain_faithfulness.py [--model DIR] [--data rows.jsonl]``.

Explains every label that the model gives to the seed gold, and measures comprehensiveness and sufficiency of the order
of the words: by weight, with a word replaced instead of deleted, and in random order.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.evaluation.faithfulness import Faithfulness, Ranking, measure_faithfulness
from iraqcoal_nlp.inference.explain import explain_sentences
from iraqcoal_nlp.records import SentenceExplanation, WordAttribution

ROOT = Path(__file__).resolve().parents[1]
FILLERS = {"deletion": "", "`…` in its place": "…"}


def rankings(explained: Sequence[SentenceExplanation], *, seed: int | None = None) -> Iterator[Ranking]:
    """Yield the words of each explained label by weight, or in random order if a seed is given."""
    generator = random.Random(seed)

    def place(word: WordAttribution) -> float:
        return -word.weight if seed is None else generator.random()

    for item in explained:
        for label in item.labels:
            spans = tuple((word.start, word.end) for word in sorted(label.words, key=place))
            yield Ranking(text=item.sentence.text, label=label.label, spans=spans)


def main() -> int:
    """Read the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--data", type=Path, default=ROOT / "seeds/gold.jsonl", help="annotated sentences")
    parser.add_argument("--random-orders", type=int, default=5)
    args = parser.parse_args()
    try:
        classifier = iq.load(args.model)
        sentences = classifier.classify_sentences([row.text for row in read_annotations(args.data)])
    except iq.IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table: dict[str, Faithfulness] = {}
    for name, filler in FILLERS.items():
        started = time.perf_counter()
        explained = explain_sentences(classifier.probabilities, sentences, filler=filler)
        seconds = time.perf_counter() - started
        table[f"occlusion, {name}"] = measure_faithfulness(classifier.probabilities, list(rankings(explained)))
    shuffled = [
        measure_faithfulness(classifier.probabilities, list(rankings(explained, seed=seed)))
        for seed in range(args.random_orders)
    ]
    n_words = [len(item.labels[0].words) for item in explained if item.labels]
    print(f"{shuffled[0].rankings} labels of {len(n_words)} sentences, {statistics.mean(n_words):.1f} words on average")
    print(f"explained in {seconds:.1f} s, {len(n_words) / seconds:.1f} sentences/s\n")
    print("| order of the words | comprehensiveness ↑ | sufficiency ↓ |\n| --- | ---: | ---: |")
    for name, result in table.items():
        print(f"| {name} | {result.comprehensiveness:.3f} | {result.sufficiency:.3f} |")
    columns = ([r.comprehensiveness for r in shuffled], [r.sufficiency for r in shuffled])
    print(f"| random, {len(shuffled)} orders | {' | '.join(f'{statistics.mean(column):.3f}' for column in columns)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
