"""Annotation files: every fault names file and line."""

import json

import pytest

from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.errors import InputError

GOOD = {"id": "a", "doc_id": "d", "text": "انسحاب القوات", "stance": "none", "events": ["attack"]}


def write(tmp_path, *lines):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def test_rows_are_read_and_missing_labels_stay_missing(tmp_path):
    path = write(tmp_path, GOOD, {"text": "نص بلا تصنيف"}, GOOD | {"id": "b", "boilerplate": True})
    first, second = read_annotations(path)
    assert (first.stance, first.events) == ("none", ("attack",))
    assert (second.id, second.stance, second.events) == ("rows-2", None, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ([1], "must be a JSON object"),
        ({"stance": "none"}, "field 'text' is missing"),
        (GOOD | {"id": "z", "stance": "neutral"}, "unknown stance 'neutral': use one of favor, against, none"),
        (GOOD | {"id": "z", "events": ["strike"]}, "unknown event 'strike'"),
        (GOOD | {"id": "z", "events": "attack"}, "must be a list"),
        (GOOD, "id 'a' stands in row 1 already"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path, line, reason):
    path = write(tmp_path, GOOD, line)
    with pytest.raises(InputError, match=reason) as caught:
        read_annotations(path)
    assert str(caught.value).startswith(f"{path}:2: ")


def test_a_missing_or_empty_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_annotations(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="holds no annotated sentence"):
        read_annotations(write(tmp_path, ""))
