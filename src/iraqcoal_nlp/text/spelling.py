"""Other spellings of the same sentence, as scraped and typed Arabic has them.

For measuring how far a model depends on spelling (``scripts/robustness.py``), and for training one that depends on it
less (:mod:`iraqcoal_nlp.training.noise`). Each kind changes every place that it can, or a share of them where writers
do so here and there; none changes what a reader understands.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from functools import cache

Spelling = Callable[[str, random.Random], str]

SPELLINGS: dict[str, Spelling] = {}
"""Every kind, by name: a function of a text and a source of chance."""

_SHARE = 0.1
"""Share of places that kinds change which writers do not apply throughout."""

_WORD_END = r"(?!\w)"
_TATWEEL = "\N{ARABIC TATWEEL}"
_SHORT_VOWELS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
_MARKS = "\u200e\u200f\u202a\u202b\u202c\u200b\u2067\u2069\ufeff"
_LATIN, _ARABIC, _PERSIAN = "0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"
# What follows the first letter of words such as والده, واليا, وقعت, وقته, وقود, وقائع, ويليام, وتيرة: no `and`.
_OWN_WAW = (
    r"الد(?:ي?ه|ي?ها|ي?هم|ي|ة|ت\w{1,3}|ا|ان)?\b|الي[ةا]?\b|ق(?:ع|ف|ود|وع|ا[ئيح])|قت(?:ه|ها|هم|نا|ا|ي)\b|يل|يكي|تيرة"
)
_LAM_ALEF = {"لا": "\ufefb", "لأ": "\ufef7", "لإ": "\ufef9", "لآ": "\ufef5"}


def register(name: str) -> Callable[[Spelling], Spelling]:
    """Add a kind under a name.

    Raises:
        ValueError: The name is taken.
    """

    def keep(spelling: Spelling) -> Spelling:
        if name in SPELLINGS:
            raise ValueError(f"spelling {name!r} is registered twice")
        SPELLINGS[name] = spelling
        return spelling

    return keep


def _letters(name: str, mapping: dict[str, str]) -> None:
    """Register a kind that replaces single characters wherever they stand."""
    table = str.maketrans(mapping)
    register(name)(lambda text, _: text.translate(table))


def _pattern(name: str, pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> None:
    """Register a kind that replaces what a pattern finds."""
    compiled = re.compile(pattern)
    register(name)(lambda text, _: compiled.sub(replacement, text))


def _somewhere(name: str, pattern: str, replacement: Callable[[re.Match[str], random.Random], str]) -> None:
    """Register a kind that replaces a share of what a pattern finds, at least one place."""
    compiled = re.compile(pattern)

    def change(text: str, rng: random.Random) -> str:
        places = [found.start() for found in compiled.finditer(text)]
        chosen = {place for place in places if rng.random() < _SHARE} or set(rng.sample(places, min(1, len(places))))
        return compiled.sub(lambda found: replacement(found, rng) if found.start() in chosen else found[0], text)

    register(name)(change)


_letters("hamza on alef dropped", dict.fromkeys("أإآ", "ا"))
_letters("every hamza dropped", {**dict.fromkeys("أإآ", "ا"), "ؤ": "و", "ئ": "ي", "ء": ""})
_pattern("final ى written ي", rf"ى{_WORD_END}", "ي")
_pattern("final ي written ى", rf"(?<=\w)ي{_WORD_END}", "ى")
_pattern("final ة written ه", rf"ة{_WORD_END}", "ه")
_pattern("final ه written ة", rf"(?<=\w)ه{_WORD_END}", "ة")
_somewhere(
    "tatweel", r"[بتثجحخسشصضطظعغفقكلمنهي](?=[^\W\d_])", lambda found, rng: found[0] + _TATWEEL * rng.randint(1, 4)
)
_somewhere("short vowels", r"[\u0621-\u064a]", lambda found, rng: found[0] + rng.choice(_SHORT_VOWELS))
_pattern("lam-alef ligatures", r"ل[اأإآ]", lambda found: _LAM_ALEF[found[0]])
_letters("Persian ک ی", {"ك": "ک", "ي": "ی"})
_letters("Persian ک ی, also for ى", {"ك": "ک", "ي": "ی", "ى": "ی"})
_letters("Kurdish ک ی ھ", {"ك": "ک", "ي": "ی", "ه": "ھ"})
_letters("Arabic digits", dict(zip(_LATIN, _ARABIC, strict=True)))
_letters("Persian digits", dict(zip(_LATIN + _ARABIC, _PERSIAN * 2, strict=True)))
_letters("Latin digits", dict(zip(_ARABIC, _LATIN, strict=True)))
_letters("curly quotes", {'"': "”", "«": "“", "»": "”"})
_letters("straight quotes", dict.fromkeys("«»“”„", '"'))
_pattern("angle quotes", r'["“”„]([^"“”„]*)["“”„]', r"«\1»")
_pattern("no space after ، ؛", r"([،؛]) (?=\w)", r"\1")
_pattern("space before ، ؛ : .", r"(?<=\w)([،؛:]|\.$)", r" \1")
_somewhere("spaces between words lost", r"(?<=\w) (?=\w)", lambda found, rng: "")
_somewhere("space after و", rf"(?<!\w)و(?!{_OWN_WAW})(?=ال\w{{3}}|[قأيت]\w\w)", lambda found, rng: "و ")
_somewhere("bidi and zero-width marks", r"\b", lambda found, rng: rng.choice(_MARKS))
_somewhere("no-break and double spaces", " ", lambda found, rng: rng.choice(("\xa0", "  ", "\u2009")))


@register("presentation forms")
def write_presentation_forms(text: str, _: random.Random) -> str:
    """Write each letter in the form that its neighbours give it, as text copied from old PDFs has it."""
    forms = _positional_forms()
    shaped = []
    for at, letter in enumerate(text):
        known = forms.get(letter, {})
        before = "initial" in forms.get(text[at - 1], {}) if at else False
        after = "initial" in known and "final" in forms.get(text[at + 1 : at + 2], {})
        position = {
            (False, False): "isolated",
            (False, True): "initial",
            (True, True): "medial",
            (True, False): "final",
        }
        shaped.append(known.get(position[before, after], letter))
    return "".join(shaped)


@cache
def _positional_forms() -> dict[str, dict[str, str]]:
    """Return the presentation forms of each letter by the name of their place."""
    forms: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for code in range(0xFE80, 0xFEF5):
        place, *letters = unicodedata.decomposition(chr(code)).split()
        if len(letters) == 1:
            forms[chr(int(letters[0], 16))][place.strip("<>")] = chr(code)
    return dict(forms)
