"""README: its figures are those of the shipped model (its code: test_docs_code.py)."""

import json
import re

import pytest

from conftest import ROOT
from iraqcoal_nlp.evaluation.checklist import read_checklist, run_checklist, shipped_checklist
from iraqcoal_nlp.model.card import fill_card
from iraqcoal_nlp.model.store import read_evaluation

README = (ROOT / "README.md").read_text("utf-8")


def test_the_row_is_one_the_model_gives(classifier):
    shown = json.loads(re.search(r"```json\n(.*?)```", README, re.DOTALL)[1])
    (row,) = (sentence.to_dict() for sentence in classifier.classify(shown["text"]).sentences)
    assert row["stance_probs"] == pytest.approx(shown.pop("stance_probs"), abs=0.01)
    assert row["event_probs"] == pytest.approx(shown.pop("event_probs"), abs=0.01)
    assert {key: row[key] for key in shown if key != "doc_id"} == {k: v for k, v in shown.items() if k != "doc_id"}


def test_the_figures_are_those_of_the_shipped_model():
    evaluation = read_evaluation(ROOT / "models/iraqcoal-mini")
    for name, scores in evaluation["scores"].items():
        (row,) = re.findall(rf"^\| iraqcoal-mini, {name} \|.*$", README, re.MULTILINE)
        figures = [float(cell.strip(" *")) for cell in row.split("|")[2:-1]]
        expected = []
        for head in ("stance", "events"):
            expected += [scores[head]["macro_f1"], *(label["f1"] for label in scores[head]["labels"].values())]
        assert figures == pytest.approx(expected, abs=0.0006)


def test_the_figures_of_the_behavioural_tests_are_those_of_the_shipped_model(classifier):
    rates = run_checklist(read_checklist(shipped_checklist()), classifier)
    rows = [f"| {name} | {rate.passed} of {rate.total} |" for name, rate in rates.items()]
    assert "\n".join(rows) in README
    evaluation = read_evaluation(ROOT / "models/iraqcoal-mini")
    assert [(row["capability"], row["passed"]) for row in evaluation["checklist"]] == [
        (name, rate.passed) for name, rate in rates.items()
    ]


def test_the_card_is_the_one_that_the_figures_make():
    folder = ROOT / "models/iraqcoal-mini"
    assert (folder / "README.md").read_text("utf-8") == fill_card(read_evaluation(folder))


def test_no_placeholder_is_left():
    assert "@@" not in README


@pytest.mark.parametrize(
    ("fitted", "told"),
    [
        ([], "Dev rows were too few to fit temperatures and thresholds; held-out rows only"),
        (["stance"], "Dev rows fit the stance's temperature and abstention level, and nothing of the events; held-out"),
    ],
)
def test_a_card_says_no_more_than_the_run_did(fitted, told):
    evaluation = read_evaluation(ROOT / "models/iraqcoal-mini")
    seeds = [run | {"epochs": {}, "kept_epoch": None} for run in evaluation["seeds"]]
    recipe = evaluation["recipe"] | {"epoch_choice": "best"}
    card = fill_card(evaluation | {"fitted": fitted, "seeds": seeds, "recipe": recipe})
    assert told in card
    assert "sound" not in card
