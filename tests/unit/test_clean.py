from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iraqcoal_nlp.text.clean import LONGEST, boilerplate_rule, boilerplate_rules, boilerplate_spans, fold_line

BOILERPLATE = [
    ("byline_by", "بواسطة Hanan"),
    ("byline_by", "بقلم الدكتور حسين علاوي"),
    ("byline", "كتب: عمر عبد العزيز"),
    ("byline", "كتبت / رغد سالم"),
    ("byline", "إعداد: فريق التحرير"),
    ("translator", "نقلته إلى العربية: زينب منعم."),
    ("translator", "نقله إلى العربية بتصرف: الميادين نت"),
    ("agency_credit", "(وكالات)"),
    ("agency_credit", "المصدر: رويترز + أ.ف.ب"),
    ("agency_and_place", "شفق نيوز- ذي قار"),
    ("place_and_agency", "بغداد - واع"),
    ("image_credit", "مصدر الصورة، Getty Images"),
    ("image_credit", "تصوير: صالح عبد اللطيف"),
    ("published", "آخر تحديث: 24 يناير 2020 - 10:30"),
    ("date_line", "الأربعاء 20-05-2026 م"),
    ("share", "شارك"),
    ("share", "مشاركة على فيسبوك"),
    ("share", "شارك الخبر عبر واتساب وتلغرام"),
    ("share", "Share on Facebook"),
    ("networks_only", "فيسبوك تويتر واتساب"),
    ("follow", "تابعنا على تويتر"),
    ("join", "اشترك في قناتنا على تلغرام"),
    ("subscribe", "لم تشترك بعد"),
    ("subscribe", "اشترك الآن"),
    ("subscribe", "النشرة البريدية"),
    ("account", "انشئ حساباً خاصاً بك لتحصل على أخبار مخصصة لك"),
    ("related", "اخبار قد تهمك"),
    ("related", "أخبار ذات صلة:"),
    ("related", "مواضيع ذات صلة"),
    ("related", "اقرأ أيضاً"),
    ("related", "قد يهمك أيضا"),
    ("related", "المزيد..."),
    ("related", "المقال التالي"),
    ("related_link", "اقرأ أيضاً: قصف قاعدة عين الأسد بالصواريخ"),
    ("related_link", "للمزيد - ماذا يريد البرلمان من واشنطن؟"),
    ("comments", "التعليقات مغلقة."),
    ("comments", "اترك تعليقاً"),
    ("comments", "اترك تعليقك"),
    ("comments", "12 تعليقا"),
    ("tags", "الوسوم: العراق، التحالف الدولي، داعش"),
    ("tags", "كلمات مفتاحية"),
    ("reading_time", "مدة القراءة: 3 دقائق"),
    ("reading_time", "5 min read"),
    ("counters", "1,204 مشاهدة"),
    ("tools", "طباعة"),
    ("tools", "تحميل PDF"),
    ("site_menu", "Exit mobile version"),
    ("copyright", "© 2024 جميع الحقوق محفوظة"),
    ("copyright", "All rights reserved."),
    ("opinion_notice", "** جميع المقالات المنشورة تمثل رأي كتابها فقط."),
    ("advertisement", "إعلان"),
    ("advertisement", "Advertisement"),
    ("cookies", "يستخدم هذا الموقع ملفات تعريف الارتباط لتحسين تجربتك."),
    ("contact", "للتواصل مع الكاتب ارسل رسالة"),
    ("byline_by", "By John Smith"),
    ("account", "تسجيل الدخول"),
    ("copyright", "يمنع نشر أي مادة دون إذن خطي من الموقع"),
    ("copyright", "لا يجوز إعادة نشر ما ورد هنا إلا بإذن مسبق من الموقع"),
    ("copyright", "يمنع الاقتباس دون إذن خطي"),
    ("image_credit", "Photo by Reuters"),
    ("wire_mark", "// انتهى //"),
    ("byline", "كتب: علي حسين"),
    ("byline", "كتب: كرار علي حسن"),
    ("byline", "بقلم: رئيس التحرير"),
    ("byline", "تحرير: س.ك"),
    ("byline", "تحرير: دعاء محمد"),
    ("byline", "إعداد وترجمة - محمد الحربي"),
    ("byline", "بواسطة: أحمد السعدي"),
    ("byline_by", "بقلم علي حسين"),
    ("byline_by", "بقلم محمد علي كاظم"),
    ("byline_by", "بواسطة محمد علي"),
    ("byline_by", "بواسطة فريق التحرير"),
    ("byline_by", "بواسطة محرر"),
    ("byline_by", "بواسطة الدكتور حسين علاوي"),
    ("byline_by", "بواسطة John Smith"),
    ("sign_off", "(إعداد سها جادو للنشرة العربية - تحرير أمل أبو السعود)"),
    ("sign_off", "(إعداد X للنشرة العربية - تحرير Y)"),
    ("agency_credit", "المصدر : الجزيرة + وكالات"),
    ("agency_credit", "المصدر: الجزيرة"),
    ("agency_credit", "المصدر: السومرية نيوز / بغداد"),
    ("agency_and_place", "بغداد اليوم – خاص"),
    ("agency_and_place", "عين اليوم – إسلام آباد"),
    ("place_and_agency", "واشنطن – (أ ف ب)"),
    ("place_and_agency", "تكريت - رويترز"),
    ("quoted_from", "*نقلا عن الشروق المصرية"),
    ("quoted_from", '* نقلا عن "الشرق الأوسط" اللندنية'),
    ("quoted_from", '*نقلا عن صحيفة "الأنباء" الكويتية'),
    ("quoted_from", "نقلا عن رويترز"),
    ("caption", "التعليق على الصورة، جنود أميركيون في قاعدة عين الأسد."),
    ("site_menu", "تخطى البودكاست وواصل القراءة"),
    ("site_menu", "نهاية البودكاست"),
    ("opinion_notice", "هذا المقال يعبر عن رأي كاتبه"),
    ("opinion_notice", "المقال يعبر عن رأي كاتبه، ولا يعبر بالضرورة عن رأي الموقع"),
    ("join", "للاشتراك في قناتنا على تليغرام اضغط هنا"),
    ("follow", "تابعوا آخر الأخبار عبر Google News"),
    ("follow", "تابعنا على تويتر @iraq_news"),
    ("share", "شارك علي فيسبوك"),
    ("address", "@channel"),
    ("address", "📢 @channel_news"),
    ("address", "https://t.me/channel/12"),
    ("address", "t.me/channel"),
]

NEWS = [
    "أعلن التحالف الدولي انتهاء مهامه القتالية في العراق.",
    "إعلان حالة الطوارئ في بغداد",
    "إعلان النصر على داعش",
    "وشارك الجيش الأميركي ضمن تحالف دولي في الحرب على داعش.",
    "شارك الجيش الأميركي في العملية",
    "مشاركة أميركية في معركة الموصل",
    "شارك عبر الفيديو في اجتماع التحالف قادة من ثلاثين دولة",
    "اشترك في العملية ثلاثة آلاف جندي",
    "اشتركت طائرات التحالف في قصف الموقع",
    "اقرأ البيان الكامل للتحالف الدولي أمام البرلمان، قال النائب.",
    "اقرأ أيضا ما كتبه الوزير عن القواعد الأميركية، يقول النائب.",
    "اقرأ أيضا: هكذا بدأ الهجوم. وقال المتحدث إن القوات ردت على النار.",
    "تابع الرئيس الأميركي الهجوم عبر تويتر",
    "تابعنا بقلق التطورات الأمنية في العراق",
    "كتب الصدر على تويتر: على القوات المحتلة أن ترحل",
    "كتب: لن نسمح ببقاء القوات الأجنبية",
    "كتبت الصحيفة أن الانسحاب بدأ",
    "تقرير: مقتل 3 جنود في قصف على التاجي",
    "مصدر: القوات الأميركية تغادر القاعدة",
    "مصدر أمني: سقوط ثلاثة صواريخ قرب السفارة",
    "بواسطة الطائرات المسيرة استهدفوا القاعدة",
    "إعداد خطة لانسحاب القوات الأجنبية",
    "ترجمة القرار إلى واقع مسؤولية الحكومة",
    "صورة: هذا هو معسكر التاجي بعد القصف",
    "صورة جوية تكشف أضرار قاعدة عين الأسد",
    "المزيد من القوات الأميركية تصل إلى العراق",
    "للمزيد من الضغط على الحكومة، تظاهر المئات",
    "التعليقات الأميركية على الهجوم أغضبت بغداد",
    "اترك العراق، قال المتظاهرون للسفير.",
    "نقلا عن مصادر أمنية، قالت الوكالة إن القاعدة قصفت.",
    "انتهى العمل العسكري للتحالف في العراق",
    "جميع الحقوق محفوظة للعشائر، قال الوزير.",
    "بحث السوداني مع السفيرة الأميركية ملف الانسحاب",
    "قراءة في قرار البرلمان إخراج القوات الأجنبية",
    "20 قتيلا في هجوم",
    "حساب جديد مع واشنطن يفتحه البرلمان",
    "خاص: تفاصيل اتفاق الانسحاب",
    "بغداد - قال التحالف الدولي إنه أوقف التدريب.",
    "رويترز: واشنطن تسحب قواتها من العراق",
    "By Thursday the last troops had left",
    "Photos show American troops leaving Iraq",
    "Copyright law does not cover the leaked cables",
    "بواسطة صواريخ كاتيوشا",
    "كتب: الموت للمحتل الأميركي",
    "نقلها الجيش الأميركي جوا",
    "صاحب الصورة الشهيرة يروي قصة احتلال بغداد",
    "الصورة من داخل القاعدة الأميركية",
    "انضم إلى قناة داعش على تلغرام آلاف المقاتلين",
    "تسجيل خروج القوات الأميركية من العراق",
    "وقت قراءة البيان انفجرت عبوة",
    "لا يجوز نشر قوات أجنبية دون موافقة البرلمان",
    "يحظر إعادة نشر القوات القتالية في الأنبار",
    "لا يجوز نشر قوات أجنبية على الأراضي العراقية من دون إذن مسبق من البرلمان.",
    "يحظر نشر أي قوات أجنبية أو خبراء في العراق دون إذن مسبق",
    "يمنع إعادة نشر القوات الأميركية إلا بإذن مسبق من الحكومة العراقية.",
    "الكاتب: بقاء الأمريكيين ضرورة",
    "كتبت: سنقاتل حتى النهاية",
    "الآراء في بغداد تعكس وجهة نظر الفصائل",
    "للإعلان عن جدول الانسحاب اجتمع الوفدان",
    "للتواصل مع الموقع المستهدف أرسلت قوة",
    "سجل الدخول غير المشروع للقوات رقما كبيرا",
    "طباعة أوراق الاقتراع تبدأ غدا في بغداد",
    "بواسطة مسلحين مجهولين",
    "بواسطة فصائل مسلحة",
    "بواسطة ميليشيا موالية لإيران",
    "بواسطة الصحفي الأمريكي",
    "بواسطة علي قوات الحشد",
    "بواسطة HIMARS",
    "بواسطة Grad rockets",
    "تحرير - تكريت",
    "تحرير تكريت",
    "تحرير: تكريت وبيجي",
    "إعداد - بغداد",
    "إعداد: خطة الانسحاب",
    "إعداد تقرير خاص للنشرة العربية",
    "كتب: ترامب يهدد العراق",
    "كتب: على واشنطن الرحيل",
    "كتب: هجوم على بغداد",
    "كتب: انسحاب",
    "بقلم رصاص",
    "نقلا عن قيادي في الحشد",
    "نقلا عن البيت الأبيض",
    "نقلا عن الرياض",
    "نقلا عن صحيفة أمريكية",
    "انسحاب - رويترز",
    "صواريخ - واع",
    "رويترز - انسحاب",
    "واشنطن – (انسحاب)",
    "بغداد اليوم تشيع شهداء القصف",
    "المصدر: القوات الأميركية",
    "التعليق على الصورة التي نشرها البنتاغون أغضب بغداد",
    "تخطى الجيش الحدود وواصل القصف",
    "نهاية الاحتلال",
    "تابعنا في تويتر تصريحات الصدر ضد الاحتلال",
    "تابعوا آخر الأخبار عن القصف",
    "انضم إلى مجموعتنا ثلاثة مقاتلين",
    "للاشتراك في العملية أرسلت واشنطن قوات",
    "هذا المقال يعبر عن رأي الحكومة",
    "المقال يعبر عن رأي الصحيفة التي طالبت بالانسحاب",
    "@POTUS will withdraw the troops",
    "https://t.me/channel نشر البيان",
]


@pytest.mark.parametrize(("rule", "line"), BOILERPLATE)
def test_boilerplate_line_is_named_by_its_rule(rule: str, line: str) -> None:
    assert boilerplate_rule(line) == rule
    assert boilerplate_spans(line) == [(0, len(line))]


@pytest.mark.parametrize("line", NEWS)
def test_news_is_never_boilerplate(line: str) -> None:
    assert boilerplate_spans(line) == []


def test_every_rule_has_an_example_here() -> None:
    shown = {rule for rule, _ in BOILERPLATE}
    assert {rule.name for rule in boilerplate_rules()} == shown


@pytest.mark.parametrize(
    "variant",
    [
        "التعليقات مغلقه",
        "التَّعليقاتُ مُغلقةٌ",
        "التعليقـــات مغلقة",
        "\u200fالتعليقات مغلقة\u200e",
        "\ufeff التعليقات\u00a0 مغلقة !",
        "💬 التعليقات مغلقة 💬",
        "• التعليقات مغلقة .",
        "*** التعليقات مغلقة ***",
        "التعليقات مغلقة\x00",
    ],
)
def test_spelling_and_ornament_do_not_hide_boilerplate(variant: str) -> None:
    assert boilerplate_rule(variant) == "comments"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"])
def test_spans_leave_out_line_ends(line_end: str) -> None:
    headline, body = "بغداد أمرت قواتها بعدم التعاون", "وقال المتحدث إن التدريب توقف."
    text = line_end.join([headline, "بواسطة Hanan", body, "اترك تعليقا"])
    assert [text[start:end] for start, end in boilerplate_spans(text)] == ["بواسطة Hanan", "اترك تعليقا"]


def test_footer_after_the_last_sentence_of_a_line() -> None:
    text = "وقال البيان إن “القوات باقية”. التعليقات مغلقة. Exit mobile version"
    assert [text[start:end] for start, end in boilerplate_spans(text)] == ["التعليقات مغلقة. Exit mobile version"]


def test_a_word_that_is_boilerplate_alone_stays_inside_a_sentence() -> None:
    assert boilerplate_spans("وقال الوزير في كلمته: إعلان. ثم غادر القاعة.") == []


def test_long_lines_are_never_boilerplate() -> None:
    line = "اقرأ أيضا: " + "العراق " * LONGEST
    assert boilerplate_rule(line) is None


def test_rules_say_where_they_were_seen() -> None:
    rules = boilerplate_rules()
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.seen for rule in rules)


# Also lone surrogates, which a careless decoder leaves in a text.
ANY_CHARACTER = st.characters(exclude_categories=())


@given(st.text(st.sampled_from("ابةىأإ .:\n\u200f\u0640\u064bشارك-x1@") | ANY_CHARACTER, max_size=60))
def test_spans_are_ordered_and_lie_inside_lines(text: str) -> None:
    spans = boilerplate_spans(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert not any(re.search(r"[\n\r]", text[start:end]) for start, end in spans)


# Letters and marks that compose, joining marks between them, and the word that keeps its alef maksura.
COMPOSING = st.sampled_from("على ىيةؤاکeが각\u0301\u0653\u0654\u200d\u200f\u0640\u064e@_-()\u00a0")


@given(st.text(COMPOSING | ANY_CHARACTER, max_size=40))
def test_folding_a_folded_line_changes_nothing(line: str) -> None:
    folded = fold_line(line)
    assert fold_line(folded) == folded
    assert not any(unicodedata.category(char) == "Cc" for char in folded)
    assert folded == folded.strip()
