"""Intervals and comparisons behave as the theory says they must."""

import time

import numpy as np
import pytest
from sklearn.metrics import f1_score

from iraqcoal_nlp.evaluation.bootstrap import f1_intervals, paired_bootstrap, paired_weighted, weighted_interval


def noisy(n: int, *, seed: int, noise: float = 0.15, labels: int = 4):
    """Draw gold labels, and answers that differ from them in a share of the cells."""
    random = np.random.default_rng(seed)
    gold = random.random((n, labels)) < 0.3
    return gold, gold ^ (random.random((n, labels)) < noise)


def documents(n: int, size: int) -> list[str]:
    return [f"d{i // size}" for i in range(n)]


def width(interval) -> float:
    return interval[1] - interval[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_contains_the_score(seed):
    gold, said = noisy(300, seed=seed)
    intervals = f1_intervals(gold, said, documents(300, 5))
    for interval, score in zip(intervals.labels, f1_score(gold, said, average=None), strict=True):
        assert interval[0] < score < interval[1]
    assert intervals.macro[0] < f1_score(gold, said, average="macro") < intervals.macro[1]


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """F1 of the population: 200 sentences of 50 documents are drawn from it again and again."""
    gold, said = noisy(200_000, seed=1, labels=1)
    truth = f1_score(gold[:, 0], said[:, 0])
    samples = [slice(start, start + 200) for start in range(0, 200_000, 1000)]
    names = documents(200, 4)
    intervals = [f1_intervals(gold[part], said[part], names, resamples=400).macro for part in samples]
    assert 0.90 <= np.mean([low <= truth <= high for low, high in intervals]) <= 0.98


def test_more_sentences_narrow_it():
    widths = []
    for n in (200, 800, 3200):
        gold, said = noisy(n, seed=3)
        widths.append(width(f1_intervals(gold, said, documents(n, 4)).macro))
    assert widths[0] > 1.5 * widths[1] > 2 * widths[2]


def test_articles_that_agree_with_themselves_widen_it():
    gold, said = noisy(60, seed=4)
    repeated, answers = np.repeat(gold, 10, axis=0), np.repeat(said, 10, axis=0)
    by_article = f1_intervals(repeated, answers, documents(600, 10)).macro
    by_sentence = f1_intervals(repeated, answers, documents(600, 1)).macro
    assert width(by_article) > 2 * width(by_sentence)
    assert width(by_article) == pytest.approx(width(f1_intervals(gold, said, documents(60, 1)).macro), rel=0.1)


def test_one_seed_one_interval_in_any_order():
    gold, said = noisy(100, seed=5)
    names = documents(100, 3)
    order = np.random.default_rng(1).permutation(100)
    one, same = (f1_intervals(gold, said, names, seed=seed) for seed in (13, 13))
    shuffled = f1_intervals(gold[order], said[order], [names[i] for i in order])
    assert one == same == shuffled
    assert f1_intervals(gold, said, names, seed=14) != one


def test_where_fewer_than_two_documents_speak_there_is_no_interval():
    gold, said = noisy(20, seed=6)
    assert f1_intervals(gold, said, ["d"] * 20).macro is None
    gold[:, 1] = said[:, 1] = False
    gold[:, 2] = said[:, 2] = np.arange(20) < 2  # one document alone
    gold[:, 3] = said[:, 3] = np.arange(20) < 6
    absent, lonely, present = f1_intervals(gold, said, documents(20, 2)).labels[1:]
    assert absent is None
    assert lonely is None
    assert present == (1.0, 1.0)  # draws without the label say nothing against it


def test_a_model_does_not_differ_from_itself():
    gold, said = noisy(200, seed=7)
    for found in paired_bootstrap(gold, said, said, documents(200, 4)):
        assert (found.difference, found.interval, found.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_differences_are_those_of_the_scores_and_change_sign_with_the_models():
    gold, weak = noisy(400, seed=8, noise=0.25)
    _, strong = noisy(400, seed=8, noise=0.1)
    there = paired_bootstrap(gold, weak, strong, documents(400, 4))
    back = paired_bootstrap(gold, strong, weak, documents(400, 4))
    scores = [f1_score(gold, said, average=None) for said in (weak, strong)]
    assert [found.difference for found in there[:-1]] == pytest.approx(scores[1] - scores[0])
    assert [found.difference for found in back] == pytest.approx([-found.difference for found in there])
    assert there[-1].p_value == back[-1].p_value < 0.01
    assert there[-1].interval[0] > 0 > back[-1].interval[1]


def test_p_is_rarely_small_where_nothing_differs():
    """Two models of one quality: a test at 5 % may err in about one of twenty cases."""
    values = []
    for seed in range(120):
        random = np.random.default_rng(seed)
        gold = random.random((240, 1)) < 0.4
        one, other = (gold ^ (random.random((240, 1)) < 0.2) for _ in range(2))
        values.append(paired_bootstrap(gold, one, other, documents(240, 4), resamples=300)[-1].p_value)
    assert np.mean(np.array(values) < 0.05) <= 0.1
    assert np.mean(np.array(values) < 0.5) == pytest.approx(0.5, abs=0.15)


def test_one_document_gives_no_p_value():
    gold, said = noisy(20, seed=9)
    assert paired_bootstrap(gold, gold, said, ["d"] * 20)[-1].p_value is None


def only(rows, *, n: int = 40):
    """Two labels over ``n`` sentences: the first on each, the second on the given rows."""
    labels = np.ones((n, 2), dtype=bool)
    labels[:, 1] = np.isin(np.arange(n), rows)
    return labels


def test_only_labels_that_weigh_something_speak_of_a_weighted_score():
    names, weights, none = documents(40, 1), [0.0, 1.0], only([])
    rare = only([3])
    assert weighted_interval(rare, [rare], names, weights) is None
    told = paired_weighted(rare, [rare], [none], names, weights)
    assert (told.difference, told.interval, told.p_value) == (-1.0, None, None)
    assert weighted_interval(rare, [rare], names, [1.0, 0.0]) == (1.0, 1.0)
    common = only(range(20))
    assert weighted_interval(common, [common], names, weights) == (1.0, 1.0)


def test_what_any_run_of_either_model_says_speaks_of_a_weighted_score():
    names, weights = documents(40, 1), [1.0]
    none, rare, bold = (only(rows)[:, 1:] for rows in ([], [3], range(20)))
    there, back = (paired_weighted(rare, *pair, names, weights) for pair in (([bold], [none]), ([none], [bold])))
    assert there.p_value == back.p_value is not None
    assert there.interval == pytest.approx([-end for end in reversed(back.interval)])
    one, same = (weighted_interval(rare, runs, names, weights) for runs in ([none, bold], [bold, none]))
    assert one == same is not None


def test_two_thousand_resamples_of_a_thousand_sentences_take_no_time():
    gold, said = noisy(1000, seed=10)
    started = time.process_time()
    f1_intervals(gold, said, documents(1000, 1), resamples=2000)
    assert time.process_time() - started < 2
