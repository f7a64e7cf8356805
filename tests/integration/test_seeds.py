"""The seeds: articles, gold and codebook agree."""

from conftest import SEEDS
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.datasets import load_gold


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
