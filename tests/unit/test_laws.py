"""The laws of ``evaluation/laws.py`` on generated texts; ``scripts/fuzz.py`` tries the same on millions."""

import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import iraqcoal_nlp as iq
from iraqcoal_nlp.evaluation import laws
from iraqcoal_nlp.evaluation.file_laws import made_files
from iraqcoal_nlp.evaluation.hostile import LONG_RUNS, PIECES, mutate
from iraqcoal_nlp.inference.calibration import sigmoid, softmax
from iraqcoal_nlp.text.clean import boilerplate_rule, boilerplate_spans, fold_line
from iraqcoal_nlp.text.normalize import NORMALIZERS
from iraqcoal_nlp.text.sentences import split_sentences

TEXT_LAWS = [
    laws.check_boilerplate,
    laws.check_sentences,
    laws.check_normalizing,
    laws.check_tokenizing,
    laws.check_mentions,
    laws.check_labelling,
    laws.check_explaining,
]
WORDS = ["بغداد", "قال", "القوات", "الأميركية", "انسحبت", "2020"]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)  # half surrogates too
HOSTILE_NEWS = st.lists(st.sampled_from([*PIECES, *WORDS, " "]), max_size=40).map("".join)


@pytest.mark.parametrize("law", TEXT_LAWS, ids=lambda law: law.__name__)
@settings(max_examples=150)
@given(text=HOSTILE_NEWS | ANY_TEXT)
def test_a_law_holds_for_any_text(law, text):
    law(text)


@settings(max_examples=15)
@given(text=HOSTILE_NEWS)
def test_the_shipped_model_takes_any_text(text):
    laws.check_classifying(text)


def test_two_halves_of_a_surrogate_pair_may_become_one_character_in_json():
    laws.check_labelling("\u064a\ud800\udcb2")


@pytest.mark.parametrize("target", laws.TARGETS)
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\xd8", b"\x00", "بغداد".encode("utf-16"), "بغداد".encode("cp1256")])
def test_a_target_takes_any_bytes(target, data):
    laws.TARGETS[target](data)


@settings(max_examples=300)
@given(data=st.sampled_from(made_files(['قال، "كذا".', "انسحبت\tالقوات"])) | st.binary(max_size=80), draw=st.data())
def test_any_file_gives_articles_or_errors(data, draw):
    at = draw.draw(st.integers(0, len(data)))
    laws.check_reading(data[:at] + draw.draw(st.binary(max_size=5)) + data[at + draw.draw(st.integers(0, 3)) :])


@example(name="\udd00")  # half of a cut emoji
@given(name=ANY_TEXT | st.just("x" * 5000))
def test_no_name_of_a_model_is_more_than_one_clear_line(name):
    with pytest.raises(iq.ModelFolderError) as refusal:
        iq.load(f"{name}\N{REPLACEMENT CHARACTER}")
    assert "\n" not in str(refusal.value)


@given(text=ANY_TEXT)
def test_any_text_is_an_input(text):
    assert laws.to_text(laws.to_bytes(text)) == text


@given(seed=st.integers(0, 2**32))
def test_a_changed_text_depends_on_the_seed_and_is_no_longer_than_asked(seed):
    seeds = ["انسحبت القوات.", "قال المتحدث كذا"]
    changed = [mutate(seeds[0], random.Random(seed), seeds, longest=50) for _ in range(2)]
    assert changed[0] == changed[1]
    assert len(changed[0]) <= 50


@pytest.mark.parametrize(
    ("law", "name", "broken"),
    [
        (laws.check_sentences, "split_sentences", lambda text: split_sentences(text)[:-1]),
        (laws.check_sentences, "boilerplate_spans", lambda text: [(0, len(text))]),
        (laws.check_boilerplate, "boilerplate_spans", lambda text: [(0, len(text))]),
        (laws.check_normalizing, "_news", lambda: lambda text: text.replace("ق", "")),
    ],
)
def test_a_law_finds_what_breaks_it(monkeypatch, law, name, broken):
    monkeypatch.setattr(laws, name, broken)
    with pytest.raises(AssertionError):
        law("انسحبت القوات.\nقال المتحدث كذا")


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3), st.floats(0.05, 20)
)
def test_probabilities_are_finite_for_any_finite_logits(logits, temperature):
    stance, events = softmax(np.float32(logits), temperature), sigmoid(np.float32(logits), temperature)
    assert np.isfinite(stance).all()
    assert stance.sum() == pytest.approx(1.0)
    assert ((stance >= 0) & (stance <= 1)).all()
    assert ((events >= 0) & (events <= 1)).all()


@pytest.mark.parametrize("unit", LONG_RUNS)
def test_a_long_run_is_read_in_linear_time(unit):
    text = unit * (300_000 // len(unit))  # in quadratic time, minutes; scripts/long_lines.py takes five million
    for function in (split_sentences, boilerplate_spans, boilerplate_rule, fold_line, *NORMALIZERS.values()):
        function(text)
