"""JSON Lines that people write: one row a line, whatever signs a row holds and whatever editor saved it."""

import json

import pytest

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.candidates import fingerprint, read_corpus_labels
from iraqcoal_nlp.data.corrections import apply_corrections
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.attribution import read_gold
from iraqcoal_nlp.evaluation.checklist import read_checklist

SENTENCE = "سلم التحالف معسكر بسماية"
ROW = {"id": "c1-0-24", "stance": "none", "events": ["handover"], "why": "أول\u2028ثان\x85ثالث"}


def corrected(path):
    row = Annotation(id="c1-0-24", doc_id="d", text=SENTENCE, stance="favor", events=())
    return [row.events for row in apply_corrections([row], path)]


def labelled(path):
    corpus = path.with_name("corpus.txt")
    corpus.write_text(SENTENCE, "utf-8")
    return [row.events for row in read_corpus_labels(path, corpus)]


def located(path):
    sentences = path.with_name("sentences.jsonl")
    sentences.write_text(json.dumps({"id": "c1-0-24", "text": SENTENCE}), "utf-8")
    return [tuple(item.row["events"]) for item in read_gold(path, sentences)]


def cases(path):
    return [case.has for case in read_checklist(path)]


READERS = [
    (corrected, ROW),
    (labelled, ROW | {"sha256": fingerprint(SENTENCE)}),
    (located, ROW | {"start": 0, "speakers": [], "places": [], "dates": []}),
    (cases, {"id": "a", "kind": "mft", "capability": "handover", "text": f"{SENTENCE}\u2028", "has": ["handover"]}),
]


@pytest.mark.parametrize(("read", "row"), READERS)
def test_rows_are_read_whatever_stands_in_them_and_around(tmp_path, read, row):
    path = tmp_path / "rows.jsonl"
    path.write_text(f"\n{json.dumps(row, ensure_ascii=False)}\r\n \n\n", "utf-8-sig")
    assert read(path) == [("handover",)]


@pytest.mark.parametrize(("read", "row"), READERS)
@pytest.mark.parametrize(
    ("line", "reason"), [("أعلن".encode() + b"\xff", "not UTF-8"), (b"{", "not JSON"), (b"[1]", "a row must be a JSON")]
)
def test_a_wrong_line_is_named(tmp_path, read, row, line, reason):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(json.dumps(row).encode() + b"\n\n" + line)
    with pytest.raises(InputError, match=rf"rows\.jsonl:3: {reason}"):
        read(path)


@pytest.mark.parametrize(("read", "row"), READERS)
def test_what_is_no_file_is_said(tmp_path, read, row):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)
