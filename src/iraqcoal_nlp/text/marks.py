"""Characters that end a sentence or close one: end marks, quotes, brackets, and what may stand between them."""

from __future__ import annotations

import re

ENDS = ".!?؟…۔"
DIACRITICS = r"\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u200c\u200d"
SPACES = r" \t\u00a0\u2000-\u200a\u202f\u205f\u3000"
INVISIBLE = r"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff"

PAIRS = {
    **dict.fromkeys('"', '"'),
    **dict.fromkeys("“”„‟", "“"),
    **dict.fromkeys("«»", "«"),
    **dict.fromkeys("()", "("),
    **dict.fromkeys("[]", "["),
    **dict.fromkeys("{}", "{"),
}
"""Quotes and brackets, each with the mark that stands for its kind."""

END_RUN = re.compile(rf"[{ENDS}](?:[{INVISIBLE}{SPACES}]*+[{ENDS}])*+")
GAP = re.compile(rf"[{INVISIBLE}{SPACES}]*+")

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_OPENING_QUOTES = frozenset("«“„‟")
_QUIET = frozenset("'’‘")  # as often an apostrophe as a quote: they close what they touch, and are never counted
_ELLIPSIS = re.compile(r"\.{2,}|…+")
_SAME = re.compile(r"(.)\1*+", re.DOTALL)
_HIDDEN = re.compile(rf"[{INVISIBLE}]*+")


def note_marks(text: str, at: int, open_marks: set[str]) -> int:
    """Keep account of what is open in this line; return where the run of equal marks ends.

    Quotes toggle whatever their direction: papers write “x”, ”x“ and «x» or »x«.
    """
    run = _SAME.match(text, at)
    assert run is not None  # any character matches
    mark, kind = text[at], PAIRS.get(text[at])
    if kind is not None:
        if mark in _OPENING or (mark not in _CLOSING and kind not in open_marks and len(run[0]) % 2):
            open_marks.add(kind)
        elif mark in _CLOSING or len(run[0]) % 2:
            open_marks.discard(kind)
    return run.end()


def close_marks(text: str, at: int, stop: int, open_marks: set[str]) -> tuple[int, bool, bool]:
    """Take the quotes and brackets that close after the end marks, and end marks after those.

    Returns:
        Where they end, whether anything closed, and whether an end mark follows what closed.
    """
    end, closed, ended_again = at, False, False
    while (mark := _closing_mark(text, end, stop, open_marks)) is not None:
        closed, ended_again = True, False
        end = note_marks(text, mark, open_marks)
        gap = GAP.match(text, end, stop)
        if gap and (run := END_RUN.match(text, gap.end(), stop)):
            end, ended_again = run.end(), True
    return end, closed, ended_again


def follows_opening(text: str, at: int, end: int, start: int, stop: int, open_marks: set[str]) -> bool:
    """Whether the marks stand in for words left out, or comment on one: `(...)`, `(!)`, `"...نحن`, `"... نحن`."""
    before = text[at - 1 : at] if at > start else ""
    if before in _OPENING:
        return True
    # A quote that has no direction opens after a space or a colon; papers that write »x« rarely leave words out.
    is_opening = before in _OPENING_QUOTES or (
        before in PAIRS and (at - 1 == start or text[at - 2].isspace() or text[at - 2] == ":")
    )
    if not is_opening or end >= stop:
        return False
    # Before a space only an ellipsis, and only in a quote that is open: with spaces around, `" x "... y` ends one.
    return not text[end].isspace() or (_ELLIPSIS.fullmatch(text, at, end) is not None and PAIRS[before] in open_marks)


def _closing_mark(text: str, at: int, stop: int, open_marks: set[str]) -> int | None:
    """Return the offset of a mark that closes here, at once or after a space; None if none does."""
    gap = GAP.match(text, at, stop)
    mark = gap.end() if gap else at
    if mark >= stop or text[mark] in _OPENING or (text[mark] not in PAIRS and text[mark] not in _QUIET):
        return None
    same = _SAME.match(text, mark, stop)
    before_word = same is not None and same.end() < stop and text[same.end()].isalnum()
    is_open = PAIRS.get(text[mark]) in open_marks
    attached = _HIDDEN.fullmatch(text, at, mark) is not None
    if not attached:
        return mark if is_open and not before_word else None
    if before_word:
        return mark if is_open or text[mark] in _CLOSING else None
    return mark if is_open or text[mark] not in _OPENING_QUOTES else None
