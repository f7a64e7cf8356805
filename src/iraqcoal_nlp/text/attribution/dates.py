"""Finds mentions of days, months and years, and resolves them against the day of the article.

Read are Gregorian dates in digits (``2020-01-05``, and ``5/1/2020``: the day comes first), with the month in any of its
Arabic names or two of them (``كانون الثاني/يناير``), weekdays, and what is counted from the article's day: ``أمس``,
``الشهر الماضي``, ``قبل يومين``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from iraqcoal_nlp.text.attribution import resolve
from iraqcoal_nlp.text.attribution.calendar import DUALS, PLURALS, SINGLES, UNITS, date_patterns, load_calendar
from iraqcoal_nlp.text.attribution.mentions import DateMention
from iraqcoal_nlp.text.attribution.resolve import Direction, Resolved
from iraqcoal_nlp.text.folding import Folded

_TODAY, _YESTERDAY = "اليوم", "امس"
_WORD_BEFORE = re.compile(r"(\w+)[ («\"“]{1,2}\Z")
_WORD_AFTER = re.compile(r" (\w+)")
_LOOK_BACK = 24
# Between two names of one day: `اليوم الأحد`, `اليوم (أمس)`, `الأحد الموافق 5/1/2020`, `الأحد، 5 يناير`.
_JOINT = re.compile(r",? ?[(،]? ?(?:(?:الموافق|المصادف) )?")
_BETWEEN_YEARS = re.compile(r" ?[-–] ?| و| او | الي | حتي | وحتي |، ?")
_NEXT_NAME = {"word": ("word", "weekday", "date"), "weekday": ("date",)}
"""By kind of a part, the kinds of another that may name the same day behind it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A mention, or a part of one: folded offsets, what it is, and what it says."""

    start: int
    end: int
    kind: str
    resolved: Resolved
    number: int = 0
    """Of a weekday, its number; of a word such as yesterday, its days from the article's."""


def find_dates(folded: Folded, offset: int, anchor: datetime.date | None) -> tuple[DateMention, ...]:
    """Find the dates that a sentence mentions.

    Args:
        folded: The sentence.
        offset: Where the sentence starts in its article; added to every offset.
        anchor: The day of the article.
    """
    mentions = []
    for part in _joined(folded.text, _longest(_Finder(folded.text, anchor).find()), anchor):
        start, end = folded.span(part.start, part.end)
        value, note = part.resolved
        text = folded.raw[start:end]
        mentions.append(DateMention(start=offset + start, end=offset + end, text=text, value=value, note=note))
    return tuple(mentions)


class _Finder:
    """Reads one sentence with each pattern."""

    def __init__(self, text: str, anchor: datetime.date | None) -> None:
        self._text, self._anchor = text, anchor
        self._calendar = load_calendar()
        self._patterns = date_patterns()
        self._year_end = -1
        future = self._patterns["future"].search(text)
        self._future = len(text) if future is None else future.start()

    def find(self) -> Iterator[_Part]:
        """Give every part that any pattern finds; they may overlap."""
        read: dict[str, Callable[[re.Match[str]], _Part | None]] = {
            "digits": self._digits,
            "day": self._day,
            "month": self._month,
            "year": self._year,
            "weekday": self._weekday,
            "word": self._word,
            "unit": self._unit,
            "ago": self._ago,
            "day_of_month": self._day_of_month,
        }
        for name, reader in read.items():
            for found in self._patterns[name].finditer(self._text):
                part = reader(found)
                if part is not None:
                    yield part

    def _digits(self, found: re.Match[str]) -> _Part:
        year, month, day = (int(found[f"{name}1"] or found[f"{name}2"]) for name in ("year", "month", "day"))
        return _part(found, "date", resolve.resolve_day(day, month, year, None, None))

    def _day(self, found: re.Match[str]) -> _Part:
        return _part(found, "date", self._of_month(found, self._day_number(found)))

    def _day_number(self, found: re.Match[str]) -> int:
        return int(found["digits"]) if found["digits"] else self._calendar.ordinals[found["ordinal"]]

    def _month(self, found: re.Match[str]) -> _Part | None:
        if not (found["twin"] or found["tail"] or found["head"]):
            before = self._word_before(found)
            allowed = before in self._calendar.words["before_month"] or before in self._calendar.months
            if found["month"] in self._calendar.words["common"] or not allowed:
                return None
        return _part(found, "month", self._of_month(found, None))

    def _of_month(self, found: re.Match[str], day: int | None) -> Resolved:
        """Resolve a month, or a day of it, with the year or direction that follows."""
        named = {self._calendar.months[found[name]] for name in ("month", "twin1", "twin2", "twin3") if found[name]}
        if len(named) > 1:
            return None, resolve.TWO_MONTHS
        if found["same_year"]:
            return None, resolve.SAME_YEAR
        if not found["tail"] and self._word_before(found) in self._calendar.words["before_event"]:
            return None, resolve.EVENT
        written = found["year"] or found["bare_year"]
        year, direction = int(written) if written else None, self._direction(found, "direction")
        counted = found["this_year"] or found["year_direction"]
        if counted and self._anchor is not None:
            year = self._anchor.year + (self._direction(found, "year_direction") or 0)
        (month,) = named
        if day is None:
            value, note = resolve.resolve_month(month, year, direction, self._anchor)
        else:
            value, note = resolve.resolve_day(day, month, year, direction, self._anchor)
        return value, resolve.COUNTED if counted and value else note

    def _direction(self, found: re.Match[str], group: str) -> Direction | None:
        # The file holds no other numbers.
        return self._calendar.directions[found[group]] if found[group] else None  # type: ignore[return-value]

    def _year(self, found: re.Match[str]) -> _Part | None:
        if not (found["season"] or found["head"] or self._is_year(found)):
            return None
        self._year_end = found.end()
        return _part(found, "year", (found["year"], resolve.WRITTEN))

    def _is_year(self, found: re.Match[str]) -> bool:
        """Whether four digits without عام are a year."""
        year = found["year"]
        if not year.startswith(("19", "20")):
            return False
        if self._year_end >= 0 and _BETWEEN_YEARS.fullmatch(self._text, self._year_end, found.start("span")):
            return True
        before = self._word_before(found)
        if before in self._calendar.words["two_years"]:
            return True
        counted = self._word_after(found) in self._calendar.words["counted"] or year.endswith("00")
        return before in self._calendar.words["before_year"] and not counted

    def _weekday(self, found: re.Match[str]) -> _Part | None:
        if self._word_before(found) in self._calendar.words["before_weekday"]:
            return None
        weekday = self._calendar.weekdays[found["weekday"]]
        ahead = self._future < found.start()
        direction = self._direction(found, "direction")
        resolved = resolve.resolve_weekday(weekday, direction, self._anchor, may_lie_ahead=ahead)
        return _part(found, "weekday", resolved, number=weekday)

    def _word(self, found: re.Match[str]) -> _Part | None:
        word, after = found["word"], self._word_after(found)
        words = self._calendar.words
        if word == _TODAY and (self._word_before(found) in words["before_today"] or after in words["after_today"]):
            return None
        if word == _YESTERDAY and after == "الحاجه":  # في أمسّ الحاجة
            return None
        days = self._calendar.days[word]
        return _part(found, "word", resolve.resolve_days(days, self._anchor), number=days)

    def _unit(self, found: re.Match[str]) -> _Part:
        unit = UNITS[found["this"] or found["unit"]]
        return _part(found, "unit", resolve.resolve_unit(unit, self._shift(found), self._anchor))

    def _shift(self, found: re.Match[str]) -> int:
        return (self._direction(found, "direction") or 0) - bool(found["before_last"])

    def _day_of_month(self, found: re.Match[str]) -> _Part:
        """Read a day of this or another month: الخامس من الشهر الحالي."""
        if self._anchor is None:
            return _part(found, "date", (None, resolve.NO_ARTICLE_DATE))
        year, month = resolve.shift_months(self._anchor, self._shift(found)).split("-")
        value, note = resolve.resolve_day(self._day_number(found), int(month), int(year), None, None)
        return _part(found, "date", (value, resolve.COUNTED if value else note))

    def _ago(self, found: re.Match[str]) -> _Part | None:
        if found["dual"]:
            number, unit = 2, DUALS[found["dual"]]
        elif found["single"]:
            number, unit = 1, SINGLES[found["single"]]
        else:
            given = found["number"]
            number = int(given) if given.isdigit() else self._calendar.numbers[given]
            unit = PLURALS[found["plural"]]
        if found["since"] and unit != "day":  # a span of time, not a point
            return None
        return _part(found, "unit", resolve.resolve_unit(unit, -number, self._anchor))

    def _word_before(self, found: re.Match[str]) -> str:
        start = found.start("span")
        prefix = self._text[found.start() : start].removeprefix("و")
        if prefix:
            return "في" if prefix == "ب" else ""  # attached to the word, ب means the same
        word = _WORD_BEFORE.search(self._text, max(0, found.start() - _LOOK_BACK), found.start())
        return "" if word is None else word[1].removeprefix("و") if len(word[1]) > 2 else word[1]

    def _word_after(self, found: re.Match[str]) -> str:
        word = _WORD_AFTER.match(self._text, found.end("span"))
        return "" if word is None else word[1]


def _part(found: re.Match[str], kind: str, resolved: Resolved, number: int = 0) -> _Part:
    return _Part(found.start("span"), found.end("span"), kind, resolved, number)


def _longest(parts: Iterable[_Part]) -> list[_Part]:
    """Keep, of parts that overlap, the one that starts first, and the longest of those."""
    kept: list[_Part] = []
    for part in sorted(parts, key=lambda part: (part.start, -part.end)):
        if not kept or part.start >= kept[-1].end:
            kept.append(part)
    return kept


def _joined(text: str, parts: Iterable[_Part], anchor: datetime.date | None) -> list[_Part]:
    """Make one part of two that name the same day: اليوم الأحد."""
    joined: list[_Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and part.kind in _NEXT_NAME.get(last.kind, ()):
            gap = _JOINT.fullmatch(text, last.end, part.start)
            if gap is not None:
                closed = part.end + ("(" in gap[0] and text[part.end : part.end + 1] == ")")
                joined[-1] = replace(_both(last, part, anchor), start=last.start, end=closed)
                continue
        joined.append(part)
    return joined


def _both(first: _Part, second: _Part, anchor: datetime.date | None) -> _Part:
    """Return what two names of one day say."""
    if second.kind != "weekday" or anchor is None:
        return second
    return replace(second, resolved=resolve.weekday_beside(first.number, second.number, anchor))
