"""README: its Python runs as printed, and its figures are those of the shipped model."""

import contextlib
import io
import json
import re

import pytest

from conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_the_python_example_prints_what_readme_shows():
    code, shown = re.search(r"```python\n(import.*?)```\n\n```text\n(.*?)```", README, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == shown


def test_the_row_is_one_the_model_gives(classifier):
    shown = json.loads(re.search(r"```json\n(.*?)```", README, re.DOTALL)[1])
    (row,) = (sentence.to_dict() for sentence in classifier.classify(shown["text"]).sentences)
    assert row["stance_probs"] == pytest.approx(shown.pop("stance_probs"), abs=0.01)
    assert row["event_probs"] == pytest.approx(shown.pop("event_probs"), abs=0.01)
    assert {key: row[key] for key in shown if key != "doc_id"} == {k: v for k, v in shown.items() if k != "doc_id"}


def test_the_figures_are_those_of_the_shipped_model():
    evaluation = json.loads((ROOT / "models/iraqcoal-mini/evaluation.json").read_text("utf-8"))
    for name, scores in evaluation["scores"].items():
        (row,) = re.findall(rf"^\| iraqcoal-mini, {name} \|.*$", README, re.MULTILINE)
        figures = [float(cell.strip(" *")) for cell in row.split("|")[2:-1]]
        expected = []
        for head in ("stance", "events"):
            expected += [scores[head]["macro_f1"], *(label["f1"] for label in scores[head]["labels"].values())]
        assert figures == pytest.approx(expected, abs=0.0006)


def test_no_placeholder_is_left():
    assert "@@" not in README
