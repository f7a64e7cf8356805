"""Writers: the same facts in every format, whole files or none."""

import csv
import json

import pytest

from iraqcoal_nlp.data.results import open_writer
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import SentenceResult

TEXT = 'قال "ناطق"،\nإن القوات باقية'


def sentence(**changes):
    facts = {
        "doc_id": "d", "sent_id": 0, "start": 0, "end": len(TEXT), "text": TEXT, "stance": "favor",
        "stance_probs": {"favor": 0.9, "against": 0.06, "none": 0.04}, "events": ("attack", "suspension"),
        "event_probs": {"attack": 0.9, "suspension": 0.8, "handover": 0.0, "withdrawal_demand": 0.1},
        "abstained": False, "flags": ("windowed",), "model": "m@0",
    }  # fmt: skip
    return SentenceResult(**facts | changes)


def test_jsonl_rows_are_the_public_contract(tmp_path):
    out = tmp_path / "rows.jsonl"
    with open_writer(out) as writer:
        writer.write([sentence()], {"date": "2020", "text": "taken", "stance": "manual"})
    (row,) = map(json.loads, out.read_text("utf-8").splitlines())
    assert list(row) == [
        "doc_id", "sent_id", "start", "end", "text", "stance", "stance_probs", "events", "event_probs",
        "abstained", "truncated", "flags", "model", "date", "input_text", "input_stance",
    ]  # fmt: skip
    assert row["truncated"] is True
    assert row["events"] == ["attack", "suspension"]
    assert row["text"] == TEXT


def test_csv_holds_the_same_facts_and_the_columns_of_all_rows(tmp_path):
    out = tmp_path / "rows.csv"
    with open_writer(out) as writer:
        writer.write([sentence()], {"date": "2020"})
        writer.write([sentence(doc_id="e", flags=())], {"tags": ["a", "ب"]})
    with out.open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["text"], first["events"], first["prob_withdrawal_demand"]) == (TEXT, "attack|suspension", "0.1")
    assert (first["date"], first["tags"], second["date"], second["tags"]) == ("2020", "", "", '["a", "ب"]')
    assert [name.name for name in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_an_interrupted_run_leaves_no_half_file(tmp_path, name):
    out = tmp_path / name
    out.write_text("old", "utf-8")

    def interrupted():
        with open_writer(out) as writer:
            writer.write([sentence()], {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert [(file.name, file.read_text("utf-8")) for file in tmp_path.iterdir()] == [(name, "old")]


@pytest.mark.parametrize(("name", "reason"), [("a.xlsx", "unknown output type"), ("no/a.csv", "folder does not exist")])
def test_an_output_that_cannot_be_written_is_refused(tmp_path, name, reason):
    with pytest.raises(InputError, match=reason):
        open_writer(tmp_path / name)
