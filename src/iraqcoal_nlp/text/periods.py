"""Tells a period that ends a sentence from one inside a number, a name or an abbreviation.

Every pattern is matched forward from the period it is asked about, with possessive quantifiers, and every look back
stops after a few characters: a line of any length and content is read once.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files

from iraqcoal_nlp.text.marks import DIACRITICS, SPACES
from iraqcoal_nlp.text.normalize import unfold_presentation_forms

_LOOK_BACK = 24
_LETTER = rf"[^\W\d_ـ][{DIACRITICS}ـ]*+"
_WORD = re.compile(rf"[\w{DIACRITICS}]++")
# The rest of `أ.ف.ب`, `ق.م.`, `U.S.` from its first period on.
_INITIALS = re.compile(rf"\.(?:{_LETTER}\.)*+(?:{_LETTER}(?![\w{DIACRITICS}]))?+")
# The rest of `2.5`, `5.1.2020`, `192.168.1.1`, `report.pdf`, `name@site.org` from a period on.
_DOTTED = re.compile(r"(?:\.[0-9A-Za-z٠-٩۰-۹_/@+%-]++)++")
_DOTTED_EDGE = re.compile(r"[0-9A-Za-z٠-٩۰-۹]")
_LOWER_CASE = re.compile(rf"[{SPACES}]*+[a-z]")
_NUMBER = re.compile(rf"[{SPACES}]*+\d")
_OTHER_CALENDAR = re.compile(rf"[{SPACES}]*+الموافق")


class Ending(Enum):
    """What a period or another mark says of the sentence before it."""

    NEVER = "the sentence goes on"
    WEAK = "it ends if the next word opens a sentence"
    STRONG = "it ends"


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """The word lists of ``abbreviations.toml``."""

    title_letters: frozenset[str]
    attached_titles: frozenset[str]
    before_letter: frozenset[str]
    before_number: frozenset[str]
    after_number: frozenset[str]
    letter_names: frozenset[str]
    domain_endings: frozenset[str]
    latin: frozenset[str]


def judge_period(text: str, period: int, start: int, stop: int) -> tuple[Ending, int]:
    """Judge one period that stands alone.

    Args:
        text: The article.
        period: Offset of the period.
        start: Where its line starts; nothing before it is read.
        stop: Where its line ends.

    Returns:
        The verdict, and the offset behind the number or abbreviation that the period belongs to, or behind itself.
    """
    following = text[period + 1 : min(period + 2, stop)]
    token, token_start = _word_before(text, period, start)
    spaced = token_start + len(token) < period
    token = unfold_presentation_forms(token)
    if _DOTTED_EDGE.match(following):
        if not spaced and _DOTTED_EDGE.match(token[-1:]):
            dotted = _DOTTED.match(text, period, stop)
            end = dotted.end() if dotted else period + 1
            if _is_letter(token) and _INITIALS.fullmatch(text, period, min(end + 1, stop)):
                return _judge_initials(text, period, start, stop)
            return Ending.NEVER, end
        # Some Gulf newspapers write decimals as `8 .39`; ` .NET` is a name.
        if spaced and (following.isalpha() or token[-1:].isdigit()):
            return Ending.NEVER, period + 1
    if token.replace("ـ", "") in _abbreviations().attached_titles:
        return Ending.NEVER, period + 1
    if _is_letter(token):
        return _judge_initials(text, period, start, stop)
    if _is_letter_name(token) and (spelled := _spelled_letters().match(text, period, stop)):
        return (Ending.WEAK if text[spelled.end() - 1] == "." else Ending.NEVER), spelled.end()
    goes_on = _goes_on(text, period, stop, token)
    return (Ending.NEVER if goes_on else Ending.STRONG), period + 1


def _goes_on(text: str, period: int, stop: int, token: str) -> bool:
    """Whether what follows the period shows that it does not end a sentence; ``token`` is the word before it."""
    words = _abbreviations()
    if _OTHER_CALENDAR.match(text, period + 1, stop):
        return True
    if token in words.before_number and _NUMBER.match(text, period + 1, stop):
        return True
    if token.isascii() and (token.lower() in words.latin or _LOWER_CASE.match(text, period + 1, stop)):
        return True
    attached = _WORD.match(text, period + 1, min(stop, period + _LOOK_BACK))
    if attached is None or not attached[0][0].isalpha():
        return False
    # `العراق.و قال` is careless spacing around a conjunction; any other lone letter is an initial.
    lone_waw = attached[0] == "و" and text[attached.end() : min(attached.end() + 1, stop)].isspace()
    return attached[0] in words.domain_endings or (_is_letter(attached[0]) and not lone_waw)


def _judge_initials(text: str, period: int, start: int, stop: int) -> tuple[Ending, int]:
    """Judge a period after a single letter: `د.`, `أ.ف.ب`, `U.S.`."""
    words = _abbreviations()
    found = _INITIALS.match(text, period, stop)
    assert found is not None  # it starts with the period itself
    first, first_start = _word_before(text, period, start)
    if text[found.end() - 1] != ".":
        return Ending.NEVER, found.end()
    first = unfold_presentation_forms(first)
    letters = [first[0], *(char for char in found[0][:_LOOK_BACK] if char.isalpha() and char != "ـ")]
    if len(letters) == 1:
        before = unfold_presentation_forms(_word_before(text, first_start, start)[0])
        if before.lower().removeprefix("و") in words.before_letter:
            return (Ending.WEAK if first in words.title_letters else Ending.STRONG), found.end()
        return (Ending.WEAK if before.isdigit() and first in words.after_number else Ending.NEVER), found.end()
    # A news agency or a country may end its sentence; `أ.د.` and `ق.م.` stand inside one.
    is_name = first.isascii() or (len(letters) > 2 and not words.title_letters.issuperset(letters))
    return (Ending.WEAK if is_name else Ending.NEVER), found.end()


def _word_before(text: str, offset: int, start: int) -> tuple[str, int]:
    """Return the word before ``offset``, across a few spaces, and where it starts; at most its last 24 characters."""
    floor = max(start, offset - _LOOK_BACK)
    end = offset
    while end > max(floor, offset - 3) and text[end - 1].isspace():
        end -= 1
    begin = end
    while begin > floor and _is_word_char(text[begin - 1]):
        begin -= 1
    return text[begin:end], begin


def _is_word_char(char: str) -> bool:
    return (
        char.isalnum() or bool(unicodedata.combining(char)) or char in "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
    )


def _is_letter(token: str) -> bool:
    """Whether the word is one letter; its marks and tatweel do not count."""
    return token[:1].isalpha() and not any(char.isalnum() and char != "ـ" for char in token[1:])


def _is_letter_name(token: str) -> bool:
    return token.removeprefix("و") in _abbreviations().letter_names


@cache
def _spelled_letters() -> re.Pattern[str]:
    # Longer names first: the group is possessive and would keep `إي` where `إيه` stands.
    names = "|".join(sorted(_abbreviations().letter_names, key=len, reverse=True))
    return re.compile(rf"(?:[{SPACES}]?\.[{SPACES}]?(?:{names})(?![\w{DIACRITICS}]))++(?:[{SPACES}]?\.)?+")


@cache
def _abbreviations() -> Abbreviations:
    source = files("iraqcoal_nlp.text").joinpath("abbreviations.toml").read_text(encoding="utf-8")
    return Abbreviations(**{name: frozenset(entries) for name, entries in tomllib.loads(source).items()})
