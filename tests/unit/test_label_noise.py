"""Doubtful annotations: those made wrong are found, and a label that nobody is sure of is not doubted throughout."""

import numpy as np
import pytest

from iraqcoal_nlp.evaluation.label_noise import doubtful_labels


def one_hot(labels, k):
    return np.eye(k, dtype=bool)[list(labels)]


def test_flipped_labels_are_found_gravest_first():
    generator = np.random.default_rng(13)
    truth = generator.integers(0, 3, 300)
    probs = 0.7 * np.eye(3)[truth] + 0.1
    given = truth.copy()
    flipped = generator.choice(300, 12, replace=False)
    given[flipped] = (given[flipped] + 1) % 3
    doubts = doubtful_labels(one_hot(given, 3), probs)
    assert {doubt.index for doubt in doubts} == set(flipped)
    assert all(doubt.suggested == truth[doubt.index] and doubt.given == given[doubt.index] for doubt in doubts)
    assert [doubt.margin for doubt in doubts] == sorted((doubt.margin for doubt in doubts), reverse=True)


def test_a_label_that_is_never_likely_is_judged_by_its_own_measure():
    probs = np.array([[0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.7, 0.3], [0.6, 0.4]])
    gold = one_hot([0, 0, 1, 1, 0], 2)
    (doubt,) = doubtful_labels(gold, probs)
    assert doubt.index == 4  # .4 is more than the label has where it was given, though not the likelier of the two
    assert doubt.margin == pytest.approx(-0.2)


def test_a_label_without_rows_is_never_suggested():
    assert doubtful_labels(one_hot([0, 0], 2), np.array([[0.1, 0.9], [0.1, 0.9]])) == []


@pytest.mark.parametrize(
    ("gold", "message"), [(np.ones((2, 2), dtype=bool), "exactly one"), (np.ones((2, 3), dtype=bool), "shapes differ")]
)
def test_wrong_input_is_refused(gold, message):
    with pytest.raises(ValueError, match=message):
        doubtful_labels(gold, np.ones((2, 2)) / 2)
