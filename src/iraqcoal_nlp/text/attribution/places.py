"""Finds places of Iraq by the gazetteer.

A name matches whole words, whatever its hamza, yeh and heh, behind the prefixes و ف ب ل ك; the longest wins. A
designator of the place's kind right before it belongs to the mention. Names that are also common words need one, or a
word of place. A capital's name is left out where it stands for the government.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iraqcoal_nlp.text.attribution.gazetteer import Place, load_gazetteer
from iraqcoal_nlp.text.attribution.mentions import PlaceMention
from iraqcoal_nlp.text.attribution.speech import ARTICLE, load_speech
from iraqcoal_nlp.text.folding import Folded

_CONJUNCTIONS, _PREPOSITIONS = "وف", "بلك"
# Between a designator and a name: قاعدة «بلد», معسكر (بسماية).
_OPENING = re.compile(r" ?[\"“”«»(]? ?")
_INSIDE = (" ", "-")
"""What may stand between the words of a name."""
_FEMININE_VERB = re.compile(r"ت\w{3,}|\w{2,}ت")
_VERB_AND_OBJECT = re.compile(r"\w{2,}ته[ام]?")  # وصفتها بغداد
_NEAR = 3
"""So many words before a capital's name are looked at for a movement."""


@dataclass(frozen=True, slots=True)
class _Designator:
    """A word such as قاعدة that holds for a name, and where it starts if it stands right before it."""

    word: str
    start: int | None


def find_places(folded: Folded, offset: int) -> tuple[PlaceMention, ...]:
    """Find the places that a sentence names.

    Args:
        folded: The sentence.
        offset: Where the sentence starts in its article; added to every offset.
    """
    mentions = []
    for start, end, place in _Finder(folded).find():
        raw_start, raw_end = folded.span(start, folded.closed(start, end))
        text = folded.raw[raw_start:raw_end]
        mentions.append(PlaceMention(start=offset + raw_start, end=offset + raw_end, text=text, place=place))
    return tuple(mentions)


class _Finder:
    """Reads one sentence from its first word to its last."""

    def __init__(self, folded: Folded) -> None:
        self._folded, self._text, self._words = folded, folded.text, folded.words()
        self._gazetteer = load_gazetteer()
        self._last_end = 0
        self._place_end = -1
        """Where the last mention ended; names of governments are not mentioned."""
        self._carried: str | None = None
        """The designator of the last mention: it also holds for a name joined to it by و."""

    def find(self) -> Iterator[tuple[int, int, Place]]:
        """Give start, end and place of each mention, in folded offsets."""
        at = 0
        while at < len(self._words):
            for prefix, name, bearers in self._names(at):
                designator = self._designator(at, prefix)
                place = self._choose(bearers, designator, at, prefix)
                if place is not None:
                    last = at + len(name) - 1
                    if not self._is_government(place, designator, at, last, prefix):
                        self._place_end = self._words[last].end
                        yield self._start(place, designator, at, prefix), self._place_end, place
                    fits = designator is not None and designator.word in self._gazetteer.designators[place.kind]
                    self._carried = designator.word if designator is not None and fits else None
                    self._last_end = self._words[last].end
                    at = last
                    break
            at += 1

    def _names(self, at: int) -> Iterator[tuple[int, Sequence[str], Sequence[Place]]]:
        """Give the names that start at a word, behind each prefix it may have, with the places that bear them."""
        for prefix, first in _readings(self._words[at].text):
            for name, bearers in self._gazetteer.names.get(first, ()):
                if all(self._goes_on(at + place, name[place]) for place in range(1, len(name))):
                    yield prefix, name, bearers

    def _goes_on(self, at: int, word: str) -> bool:
        if at >= len(self._words) or self._words[at].text != word:
            return False
        return self._text[self._words[at - 1].end : self._words[at].start] in _INSIDE

    def _designator(self, at: int, prefix: int) -> _Designator | None:
        word = self._words[at]
        if prefix:
            joined = word.text[0] == "و" and self._text[self._last_end : word.start] == " "
            return _Designator(self._carried, None) if joined and self._carried is not None else None
        before = self._words[at - 1] if at else None
        if before is None or before.start < self._last_end or not self._touches(at):
            return None
        for length, rest in _readings(before.text):
            if rest in self._gazetteer.all_designators:
                return _Designator(rest, before.start + length)
        return None

    def _touches(self, at: int) -> bool:
        """Whether only a space and an opening mark stand between a word and the one before."""
        return _OPENING.fullmatch(self._text, self._words[at - 1].end, self._words[at].start) is not None

    def _choose(self, bearers: Sequence[Place], designator: _Designator | None, at: int, prefix: int) -> Place | None:
        """Return the bearer of a name that its surroundings mean."""
        if designator is not None:
            for place in bearers:
                if designator.word in self._gazetteer.designators[place.kind]:
                    return place
        located = self._is_located(at, prefix)
        following = self._words[at + 1].text if at + 1 < len(self._words) else ""
        if not located and following in self._gazetteer.not_before:
            return None
        allowed = ("nothing", "place") if located and not self._has_pronoun(at) else ("nothing",)
        return next((place for place in bearers if place.needs in allowed), None)

    def _start(self, place: Place, designator: _Designator | None, at: int, prefix: int) -> int:
        """Return where a mention starts: at its designator, or at its name without a prefix."""
        if designator is not None and designator.start is not None:
            own = self._gazetteer.designators[place.kind] | self._gazetteer.loose_designators
            if designator.word in own:
                return designator.start
        return self._words[at].start + prefix

    def _is_located(self, at: int, prefix: int) -> bool:
        """Whether a word of place stands before, or ب is attached."""
        if prefix:
            return self._words[at].text[prefix - 1] == "ب"
        return self._before(at) in self._gazetteer.locative

    def _has_pronoun(self, at: int) -> bool:
        """Whether a word ends in ه, a pronoun, and not in the ة that folds into it: في حديثه, his talk."""
        return self._folded.raw[self._folded.origins[self._words[at].end - 1]] == "ه"

    def _before(self, at: int) -> str:
        """Return the word that touches a name, without a conjunction; nothing if none does."""
        if not at or not self._touches(at):
            return ""
        word = self._words[at - 1].text
        return word[1:] if len(word) > 2 and word[0] in _CONJUNCTIONS else word

    def _is_government(self, place: Place, designator: _Designator | None, at: int, last: int, prefix: int) -> bool:
        """Whether a capital's name stands for its government."""
        dateline = self._text.startswith(" - ", self._words[last].end)
        joined = self._words[at].text[0] == "و" and self._place_end == self._words[at - 1].end
        located = self._is_located(at, prefix) or joined  # في أربيل وبغداد
        if not place.capital or designator is not None or dateline or located:
            return False
        before, partners = self._before(at), self._partners(at, last)
        if not partners.isdisjoint(self._gazetteer.governments) or (before == "بين" and not partners):
            return True
        if prefix and self._words[at].text[prefix - 1] == "ل":
            near = {word.text for word in self._words[max(0, at - _NEAR) : at]}
            return near.isdisjoint(self._gazetteer.movement)
        if before in self._gazetteer.of_government or _VERB_AND_OBJECT.fullmatch(before):
            return True
        if before in load_speech().verbs and before != "بين":
            return True
        following = self._words[last + 1].text if last + 1 < len(self._words) else ""
        return at == 0 and _FEMININE_VERB.fullmatch(following) is not None

    def _partners(self, at: int, last: int) -> set[str]:
        """Return the words that و joins with a name, before and after it."""
        partners = set()
        if last + 1 < len(self._words) and self._words[last + 1].text[0] == "و":
            partners.add(self._words[last + 1].text[1:])
        if at and self._words[at].text[0] == "و":
            partners.add(self._words[at - 1].text)
        return partners


def _readings(word: str) -> Iterator[tuple[int, str]]:
    """Give the ways to read a word: the length of its prefix, and what follows it."""
    rests = [(0, word)]
    if word[0] in _CONJUNCTIONS and len(word) > 2:
        rests.append((1, word[1:]))
    yield from rests
    for length, rest in rests:
        if rest[0] in _PREPOSITIONS and len(rest) > 2:
            yield length + 1, rest[1:]
            if rest.startswith("لل"):  # the article's alef is lost: للموصل
                yield length + 1, ARTICLE + rest[2:]
