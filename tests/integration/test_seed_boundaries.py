from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from iraqcoal_nlp.codebook import check_events, check_stance
from iraqcoal_nlp.evaluation.boundaries import Agreement, Span, score_boundaries
from iraqcoal_nlp.text.sentences import split_sentences

SEEDS = Path(__file__).parents[2] / "seeds"
ROWS = [json.loads(line) for line in (SEEDS / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
ARTICLES = {path.stem: path.read_bytes().decode("utf-8") for path in (SEEDS / "articles").glob("*.txt")}


def test_gold_offsets_point_into_the_articles() -> None:
    assert {row["doc_id"] for row in ROWS} == ARTICLES.keys()
    assert all(ARTICLES[row["doc_id"]][row["start"] : row["end"]] == row["text"] for row in ROWS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_gold_covers_the_articles_in_order() -> None:
    for doc_id, text in ARTICLES.items():
        end = 0
        for row in (row for row in ROWS if row["doc_id"] == doc_id):
            assert not text[end : row["start"]].strip()
            end = row["end"]
        assert not text[end:].strip()


def test_gold_labels_are_in_the_codebook() -> None:
    for row in ROWS:
        check_stance(row["stance"])
        assert list(check_events(row["events"])) == row["events"]


def test_splitter_agrees_with_the_gold_sentences() -> None:
    gold: dict[str, list[Span]] = defaultdict(list)
    boilerplate: dict[str, list[Span]] = defaultdict(list)
    for row in ROWS:
        (boilerplate if row["boilerplate"] else gold)[row["doc_id"]].append((row["start"], row["end"]))
    predicted = {
        doc_id: [(sentence.start, sentence.end) for sentence in split_sentences(text)]
        for doc_id, text in ARTICLES.items()
    }
    report = score_boundaries(gold, predicted, boilerplate)
    assert report.spans.f1 >= 0.97
    assert report.ends.f1 >= 0.97
    assert report.leaked == 0


def test_scores_of_a_splitter_with_one_error_of_each_kind() -> None:
    gold = {"a": [(0, 5), (6, 9)], "b": [(0, 4)]}
    predicted = {"a": [(0, 5), (6, 8), (10, 14)], "b": [(1, 4)]}
    report = score_boundaries(gold, predicted, {"a": [(12, 20)], "c": [(0, 1)]})
    assert report.spans == Agreement(gold=3, predicted=4, shared=1)
    assert report.ends == Agreement(gold=3, predicted=4, shared=2)
    assert report.leaked == 1
    assert report.ends.precision == pytest.approx(0.5)
    assert report.ends.recall == pytest.approx(2 / 3)
    assert report.ends.f1 == pytest.approx(4 / 7)


def test_scores_need_the_same_articles() -> None:
    with pytest.raises(ValueError, match="differ in articles"):
        score_boundaries({"a": []}, {"b": []}, {})


@pytest.mark.parametrize(("gold", "predicted", "f1"), [(0, 0, 1.0), (2, 0, 0.0), (0, 2, 0.0)])
def test_scores_without_sentences(gold: int, predicted: int, f1: float) -> None:
    assert Agreement(gold=gold, predicted=predicted, shared=0).f1 == f1
