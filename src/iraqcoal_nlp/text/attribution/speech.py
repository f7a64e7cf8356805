"""The words of ``speech.toml``, folded: reporting verbs, and what leads, belongs to or ends a subject."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from iraqcoal_nlp.text.attribution.calendar import load_calendar
from iraqcoal_nlp.text.attribution.gazetteer import load_gazetteer
from iraqcoal_nlp.text.folding import fold, fold_words

ARTICLE = "ال"

_OBJECT_PRONOUNS = ("ه", "ها", "هم")
_NOUNS = frozenset(("people", "bodies", "papers", "honorifics"))
_LEADERS = _NOUNS | {"states", "figures"}
_NAMES = frozenset(("given", "figures"))
# أميركي, عراقية, أميركيون: the nisba, which most adjectives of a subject are.
_ADJECTIVE = re.compile(r"\w{2,}(?:ي|يه|يون|يين|يان|يتان|يات)")
# Verbal nouns of derived verbs: استمرار, انسحاب, اعتقال, تعليق.
_ACT = re.compile(r"است\w{2,3}ا\w|ان\w{2}ا\w|ا\wت\w?ا\w|ت\w{2}ي\w")
# مطمئنا: how the subject speaks.
_MANNER = re.compile(r"م\w{3,}ا")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What a reporting verb asks of the words around it."""

    to: frozenset[str]
    """Words that introduce what is said, beside أن and a quotation; ``ب`` is attached to its word."""
    content: bool
    """Whether what is said must be introduced."""
    at_once: bool
    """Whether it must be introduced right behind the subject."""
    person: bool
    """Whether the subject need not be a known word."""
    object: bool
    """Whether the noun behind the verb may be its object, a person or body itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase of attribution, such as ``نقلا عن``."""

    words: tuple[str, ...]
    attached: bool
    """Whether ل of the source's first word is its end: ``وفقا للمتحدث``."""
    known: bool
    """Whether the source must be led by a known word."""
    only: frozenset[str]
    """If not empty, the words that may lead it, without their article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """All words by which speakers are found."""

    verbs: Mapping[str, Verb]
    feminine_forms: frozenset[str]
    """Forms of the verbs that a feminine subject asks for."""
    phrases: Mapping[str, tuple[Phrase, ...]]
    """By first word."""
    nouns: Mapping[str, frozenset[str]]
    """Sets of nouns without their article, by the name in the file."""
    words: Mapping[str, frozenset[str]]
    """Sets of other words, by the name in the file."""

    def verb(self, word: str, *, after_relative: bool = False) -> Verb | None:
        """Return the reporting verb that a word is; after a relative also with its object: ``ما أعلنته``."""
        verb = self.verbs.get(word)
        if verb is None and after_relative:
            bare = next((word.removesuffix(end) for end in _OBJECT_PRONOUNS if word.endswith(end)), "")
            verb = self.verbs.get(bare)
        return verb

    def agrees(self, verb: str, noun: str) -> bool:
        """Whether a verb's gender fits the noun behind it, as far as the noun's is known."""
        tags, bare = word_tags(noun), bare_noun(noun)
        if "states" in tags:
            feminine = "masculine_states" not in tags
        elif tags.isdisjoint(("people", "bodies", "papers")):
            return True
        else:
            feminine = bare in self.words["feminine"] or bare.endswith("ه")
        return (verb in self.feminine_forms) == feminine


def behind_li(word: str) -> str:
    """Return the noun of a word that begins with the preposition ل: المتحدث of للمتحدث."""
    return ARTICLE + word[2:] if word.startswith("لل") else word[1:]


def bare_noun(word: str) -> str:
    """Return a noun without its article."""
    return word[2:] if word.startswith(ARTICLE) and len(word) > 4 else word


@lru_cache(maxsize=1 << 16)
def word_tags(word: str) -> frozenset[str]:
    """Return what is known of a word: the names of the sets that hold it, and what its form says.

    Beside the names in the file: ``verb``, ``leader`` (leads subjects), ``name`` (a given name or a figure's),
    ``place``, ``time``, ``number``, ``definite`` (has the article), ``adjective``, ``manner``.
    """
    speech, bare = load_speech(), bare_noun(word)
    tags = {name for name, words in speech.words.items() if word in words}
    tags |= {name for name, nouns in speech.nouns.items() if bare in nouns or word in nouns}
    if not tags.isdisjoint(_LEADERS):
        tags.add("leader")
    if not tags.isdisjoint(_NAMES):
        tags.add("name")
    if word in speech.verbs:
        tags.add("verb")
    if any(len(name) == 1 for name, _ in load_gazetteer().names.get(word, ())):
        tags.add("place")
    if word in _times():
        tags.add("time")
    if word.isdigit():
        tags.add("number")
    if word.startswith(ARTICLE):
        tags.add("definite")
    return frozenset(tags | _form_tags(bare, tags))


def _form_tags(bare: str, tags: set[str]) -> set[str]:
    """Return what the form of a word says, where its meaning does not overrule it."""
    forms = set()
    definite = "definite" in tags
    # السوداني is a name, and the adjective of a definite noun.
    noun = not tags.isdisjoint(_NOUNS) or (not definite and not tags.isdisjoint(_NAMES | {"states"}))
    if not tags.isdisjoint(("adjectives", "definite_adjectives")) or (_ADJECTIVE.fullmatch(bare) and not noun):
        forms.add("adjective")
    if not definite and not noun and _ACT.fullmatch(bare):
        forms.add("acts")
    if not definite and not noun and _MANNER.fullmatch(bare):
        forms.add("manner")
    return forms


@cache
def load_speech() -> Speech:
    """Return the words that ship with the library."""
    source = files("iraqcoal_nlp.text.attribution").joinpath("speech.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(source)
    verbs: dict[str, Verb] = {}
    feminine: set[str] = set()
    for entry in data["verb"]:
        verb = Verb(
            to=fold_words(entry.get("to", ())),
            content="needs" in entry,
            at_once=entry.get("needs") == "at once",
            person=entry.get("person", False),
            object=entry.get("object", False),
        )
        forms = fold_words(entry["forms"])
        verbs |= dict.fromkeys(forms, verb)
        feminine |= {form for form in forms if form.endswith("ت") or (form[0] == "ت" and f"ي{form[1:]}" in forms)}
    phrases: dict[str, tuple[Phrase, ...]] = {}
    for entry in data["phrase"]:
        for text in entry["words"]:
            phrase = _phrase(text, known=entry["known"], only=fold_words(entry.get("only", ())))
            phrases[phrase.words[0]] = (*phrases.get(phrase.words[0], ()), phrase)
    nouns = {name: fold_words(entries) for name, entries in data["nouns"].items()}
    nouns["people"] |= {f"{noun[:-2]}ين" for noun in nouns["people"] if noun.endswith("ون")}
    words = {name: fold_words(entries) for name, entries in (*data["names"].items(), *data["words"].items())}
    return Speech(verbs=verbs, feminine_forms=frozenset(feminine), phrases=phrases, nouns=nouns, words=words)


def _phrase(text: str, *, known: bool, only: frozenset[str]) -> Phrase:
    words = tuple(word.text for word in fold(text).words())
    attached = words[-1] == "ل"
    return Phrase(words=words[:-1] if attached else words, attached=attached, known=known, only=only)


@cache
def _times() -> frozenset[str]:
    calendar = load_calendar()
    return frozenset((*calendar.weekdays, *calendar.days, *calendar.months))
