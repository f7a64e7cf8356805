"""AraBERT's text preprocessing (Antoun et al., 2020, arXiv:2003.00104) for ``bert-base-arabertv02``.

Written anew so that neither Farasa, Java nor a GPL library is needed; a test compares it with the PyPI package
``arabert`` on news. Kept on purpose although odd: characters outside AraBERT's alphabet become a space, since
that is the text its encoder was trained on. Repairs for text this harms stand in front (``normalize.REPAIRS``).

Differences, all outside ordinary news: patterns are anchored, so that their time is linear, and a
"word" of more than ``MAX_URL`` characters is not searched for addresses.
"""

from __future__ import annotations

import html
import re

MAX_URL = 2048

_DIACRITICS = dict.fromkeys(range(0x064B, 0x0653))  # tanwin, short vowels, shadda, sukun
_TATWEEL = {0x0640: None}
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")

_URLS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:http(?:s)?:\/\/.)?(?:www\.)?[-a-zA-Z0-9@:%._\+~#=]{2,256}\.[a-z]{2,6}\b(?:[-a-zA-Z0-9@:%_\+.~#?&//=]*)",
        r"http[s]?://[a-zA-Z0-9_\-./~\?=%&]+",
        r"www[a-zA-Z0-9_\-?=%&/.~]+",
        r"[a-zA-Z]+\.com",
        r"(?=http)[^\s]+",
        r"(?=www)[^\s]+",
        r"://",
    )
)
_EMAILS = (
    re.compile(r"(?<![\w-])[\w-]+@(?:[\w-]+\.)+[\w-]+"),
    re.compile(r"(?<!\S)\S+@\S+"),
)
_MENTION = re.compile(r"@[\w\d]+")
_URL, _EMAIL, _USER = " [رابط] ", " [بريد] ", " [مستخدم] "
_MARKUP = re.compile(r"</?[^<>]+>")
_REPEATED = re.compile(r"(\D)\1{2,}", re.DOTALL)
_SPACED = re.compile(r"([^0-9\u0621-\u063A\u0641-\u064A\u0660-\u0669a-zA-Z\[\]])")
# Anchored at the start of a run: the same matches, without a new search from every character of a long run.
_NUMBER_THEN_WORD = re.compile(r"(?<!\d)(\d+)([\u0621-\u063A\u0641-\u064A\u0660-\u066C]+)")
_WORD_THEN_NUMBER = re.compile(
    r"(?<![\u0621-\u063A\u0641-\u064A\u0660-\u066C])([\u0621-\u063A\u0641-\u064A\u0660-\u066C]+)(\d+)"
)
_REJECTED = re.compile(
    r"[^0-9\u0621-\u063A\u0640-\u066C\u0671-\u0674a-zA-Z\[\]!\"#\$%\'\(\)\*\+,\.:;\-<=·>?@\\\^_`{\|}~—٪’،؟୍“؛”ۚ»\s«–…‘]"
)


def arabert_v1(text: str) -> str:
    """Return the text as AraBERT v02 was trained to read it: spaced punctuation, no marks, its alphabet only."""
    text = html.unescape(text).translate(_DIACRITICS).translate(_TATWEEL)
    text = _mask_addresses(text)
    text = _MARKUP.sub(" ", text.replace("<br />", " "))
    text = _REPEATED.sub(r"\1\1", text.translate(_DIGITS))
    text = _SPACED.sub(r" \1 ", text)
    text = _WORD_THEN_NUMBER.sub(r" \1 \2 ", _NUMBER_THEN_WORD.sub(r" \1 \2 ", text))
    text = _REJECTED.sub(" ", text.replace("/", "-"))
    return " ".join(text.split())


def _mask_addresses(text: str) -> str:
    """Replace web addresses, e-mail addresses and mentions by AraBERT's placeholders."""
    if any(len(word) > MAX_URL for word in text.split()):
        return text
    for pattern in _URLS:
        text = pattern.sub(_URL, text)
    if "@" in text:
        for pattern in _EMAILS:
            text = pattern.sub(_EMAIL, text)
        text = _MENTION.sub(_USER, text)
    return text
