"""Rebuild the shipped model: ``python scripts/train.py DATA_ROOT --out runs/mini``.

DATA_ROOT holds what the model is made from and what cannot be in this repository, because the text belongs to its
publishers: ``encoder/`` (made by ``scripts/prepare_encoder.py``), ``data/news-train.jsonl`` (annotated news, split by
document) and ``data/authored.jsonl`` (sentences written for training), JSON Lines with ``id, doc_id, text, stance,
events``; ``corpus/corpus.txt.xz`` (news text, one paragraph a line, a blank line between documents), of which
``seeds/corpus_labels.jsonl`` labels some sentences, ``seeds/corpus_test.jsonl`` some that only measure, and a student
learns from others. A killed run goes on when started again. ``scripts/ship.py`` then makes the shipped folder. To train
on annotations of your own, use ``iraqcoal train``.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.data.candidates import CorpusSentence, in_domain_sentences, letters_of, read_corpus_labels
from iraqcoal_nlp.data.corrections import apply_corrections
from iraqcoal_nlp.data.duplicates import stable_hash
from iraqcoal_nlp.evaluation.checklist import shipped_checklist
from iraqcoal_nlp.model.card import score_table
from iraqcoal_nlp.training.data import TrainData
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from iraqcoal_nlp.training.run import train

ROOT = Path(__file__).resolve().parents[1]

AUTHORED = [ROOT / "seeds/authored.jsonl", ROOT / "seeds/minimal_pairs.jsonl"]
"""Sentences of the project that were written for training."""

CORPUS_LABELS, CORPUS_TEST = ROOT / "seeds/corpus_labels.jsonl", ROOT / "seeds/corpus_test.jsonl"
"""Labels of corpus sentences, without their texts: those that train, and a random sample that measures."""

CORRECTIONS, CORPUS_CORRECTIONS = ROOT / "seeds/corrections.jsonl", ROOT / "seeds/corpus_corrections.jsonl"
"""Labels that a second and a third reading changed: of annotated news, and of the corpus sentences that train."""

UNSELECTED = "unselected news"
"""Name of that sample: no model has picked its sentences."""

UNLABELLED = 55_000
"""Sentences of the corpus that a student learns from, beside those that are labelled."""


def read_data(root: Path, *, seed: int, unlabelled: int = 0) -> TrainData:
    """Read what the shipped model is trained, chosen and measured on.

    Args:
        root: The DATA_ROOT.
        seed: The recipe's ``split_seed``.
        unlabelled: In-domain sentences of the corpus to read for a student.

    Raises:
        InputError: A file is missing or wrong; the message names file and row.
    """
    data = TrainData.read(
        root / "data/news-train.jsonl",
        extra=[root / "data/authored.jsonl", *AUTHORED],
        gold=ROOT / "seeds/gold.jsonl",
        corrections=CORRECTIONS,
        checklist=shipped_checklist(),
        seed=seed,
    )
    corpus = root / "corpus/corpus.txt.xz"
    labelled = apply_corrections(read_corpus_labels(CORPUS_LABELS, corpus), CORPUS_CORRECTIONS)
    test = read_corpus_labels(CORPUS_TEST, corpus)
    data = replace(data, tests={UNSELECTED: test})
    sentences = list(in_domain_sentences(corpus))
    closed = held_out_documents(data, sentences) | {row.doc_id for row in test}
    known = {row.text for row in labelled}
    free = [item for item in sentences if item.doc_id not in closed and item.text not in known]
    free.sort(key=lambda item: stable_hash(item.text))
    return replace(
        data,
        extra=[*data.extra, *(row for row in labelled if row.doc_id not in closed)],
        unlabelled=[item.text for item in free[:unlabelled]],
    )


def held_out_documents(data: TrainData, sentences: Sequence[CorpusSentence]) -> set[str]:
    """Return the corpus documents that hold a sentence which must stay unseen: they are left out whole."""
    held_out = {letters_of(row.text) for row in (*data.splits.dev, *data.splits.test, *data.gold)}
    return {item.doc_id for item in sentences if letters_of(item.text) in held_out}


def main() -> int:
    """Read the arguments, train, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT")
    parser.add_argument(
        "--recipe", default=str(ROOT / "models/recipes/mini.toml"), help="recipe of the package, or file"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--teachers", type=Path, help="folder of the teachers, which students of other sizes share")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    try:
        recipe = replace(TrainRecipe.from_toml(locate_recipe(args.recipe)), encoder=str(args.root / "encoder"))
        unlabelled = UNLABELLED if recipe.student_layers else 0
        data = read_data(args.root, seed=recipe.split_seed, unlabelled=unlabelled)
        report = train(recipe, data, args.out, teachers=args.teachers)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"model in {report.folder}")
    print(score_table(report.scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
