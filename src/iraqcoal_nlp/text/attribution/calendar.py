"""The names of ``calendar.toml``, folded, and the patterns of dates made of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from iraqcoal_nlp.text.folding import fold, fold_words

UNITS = {"الاسبوع": "week", "الشهر": "month", "العام": "year", "السنه": "year"}
SINGLES = {"يوم": "day", "اسبوع": "week", "شهر": "month", "عام": "year", "سنه": "year"}
DUALS = {"يومين": "day", "اسبوعين": "week", "شهرين": "month", "عامين": "year", "سنتين": "year"}
PLURALS = {"ايام": "day", "اسابيع": "week", "اشهر": "month", "شهور": "month", "اعوام": "year", "سنوات": "year"}

_YEAR = r"(?:1[0-25-9]\d\d|13[0-7]\d|20\d\d)"  # 1380 to 1499 are rather Hijri years
_BEGIN = r"(?<![\w/.-])[وفبلك]{0,2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Names of months, days and what is counted, folded."""

    months: Mapping[str, int]
    """Name to number, 1 to 12."""
    weekdays: Mapping[str, int]
    """Name to number as :meth:`datetime.date.weekday` counts: Monday is 0."""
    ordinals: Mapping[str, int]
    numbers: Mapping[str, int]
    days: Mapping[str, int]
    """Words such as ``أمس`` to days from the article's."""
    directions: Mapping[str, int]
    """-1 for ``الماضي``, 0 for ``الحالي``, 1 for ``المقبل`` and their kin."""
    words: Mapping[str, frozenset[str]]
    """Words that allow or forbid a date beside them, by their name in the file."""


@cache
def load_calendar() -> Calendar:
    """Return the names that ship with the library."""
    source = files("iraqcoal_nlp.text.attribution").joinpath("calendar.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(source)
    tables = {name: _folded(data[name]) for name in ("weekdays", "ordinals", "numbers", "days", "directions")}
    words = {name: fold_words(entries) for name, entries in data["words"].items()}
    months = _folded({name: number for number, month in enumerate(data["month"], 1) for name in month["names"]})
    return Calendar(months=months, words=words, **tables)


@cache
def date_patterns() -> Mapping[str, re.Pattern[str]]:
    """Return a pattern for each way to name a date, and ``future`` for a verb of the future.

    Each but the last has a group ``span``: the mention without its prefix.
    """
    calendar = load_calendar()
    month, weekday, direction = (_either(names) for names in (calendar.months, calendar.weekdays, calendar.directions))
    day = rf"(?:(?:ال)?(?P<digits>\d\d?)|(?P<ordinal>{_either(calendar.ordinals)}))"
    # كانون الثاني/يناير, كانون الثاني (يناير)
    twin = rf"(?P<twin> ?[/-] ?(?P<twin1>{month})(?!\w)| ?\( ?(?P<twin2>{month}) ?\)| (?P<twin3>{month})(?!\w))"
    same_year = "من (?:العام|السنه) (?:نفسها?|ذاتها?)|من (?:نفس|ذلك|تلك) (?:العام|السنه)"
    counted = _either(calendar.words["counted"])
    tail = (
        rf"(?P<tail>(?: ?[،,/-])?(?: من| في)?(?: ?ل{{0,2}}(?:ال)?(?:عام|سنه) ?(?P<year>{_YEAR})م?(?![\w/])"
        rf"| ?(?P<bare_year>(?:19|20)\d\d)م?(?![\w/]| (?:{counted})(?!\w)))"
        rf"| (?:(?P<same_year>{same_year})|(?:من )?(?P<this_year>هذا العام|هذه السنه)"
        rf"|(?:من )?(?:العام|السنه) (?P<year_direction>{direction})|(?P<direction>{direction}))(?!\w))"
    )
    before_last = rf"(?P<before_last>(?:ما )?قبل )?(?P<direction>{direction})(?!\w)"
    ago = (
        rf"(?P<dual>{_either(DUALS)})|(?P<single>{_either(SINGLES)})(?: واحده?)?+"
        rf"|(?P<number>\d\d?|{_either(calendar.numbers)}) (?P<plural>{_either(PLURALS)})"
    )
    sources = {
        "digits": rf"(?P<span>(?P<year1>{_YEAR})(?P<mark1>[-/.])(?P<month1>\d\d?)(?P=mark1)(?P<day1>\d\d?)"
        rf"|(?P<day2>\d\d?) ?(?P<mark2>[-/.]) ?(?P<month2>\d\d?) ?(?P=mark2) ?(?P<year2>{_YEAR})م?)(?![\w/-]|\.\d)",
        "day": rf"(?P<span>{day}(?: من)?(?: شهر)? (?P<month>{month})(?!\w){twin}?{tail}?)",
        "month": rf"(?P<span>(?P<head>شهر )?(?P<month>{month})(?!\w){twin}?{tail}?)",
        "weekday": rf"(?P<span>(?:يوم )?(?P<weekday>{weekday})(?: (?P<direction>{direction}))?(?!\w))",
        "word": rf"(?P<span>(?:يوم )?(?P<word>{_either(calendar.days)})(?!\w))",
        "unit": rf"(?P<span>هذ[اه] (?P<this>{_either(UNITS)})(?!\w)|(?P<unit>{_either(UNITS)}) {before_last})",
        "day_of_month": rf"(?P<span>{day} من (?:هذا الشهر(?!\w)|الشهر {before_last}))",
        "ago": rf"(?P<span>(?:قبل|(?P<since>منذ)) (?:{ago}))(?! من| ان| علي| ال| \d|\w)",
    }
    patterns = {name: re.compile(_BEGIN + source) for name, source in sources.items()}
    # A year may follow a hyphen: 2014-2017.
    patterns["year"] = re.compile(
        rf"(?<![\w/.])[وفبلك]{{0,2}}(?P<span>(?P<season>(?:صيف|شتاء|خريف|ربيع) )?(?P<head>(?:ال)?(?:عام|سنه) )?"
        rf"(?P<year>{_YEAR}))م?(?! ?ه(?:جري\w*)?(?!\w)|\w|[/.-]\d(?!\d{{3}}))"
    )
    nouns = _either(calendar.words["not_future"])
    patterns["future"] = re.compile(rf"(?<!\w)[وف]?(?:سوف|(?!{nouns})س[يتن]\w{{2,}})(?!\w)")
    return patterns


def _either(names: Iterable[str]) -> str:
    """Return a pattern for any of the names, the longest that fits."""
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _folded(table: Mapping[str, int]) -> dict[str, int]:
    return {fold(name).text: value for name, value in table.items()}
