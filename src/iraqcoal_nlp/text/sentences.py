"""Splits an article into sentences with exact offsets.

A sentence ends at ``. ! ? ؟ … ۔`` and at every line end, never at a comma, a semicolon or a colon. It keeps the marks
that end it, the quotes and brackets that close after them, and an agency's name behind them. Boilerplate
(:mod:`iraqcoal_nlp.text.clean`) is passed over. No letter or digit outside boilerplate is ever lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from iraqcoal_nlp.records import Sentence
from iraqcoal_nlp.text.clean import LINE, boilerplate_rule, boilerplate_spans
from iraqcoal_nlp.text.marks import END_RUN, ENDS, GAP, PAIRS, close_marks, follows_opening, note_marks
from iraqcoal_nlp.text.periods import Ending, judge_period

_GOES_ON = frozenset("،,؛;:")
_CREDIT_LENGTH = 60
_AFTER_URL = ENDS + "،,؛;:)]}»”\"'’"

_MARK = re.compile(rf"[{ENDS}{re.escape(''.join(PAIRS))}]")
_URL = re.compile(r"(?:https?://|www\.)\S++", re.IGNORECASE)
_LETTER = re.compile(r"[^\W_ـ]")
_ENUMERATOR = re.compile(r"\d{1,3}")
_CONJUNCTION = re.compile(r"و[^\W\d_]{2}")
# A sentence starts at a letter or digit, at a quote or bracket that opens it, or at a sign of a number or a tag.
_START = re.compile(r"[^\W_ـ]|[«“‘„(\[{#@$€£](?=\S)|[\"”»'’](?=[\w(\[«“])|[%٪+](?=\d)")
_TRAILING = " \t\u00a0\ufe0e\ufe0f\u20e3*•|<>\\([{"
_TRAILING_KINDS = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Cs", "So", "Sk", "Pd"})


def split_sentences(text: str) -> list[Sentence]:
    """Split an article into its sentences, without its boilerplate.

    Args:
        text: An article as read; any text at all, the empty one included.

    Returns:
        Sentences in order, without overlap, numbered from 0: ``text[s.start:s.end] == s.text``. Offsets are Unicode
        code points, end-exclusive. Each has a letter or a digit, and no space or bullet at its edges.
    """
    spans = (span for start, stop in _lines(text) for span in _line_sentences(text, start, stop))
    return [
        Sentence(sent_id=number, start=start, end=end, text=text[start:end])
        for number, (start, end) in enumerate(spans)
    ]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Give each line of the text without the boilerplate, which always reaches to the end of its line."""
    boilerplate = {end: start for start, end in boilerplate_spans(text)}
    for line in LINE.finditer(text):
        start, end = line.span()
        yield start, boilerplate.get(end, end)


def _line_sentences(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Give the trimmed sentences of one line."""
    begin = start
    for end in (*_boundaries(text, start, stop), stop):
        if first := _START.search(text, begin, end):
            last = _trimmed_end(text, first.start(), end)
            if _LETTER.search(text, first.start(), last):
                yield first.start(), last
        begin = end


def _boundaries(text: str, start: int, stop: int) -> Iterator[int]:
    """Give the offsets inside a line at which one sentence ends and another may start."""
    open_marks: set[str] = set()
    urls = _urls(text, start, stop)
    url_start, url_end = next(urls, (stop, stop))
    passed_url = -1
    position, letter = start, _LETTER.search(text, start, stop)
    while letter and (mark := _MARK.search(text, position, stop)):
        at = mark.start()
        while url_end <= at < stop:
            url_start, url_end = next(urls, (stop, stop))
        if url_start <= at:
            position = passed_url = url_end
        elif mark[0] not in ENDS:
            position = note_marks(text, at, open_marks)
        else:
            ending, position = _judge(text, at, start, stop, letter.start(), open_marks, after_url=at == passed_url)
            if ending is Ending.NEVER:
                continue
            lone_period = text[at:position] == "."
            position, closed, ended_again = close_marks(text, position, stop, open_marks)
            # `في مقال "لماذا أعدموني؟" أنه ...`: of 36 such marks in news, 26 belonged to a title or slogan, and the
            # sentence went on. A period inside the quote ends the sentence.
            weak = ending is Ending.WEAK or (closed and not lone_period and not ended_again)
            if _splits(text, position, stop, weak=weak):
                yield position
                letter = _LETTER.search(text, position, stop)


def _judge(
    text: str, at: int, start: int, stop: int, letter: int, open_marks: set[str], *, after_url: bool
) -> tuple[Ending, int]:
    """Judge a run of end marks; ``letter`` is where the sentence's first letter or digit stands."""
    run = END_RUN.match(text, at, stop)
    assert run is not None  # it starts with the mark at `at`
    end = run.end()
    if letter >= at or follows_opening(text, at, end, start, stop, open_marks):
        return Ending.NEVER, end
    if run[0] == ".":
        if after_url:
            return Ending.STRONG, end
        if _ENUMERATOR.fullmatch(text, letter, at):
            return Ending.NEVER, end
        return judge_period(text, at, start, stop)
    before, after = text[at - 1], text[end : min(end + 1, stop)]
    in_number = before.isdigit() and after.isdigit() and set(run[0]) == {"."}
    in_address = run[0] in "?!" and (before + after).isascii() and before.isalnum() and after.isalnum()
    return (Ending.NEVER if in_number or in_address else Ending.STRONG), end


def _splits(text: str, at: int, stop: int, *, weak: bool) -> bool:
    """Whether the rest of the line is a sentence of its own."""
    gap = GAP.match(text, at, stop)
    following = gap.end() if gap else at
    if following >= stop or text[following] in _GOES_ON:
        return False
    if stop - at <= _CREDIT_LENGTH and boilerplate_rule(text[at:stop]) == "agency_credit":
        return False
    return not weak or _CONJUNCTION.match(text, following, stop) is not None


def _urls(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Give the web addresses of a line, without the punctuation that follows them."""
    for url in _URL.finditer(text, start, stop):
        yield url.start(), url.start() + len(url[0].rstrip(_AFTER_URL))


def _trimmed_end(text: str, start: int, end: int) -> int:
    """Return the end of a sentence without spaces, bullets, emojis, dashes and open brackets behind it."""
    end = start + len(text[start:end].rstrip(_TRAILING))
    while end > start and _is_trailing(text, end - 1):
        end -= 1
    return end


def _is_trailing(text: str, at: int) -> bool:
    char = text[at]
    if char == "ـ":  # a dash if it joins nothing; the last letter of `هـ` otherwise
        return not text[at - 1].isalnum()
    return char in _TRAILING or unicodedata.category(char) in _TRAILING_KINDS
