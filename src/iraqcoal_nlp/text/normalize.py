"""The copy of a sentence that the model reads: named, versioned steps, stored by name with every model.

Offsets always refer to the raw text; nothing here ever touches it. A step never changes once a model was
saved with its name: a new behaviour gets a new version.

Why repairs come first: AraBERT's own preprocessing deletes every character outside its alphabet. A negation
written with the lam-alef ligature (U+FEFB) vanishes, and with it the meaning; Persian and Kurdish letters leave
holes in words; Persian digits disappear.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.text.arabert import arabert_v1

Normalizer = Callable[[str], str]

NORMALIZERS: dict[str, Normalizer] = {}
"""Every step, by the name that model folders store."""

REPAIRS: tuple[str, ...] = ("presentation.v1", "invisible.v1", "letters.v1", "digits.v1")
"""What scraped text needs before any other step; each one leaves ordinary Arabic news as it is."""

NEWS_V1: tuple[str, ...] = (*REPAIRS, "diacritics.v1", "quotes.v1", "spacing.v1")
"""For encoders that read plain text (the shipped model)."""

ARABERT_V1: tuple[str, ...] = (*REPAIRS, "arabert.v1")
"""For AraBERT v02 and its kin."""


def register(name: str) -> Callable[[Normalizer], Normalizer]:
    """Add a step under the name that model folders store.

    Raises:
        ValueError: The name is taken.
    """

    def keep(step: Normalizer) -> Normalizer:
        if name in NORMALIZERS:
            raise ValueError(f"normalizer {name!r} is registered twice")
        NORMALIZERS[name] = step
        return step

    return keep


def build_normalizer(names: Iterable[str]) -> Normalizer:
    """Return one function that applies the named steps in order.

    Raises:
        ModelFolderError: A name is not registered.
    """
    wanted = list(names)
    for name in wanted:
        if name not in NORMALIZERS:
            known = ", ".join(sorted(NORMALIZERS))
            raise ModelFolderError(f"unknown normalizer {name!r}: this library has {known}. Upgrade iraqcoal-nlp.")
    steps = [NORMALIZERS[name] for name in wanted]

    def normalize(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return normalize


# Presentation forms A and B hold ligatures and positional letters of old fonts and PDFs. U+FD3E and U+FD3F are
# ornate brackets and have no decomposition.
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")


@register("presentation.v1")
def unfold_presentation_forms(text: str) -> str:
    """Replace ligatures and positional forms by plain letters: the lam-alef of a negation above all.

    Only these blocks are composed anew (NFKC); a full NFKC would also rewrite ``…``, which AraBERT's alphabet keeps.
    """
    return _PRESENTATION.sub(_unfolded, text)


def _unfolded(match: re.Match[str]) -> str:
    """Compose one stretch anew; marks that stand alone (U+FE70 to U+FE7E) come without the space NFKC gives them."""
    return "".join(unicodedata.normalize("NFKC", char).removeprefix(" ") for char in match[0])


_INVISIBLE = dict.fromkeys(
    [
        0x00AD,  # soft hyphen
        0x061C,  # Arabic letter mark
        *range(0x200B, 0x2010),  # zero-width space, joiners, LRM, RLM
        *range(0x202A, 0x202F),  # embeddings and overrides
        *range(0x2060, 0x206A),  # word joiner, isolates
        0xFEFF,  # byte order mark
        0x0640,  # tatweel
    ]
)


@register("invisible.v1")
def drop_invisible(text: str) -> str:
    """Remove bidi marks, zero-width characters and tatweel, without leaving a space that would split a word."""
    return text.translate(_INVISIBLE)


_LETTERS = str.maketrans(
    {
        "\N{ARABIC LETTER KEHEH}": "\N{ARABIC LETTER KAF}",
        "\N{ARABIC LETTER SWASH KAF}": "\N{ARABIC LETTER KAF}",
        "\N{ARABIC LETTER NG}": "\N{ARABIC LETTER KAF}",  # Moroccan g
        "\N{ARABIC LETTER GAF}": "\N{ARABIC LETTER KAF}",
        "\N{ARABIC LETTER FARSI YEH}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER YEH BARREE}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER E}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER YEH WITH SMALL V}": "\N{ARABIC LETTER YEH}",  # Kurdish ê
        "\N{ARABIC LETTER TCHEH}": "\N{ARABIC LETTER JEEM}",
        "\N{ARABIC LETTER PEH}": "\N{ARABIC LETTER BEH}",
        "\N{ARABIC LETTER VEH}": "\N{ARABIC LETTER FEH}",
        "\N{ARABIC LETTER FEH WITH THREE DOTS BELOW}": "\N{ARABIC LETTER FEH}",
        "\N{ARABIC LETTER QAF WITH THREE DOTS ABOVE}": "\N{ARABIC LETTER QAF}",  # Tunisian g
        "\N{ARABIC LETTER JEH}": "\N{ARABIC LETTER ZAIN}",
        "\N{ARABIC LETTER HEH DOACHASHMEE}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER HEH GOAL}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER HEH WITH YEH ABOVE}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER AE}": "\N{ARABIC LETTER HEH}",  # Kurdish e
        "\N{ARABIC LETTER TEH MARBUTA GOAL}": "\N{ARABIC LETTER TEH MARBUTA}",
        "\N{ARABIC LETTER OE}": "\N{ARABIC LETTER WAW}",
        "\N{ARABIC LETTER YU}": "\N{ARABIC LETTER WAW}",
        "\N{ARABIC LETTER U}": "\N{ARABIC LETTER WAW}",
        "\N{ARABIC LETTER VE}": "\N{ARABIC LETTER WAW}",
        "\N{ARABIC LETTER WAW WITH RING}": "\N{ARABIC LETTER WAW}",
        "\N{ARABIC LETTER REH WITH SMALL V BELOW}": "\N{ARABIC LETTER REH}",  # Kurdish rr
        "\N{ARABIC LETTER REH WITH SMALL V}": "\N{ARABIC LETTER REH}",
        "\N{ARABIC LETTER LAM WITH SMALL V}": "\N{ARABIC LETTER LAM}",  # Kurdish ll
        "\N{ARABIC LETTER ALEF WASLA}": "\N{ARABIC LETTER ALEF}",
    }
)


@register("letters.v1")
def fold_foreign_letters(text: str) -> str:
    """Replace Persian, Kurdish, Urdu and Maghrebi letters by the Arabic letter news writes instead; length stays.

    Hamza, alef maksura and teh marbuta are left alone: encoders were trained on text that keeps them apart.
    """
    return text.translate(_LETTERS)


_DIGITS = {
    zero + value: str(value)
    for zero in (ord("\N{ARABIC-INDIC DIGIT ZERO}"), ord("\N{EXTENDED ARABIC-INDIC DIGIT ZERO}"))
    for value in range(10)
}


@register("digits.v1")
def map_digits(text: str) -> str:
    """Write Arabic-Indic and Persian digits as ASCII digits; length stays."""
    return text.translate(_DIGITS)


_DIACRITICS = dict.fromkeys([*range(0x0610, 0x061B), *range(0x064B, 0x0653), *range(0x0656, 0x0660), 0x0670])


@register("diacritics.v1")
def drop_diacritics(text: str) -> str:
    """Remove short vowels, tanwin, shadda, sukun and Quranic marks.

    Composes first, so that a hamza or madda written as a mark of its own (U+0653 to U+0655) joins its letter.
    """
    return unicodedata.normalize("NFC", text).translate(_DIACRITICS)


_QUOTES = str.maketrans(
    dict.fromkeys("«»“”„‟❝❞＂″", '"') | dict.fromkeys("‘’‚‛‹›`´′", "'")  # the model reads one kind of each
)


@register("quotes.v1")
def unify_quotes(text: str) -> str:
    """Write every double quotation mark as ``"`` and every single one as ``'``; length stays."""
    return text.translate(_QUOTES)


_SPACE_BEFORE = re.compile(r"\s+(?=[،؛؟!:,;?.](?:\s|$))")
_NO_SPACE_AFTER = re.compile(r"([،؛؟])(?=[^\W\d_])")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@register("spacing.v1")
def even_spacing(text: str) -> str:
    """Give punctuation the spacing of edited text, collapse white space and control characters to one space."""
    text = _NO_SPACE_AFTER.sub(r"\1 ", text)
    return _SPACE_BEFORE.sub("", _SPACES.sub(" ", text).strip())


_ORTHOGRAPHY = str.maketrans(dict.fromkeys("أإآ", "ا"))
_WORD_FINAL = re.compile(r"[ىة](?!\w)")
_FOLDED = {"ى": "ي", "ة": "ه"}


@register("orthography.v1")
def fold_orthography(text: str) -> str:
    """Write alef without hamza or madda, final alef maksura as yeh, teh marbuta as heh; length stays.

    What careless spelling mixes up becomes one, and so do words that differ in nothing else (``علي`` and ``على``). Only
    for a model that was trained with it: the shipped one knows hamzas, and loses accuracy without them.
    """
    return _WORD_FINAL.sub(lambda found: _FOLDED[found[0]], text.translate(_ORTHOGRAPHY))


register("arabert.v1")(arabert_v1)
