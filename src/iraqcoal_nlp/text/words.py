"""Words of a raw sentence, and the sentence without some of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_TOKEN = re.compile(r"\S+")


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of each word, in text order: what stands between white space, less what is at its edges.

    Offsets are Unicode code points, end-exclusive. Quotation marks, commas, brackets and invisible marks at the edges
    belong to no word; inside they stay (``أ.ف.ب``, ``2,500``, ``K-1``). Prefixes such as و and ال are part of their
    word, vowel signs part of their letter. What holds no letter and no digit is no word.
    """
    spans = []
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        while start < end and _is_edge(text[start]):
            start += 1
        while end > start and _is_edge(text[end - 1]):
            end -= 1
        if any(char.isalnum() and char != "ـ" for char in text[start:end]):  # papers use the tatweel as a dash, too
            spans.append((start, end))
    return spans


def _is_edge(char: str) -> bool:
    """Whether a character is punctuation, a symbol or a control or format character."""
    return unicodedata.category(char)[0] in "PSC"


def leave_out(text: str, spans: Iterable[tuple[int, int]], filler: str = "") -> str:
    """Return the text without the given stretches, which must not overlap; ``filler`` stands in for each."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept += [text[at:start], filler]
        at = end
    return "".join([*kept, text[at:]])
