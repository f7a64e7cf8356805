from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iraqcoal_nlp.evaluation.laws import check_sentences
from iraqcoal_nlp.text.sentences import split_sentences


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


# Each case is a line as the splitter should cut it: joined with a space, or with the separator given first.
CUT_AT_A_SPACE = [
    ["انسحبت القوات من القاعدة.", "وقال المتحدث إن المهمة انتهت."],
    ["هل ترحل القوات الأجنبية؟", "لم يجب الوزير!", "ثم غادر…", "وسكت۔", "انتهى الأمر"],
    ["بعد تهديدات “الفصائل”..", "التحالف الدولي ينهي “المهام القتالية” بالعراق"],
    ["جاء وفق جدول بين الحكومة و«قيادة التحالف»...", "لافتاً إلى أن المعسكر سُلّم."],
    ["قالت الكتائب إن “التعاون مع المحتل الأميركي..", "يجعلهم شركاء في جرائمه”."],
    ["هل هذا احتلال؟!", "نعم!!", "لا؟؟؟"],
    ["وأضاف في بيان: «لن نرحل.»", "وتابع “سنبقى.”", 'ثم قال "انتهى."', "(هكذا نقل.)", "والسلام"],
    ["قال العامري ”لا نحتاج لقوات التحالف.“", "وأضاف كذا"],
    ["حليفتها إيران .", "حيث أفادت الوكالة بذلك ."],
    ["أكد د. أحمد وأ.د. محمد ذلك.", "وأضاف م. علي ود. حسن أن أ. سالم غائب."],
    ["نقلت أ.ف.ب عن ا.ف.ب و(د.ب.أ) خبر م.ت.ف وو.م.أ أمس.", "ولم تعلق (أ ف ب) عليه."],
    ["كما نقلت وكالة أ.ف.ب.", "وقال المتحدث إن القصف توقف."],
    ["بغداد (أ.ف.ب) - قال التحالف إنه أوقف التدريب.", "واشنطن ـ لم تعلق الخارجية."],
    ["بلغت النسبة 2.5 أو ٢٫٥ أو ٢.٥ أو ۲.۵ في المئة.", "وبلغ العدد 1.000.000 شخص."],
    ["عقد الاجتماع في 5.1.2020 عند 10.30 صباحا.", "وانتهى عام 2020.", "وبدأ عام آخر."],
    ["خسر السهم 8 .39 مليون درهم .", "وصعد آخر 353 .664 .143 نقطة."],
    ["الخادم 192.168.1.1 معطل.", "والملف report.v2.pdf والبريد name.x@site.org سليمان."],
    ["زوروا https://example.com/a?b=1&c=2!x.", "وزوروا www.example.org.", "ثم عودوا"],
    ["في القرن الثالث ق.م. كانت بابل مدينة.", "سنة 1442 هـ. الموافق 2020 م.", "وفي 2003م.", "بدأت الحرب"],
    ["العنوان ص.ب. 123 بغداد، ط. 2، ج. 3، ت. 555، رقم. 7.", "والسلام"],
    ["ذكر موقع العربية.نت وقناة سي.إن.إن وسي. إس. لويس ذلك.", "وانتهى"],
    ["قصفوا قاعدة K.1 ليلا.", "وقال J. Smith إن U.S. forces غادرت."],
    ["Gen. Smith of the U.S. Army left.", "He took approx. five men, e.g. two officers.", "Is it over?", "Yes!"],
    ["وصفه بالنصر(!) ثم (...) سكت و«...نحن هنا» عاد.", "وانتهى"],
    ['قال الوزير: "... نحن باقون في العراق".', "ثم كتب: «… نحن باقون».", "وقال “.. حتى ننتصر” فقط.", "وانتهى"],
    ["قال » نحن باقون «...", 'ثم قال " نحن باقون "...', "وانتهى"],
    ['نشرت كتاب "لماذا أعدموني؟" أمس.', 'وسأل: "متى يرحلون؟"', "وقال نعم"],
    ['أكد: "نحن باقون!"، ثم مضى؛ وقال: كذا، وكذا.', "وانتهى"],
    ["1. القوات تنسحب.", "2. البرلمان يصوت."],
    ["يوجد في فيتامين د.", "وجاء منتخب العراق في المجموعة ب.", "والسلام"],
    ["سئل إن كانت القوات ستبقى فقال لا.", "وأضاف أن البرلمان صوت على إخراجها."],
    ["هل يريدون بقاءهم؟", "لا.", "يريدون رحيله."],
    ["نعم أو لا.", "القرار للبرلمان."],
    ["ج: لا.", "س: متى إذن؟"],
    ["سألوه أم لم.", "يجب أحد"],
    ["أكد ﺩ. أحمد ﻭﺩ. علي ﻭﻡ. حسن ذلك.", "وانتهى"],
    ["قال ود. علي وأ. سالم وم. حسن إن الشكر لد. أحمد و لـد. محمد.", "وانتهى"],
    ["نقلت وكالة C.I.A.", "وقال المصدر إن القوات U.S.", "وقالت إنها رحلت عند 10 p.m.", "وانتهى"],
    ["زار C.I.A وقرأ J.R.R. Tolkien وموقع a.b.com وقوات U.S. Army في العراق.", "وانتهى"],
    ["وصل الوفد الساعة 10:30 ص.", "وقال المتحدث إنه يغادر ص. 5 م."],
    ["انتهت المرحلة ب.", "ستبدأ المرحلة أ.", "وقال الوزير إن الفقرة أ.", "وفق المادة ج.", "نافذة"],
    ["ترأس اللجنة د. أحمد والمجموعة د. سليمان وعضو الفقرة م. علي.", "وانتهى"],
]


@pytest.mark.parametrize("sentences", CUT_AT_A_SPACE, ids=lambda sentences: sentences[0][:30])
def test_one_line_is_cut_at_its_sentences(sentences: list[str]) -> None:
    assert texts(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("انسحبوا من العراق.وقال البيان كذا", ["انسحبوا من العراق.", "وقال البيان كذا"]),
        ("عام 2017.وقال البيان", ["عام 2017.", "وقال البيان"]),
        ("توقف التدريب.و قال المتحدث", ["توقف التدريب.", "و قال المتحدث"]),
        ("رحلوا؟نعم", ["رحلوا؟", "نعم"]),
        ('غادر العراق."نحن باقون" قالوا', ["غادر العراق.", '"نحن باقون" قالوا']),
    ],
)
def test_a_missing_space_is_no_obstacle(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "أعلن خروج “أكثر من 2100 شاحنة معدات من العراق”.-(ا ف ب)",
        "قال إن القوات باقية. (رويترز)",
        "قال إن القوات باقية.(أ.ف.ب)",
        "قال إن القوات باقية. (أ ف ب، د ب أ)",
        "نقلا عن وكالة أ.ف.ب.",
    ],
)
def test_an_agency_credit_stays_with_its_sentence(text: str) -> None:
    assert texts(text) == [text]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\n\n \n"])
def test_every_line_end_ends_a_sentence(line_end: str) -> None:
    assert texts(f"بغداد تطلب الانسحاب{line_end}واشنطن ترفض") == ["بغداد تطلب الانسحاب", "واشنطن ترفض"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u200f\u00a0- بغداد ترد.\u200e \u00a0", "بغداد ترد."),
        ("\ufeff• القوات تنسحب", "القوات تنسحب"),
        ("\u202b🔻 عاجل: انفجار 🔥\u202c", "عاجل: انفجار"),
        ("\x00\x1bبغداد ترد\x00", "بغداد ترد"),
        ("ـ بغداد ترد ـ", "بغداد ترد"),
        ("«بغداد» ترد «بقوة»", "«بغداد» ترد «بقوة»"),
        ("... وبعد ذلك رحلوا", "وبعد ذلك رحلوا"),
        ("#العراق يرد", "#العراق يرد"),
        ("سنة 1442 هـ", "سنة 1442 هـ"),
        ("العناوين:", "العناوين:"),
    ],
)
def test_edges_are_trimmed(text: str, expected: str) -> None:
    assert texts(text) == [expected]


@pytest.mark.parametrize(
    "text", ["", " \n\t", "***", "- - -", "😀🔥", "...", "ــــ", "\u200f\u064b", "(.)", "«».", "؟!"]
)
def test_nothing_without_a_letter_is_a_sentence(text: str) -> None:
    assert texts(text) == []


def test_boilerplate_is_passed_over_and_numbers_run_on() -> None:
    text = "بغداد تطلب الانسحاب\nبواسطة Hanan\nرفضت واشنطن. التعليقات مغلقة.\nاترك تعليقا"
    assert [(s.sent_id, s.text) for s in split_sentences(text)] == [(0, "بغداد تطلب الانسحاب"), (1, "رفضت واشنطن.")]


WORDS = [
    "بغداد",
    "قال",
    "و",
    "د",
    "أ.ف.ب",
    "ق.م.",
    "سي.إن.إن",
    "2.5",
    "2020",
    "٣",
    "U.S.",
    "Dr",
    "C.I.A.",
    "لا.",
    "www.a.b",
    "هـ",
]
LINES = ["التعليقات مغلقة", "اترك تعليقا", "اقرأ أيضا", "بواسطة Hanan", "(ا ف ب)", "http://x?"]
SIGNS = ["\ud800", "@", *'.!?؟…۔،؛:"«»“”()[] \n\u2028\u200f\ufeff\u00a0ـ\u064e😀-', "..", "...", "\r\n"]
PIECES = st.sampled_from(WORDS + LINES + SIGNS)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_laws_hold_for_news_like_text(text: str) -> None:
    check_sentences(text)


# Also lone surrogates, which a careless decoder leaves in a text.
ANY_CHARACTER = st.characters(exclude_categories=())


@given(st.text(ANY_CHARACTER, max_size=80))
def test_laws_hold_for_any_text(text: str) -> None:
    check_sentences(text)


@given(st.lists(PIECES, max_size=15).map("".join), st.lists(PIECES, max_size=15).map("".join))
def test_a_line_is_split_without_regard_to_other_lines(first: str, second: str) -> None:
    assert texts(f"{first}\n{second}") == texts(first) + texts(second)


def test_a_waw_at_the_end_of_a_line_is_judged_as_at_the_end_of_the_text() -> None:
    assert texts("توقف التدريب.و\nقال") == [*texts("توقف التدريب.و"), "قال"]


@pytest.mark.parametrize("unit", [*'."( ا؟-1@', "د.", "A.", "ab.", "\u200f", "1.", "\N{NO-BREAK SPACE}"])
def test_long_runs_are_read_once(unit: str) -> None:
    # A pattern that goes back to where it began would need hours for this many characters.
    text = f"بغداد {unit * 1_000_000} انسحبت"
    sentences = split_sentences(text)
    assert sentences[0].start == 0
    assert sentences[-1].end == len(text)
