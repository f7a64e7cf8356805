"""Scores agree with counting by hand."""

import numpy as np
import pytest

from iraqcoal_nlp.evaluation.scores import calibration_error, score_labels
from iraqcoal_nlp.model.card import score_table

GOLD = [("against", ["attack"]), ("none", []), ("favor", ["attack", "suspension"]), ("none", [])]
SAID = [("against", ["attack"]), ("against", []), ("none", ["suspension", "handover"]), ("none", [])]


def test_f1_per_label_and_macro():
    scores = score_labels(GOLD, SAID)
    assert [round(score.f1, 3) for score in scores.stance.values()] == [0.0, 0.667, 0.5]
    assert [round(score.f1, 3) for score in scores.events.values()] == [0.667, 1.0, 0.0, 0.0]
    assert scores.stance_macro_f1 == pytest.approx((2 / 3 + 0.5) / 3)
    assert scores.events["attack"].support == 2


def test_the_table_shows_them():
    table = score_table({"ours": score_labels(GOLD, SAID).to_dict()})
    assert table.splitlines()[2] == "| ours | **.389** | .000 | .667 | .500 | **.417** | .667 | 1.000 | .000 | .000 |"


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="4 gold sentences, 1 predicted"):
        score_labels(GOLD, SAID[:1])


def test_calibration_error_is_the_gap_between_word_and_deed():
    rng = np.random.default_rng(13)
    stated = rng.random(50_000)
    assert calibration_error(stated, rng.random(50_000) < stated) < 0.01
    assert calibration_error(np.full(1000, 0.9), np.arange(1000) < 500) == pytest.approx(0.4)
