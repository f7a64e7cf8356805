"""Hostile texts: characters that have cut, joined, hidden or slowed something in some text pipeline, put into news."""

from __future__ import annotations

import random

_SEEN = r"""
. .. ... ! ? ؟ … ۔ ، ؛ : ; " ' « » “ ” „ ‘ ’ ( ) [ ] { } < > & &amp; &#1575; <br/> @ # / \ % ٪ - – — _ ـ * | = + ~ `
^ $ 0 1 ٣ ۳ ½ ² ا أ إ آ ى ي ی ة ه ھ ک گ چ پ ڤ ژ و د هـ ﻻ ﻷ ﷲ ﷺ ﷼ ﬁ ﹰ 한 é 😀 A z أ.ف.ب ق.م. سي.إن.إن U.S. Dr. 2.5
192.168.1.1 a@b.c http://x.y/?z=1 www. رويترز التعليقات&nbsp;مغلقة
"""
_LINES = ("التعليقات مغلقة", "اقرأ أيضا", "بواسطة Hanan", "(ا ف ب)", "المصدر: رويترز")
_UNSEEN = (
    " \t\n\r\v\f\x00\x1b\x7f\x85\xa0\xad\u0301\u034f\u0344\u061c\u064b\u0651\u0653\u0654\u0655\u0670\u06dd\u06e5"
    "\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202e\u2060\u2066\u2067\u2069\u3000"
    "\ufe0f\ufeff\ufff9\ufffd\uffff\ud800\udfff\U000e0041\U0010ffff\U0001d7d8"
)
PIECES: tuple[str, ...] = (*_SEEN.split(), *_LINES, *_UNSEEN, "\r\n", "👨\u200d👩\u200d👧")
"""What is put into a text: words, marks and characters, seen and unseen."""

LONG_RUNS: tuple[str, ...] = (
    *" .\"'«»(]<&@#/-_ـ٪%0٣اوah\n\t،؟!…ﻻﷺ😀",
    *"\x00\xa0\u064b\u200b\u200d\u200f\ufeff\ud83d",
    *(". ", '".', "(.", "د.", "1.", "a.", "a@", "<a", "&#", "://", "، ", "\u064eا", "بغداد "),
)
"""What tempts a pattern to start again at every character when it stands there a million times."""

_ALPHABETS = (range(0x250), range(0x600, 0x700), range(0x110000))


def mutate(text: str, rng: random.Random, seeds: list[str], *, longest: int) -> str:
    """Change a text in one to six places.

    Args:
        text: The text.
        rng: Chooses places and changes.
        seeds: Texts to take stretches from.
        longest: Characters that are left of a longer text.
    """
    for _ in range(rng.randint(1, 6)):
        start = rng.randint(0, len(text))
        stop = start + rng.choice((0, 0, 0, 1, 2, 5, 20, 200))
        text = text[:start] + _stuff(text[start:stop], rng, seeds) + text[stop:]
    start = rng.randint(0, max(0, len(text) - longest))
    return text[start : start + longest]


def _stuff(stretch: str, rng: random.Random, seeds: list[str]) -> str:
    """Return what comes in the place of a stretch: nothing, a piece, many pieces, itself twice, another's stretch."""
    change = rng.randrange(6)
    if change == 0:
        return ""
    if change == 1:
        return rng.choice(PIECES)
    if change == 2:
        return rng.choice(PIECES) * rng.choice((2, 3, 30, 300))
    if change == 3:
        return stretch * 2
    if change == 4:
        return chr(rng.choice(rng.choice(_ALPHABETS)))
    other = rng.choice(seeds)
    start = rng.randint(0, len(other))
    return other[start : start + 40]
