"""Calibration error, Brier score and the risk-coverage curve."""

import numpy as np
import pytest

from iraqcoal_nlp.evaluation.abstention import risk_coverage
from iraqcoal_nlp.evaluation.reliability import brier_score, calibration_error, reliability_bins, stated_cases


def test_the_perfectly_calibrated_have_no_error():
    stated = np.repeat([0.1, 0.5, 0.9], 10)
    came_true = np.array([i < 1 for i in range(10)] + [i < 5 for i in range(10)] + [i < 9 for i in range(10)])
    bins = reliability_bins(stated, came_true)
    assert calibration_error(bins) == pytest.approx(0)
    assert [part.probability for part in bins] == pytest.approx([0.1, 0.5, 0.9])
    assert [part.frequency for part in bins] == pytest.approx([0.1, 0.5, 0.9])
    assert [part.count for part in bins] == [10, 10, 10]


def test_calibration_error_is_the_gap_between_word_and_deed():
    random = np.random.default_rng(13)
    stated = random.random(50_000)
    assert calibration_error(reliability_bins(stated, random.random(50_000) < stated)) < 0.01
    assert calibration_error(reliability_bins(np.full(1000, 0.9), np.arange(1000) < 500)) == pytest.approx(0.4)


def test_certainty_is_a_probability_too():
    (never, always) = reliability_bins(np.array([0.0, 1.0]), np.array([False, True]))
    assert (never.probability, always.probability) == (0.0, 1.0)
    assert calibration_error(()) == 0.0


def test_a_sentence_is_one_case_of_the_stance_and_four_of_the_events():
    gold = np.array([[True, False, False], [False, False, True]])
    probs = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2]])
    stated, true = stated_cases(gold, probs, exclusive=True)
    assert (stated.tolist(), true.tolist()) == ([0.7, 0.5], [True, False])
    assert len(stated_cases(gold, probs, exclusive=False)[0]) == 6


def test_brier_score_by_hand():
    gold, probs = np.array([[True, False]]), np.array([[0.8, 0.4]])
    assert brier_score(gold, probs, exclusive=False) == pytest.approx((0.04 + 0.16) / 2)
    assert brier_score(gold, probs, exclusive=True) == pytest.approx(0.04 + 0.16)


def test_the_best_ranking_has_the_smallest_area_and_the_worst_the_largest():
    random = np.random.default_rng(5)
    wrong = random.random(60) < 0.3
    best, worst = (risk_coverage(np.where(wrong, *pair), wrong).area for pair in ((0.1, 0.9), (0.9, 0.1)))
    for _ in range(50):
        assert best < risk_coverage(random.random(60), wrong).area < worst
    n, errors = 60, int(wrong.sum())
    assert best == pytest.approx(sum(max(k - (n - errors), 0) / k for k in range(1, n + 1)) / n)


def test_a_curve_ends_with_the_errors_of_all():
    curve = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, True, False, True]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])


def test_equal_confidence_shares_its_errors_in_any_order():
    confidence = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    wrong = np.array([False, True, False, False, True])
    curve = risk_coverage(confidence, wrong)
    assert curve.risk == pytest.approx([0, (1 / 3) / 2, (2 / 3) / 3, 1 / 4, 2 / 5])
    order = [3, 4, 2, 0, 1]
    assert risk_coverage(confidence[order], wrong[order]).risk == pytest.approx(curve.risk)


def test_no_sentence_has_no_curve():
    with pytest.raises(ValueError, match="both need one row at least"):
        risk_coverage(np.array([]), np.array([], dtype=bool))
