"""Finds the boilerplate of a scraped article without changing the article.

Text is never deleted here: a caller gets spans to pass over, so every offset keeps pointing into the text as read.
The rules, and where each kind of line was seen, stand in ``boilerplate.toml`` beside this file.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from iraqcoal_nlp.text.folding import INVISIBLE, SPELLINGS, fold_letters

LONGEST = 300
"""Longer lines are never boilerplate, so no rule ever runs on more than this many characters."""

# The line ends of `str.splitlines` that occur in text files.
LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]++")

# What stands before the first word; the sign of `@channel` belongs to it.
_EDGE = re.compile(r"(?:(?!@\w)[\W_])+")
_PART = re.compile(r"<(\w+)>")
_SENTENCE_BREAK = re.compile(r"[.!?؟…۔]+[\"'”’»)\]]*\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerplateRule:
    """One kind of boilerplate line."""

    name: str
    pattern: str
    """Matches a whole line after :func:`fold_line`; written in usual spelling, ``<part>`` stands for a shared part."""
    seen: str
    """The seed article or the kind of site where such lines stand."""
    tail: bool = False
    """Whether it is also recognised as the last part of a line, after the end of a sentence."""


def boilerplate_spans(text: str) -> list[tuple[int, int]]:
    """Find bylines, share lines, links to other articles and the like.

    Args:
        text: An article as read.

    Returns:
        Spans in order, without overlap and without line ends: whole lines, or the last part of a line.
    """
    return list(_spans(text))


def boilerplate_rule(line: str) -> str | None:
    """Return the name of the rule that takes the whole line for boilerplate, or None."""
    if not 1 < len(line) <= LONGEST:
        return None
    found = _matcher().fullmatch(fold_line(line))
    return found.lastgroup if found else None


def fold_line(line: str) -> str:
    """Return a line as the rules read it: one spelling of alef, yeh and heh, no marks, nothing around its words.

    Only for matching: its length differs from the line's. Folding a folded line changes nothing.
    """
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", line))
    # Once more: characters that a joining mark held apart may now compose.
    plain = unicodedata.normalize("NFKC", plain)
    return " ".join(fold_letters(_trim(plain)).split())


@cache
def boilerplate_rules() -> tuple[BoilerplateRule, ...]:
    """Return the rules that ship with the library, in the order they are tried."""
    return tuple(BoilerplateRule(**rule) for rule in _data()["rule"])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for line in LINE.finditer(text):
        if boilerplate_rule(line[0]):
            yield line.span()
        elif (start := _tail_start(line[0])) < len(line[0]):
            yield line.start() + start, line.end()


def _tail_start(line: str) -> int:
    """Return where the boilerplate at the end of a line starts; its length if there is none.

    Some sources join a whole article into one line, so that a site's footer follows the last sentence.
    """
    stop = len(line)
    shift = max(0, stop - LONGEST)
    for found in reversed(list(_SENTENCE_BREAK.finditer(line[shift:]))):
        start = shift + found.end()
        if start < stop and boilerplate_rule(line[start:stop]) not in _tail_rules():
            break
        stop = start
    return stop


def _trim(line: str) -> str:
    """Drop bullets, emojis, quotes and punctuation around the words of a line."""
    first = _EDGE.match(line)
    start = first.end() if first else 0
    stop = len(line)
    while stop > start and not line[stop - 1].isalnum():
        stop -= 1
    return line[start:stop]


@cache
def _tail_rules() -> frozenset[str]:
    return frozenset(rule.name for rule in boilerplate_rules() if rule.tail)


@cache
def _data() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files("iraqcoal_nlp.text").joinpath("boilerplate.toml").read_text(encoding="utf-8"))


@cache
def _matcher() -> re.Pattern[str]:
    parts: dict[str, str] = {}

    def fill(pattern: str) -> str:
        return _PART.sub(lambda found: f"(?:{parts[found[1]]})", pattern)

    for part in _data()["part"]:  # a part may use those before it
        parts[part["name"]] = fill(part["pattern"])
    branches = (f"(?P<{rule.name}>{fill(rule.pattern)})" for rule in boilerplate_rules())
    # A line may spell `على` with yeh; only a pattern that gives the letter as an escape tells it from the name.
    pattern = "|".join(branches).translate(SPELLINGS).replace("ى", "ي").replace("علي", r"عل[ي\u0649]")
    return re.compile(pattern, re.IGNORECASE)
