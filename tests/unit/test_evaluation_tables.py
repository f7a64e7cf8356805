"""What the tables of ``iraqcoal evaluate`` say of labels that a set does not have; its figures stay as they are."""

import numpy as np
import pytest
from rich.console import Console

from conftest import ATTACK, DEMAND, HANDOVER
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.measure import compare_predictions, score_predictions
from iraqcoal_nlp.evaluation.predictions import Predictions
from iraqcoal_nlp.evaluation.tables import comparison_tables, score_tables

GOLD = [
    (DEMAND, "against", ("withdrawal_demand",)),
    (HANDOVER, "favor", ("handover",)),
    (ATTACK, "none", ("attack",)),
]


def predictions(said=None, gold=GOLD):
    """Put answers (without them, the right ones) beside sentences of two documents each, none of them a suspension."""
    rows = [
        Annotation(id=str(i), doc_id=str(i), text=text, stance=stance, events=events)
        for i, (text, stance, events) in enumerate(gold * 2)
    ]
    events = np.array([[event in (said or row.events) for event in EVENTS] for row in rows])
    stances = np.array([[stance == row.stance for stance in STANCES] for row in rows])
    sure = {"stance_probs": stances.astype(float), "event_probs": events.astype(float)}
    return Predictions.of(rows, stances=stances, events=events, **sure, abstained=np.zeros(len(rows), dtype=bool))


def printed(parts):
    console = Console(width=80, highlight=False)
    with console.capture() as shown:
        for part in parts:
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
    return shown.get().splitlines()


def row_of(lines, label):
    (line,) = [line for line in lines if line.startswith(f"{label} ")]
    return line.split()[1:]


def test_a_label_that_no_row_has_and_nobody_claims_has_no_figures():
    flawless = predictions()
    scores = score_predictions(flawless)
    assert scores["events"]["macro_f1"] == 0.75  # scikit-learn's, as published figures are
    assert scores["events"]["labels"]["suspension"]["f1"] == 0.0
    lines = printed(score_tables("new", scores, flawless))
    assert row_of(lines, "suspension") == ["-", "-", "-", "-", "-", "0"]
    assert row_of(lines, "attack")[:3] == ["1.000"] * 3
    assert "macro counts suspension, which no row has, as 0" in lines
    assert sum("macro counts" in line for line in lines) == 1  # every stance is there


def test_a_label_that_is_claimed_has_the_figures_of_a_false_alarm():
    bold = predictions(said=EVENTS)
    lines = printed(score_tables("new", score_predictions(bold), bold))
    assert row_of(lines, "suspension")[:3] == ["0.000"] * 3
    assert not [line for line in lines if "macro counts" in line]


@pytest.mark.parametrize(("said", "cells"), [(None, ["-"] * 5), (EVENTS, ["-", "0.000", "-", "-", "-"])])
def test_models_are_not_compared_by_a_label_without_figures(said, cells):
    both = predictions(), predictions(said)
    lines = printed(comparison_tables("new", compare_predictions(*both), *both))
    assert row_of(lines, "suspension") == cells
    assert "macro counts suspension, which no row has, as 0" in lines


def test_several_labels_are_listed():
    one = predictions(gold=GOLD[2:])
    lines = printed(score_tables("new", score_predictions(one), one))
    assert [line for line in lines if "macro counts" in line] == [
        "macro counts favor and against, which no row has, as 0",
        "macro counts suspension, handover and withdrawal_demand, which no row has, as 0",
    ]
