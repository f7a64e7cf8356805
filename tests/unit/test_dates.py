"""Dates: every name of a month and weekday, both digits, and what is counted from the article's day."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iraqcoal_nlp import find_mentions
from iraqcoal_nlp.text.attribution import resolve
from iraqcoal_nlp.text.attribution.calendar import load_calendar

CALENDAR = load_calendar()
ARTICLE = "2020-01-05"  # a Sunday
DAYS = st.dates(datetime.date(1990, 1, 1), datetime.date(2060, 12, 31))


def found(text, article_date=ARTICLE):
    return [(date.text, date.value) for date in find_mentions(text, article_date=article_date).dates]


@pytest.mark.parametrize(("name", "number"), CALENDAR.months.items())
def test_every_month_has_its_number(name, number):
    (date,) = find_mentions(f"في ٥ {name} ٢٠٢١ انسحبت").dates
    assert (date.value, date.note) == (f"2021-{number:02}-05", resolve.WRITTEN)
    assert found(f"منذ شهر {name} 2021") == [(f"شهر {name} 2021", f"2021-{number:02}")]


@given(st.sampled_from(sorted(CALENDAR.weekdays)), DAYS)
def test_a_weekday_is_the_last_one_up_to_the_article_or_as_it_says(name, day):
    number = CALENDAR.weekdays[name]
    for text, first, last in ((name, -6, 0), (f"{name} الماضي", -7, -1), (f"{name} المقبل", 1, 7)):
        ((_, value),) = found(f"قال الوزير {text}", day)
        resolved = datetime.date.fromisoformat(value)
        assert resolved.weekday() == number
        assert first <= (resolved - day).days <= last


@given(st.integers(1, 12), st.integers(1, 28), DAYS)
def test_a_day_without_a_year_is_the_nearest(month, day, article):
    name = next(name for name, number in CALENDAR.months.items() if number == month)
    ((_, value),) = found(f"في {day} {name}", article)
    assert abs((datetime.date.fromisoformat(value) - article).days) <= 183


@pytest.mark.parametrize(
    ("text", "mention", "value"),
    [
        ("اليوم الأحد، إنه", "اليوم الأحد", "2020-01-05"),
        ("وأمس السبت، قال", "أمس السبت", "2020-01-04"),
        ("بالأمس", "الأمس", "2020-01-04"),
        ("وأول من أمس", "أول من أمس", "2020-01-03"),
        ("أمس الأول", "أمس الأول", "2020-01-03"),
        ("اليوم (امس) أنهينا", "اليوم (امس)", "2020-01-04"),
        ("غدا الاثنين", "غدا الاثنين", "2020-01-06"),
        ("يوم الأحد 29 كانون الأول 2019", "يوم الأحد 29 كانون الأول 2019", "2019-12-29"),
        ("الأحد الموافق 5/1/2020", "الأحد الموافق 5/1/2020", "2020-01-05"),
        ("في 5/1/2020", "5/1/2020", "2020-01-05"),  # the day comes first
        ("بتاريخ 26/9/2020م، قال", "26/9/2020م", "2020-09-26"),
        ("في الـ15 من أغسطس 2020", "الـ15 من أغسطس 2020", "2020-08-15"),
        ("مطلع الـ20 من الشهر الماضي", "الـ20 من الشهر الماضي", "2019-12-20"),
        ("الخامس من كانون الأول الجاري", "الخامس من كانون الأول الجاري", "2020-12-05"),
        ("في ٢٠٢٠-٠١-٠٥", "٢٠٢٠-٠١-٠٥", "2020-01-05"),
        ("الخامس من كانون الثاني/يناير من العام 2020", "الخامس من كانون الثاني/يناير من العام 2020", "2020-01-05"),
        ("في شباط (فبراير) 2021 إلى", "شباط (فبراير) 2021", "2021-02"),
        ("الحادي عشر من يونيو/حزيران الماضي", "الحادي عشر من يونيو/حزيران الماضي", "2019-06-11"),
        ("15 غشت 2019", "15 غشت 2019", "2019-08-15"),
        ("في جانفي 2019", "جانفي 2019", "2019-01"),
        ("الشهر الماضي", "الشهر الماضي", "2019-12"),
        ("نهاية العام الحالي", "العام الحالي", "2020"),
        ("خلال هذا العام", "هذا العام", "2020"),
        ("العام قبل الماضي", "العام قبل الماضي", "2018"),
        ("الخامس من الشهر الجاري", "الخامس من الشهر الجاري", "2020-01-05"),
        ("قبل يومين، شن", "قبل يومين", "2020-01-03"),
        ("قبل ثلاثة أشهر", "قبل ثلاثة أشهر", "2019-10"),
        ("منذ عام 2009 لائحة", "عام 2009", "2009"),
        ("وفي 2007، أوكلت", "2007", "2007"),
        ("صيف 2020", "صيف 2020", "2020"),
    ],
)
def test_resolved(text, mention, value):
    assert found(text) == [(mention, value)]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("في حزيران (يوليو)", resolve.TWO_MONTHS),
        ("الأسبوع الماضي", resolve.WEEK),
        ("30/2/2020", resolve.NO_SUCH_DAY),
        ("12/31/2020", resolve.NO_SUCH_DAY),  # a month first is not guessed
        ("سيزور الوفد بغداد الأربعاء", resolve.MAY_LIE_AHEAD),
        ("في آب من العام نفسه", resolve.SAME_YEAR),
        ("هجمات 11 سبتمبر", resolve.EVENT),
    ],
)
def test_what_is_not_certain_has_no_value(text, note):
    (date,) = find_mentions(text, article_date=ARTICLE).dates
    assert (date.value, date.note) == (None, note)


@pytest.mark.parametrize(
    "text", ["أمس", "الجمعة الماضي", "قبل يومين", "5 يناير", "الشهر الماضي", "في تموز الماضي", "اليوم السبت"]
)
def test_without_the_articles_day_what_is_counted_from_it_stays_unresolved(text):
    (date,) = find_mentions(text).dates
    assert (date.value, date.note) == (None, resolve.NO_ARTICLE_DATE)


@pytest.mark.parametrize(
    "text",
    [
        "بعد يومين من مقتل سليماني وقبل يومين من اغتياله",  # counted from something else
        "على مدى الشهرين الماضيين وفي الأشهر الأخيرة",
        "مارس ضغوطا على أبيه",  # مارس: practised; آب: father
        "في أمس الحاجة إلى الدعم",
        "في اليوم التالي واليوم الأخير",
        "بغداد اليوم: قال",
        "خطيب الجمعة وصلاة الجمعة",
        "2500 جندي في 2000 موقع",
        "طائرة F-16 والعنوان 192.168.1.1 والقرار 2254",
        "عام 1441 هـ",
    ],
)
def test_near_misses_are_no_dates(text):
    assert found(text) == []


def test_two_years_and_two_days_are_two_mentions():
    assert found("بين عامي 2014 و2017") == [("2014", "2014"), ("2017", "2017")]
    assert found("يومي الثلاثاء والأربعاء") == [("الثلاثاء", "2019-12-31"), ("الأربعاء", "2020-01-01")]


def test_the_weekday_wins_over_a_word_that_disagrees():
    (date,) = find_mentions("أمس الجمعة", article_date=ARTICLE).dates
    assert (date.value, date.note) == ("2020-01-03", resolve.WEEKDAY_OVER_WORD)


@pytest.mark.parametrize("day", ["5/1/2020", "2020-13-01", "", "0020-01-05", datetime.date(3000, 1, 1)])
def test_an_articles_day_must_be_one(day):
    with pytest.raises(ValueError, match="is not a day as YYYY-MM-DD"):
        find_mentions("أمس", article_date=day)


@pytest.mark.parametrize("text", ["أمس", "في 5 يناير الماضي"])
def test_a_moment_of_the_articles_day_is_that_day(text):
    moment = datetime.datetime(2020, 1, 20, 3, 30)
    assert find_mentions(text, article_date=moment) == find_mentions(text, article_date=moment.date())


@pytest.mark.parametrize(("day", "value"), [("2022-03-01", "2020-02-29"), ("2020-02-29", "2016-02-29")])
def test_the_last_leap_day_is_years_ago(day, value):
    (date,) = find_mentions("في 29 شباط الماضي", article_date=day).dates
    assert date.value == value


def test_a_leap_day_without_a_direction_is_not_looked_for_in_far_years():
    (date,) = find_mentions("في 29 شباط", article_date="2022-03-01").dates
    assert (date.value, date.note) == (None, resolve.NO_SUCH_DAY)
