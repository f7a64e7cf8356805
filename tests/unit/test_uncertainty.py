"""Sampling: the least certain first, nothing twice, and the same choice every time."""

import math

import pytest

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.scored import ScoredRow
from iraqcoal_nlp.data.uncertainty import STRATEGIES, closeness, entropy, uncertain_rows
from iraqcoal_nlp.records import NOT_ARABIC, SentenceResult

SURE = (0.98, 0.01, 0.01)


def row(text, stance=SURE, events=(0.01, 0.01, 0.01, 0.01), **changes):
    facts = {
        "doc_id": "d", "sent_id": 0, "start": 0, "end": len(text), "text": text, "stance": "favor",
        "stance_probs": dict(zip(STANCES, stance, strict=True)), "events": (),
        "event_probs": dict(zip(EVENTS, events, strict=True)), "abstained": False, "flags": (), "model": "m@0",
    }  # fmt: skip
    return ScoredRow(sentence=SentenceResult(**facts | changes), extra={})


ROWS = [
    row("قال الناطق إن القوات باقية"),
    row("سلم التحالف معسكر بسماية", (0.34, 0.33, 0.33)),
    row("سقطت صواريخ على القاعدة", SURE, (0.5, 0.01, 0.01, 0.01)),
    row("طالب البرلمان بإخراج القوات", (0.6, 0.3, 0.1), (0.3, 0.3, 0.3, 0.3)),
]


def texts(strategy, count, rows=ROWS):
    return [chosen.sentence.text for chosen, _ in uncertain_rows(rows, strategy=strategy, count=count)]


def test_measures_are_what_they_say():
    even = row("قال", (1 / 3, 1 / 3, 1 / 3), (0.5, 0.5, 0.5, 0.5)).sentence
    assert entropy(even) == pytest.approx(math.log(3) + 4 * math.log(2))
    assert closeness(even) == pytest.approx(1)
    certain = row("قال", (1.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)).sentence
    assert (entropy(certain), closeness(certain)) == (0, 0)
    assert closeness(row("قال", (0.7, 0.2, 0.1), (0.1, 0.9, 0.1, 0.1)).sentence) == pytest.approx(0.5)


def test_entropy_and_margin_take_the_least_certain_first():
    assert texts("entropy", 4) == [ROWS[place].sentence.text for place in (3, 1, 2, 0)]
    assert texts("margin", 4) == [ROWS[place].sentence.text for place in (2, 1, 3, 0)]
    values = [value for _, value in uncertain_rows(ROWS, strategy="margin", count=4)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_choice_has_no_text_twice_and_nothing_that_is_not_arabic(strategy):
    many = [*ROWS, *ROWS, row("Rockets", (0.34, 0.33, 0.33), flags=(NOT_ARABIC,))]
    assert sorted(texts(strategy, 100, many)) == sorted(item.sentence.text for item in ROWS)
    assert texts(strategy, 2, many) == texts(strategy, 2, many)
    assert len(texts(strategy, 3, many)) == 3


def test_ties_go_to_the_earlier_row_also_where_its_text_comes_again():
    rows = [row("قال"), row("أعلن"), row("قال")]
    ((chosen, _),) = uncertain_rows(rows, strategy="entropy", count=1)
    assert chosen is rows[0]


def test_diverse_takes_different_sentences_where_entropy_takes_copies():
    level = [0.5 - place / 1000 for place in range(20)]
    copies = [
        row(f"سقطت {place} صواريخ كاتيوشا على قاعدة عين الأسد", SURE, (p, 0.01, 0.01, 0.01))
        for place, p in enumerate(level)
    ]
    others = [
        row("طالب البرلمان بإخراج القوات الأجنبية", SURE, (0.4, 0.01, 0.01, 0.01)),
        row("بدأت دورة لتدريب الممرضين في كربلاء", SURE, (0.4, 0.01, 0.01, 0.01)),
    ]
    assert not set(texts("entropy", 3, copies + others)) & {item.sentence.text for item in others}
    chosen = texts("diverse", 3, copies + others)
    assert chosen[0] == copies[0].sentence.text  # the least certain one comes first
    assert set(chosen[1:]) == {item.sentence.text for item in others}


def test_diverse_looks_only_among_the_uncertain():
    sure = [row(f"خبر آخر مختلف تماما {place}") for place in range(50)]
    unsure = [row(f"هجوم {place}", (0.4, 0.3, 0.3)) for place in range(10)]
    assert texts("diverse", 1, sure + unsure) == ["هجوم 0"]


def test_a_random_choice_follows_from_texts_and_seed_not_from_order_or_certainty():
    many = [row(f"خبر {place} عن القاعدة", (0.34, 0.33, 0.33) if place < 200 else SURE) for place in range(1000)]
    chosen = texts("random", 200, many)
    assert chosen == texts("random", 200, many[::-1]) == texts("random", 300, many)[:200]
    other = [item.sentence.text for item, _ in uncertain_rows(many, strategy="random", count=200, seed=14)]
    assert 20 < len(set(chosen) & set(other)) < 60  # 40, where chance chooses
    unsure = {item.sentence.text for item in many[:200]}
    assert 20 < len(unsure & set(chosen)) < 60


@pytest.mark.parametrize(("strategy", "count"), [("chance", 1), ("entropy", 0), ("random", 0)])
def test_nonsense_is_refused(strategy, count):
    with pytest.raises(ValueError, match=r"unknown strategy|cannot choose"):
        uncertain_rows(ROWS, strategy=strategy, count=count)
