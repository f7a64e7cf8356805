"""Calibration, thresholds and aggregation."""

import numpy as np
import pytest

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.inference.aggregate import aggregate, check_aggregator, merge_windows
from iraqcoal_nlp.inference.calibration import fit_events_temperature, fit_stance_temperature, sigmoid, softmax
from iraqcoal_nlp.inference.thresholds import abstention_level, best_thresholds, f1_curve
from iraqcoal_nlp.records import SentenceResult


def test_probabilities_are_finite_however_large_the_logits():
    logits = np.array([[1e4, -1e4, 0.0], [800.0, 800.0, 800.0]])
    assert np.allclose(softmax(logits).sum(axis=1), 1.0)
    assert np.array_equal(sigmoid(logits)[0], [1.0, 0.0, 0.5])


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature):
    rng = np.random.default_rng(13)
    logits = rng.normal(size=(20_000, 3)) * 3
    cumulated = softmax(logits, true_temperature).cumsum(axis=1)
    gold = (rng.random((len(logits), 1)) > cumulated).sum(axis=1)
    assert fit_stance_temperature(logits, gold) == pytest.approx(true_temperature, rel=0.1)
    events = rng.random(logits.shape) < sigmoid(logits, true_temperature)
    assert fit_events_temperature(logits, events) == pytest.approx(true_temperature, rel=0.1)


def test_a_temperature_never_changes_the_ranking():
    logits = np.random.default_rng(1).normal(size=(50, 3))
    assert np.array_equal(softmax(logits, 0.3).argsort(), softmax(logits, 5.0).argsort())


def test_the_threshold_lies_where_the_labels_part():
    probs = np.array([[0.1, 0.3], [0.2, 0.3], [0.35, 0.3], [0.6, 0.3], [0.7, 0.3], [0.9, 0.3]])
    gold = np.array([[False, False]] * 3 + [[True, False]] * 3)
    parting, unused = best_thresholds(probs, gold)
    assert 0.35 < parting <= 0.6
    assert unused == 0.5
    assert f1_curve(probs[:, 0], gold[:, 0]).max() == 1.0
    with pytest.raises(ValueError, match="shape"):
        best_thresholds(probs, gold[:3])


def test_about_the_asked_share_abstains():
    probs = softmax(np.random.default_rng(2).normal(size=(1000, 3)))
    assert (probs.max(axis=1) < abstention_level(probs, 0.05)).mean() == pytest.approx(0.05, abs=0.01)


def test_windows_keep_the_strongest_statement():
    stance = np.array([[0.1, 0.1, 0.8], [0.2, 0.7, 0.1], [0.3, 0.1, 0.6]])
    events = np.array([[0.9, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.8], [0.1, 0.1, 0.1, 0.1]])
    merged_stance, merged_events = merge_windows(stance, events)
    assert merged_stance.tolist() == [0.2, 0.7, 0.1]
    assert merged_events.tolist() == [0.9, 0.1, 0.1, 0.8]


def said(stance, *events, abstained=False):
    return SentenceResult(
        doc_id="d", sent_id=0, start=0, end=1, text="ن", stance=stance, stance_probs={}, events=events,
        event_probs={}, abstained=abstained, flags=(), model="m",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentences", "stance", "events"),
    [
        ([], "none", ()),
        ([said("none"), said("none", "attack")], "none", ("attack",)),
        ([said("against"), said("against", "withdrawal_demand"), said("favor", "attack")], "against",
         ("attack", "withdrawal_demand")),
        ([said("against"), said("favor")], "none", ()),
        ([said("against", abstained=True), said("against"), said("favor"), said("favor")], "favor", ()),
    ],
)  # fmt: skip
def test_the_majority_of_those_sure_makes_the_articles_stance(sentences, stance, events):
    result = aggregate("d", sentences, model="m")
    assert (result.stance, result.events) == (stance, events)
    assert sum(result.stance_counts.values()) == len(sentences)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ModelFolderError, match=r"unknown aggregator 'mean\.v1'"):
        check_aggregator("mean.v1")
