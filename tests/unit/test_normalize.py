"""Normalization: the pitfalls of Arabic preprocessing, one by one, and equality with AraBERT's own."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.text.arabert import arabert_v1
from iraqcoal_nlp.text.normalize import ARABERT_V1, NEWS_V1, NORMALIZERS, build_normalizer, register

ARABERT = build_normalizer(ARABERT_V1)
NEWS = build_normalizer(NEWS_V1)

LAM_ALEF = "\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}"

SAMPLES = [
    'وأضاف التحالف في بيان "أولويتنا القصوى هي حماية كل جنود التحالف".',
    "نُحيي إسبانيا لدورها في قيادة البرنامج التدريبي… مع البرتغال، وبريطانيا",
    f"{LAM_ALEF} للقوات الأجنبية ،في العراق",
    "القوات\u200f الأميركيـــة في ۲۰۲۰ و٢٠٢١",
    "«پێشمەرگە» و ‘گوران’",
    "",
]


@pytest.fixture(scope="module")
def reference():
    """The preprocessor of the PyPI package ``arabert``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its source has invalid escape sequences
        from arabert.preprocess import ArabertPreprocessor
    return ArabertPreprocessor("bert-base-arabertv02").preprocess


@pytest.mark.parametrize("form", [chr(code) for code in range(0xFEF5, 0xFEFD)])
def test_no_lam_alef_ligature_is_lost(form):
    for normalize in (ARABERT, NEWS):
        assert normalize(f"{form} للقوات").startswith("ل")


def test_the_negation_survives_where_the_package_loses_it(reference):
    assert reference(f"{LAM_ALEF} للقوات الأجنبية") == "للقوات الأجنبية"
    assert ARABERT(f"{LAM_ALEF} للقوات الأجنبية") == "لا للقوات الأجنبية"
    assert NEWS(f"{LAM_ALEF} للقوات الأجنبية") == "لا للقوات الأجنبية"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("پێشمەرگە", "بيشمهركه"),
        ("الپيشمرگة", "البيشمركة"),
        ("گوران", "كوران"),
        ("چاپ ڤيينا ھولير", "جاب فيينا هولير"),
        ("عراقی کردستان", "عراقي كردستان"),
        ("۲۰۲۰", "2020"),
        ("١٢", "12"),
        ("القوات\u200fالأميركية", "القواتالأميركية"),
        ("\ufeffبغداد\u200c", "بغداد"),
        ("الأميركـــية", "الأميركية"),
        ("ل\ufe76ا", "لا"),
    ],
)
def test_repairs_come_before_both_pipelines(raw, expected):
    assert ARABERT(raw) == expected
    assert NEWS(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("K-1 وMQ-9", "K - 1 وMQ - 9"),
        ("أ.ف.ب", "أ . ف . ب"),
        ("٪٥٠ من 2,500", "٪ 50 من 2 , 500"),
        ("«انسحاب»", "« انسحاب »"),
    ],
)
def test_arabert_spaces_punctuation_as_the_package_does(raw, expected, reference):
    assert arabert_v1(raw) == expected == reference(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("«انسحاب»", '"انسحاب"'),
        ("انسحاب“كامل”", 'انسحاب"كامل"'),
        ("إيران ،والعراق .", "إيران، والعراق."),
        ("الحكومة؛وقال ، ثم", "الحكومة؛ وقال، ثم"),
        ("قوّاتُ التحالُفِ", "قوات التحالف"),
        ("K-1 في 2.5", "K-1 في 2.5"),
        ("أ.ف.ب", "أ.ف.ب"),
        ("ا\u0653ب", "آب"),
    ],
)
def test_news_keeps_words_and_names_whole(raw, expected):
    assert NEWS(raw) == expected


def test_arabert_equals_the_package_on_the_seeds(sentences, reference):
    for sentence in sentences:
        assert arabert_v1(sentence) == reference(sentence)
        assert ARABERT(sentence) == reference(sentence)


NEWS_WORDS = """
أعلن التحالف الدولي، في بيانٍ «رسمي» نشر عام 2020: 3 هجمات! د. أ.ف.ب (داعش) لـ«الشرق ١٢ ٪ 5% 10,000 ... ؟ / - …
http://news.iq/a?b=1 info@iq.net @user www.x.com &quot;نص&quot; <b>خبر</b> ههههه بـــغداد مُهِمّة 20كم K-1 كم20
"""
WORDS = st.sampled_from(NEWS_WORDS.split())


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_arabert_equals_the_package_on_generated_news(reference, text):
    assert arabert_v1(text) == reference(text)


@pytest.mark.parametrize("text", SAMPLES)
@pytest.mark.parametrize("name", sorted(NORMALIZERS))
def test_every_step_is_idempotent(name, text):
    step = NORMALIZERS[name]
    assert step(step(text)) == step(text)


@pytest.mark.parametrize("character", ["ا", "@", ".", "a", "<", " ", "&", "-", "٣", "،"])
def test_a_five_megabyte_line_is_normalized_in_linear_time(character):
    text = character * 5_000_000
    assert len(NEWS(text)) <= len(text)
    assert len(ARABERT(text)) <= 3 * len(text)


def test_names_are_unique_and_known():
    with pytest.raises(ValueError, match="registered twice"):
        register("digits.v1")(str.strip)
    with pytest.raises(ModelFolderError, match=r"unknown normalizer 'digits\.v9'"):
        build_normalizer(["digits.v9"])
