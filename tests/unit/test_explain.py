"""Words and why they matter: offsets point back, weights are what a known model gives them."""

import math

import numpy as np
import pytest

import iraqcoal_nlp as iq
from conftest import ATTACK, DEMAND
from iraqcoal_nlp.evaluation.faithfulness import Ranking, measure_faithfulness
from iraqcoal_nlp.inference.explain import LABELS, LONGEST, explain_sentences
from iraqcoal_nlp.records import NOT_ARABIC, SentenceResult
from iraqcoal_nlp.text.words import leave_out, word_spans

WEIGHTS = {"صواريخ": 3.0, "قاعدة": 1.5, "نفى": -2.0}


def score(texts):
    """A model whose log-odds of ``attack`` are a sum over words: what occlusion must find is known."""
    attack = [1 / (1 + math.exp(1 - sum(WEIGHTS.get(text[s:e], 0.0) for s, e in word_spans(text)))) for text in texts]
    return np.full((len(texts), 3), 1 / 3), np.array([[p, 0.1, 0.1, 0.1] for p in attack])


def sentence(text, *, start=0, **changes):
    facts = {
        "doc_id": "d", "sent_id": 0, "start": start, "end": start + len(text), "text": text, "stance": "none",
        "stance_probs": {"favor": 0.1, "against": 0.1, "none": 0.8}, "events": ("attack",),
        "event_probs": {"attack": 0.9, "suspension": 0.1, "handover": 0.1, "withdrawal_demand": 0.1},
        "abstained": False, "flags": (), "model": "m@0",
    }  # fmt: skip
    return SentenceResult(**facts | changes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("قال «التحالف» إنه، أوقف.", ["قال", "التحالف", "إنه", "أوقف"]),
        ("(أ.ف.ب) - 2,500 جندي من K-1!", ["أ.ف.ب", "2,500", "جندي", "من", "K-1"]),
        ("مُحَمَّدٌ\u200f ـ \u202bقال\u202c", ["مُحَمَّدٌ", "قال"]),
        ("… ؟! «»", []),
    ],
)
def test_words_are_without_the_punctuation_around_them(text, words):
    assert [text[start:end] for start, end in word_spans(text)] == words


def test_leaving_out_removes_just_the_stretches():
    text = "قال «التحالف» إنه، أوقف."
    spans = word_spans(text)
    assert leave_out(text, []) == text
    assert leave_out(text, reversed(spans)) == " «» ، ."
    assert leave_out(text, [spans[1]], "…") == "قال «…» إنه، أوقف."


def test_weights_are_those_of_the_model_and_offsets_point_into_the_article():
    article = "مقدمة طويلة. نفى أن صواريخ سقطت على «قاعدة» قرب قاعدة."
    start = article.index("نفى")
    (explained,) = explain_sentences(score, [sentence(article[start:], start=start)])
    (label,) = explained.labels
    assert (label.label, label.probability) == ("attack", 0.9)
    assert [article[word.start : word.end] for word in label.words] == [word.word for word in label.words]
    assert {word.word: word.weight for word in label.words} == pytest.approx(
        {"نفى": -2, "أن": 0, "صواريخ": 3, "سقطت": 0, "على": 0, "قاعدة": 1.5, "قرب": 0}, abs=1e-3
    )
    assert [word.word for word in label.strongest(2)] == ["صواريخ", "قاعدة"]
    assert "نفى" not in {word.word for word in label.strongest(100)}


def test_what_is_explained():
    def labels(result, **options):
        (explained,) = explain_sentences(score, [result], **options)
        assert explained.sentence is result
        return [label.label for label in explained.labels]

    assert labels(sentence(ATTACK, stance="against")) == ["against", "attack"]
    assert labels(sentence(ATTACK, events=())) == []
    assert labels(sentence(ATTACK), labels=["handover", "none"]) == ["none", "attack", "handover"]
    assert labels(sentence("Rockets", flags=(NOT_ARABIC,)), labels=["attack"]) == []
    assert labels(sentence("قال " * (LONGEST + 1))) == []
    assert labels(sentence("…")) == []
    with pytest.raises(iq.CodebookError, match="unknown label 'war'"):
        labels(sentence(ATTACK), labels=["war"])


def test_an_explanation_depends_on_its_sentence_alone():
    many = [sentence(" ".join(["صواريخ", *["قرب"] * length])) for length in range(1, 60)]
    together = explain_sentences(score, many)
    assert together == [explain_sentences(score, [one])[0] for one in many]


def test_the_shipped_model_names_the_words_that_carry_the_meaning(classifier):
    article = f"{ATTACK}. {DEMAND}."
    first, second = classifier.explain(article)
    assert [label.label for label in second.labels] == ["against", "withdrawal_demand"]
    (word,) = second.labels[1].strongest(1)
    assert (word.word, article[word.start : word.end]) == ("بإخراج", "بإخراج")
    assert {"صواريخ", "سقطت"} & {word.word for word in first.labels[0].strongest(2)}
    assert classifier.explain_sentences([]) == []


def test_faithfulness_is_high_for_the_true_order_and_low_for_its_reverse():
    text = "سقطت صواريخ على قاعدة قرب مدينة هيت في غرب العراق"
    spans = word_spans(text)
    by_weight = sorted(spans, key=lambda span: -WEIGHTS.get(text[slice(*span)], 0.0))
    true, false = (
        measure_faithfulness(score, [Ranking(text=text, label="attack", spans=tuple(order))])
        for order in (by_weight, by_weight[::-1])
    )
    whole, without_one, nothing = (1 / (1 + math.exp(1 - odds)) for odds in (4.5, 1.5, 0.0))
    assert true.comprehensiveness == pytest.approx((3 * (whole - without_one) + 2 * (whole - nothing)) / 5)
    assert true.sufficiency == pytest.approx(3 * (whole - 1 / (1 + math.exp(1 - 3.0))) / 5)
    assert false.comprehensiveness == pytest.approx(0.0)
    assert false.sufficiency == pytest.approx(whole - nothing)
    assert LABELS[3] == "attack"


def test_the_shipped_models_explanations_pass_the_deletion_test(classifier, sentences):
    explained = classifier.explain_sentences(classifier.classify_sentences(sentences[:16]))
    labels = [(item.sentence.text, label) for item in explained for label in item.labels]
    assert len(labels) > 10
    by_weight, by_place = (
        measure_faithfulness(
            classifier.probabilities,
            [
                Ranking(
                    text=text, label=label.label, spans=tuple((w.start, w.end) for w in sorted(label.words, key=key))
                )
                for text, label in labels
            ],
        )
        for key in (lambda word: -word.weight, lambda word: word.start)
    )
    assert by_weight.comprehensiveness > by_place.comprehensiveness + 0.2
    assert by_weight.sufficiency < by_place.sufficiency - 0.2
