"""The behavioural suite is well formed, and the shipped model has the minimum of each event."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from conftest import SEEDS
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.checklist import passes, read_checklist, run_checklist
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer


@pytest.fixture(scope="module")
def cases():
    return read_checklist(SEEDS / "checklist.jsonl")


def test_there_are_enough_cases_and_none_twice(cases, sentences):
    assert len(cases) >= 300
    assert max(Counter(case.id for case in cases).values()) == 1
    normalize = build_normalizer(NEWS_V1)
    texts = Counter(normalize(case.text) for case in cases)
    assert max(texts.values()) == 1
    assert not {normalize(sentence) for sentence in sentences} & set(texts)


def test_every_case_is_counted_once(cases, classifier):
    rates = run_checklist(cases, classifier)
    assert sum(rate.total for rate in rates.values()) == len(cases)
    assert all(rate.total - rate.passed == len(rate.failed_ids) for rate in rates.values())


def test_minimum_functionality_is_mostly_there(cases, classifier):
    rates = run_checklist([case for case in cases if case.kind == "mft"], classifier)
    for event in ("attack", "handover", "suspension", "withdrawal_demand"):
        assert rates[event].rate >= 0.7, rates[event].failed_ids


def test_a_case_passes_only_if_all_it_asserts_holds(classifier, cases):
    (result,) = classifier.classify_sentences(["استهدفت صواريخ قاعدة عين الأسد مساء أمس"])
    case = replace(next(case for case in cases if case.kind == "mft"), stance=("none",), has=("attack",), lacks=())
    assert passes(case, result, result)
    assert not passes(replace(case, has=("handover",)), result, result)
    assert not passes(replace(case, lacks=("attack",)), result, result)
    assert not passes(replace(case, stance=("favor",)), result, result)
    assert not passes(replace(case, kind="inv"), result, replace(result, events=()))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "x"},
        {"variant": "نص"},
        {"has": ["strike"]},
        {"stance": ["neutral"]},
        {"colour": 1},
        {"has": []},
        {"text": 1},
        {"has": "attack"},
    ],
)
def test_a_malformed_case_names_its_line(tmp_path, changes):
    good = {"id": "a", "kind": "mft", "capability": "attack", "text": "نص", "has": ["attack"]}
    path = tmp_path / "c.jsonl"
    path.write_text(f"{json.dumps(good)}\n{json.dumps(good | changes)}\n", "utf-8")
    with pytest.raises(InputError, match=r"c\.jsonl:2: not a case"):
        read_checklist(path)
