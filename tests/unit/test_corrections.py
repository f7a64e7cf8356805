"""Corrections change the labels that they name, and nothing else."""

import json

import pytest

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.corrections import apply_corrections
from iraqcoal_nlp.errors import InputError

ROWS = [
    Annotation(id="a", doc_id="d", text="سلم التحالف معسكر بسماية", stance="none", events=()),
    Annotation(id="b", doc_id="d", text="نريد خروجهم", stance="favor", events=()),
]


def test_only_named_rows_change(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"id": "a", "stance": "none", "events": ["handover"], "why": "a site passes"}), "utf-8")
    first, second = apply_corrections(ROWS, path)
    assert (first.text, first.stance, first.events) == (ROWS[0].text, "none", ("handover",))
    assert second is ROWS[1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "z", "stance": "none", "events": []}', "no annotated sentence has the id 'z'"),
        ('{"id": ["a"], "stance": "none", "events": []}', "no annotated sentence has the id"),
        ('{"id": "a", "stance": "neutral", "events": []}', "unknown stance 'neutral'"),
        ('{"id": "a", "stance": "none"}', "not a correction"),
        ("[]", "a row must be a JSON object"),
        ("{", "not JSON"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, reason):
    path = tmp_path / "c.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(InputError, match=rf"c\.jsonl:1: .*{reason}"):
        apply_corrections(ROWS, path)
    with pytest.raises(InputError, match="no such file"):
        apply_corrections(ROWS, tmp_path / "none.jsonl")
