"""Print how well a second reader does: ``python scripts/second_reading.py DATA_ROOT``.

Annotators (language models that followed the codebook, blind to the labels) read sentences a second time. Their labels
are measured against the first ones as a model's would be (F1), and by Cohen's kappa of the stance: what no model can be
expected to pass by much. DATA_ROOT: see ``scripts/train.py``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.agreement import measure_agreement
from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.data.candidates import read_corpus_labels
from iraqcoal_nlp.data.corrections import apply_corrections, corrected_ids
from iraqcoal_nlp.evaluation.scores import event_matrix, label_scores, macro_average, stance_matrix
from iraqcoal_nlp.model.card import figure, markdown_table
from train import CORPUS_LABELS, ROOT

SEEDS = ROOT / "seeds"
CORPUS_READINGS = {
    "corpus labels that train, rare ones first": (CORPUS_LABELS, SEEDS / "corpus_second.jsonl"),
    "unselected news": (SEEDS / "corpus_test_first.jsonl", SEEDS / "corpus_test_second.jsonl"),
}
"""First and second reading. In unselected news a third one settled where they differ: ``seeds/corpus_test.jsonl``."""

NEWS_SECOND = SEEDS / "news_second.jsonl"
"""Second reading of the held-out news."""

HEAD = ["", "sentences", "stance", *STANCES, "events", *EVENTS, "κ stance"]


def readings(root: Path) -> Iterator[tuple[str, Sequence[Annotation], Sequence[Annotation]]]:
    """Yield name, first and second reading of the same sentences.

    Raises:
        InputError: A file is missing or wrong; the message names file and row.
    """
    news = read_annotations(root / "data/news-train.jsonl")
    read = corrected_ids(NEWS_SECOND)
    first = [row for row in apply_corrections(news, SEEDS / "corrections.jsonl") if row.id in read]
    yield "held-out news", first, apply_corrections(first, NEWS_SECOND)
    corpus = root / "corpus/corpus.txt.xz"
    for name, files in CORPUS_READINGS.items():
        one, two = ({row.id: row for row in read_corpus_labels(file, corpus)} for file in files)
        common = [row_id for row_id in two if row_id in one]
        yield name, [one[row_id] for row_id in common], [two[row_id] for row_id in common]


def cells(name: str, first: Sequence[Annotation], second: Sequence[Annotation]) -> list[str]:
    """Return one row of the table."""
    gold, found = (stance_matrix(row.stance or "" for row in rows) for rows in (first, second))
    stances = label_scores(gold, found, STANCES)
    gold, found = (event_matrix(row.events or () for row in rows) for rows in (first, second))
    events = label_scores(gold, found, EVENTS)
    scores = [f"{len(first):,}"]
    for head in (stances, events):
        scores += [f"**{figure(macro_average(head).f1)}**", *(figure(score.f1) for score in head.values())]
    agreement = measure_agreement(
        [replace(row, annotator=reader) for reader, rows in (("1", first), ("2", second)) for row in rows]
    )
    assert agreement is not None  # both have read all
    (pair,) = agreement.pairs
    assert pair.stance is not None
    return [name, *scores, figure(pair.stance)]


def main() -> int:
    """Read the argument, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT")
    args = parser.parse_args()
    try:
        table = [cells(*reading) for reading in readings(args.root)]
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(markdown_table(HEAD, table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
