"""Turns what a date mention says into a calendar date, and tells how.

Every function returns a value and a note: ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY`` with one of the first constants, or
``None`` with one of the last.
"""

from __future__ import annotations

import datetime
from typing import Literal

Resolved = tuple[str | None, str]
Direction = Literal[-1, 0, 1]
"""-1: the last one before the article's day (``الماضي``); 0: the current one; 1: the next one after it (``المقبل``)."""

WRITTEN = "written"
"""As written."""
NEAREST_YEAR = "nearest_year"
"""The year that puts it nearest to the article's day."""
COUNTED = "counted"
"""Counted from the article's day."""
LAST_WEEKDAY = "last_weekday"
"""The last such weekday up to the article's day, that day included."""
WEEKDAY_OVER_WORD = "weekday_over_word"
"""The weekday, where it disagrees with a word such as today beside it."""

NO_ARTICLE_DATE = "no_article_date"
"""Unresolved: it needs the article's day."""
NO_SUCH_DAY = "no_such_day"
"""Unresolved: the calendar has no such day."""
TWO_MONTHS = "two_months"
"""Unresolved: it names two months."""
WEEK = "week"
"""Unresolved: a week, and where it starts differs."""
MAY_LIE_AHEAD = "may_lie_ahead"
"""Unresolved: a weekday after a verb of the future."""
SAME_YEAR = "same_year"
"""Unresolved: in the year of another date."""
EVENT = "event"
"""Unresolved: the name of an event, such as the attacks of 11 September."""


_YEARS_AROUND = range(-8, 9)  # two leap days lie up to eight years apart


def resolve_day(
    day: int, month: int, year: int | None, direction: Direction | None, anchor: datetime.date | None
) -> Resolved:
    """Resolve a day and month, with a year or with the article's day."""
    if year is not None:
        date = _day(year, month, day)
        return (None, NO_SUCH_DAY) if date is None else (date.isoformat(), WRITTEN)
    if anchor is None:
        return None, NO_ARTICLE_DATE
    years = {None: range(-1, 2), 0: range(1)}.get(direction, _YEARS_AROUND)
    dates = [date for shift in years if (date := _day(anchor.year + shift, month, day)) is not None]
    if direction == -1:
        dates = [date for date in dates if date < anchor][-1:]
    elif direction == 1:
        dates = [date for date in dates if date > anchor][:1]
    if not dates:
        return None, NO_SUCH_DAY
    nearest = min(dates, key=lambda date: abs(date - anchor))
    return nearest.isoformat(), NEAREST_YEAR if direction is None else COUNTED


def resolve_month(month: int, year: int | None, direction: Direction | None, anchor: datetime.date | None) -> Resolved:
    """Resolve a month, with a year or with the article's day."""
    if year is not None:
        return f"{year:04}-{month:02}", WRITTEN
    if anchor is None:
        return None, NO_ARTICLE_DATE
    distance = month - anchor.month  # in months, from the one in the article's year
    if direction == -1:
        distance -= 12 * (distance >= 0)
    elif direction == 1:
        distance += 12 * (distance <= 0)
    elif direction is None:
        distance = (distance + 6) % 12 - 6  # six months off: the one that is past
    return shift_months(anchor, distance), COUNTED if direction is not None else NEAREST_YEAR


def resolve_weekday(
    weekday: int, direction: Direction | None, anchor: datetime.date | None, *, may_lie_ahead: bool
) -> Resolved:
    """Resolve a weekday (Monday is 0): without a direction, the last one up to the article's day, that day included."""
    if anchor is None:
        return None, NO_ARTICLE_DATE
    if direction == 1:
        return _shifted(anchor, (weekday - anchor.weekday() - 1) % 7 + 1), COUNTED
    if direction == -1:
        return _shifted(anchor, -((anchor.weekday() - weekday - 1) % 7 + 1)), COUNTED
    if may_lie_ahead:
        return None, MAY_LIE_AHEAD
    return _shifted(anchor, -((anchor.weekday() - weekday) % 7)), LAST_WEEKDAY


def resolve_days(days: int, anchor: datetime.date | None) -> Resolved:
    """Resolve a number of days from the article's."""
    return (None, NO_ARTICLE_DATE) if anchor is None else (_shifted(anchor, days), COUNTED)


def resolve_unit(unit: str, number: int, anchor: datetime.date | None) -> Resolved:
    """Resolve a number of units (``day``, ``week``, ``month``, ``year``) from the article's day."""
    if unit == "week":
        return None, WEEK
    if anchor is None:
        return None, NO_ARTICLE_DATE
    if unit == "day":
        return resolve_days(number, anchor)
    if unit == "month":
        return shift_months(anchor, number), COUNTED
    return f"{anchor.year + number:04}", COUNTED


def shift_months(anchor: datetime.date, months: int) -> str:
    """Return the month that lies so many months after a day's, as ``YYYY-MM``."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return f"{year:04}-{month + 1:02}"


def weekday_beside(days: int, weekday: int, anchor: datetime.date) -> Resolved:
    """Resolve a word such as yesterday, by its days from the article's, with a weekday: the weekday wins."""
    named = anchor + datetime.timedelta(days=days)
    if named.weekday() == weekday:
        return named.isoformat(), COUNTED
    ahead = (weekday - anchor.weekday()) % 7
    return _shifted(anchor, ahead if days > 0 else ahead - 7 * (ahead > 0)), WEEKDAY_OVER_WORD


def _shifted(anchor: datetime.date, days: int) -> str:
    return (anchor + datetime.timedelta(days=days)).isoformat()


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
