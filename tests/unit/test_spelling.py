"""Other spellings: which ones normalization takes back, and training on those that it does not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer
from iraqcoal_nlp.text.spelling import SPELLINGS, register
from iraqcoal_nlp.training.noise import TRAINABLE, spelling_noise

NEWS = build_normalizer(NEWS_V1)
DEMAND = "طالب البرلمان العراقي بإخراج القوات الأجنبية إلى خارج البلاد"
LATIN_ONLY_IN_OTHER_TEXTS = {"Latin digits"}  # no seed article writes Arabic digits


def spelled(kind, text, seed=13):
    return SPELLINGS[kind](text, random.Random(seed))


@pytest.mark.parametrize("kind", sorted(set(SPELLINGS) - LATIN_ONLY_IN_OTHER_TEXTS))
def test_every_kind_changes_sentences_of_news(kind, sentences):
    assert sum(spelled(kind, text) != text for text in sentences) >= 20


@pytest.mark.parametrize("kind", sorted(set(SPELLINGS) - {*TRAINABLE, "Persian ک ی, also for ى"}))
def test_the_model_never_sees_what_normalization_takes_back(kind, sentences):
    for text in [*sentences, "سقط ١٢ صاروخا و3 قذائف", "قال «لا»، ثم رحل."]:
        assert NEWS(spelled(kind, text)) == NEWS(text)


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("hamza on alef dropped", "أعلن إيران آب رؤساء", "اعلن ايران اب رؤساء"),
        ("every hamza dropped", "أعلن رؤساء قائد جزء", "اعلن روسا قايد جز"),
        ("final ى written ي", "على مستوى", "علي مستوي"),
        ("final ي written ى", "في علي يد", "فى على يد"),
        ("final ة written ه", "القوة، قوتهم", "القوه، قوتهم"),
        ("final ه written ة", "انسحابه هذا", "انسحابة هذا"),
        ("lam-alef ligatures", "لا الأمن للإرهاب", "\ufefb ا\ufef7من ل\ufef9رهاب"),
        ("presentation forms", "لا دعم", "\ufedf\ufe8e \ufea9\ufecb\ufee2"),
        ("Kurdish ک ی ھ", "كركوك هي", "کرکوک ھی"),
        ("Persian digits", "12 و١٢", "۱۲ و۱۲"),
        ("angle quotes", 'قال "نعم" و”لا“', "قال «نعم» و«لا»"),
        ("no space after ، ؛", "قال: نعم، لا", "قال: نعم،لا"),
        ("space after و", "والدفاع", "و الدفاع"),
        ("space after و", "وقال", "و قال"),
        ("space after و", "وقتل", "و قتل"),
        ("space after و", "وقعت وقائع نقص وقود والد الجندي ووالدته والي بغداد وقتها", None),
    ],
)
def test_a_kind_writes_as_its_name_says(kind, raw, expected):
    assert spelled(kind, raw) == (raw if expected is None else expected)


def test_kinds_that_change_some_places_change_at_least_one(sentences):
    for seed in range(20):
        assert spelled("spaces between words lost", "القوات انسحبت", seed) == "القواتانسحبت"
        assert spelled("tatweel", "قال", seed) != "قال"


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="registered twice"):
        register("tatweel")(lambda text, rng: text)


@given(text=st.text(max_size=60), seed=st.integers())
def test_noise_depends_on_nothing_but_seed_and_text(text, seed):
    once = spelling_noise(text, seed=seed, probability=1.0)
    random.random()
    assert spelling_noise(text, seed=seed, probability=1.0) == once
    assert spelling_noise(text, seed=seed, probability=0.0) == text
    assert spelling_noise(text, seed=seed, probability=1.0, kinds=()) == text


def test_about_as_many_sentences_change_as_asked():
    changed = [spelling_noise(DEMAND, seed=seed, probability=0.3) != DEMAND for seed in range(1000)]
    assert 0.2 < sum(changed) / len(changed) < 0.35


def test_every_trainable_kind_is_met():
    seen = {spelling_noise(DEMAND, seed=seed, probability=1.0) for seed in range(300)}
    assert any("باخراج" in text for text in seen)
    assert any("الأجنبيه" in text for text in seen)
    assert any("العراقى" in text for text in seen)
    assert any("إلي " in text for text in seen)
    assert any(text.count(" ") < DEMAND.count(" ") for text in seen)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="outside"):
        spelling_noise(DEMAND, seed=1, probability=1.5)
    with pytest.raises(ValueError, match="unknown spelling 'typos'"):
        spelling_noise(DEMAND, seed=1, kinds=("typos",))
