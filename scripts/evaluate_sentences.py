"""Print how well the sentence splitter agrees with the seed articles' gold sentences."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from iraqcoal_nlp.evaluation.boundaries import Span, score_boundaries
from iraqcoal_nlp.text.sentences import split_sentences

SEEDS = Path(__file__).parents[1] / "seeds"


def main() -> None:
    """Split the seed articles, score the result, print one line per measure."""
    spans: dict[bool, dict[str, list[Span]]] = {False: defaultdict(list), True: defaultdict(list)}
    for line in (SEEDS / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans[row["boilerplate"]][row["doc_id"]].append((row["start"], row["end"]))
    gold, boilerplate = spans[False], spans[True]
    predicted = {}
    for doc_id in gold:
        text = (SEEDS / "articles" / f"{doc_id}.txt").read_bytes().decode("utf-8")  # line ends stay as they are
        predicted[doc_id] = [(sentence.start, sentence.end) for sentence in split_sentences(text)]

    report = score_boundaries(gold, predicted, boilerplate)
    for name, agreement in (("exact spans", report.spans), ("exact ends", report.ends)):
        print(
            f"{name:<12} precision {agreement.precision:.4f}  recall {agreement.recall:.4f}  F1 {agreement.f1:.4f}"
            f"  ({agreement.shared} shared, {agreement.gold} gold, {agreement.predicted} predicted)"
        )
    print(f"boilerplate  {report.leaked} of {sum(map(len, boilerplate.values()))} rows leaked")


if __name__ == "__main__":
    main()
