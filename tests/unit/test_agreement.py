"""Agreement: published worked examples, and what is not defined."""

import sys

import pytest

from conftest import SEEDS
from iraqcoal_nlp.data.agreement import cohen_kappa, krippendorff_alpha, masi_distance, measure_agreement
from iraqcoal_nlp.data.annotations import Annotation, read_judgements
from iraqcoal_nlp.errors import IraqCoalError


def labels(*rows: str) -> dict[str, dict[str, str]]:
    """Return labels by annotator, from rows as reliability data are printed; ``.`` is missing."""
    return {
        str(number): {str(unit): label for unit, label in enumerate(row.split()) if label != "."}
        for number, row in enumerate(rows)
    }


# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", examples A, B and C.
BINARY = labels("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
NOMINAL = labels("a a b b d c c c e d d a", "b a b b b c c c e d d d")
MISSING = labels(
    "1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."
)


@pytest.mark.parametrize(("data", "alpha"), [(BINARY, 0.095), (NOMINAL, 0.692), (MISSING, 0.743)])
def test_alpha_is_that_of_krippendorffs_worked_examples(data, alpha):
    assert krippendorff_alpha(data) == pytest.approx(alpha, abs=0.0005)


def test_kappa_is_that_of_a_table_of_counts():
    """20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed .7, by chance .5."""
    one = {str(i): i < 25 for i in range(50)}
    other = {str(i): i < 20 or 25 <= i < 35 for i in range(50)}
    assert cohen_kappa(one, other) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0), ("ab", "ab", 0), ("ab", "", 1), ("a", "b", 1),
        ("a", "ab", 1 - 1 / 2 * 2 / 3),  # one holds the other
        ("ab", "bc", 1 - 1 / 3 * 1 / 3),  # they overlap
    ],
)  # fmt: skip
def test_masi_gives_partial_credit(one, other, distance):
    assert masi_distance(frozenset(one), frozenset(other)) == pytest.approx(distance)
    assert masi_distance(frozenset(other), frozenset(one)) == pytest.approx(distance)


def test_agreement_by_chance_alone_is_not_called_perfect():
    same = labels("none none none", "none none none")
    assert krippendorff_alpha(same) is None
    assert cohen_kappa(same["0"], same["1"]) is None
    assert krippendorff_alpha(labels("a b . .", ". . a b")) is None


def judgement(number: int, annotator: str | None, stance: str | None, events: tuple[str, ...] | None) -> Annotation:
    text = f"تصريح رقم {number} عن وجود القوات الأجنبية"
    return Annotation(id=f"r{number}", doc_id="d", text=text, stance=stance, events=events, annotator=annotator)


def test_heads_are_compared_where_both_were_judged():
    rows = [judgement(i, name, "favor" if i % 2 else "none", None) for i in range(4) for name in ("أ", "ب")]
    rows += [judgement(i, name, None, ("attack",) if i % 2 else ()) for i in range(4, 8) for name in ("أ", "ج")]
    rows += [judgement(0, None, "against", ())]  # the settled row is nobody's judgement
    agreement = measure_agreement(rows)
    assert agreement.annotators == ("أ", "ب", "ج")
    assert (agreement.n_sentences, agreement.stance, agreement.events["attack"], agreement.event_sets) == (8, 1, 1, 1)
    assert agreement.events["handover"] is None
    first, second = agreement.pairs
    assert (first.annotators, first.n_sentences, first.stance, first.events["attack"]) == (("أ", "ب"), 4, 1, None)
    assert (second.annotators, second.n_sentences, second.stance, second.events["attack"]) == (("أ", "ج"), 4, None, 1)


def test_nothing_to_compare_is_no_agreement():
    assert measure_agreement([judgement(1, "أ", "none", ()), judgement(2, "ب", "none", ())]) is None
    assert measure_agreement([judgement(1, None, "none", ())]) is None


def test_the_annotators_of_the_seed_gold_differ_on_four_rows():
    judgements = read_judgements(SEEDS / "gold.jsonl")
    agreement = measure_agreement(judgements)
    one, two = ({row.id: (row.stance, row.events) for row in judgements if row.annotator == name} for name in "12")
    assert sum(one[name] != two[name] for name in one) == 4
    assert agreement.n_sentences == len(one) == 114
    assert 0.9 < agreement.stance < 1
    assert 0.9 < agreement.event_sets < 1
    assert agreement.events["attack"] == 1


def test_without_nltk_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nltk.metrics.agreement", None)
    with pytest.raises(IraqCoalError, match=r"agreement needs nltk: pip install 'iraqcoal-nlp\[train\]'"):
        krippendorff_alpha(BINARY)
