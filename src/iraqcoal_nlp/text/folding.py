"""One spelling of each letter, for matching: hamza, yeh and heh are written in many ways, names above all.

Nothing here is for a model: encoders were trained on text that keeps the letters apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from iraqcoal_nlp.text.normalize import fold_foreign_letters, map_digits, unfold_presentation_forms

SPELLINGS = str.maketrans(
    {
        "\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}": "\N{ARABIC LETTER ALEF}",
        "\N{ARABIC LETTER ALEF WITH HAMZA BELOW}": "\N{ARABIC LETTER ALEF}",
        "\N{ARABIC LETTER ALEF WITH MADDA ABOVE}": "\N{ARABIC LETTER ALEF}",
        "\N{ARABIC LETTER ALEF WASLA}": "\N{ARABIC LETTER ALEF}",
        "\N{ARABIC LETTER FARSI YEH}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER YEH WITH HAMZA ABOVE}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER WAW WITH HAMZA ABOVE}": "\N{ARABIC LETTER WAW}",
        "\N{ARABIC LETTER TEH MARBUTA}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER KEHEH}": "\N{ARABIC LETTER KAF}",
    }
)
"""Letters that news writes one for the other."""

# Tatweel, combining marks, controls, bidi and joining marks: none changes which word it is.
INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u0300-\u036f\u0610-\u061a\u061c\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+"
)

# Alef maksura is read as yeh, except in the word `على`: the name is always `علي`.
_MAKSURA = re.compile(r"(?<!\bعل)ى|ى(?=\w)")
_WORD = re.compile(r"[^\W_]+")
# Papers write “x”, ”x“ and «x» or »x«.
_CLOSERS = {'"': '"', "“": "”", "”": "”“", "«": "»", "»": "«", "(": ")"}
_LINE_ENDS = "\n\r\x0b\x0c\x85\u2028\u2029"


def fold_letters(text: str) -> str:
    """Write one letter for each of :data:`SPELLINGS`, and yeh for alef maksura; length never changes."""
    return _MAKSURA.sub("ي", text.translate(SPELLINGS))


def fold_words(words: Iterable[str]) -> frozenset[str]:
    """Return a word list as it matches folded text."""
    return frozenset(fold(word).text for word in words)


class Word(NamedTuple):
    """A run of letters and digits in a folded text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as patterns read it, with the way back to the raw one.

    Letters, digits and presentation forms are folded, Latin letters small, marks dropped, and each run of white space
    within a line is one space.
    """

    raw: str
    text: str
    origins: tuple[int, ...]
    """For each character of :attr:`text`, the offset in :attr:`raw` of the one it stands for."""

    def words(self) -> list[Word]:
        """Return each run of letters and digits, in order."""
        return [Word(word.start(), word.end(), word[0]) for word in _WORD.finditer(self.text)]

    def closed(self, start: int, end: int) -> int:
        """Return the end of a stretch of :attr:`text`, behind the mark that closes a quotation or bracket it opens."""
        awaited: list[str] = []
        for char in self.text[start:end]:
            if awaited and char in awaited[-1]:
                awaited.pop()
            elif char in _CLOSERS:
                awaited.append(_CLOSERS[char])
        return end + 1 if awaited and self.text[end : end + 1] in tuple(awaited[-1]) else end

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the raw offsets of a stretch of :attr:`text` that is not empty, with the marks dropped behind it."""
        raw_end = self.origins[end - 1] + 1
        while raw_end < len(self.raw) and _is_dropped_mark(self.raw[raw_end]):
            raw_end += 1
        return self.origins[start], raw_end


def fold(text: str) -> Folded:
    """Fold a text character by character."""
    chars: list[str] = []
    origins: list[int] = []
    for at, char in enumerate(text):
        for folded in _FOLDED[char]:
            if folded != " " or chars[-1:] != [" "]:
                chars.append(folded)
                origins.append(at)
    return Folded(text, _MAKSURA.sub("ي", "".join(chars)), tuple(origins))


def _is_dropped_mark(char: str) -> bool:
    return not _FOLDED[char] and (unicodedata.combining(char) > 0 or char == "\N{ARABIC TATWEEL}")


class _FoldedCharacters(dict[str, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, char: str) -> str:
        if char.isspace() and char not in _LINE_ENDS:
            folded = " "
        else:
            plain = INVISIBLE.sub("", unfold_presentation_forms(char))
            folded = map_digits(fold_foreign_letters(plain)).translate(SPELLINGS)
            folded = folded.lower() if folded.isascii() else folded
        self[char] = folded
        return folded


_FOLDED = _FoldedCharacters()
