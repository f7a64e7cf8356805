"""The hand-made gold of mentions: it stands where it says, and the rules keep to their precision on it."""

from __future__ import annotations

import contextlib
import io
import re
import runpy

import pytest

from conftest import ROOT, SEEDS
from iraqcoal_nlp import InputError
from iraqcoal_nlp.evaluation.attribution import read_gold, score_mentions
from iraqcoal_nlp.text.attribution import resolve
from iraqcoal_nlp.text.attribution.gazetteer import load_gazetteer

ARTICLES = read_gold(SEEDS / "attribution.jsonl", SEEDS / "gold.jsonl")
AUTHORED = read_gold(SEEDS / "attribution-authored.jsonl", SEEDS / "authored.jsonl")
UNSEEN = [item for item in AUTHORED if item.row["sample"] == "unseen"]


def test_the_gold_covers_every_sentence_of_the_articles(gold_rows):
    spans = {(row["id"], row["start"], row["end"]) for row in gold_rows if not row["boilerplate"]}
    assert {(item.row["id"], item.row["start"], item.row["end"]) for item in ARTICLES} == spans
    texts = {path.stem: path.read_bytes().decode("utf-8") for path in (SEEDS / "articles").glob("*.txt")}
    for item in ARTICLES:
        for mention in (*item.row["speakers"], *item.row["places"], *item.row["dates"]):
            assert texts[item.row["doc_id"]][mention["start"] : mention["end"]] == mention["text"]


@pytest.mark.parametrize(
    ("gold", "floors"),
    [
        (ARTICLES, {"speakers": (0.95, 0.99, 0.90), "places": (0.95, 0.95, 0.95), "dates": (0.95, 0.95, 0.95)}),
        (UNSEEN, {"speakers": (0.75, 0.95, 0.35), "places": (0.90, 0.90, 0.85), "dates": (0.95, 0.95, 0.85)}),
    ],
)
def test_precision_keeps_its_floor(gold, floors):
    scores = score_mentions(gold)
    for kind, (precision, overlap_precision, recall) in floors.items():
        assert scores[kind].exact.precision >= precision
        assert scores[kind].overlap_precision >= overlap_precision
        assert scores[kind].exact.recall >= recall
    for kind in ("places", "dates"):  # the province and the day
        assert scores[kind].facts_right >= 0.88 * scores[kind].exact.shared


def test_gold_that_does_not_stand_at_its_offsets_is_refused(tmp_path):
    first = (SEEDS / "attribution.jsonl").read_text("utf-8").splitlines()[2]
    (tmp_path / "gold.jsonl").write_text(first.replace('"start": 218', '"start": 219'), "utf-8")
    with pytest.raises(InputError, match=r"gold\.jsonl:1: .* does not stand at its offsets"):
        read_gold(tmp_path / "gold.jsonl", SEEDS / "gold.jsonl")


def test_the_documentation_shows_what_the_commands_print(capsys):
    guide = (ROOT / "docs/mentions.md").read_text("utf-8")
    assert runpy.run_path(str(ROOT / "scripts/evaluate_mentions.py"))["main"]() == 0
    assert capsys.readouterr().out in guide
    code, shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", guide, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == shown
    places = load_gazetteer().places
    spellings = sum(1 + len(place.variants) for place in places)
    located = sum(place.latitude is not None for place in places)
    assert f"holds {len(places)} places of Iraq under {spellings} spellings" in guide
    assert f"{located} have coordinates" in guide


def test_the_documentation_explains_every_note():
    guide = (ROOT / "docs/mentions.md").read_text("utf-8")
    notes = {value for name, value in vars(resolve).items() if name.isupper() and isinstance(value, str)}
    assert notes == set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
