"""The seeds: articles, gold and codebook agree, and what was written for training repeats nothing that measures."""

from collections import defaultdict

import pytest

from conftest import SEEDS
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.data.datasets import load_gold
from iraqcoal_nlp.data.duplicates import find_copies
from iraqcoal_nlp.evaluation.checklist import read_checklist


def test_the_codebook_explains_every_label():
    guide = (SEEDS / "codebook.md").read_text("utf-8")
    for label in (*STANCES, *EVENTS):
        assert f"- `{label}`" in guide


def test_the_loader_gives_named_labels(gold_rows):
    table = load_gold(SEEDS / "gold.jsonl")["test"]
    real = [row for row in gold_rows if not row["boilerplate"]]
    assert table.num_rows == len(real)
    stance, events = table.features["stance"], table.features["events"].feature
    assert (stance.names, events.names) == (list(STANCES), list(EVENTS))
    assert [stance.int2str(row["stance"]) for row in table] == [row["stance"] for row in real]
    assert [events.int2str(row["events"]) for row in table] == [row["events"] for row in real]


@pytest.mark.parametrize("name", ["authored.jsonl", "minimal_pairs.jsonl"])
def test_what_was_written_for_training_repeats_nothing_that_measures(name, gold_rows):
    written = [row.text for row in read_annotations(SEEDS / name)]
    measures = [row["text"] for row in gold_rows] + [case.text for case in read_checklist(SEEDS / "checklist.jsonl")]
    copies = find_copies(written, measures)
    assert {written[index]: measures[other] for index, other in copies.items()} == {}


def test_sentences_of_a_pair_get_different_labels():
    scenes = defaultdict(set)
    for row in read_annotations(SEEDS / "minimal_pairs.jsonl"):
        scenes[row.doc_id].add((row.stance, row.events))
    assert [scene for scene, labels in scenes.items() if len(labels) < 2] == []
