"""Scored files come back as the values they were made from, whatever their format."""

import json
from dataclasses import replace

import pytest

from conftest import ATTACK, DEMAND
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.data.facts import Facts
from iraqcoal_nlp.data.results import ENDINGS, output_form, render, row_line
from iraqcoal_nlp.data.scored import FactColumns, ScoredRow, read_scored, read_scored_whole
from iraqcoal_nlp.errors import InputError

EXTRA = {"date": "2020-01-05", "source": "وكالة"}


@pytest.fixture(scope="module")
def results(classifier):
    return [classifier.classify(f"{ATTACK}.\n{DEMAND}، «قال». Rockets hit.", doc_id=name) for name in ("أ", "b|c")]


def write_scored(path, sentences):
    gathered = path.with_name("gathered")
    gathered.write_text("".join(row_line(sentence, EXTRA) for sentence in sentences), "utf-8")
    render(gathered, path, output_form(path), list(EXTRA))


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_written_is_read(tmp_path, results, ending):
    path = tmp_path / f"rows{ending}"
    sentences = [sentence for result in results for sentence in result.sentences]
    write_scored(path, sentences)
    rows = list(read_scored(path))
    assert [row.sentence for row in rows] == sentences
    assert all(row.extra == EXTRA for row in rows)
    assert any(row.sentence.abstained for row in rows)


def test_what_was_written_for_excel_is_read_as_it_was(tmp_path, results):
    sentence = results[0].sentences[0]
    odd = [
        replace(sentence, doc_id="-أ", text="- سلم التحالف", start=0, end=13),
        replace(sentence, text="'- قال", start=0, end=6),
    ]
    gathered, out = tmp_path / "rows", tmp_path / "rows.csv"
    gathered.write_text("".join(row_line(result, {"+note": "=x"}) for result in odd), "utf-8")
    render(gathered, out, output_form(out, excel=True), ["+note"])
    assert out.read_text("utf-8-sig").count("'-") == 3
    rows, errors = read_scored_whole(out)
    assert not errors
    assert [(row.sentence.doc_id, row.sentence.text) for row in rows] == [(row.doc_id, row.text) for row in odd]
    assert rows[0].extra == {"+note": "=x"}
    assert [row.text for row in read_annotations(out)] == [row.text for row in odd]


def test_columns_that_only_explain_may_be_missing(tmp_path, results):
    row = results[0].sentences[0].to_dict()
    kept = {key: value for key, value in row.items() if key not in ("abstained", "flags", "truncated", "model")}
    (tmp_path / "rows.jsonl").write_text(json.dumps(kept), "utf-8")
    (read,) = read_scored(tmp_path / "rows.jsonl")
    assert isinstance(read, ScoredRow)
    assert (read.sentence.abstained, read.sentence.flags, read.sentence.model) == (False, (), "")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stance": "neutral"}, "unknown stance 'neutral'"),
        ({"stance": None}, "has no 'stance'"),
        ({"events": ["war"]}, "unknown event 'war'"),
        ({"events": 5}, "is no row"),
        ({"start": -1}, "'start' is below 0"),
        ({"start": "x"}, "is no row"),
        ({"stance_probs": {"favor": 0.5, "against": 0.5}}, "has no probability of 'none'"),
        ({"stance_probs": None}, "has no probability of 'favor'"),
        ({"event_probs": {"attack": 1.5}}, "the probability of 'attack' is not between 0 and 1"),
        ({"event_probs": {"attack": float("nan")}}, "has no probability of 'attack'"),
    ],
)
def test_a_bad_row_is_one_error_with_its_place(tmp_path, results, change, reason):
    good = results[0].sentences[0].to_dict()
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, [good, good | change, good])), "utf-8")
    first, error, last = read_scored(path)
    assert isinstance(error, InputError)
    assert f"{path}:2: " in str(error)
    assert reason in str(error)
    assert first == last


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("rows.txt", b"x", "unknown type '.txt' of scored rows: use .jsonl, .jsonl.gz, .csv"),
        ("rows.parquet", b"x", "Parquet"),
        ("missing.jsonl", None, "no such file"),
        (".", None, "is a folder: name one file of rows in it"),
        ("rows.csv", b"text,date\na,b\n", "has no column 'doc_id'"),
    ],
)
def test_what_is_no_scored_file_is_refused(tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    def read():
        for item in read_scored(tmp_path / name):
            if isinstance(item, InputError):
                raise item

    with pytest.raises(InputError, match=reason):
        read()


def test_a_row_that_is_not_utf8_is_one_error(tmp_path, results):
    path = tmp_path / "rows.csv"
    write_scored(path, results[0].sentences)
    content = path.read_bytes().replace("وكالة".encode(), "وكالة".encode("cp1256"), 1)
    path.write_bytes(content)
    first, second, *_ = read_scored(path)
    assert isinstance(first, InputError)
    assert f"{path}:2: not UTF-8" in str(first)
    assert isinstance(second, ScoredRow)


def test_days_are_counted_by_article_and_a_long_one_is_cut(results):
    facts = Facts(FactColumns(date="متى"))
    for day in ["2020-01-05", "2020-01-05", "أمس\n" * 20, None, 7]:
        facts.add(ScoredRow(sentence=results[0].sentences[0], extra={"متى": day}))
    days = facts.days
    assert (days.total, days.understood, days.not_understood) == (4, 1, 2)
    assert days.advice == f"2 not understood, such as '{'أمس ' * 10}…': use YYYY-MM-DD"
