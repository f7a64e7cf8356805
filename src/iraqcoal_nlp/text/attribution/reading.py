"""A sentence as words with what is known of each, and how far a subject goes.

No parser: a subject ends where what is said begins, at a comma, or at a word that cannot belong to it. A preposition
belongs to it after some nouns (``مسؤول في``), a quoted name after some (``تحالف «نبني»``), and a name behind a comma.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from iraqcoal_nlp.text.attribution.speech import behind_li, load_speech, word_tags
from iraqcoal_nlp.text.folding import Folded, Word

_LONGEST = 20
"""So many words a subject has at most."""
_LOOK_AHEAD = 30
"""So many words behind a subject, what is said must begin."""
_QUOTED_NAME = 3
"""A quotation of more words is no name."""
_APPOSITION = 6
"""So many words an apposition has at most."""
_QUOTES = frozenset('"“”«»„')
_TAKERS = {
    "في": "takes_fi", "عن": "takes_an", "من": "takes_min", "الي": "takes_ila", "لدي": "takes_lada", "ضد": "takes_did"
}  # fmt: skip
_PRONOUNS = ("", "ه", "ها", "هم")


class Ending(Enum):
    """What ends a subject."""

    CONTENT = "أن, a quotation or a colon"
    TO = "the verb's own preposition"
    COMMA = "a comma, or the end of the sentence"
    OTHER = "anything else"


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence whose subjects are read."""

    folded: Folded
    words: Sequence[Word]

    def text(self, at: int) -> str:
        """Return a word; nothing outside of the sentence."""
        return self.words[at].text if 0 <= at < len(self.words) else ""

    def is_a(self, at: int, *tags: str) -> bool:
        """Whether a word has any of the tags."""
        return 0 <= at < len(self.words) and not word_tags(self.words[at].text).isdisjoint(tags)

    def gap(self, at: int) -> str:
        """Return what stands between a word and the one before it; behind the last word, the rest of the sentence."""
        start = self.words[at - 1].end if at else 0
        return self.folded.text[start : self.words[at].start if at < len(self.words) else None]

    def opens_quote(self, at: int) -> bool:
        """Whether a quotation mark opens before a word."""
        return self.gap(at)[-1:] in _QUOTES

    def closes_quote(self, at: int) -> bool:
        """Whether a quotation mark closes behind the word before."""
        gap = self.gap(at)
        return at > 0 and gap[:1] in _QUOTES and gap[-1:] == " "

    def in_marks(self, at: int) -> int:
        """Return the number of words from one up to a closing mark, 0 if there is none close by."""
        for end in range(at + 1, min(len(self.words), at + _QUOTED_NAME) + 1):
            gap = self.gap(end)
            if gap[:1] in _QUOTES or gap[:1] == ")":
                return end - at
            if gap != " ":
                break
        return 0

    def is_named(self, at: int) -> bool:
        """Whether a word leads subjects, or is a given name."""
        if self.is_a(at, "quantities"):  # مئات المتظاهرين, العديد من الجهات
            return self.is_a(at + 2 if self.text(at + 1) == "من" else at + 1, "leader")
        return self.is_a(at, "leader", "given")

    def introduced(self, at: int, to: frozenset[str]) -> bool:
        """Whether what is said begins a little behind a word."""
        for place in range(at, min(len(self.words), at + _LOOK_AHEAD)):
            if self.opens_quote(place) or ":" in self.gap(place):
                return True
            if self.is_a(place, "complementizers") and not self.is_a(place - 1, "no_speech"):
                return True
            word = self.text(place)
            if "ب" in to and word[0] == "ب" and not self._is_own_ba(place):
                return True
            if "verb" in word_tags(word.removeprefix("و")):
                return False
        return False

    def walk(self, at: int, to: frozenset[str] = frozenset()) -> tuple[int, Ending]:
        """Return the index behind the last word that may belong to a subject, and what ends it.

        Args:
            at: Index of its first word.
            to: Words of its verb that introduce what is said.
        """
        place, closing = at, -1
        while place < min(len(self.words), at + _LONGEST):
            gap = self.gap(place) if place > at else " "
            if place == closing:  # behind a name in marks
                gap = gap[1:] or " "
            taken = 0 if gap == " " else self._across(at, place, gap, to)
            if taken == 0:
                taken = self._step(at, place, to)
            elif not isinstance(taken, Ending) and (gap[-1] in _QUOTES or gap[-1] == "("):
                closing = place + taken
            if isinstance(taken, Ending):
                return place, taken
            place += taken
        return place, Ending.COMMA if place >= len(self.words) else Ending.OTHER

    def _across(self, at: int, place: int, gap: str, to: frozenset[str]) -> int | Ending:
        """Judge a word behind a mark: the number of words that belong to the subject, or what ends it."""
        if gap[-1] in _QUOTES:
            belongs = place > at and self.is_a(place - 1, "quoted")
            return (belongs and self.in_marks(place)) or Ending.CONTENT
        if gap[-1] == "(" and (length := self.in_marks(place)):
            return length
        if ":" in gap or self.is_a(place, "complementizers"):
            return Ending.CONTENT
        if self.text(place) in to:
            return Ending.TO
        if "،" in gap or "," in gap:
            return self._apposition(at, place, to) or Ending.COMMA
        return Ending.OTHER

    def _apposition(self, at: int, place: int, to: frozenset[str]) -> int:
        """Return the length of a name or title behind a comma, 0 if there is none."""
        named = self.is_a(place, "honorifics", "people", "name")
        titled = self.is_a(at, "people") and self._is_noun(place) and not self.is_a(place, "definite")
        titled = titled and self.text(place)[0] not in "وف"
        end = place
        while end < len(self.words) and end - place <= _APPOSITION and (end == place or self.gap(end) == " "):
            step = self._step(place, end, to)
            if isinstance(step, Ending):
                closed = step in (Ending.CONTENT, Ending.TO)
                break
            end += step
        else:
            # A name that no word list knows must be followed by what is said, or by a preposition.
            closed = end >= len(self.words) or (self.gap(end)[:1] in "،," and (named or not self._is_noun(end)))
        return end - place if closed and (named or titled) and end - place <= _APPOSITION else 0

    def _is_noun(self, at: int) -> bool:
        function_word = self.is_a(at, "prepositions", "participles", "complementizers")
        return at < len(self.words) and not function_word and "verb" not in word_tags(self.text(at).removeprefix("و"))

    def _step(self, at: int, place: int, to: frozenset[str]) -> int | Ending:
        """Judge a word behind a space: the number of words that belong to the subject, or what ends it."""
        word = self.text(place)
        if self.is_a(place, "complementizers"):
            return Ending.CONTENT
        if word in to or (word[0] == "ب" and "ب" in to and not self._is_own_ba(place)):
            return Ending.TO
        if place > at and not self._may_follow(place):
            return Ending.OTHER
        if self.is_a(place, "leader", "place") and not self.is_a(place, "verb"):
            return 1
        return self._preposition(at, place) or (Ending.OTHER if self._is_foreign(at, place) else 1)

    def _is_own_ba(self, place: int) -> bool:
        """Whether ب is the first letter of a word, or belongs to a subject, and is no verb's preposition."""
        if self.is_a(place, "leader", "place", "given", "attached", "prepositions", "adjective"):
            return True
        of_noun = self.is_a(place - 1, "people", "bodies") and not self.is_a(place - 1, "definite")  # رئيس بونتلاند
        return of_noun and word_tags(self.text(place)[1:]).isdisjoint(("definite", "acts"))

    def _has_pronoun(self, place: int) -> bool:
        """Whether a noun ends in a pronoun, as an object does and a subject's second word does not: رفض نواب تكراره."""
        word = self.words[place]
        known = self.is_a(place, "definite", "adjective", "leader", "name", "attached") or self.is_a(place - 1, "name")
        if known or len(word.text) < 4:
            return False
        # Folded, the pronoun looks like the feminine ending.
        return word.text.endswith(("ها", "هم")) or self.folded.raw[self.folded.origins[word.end - 1]] == "ه"

    def _is_foreign(self, at: int, place: int) -> bool:
        """Whether a word cannot belong to a subject."""
        word, first = self.text(place), place == at
        if self.is_a(place, "prepositions", "relatives", "participles", "number", "manner"):
            return True
        if self.is_a(place, "time") and (first or not self.is_a(place - 1, "preachers")):
            return True
        if not first and (self.is_a(place, "verb") or self._begins_relative(place) or self._has_pronoun(place)):
            return True
        if word[0] in "بل" and not word_tags(word[1:]).isdisjoint(("definite", "acts", "leader")):
            return True
        if word[0] == "ل" and not self.is_a(place, "given", "adjectives"):
            return not first or word.startswith("لل") or word[1:].isascii()
        return word[0] == "و" and not first and not self._joins(place)

    def _begins_relative(self, place: int) -> bool:
        """Whether a word is rather the verb of a clause about an indefinite noun: طبيبة تعمل في."""
        about = self.is_a(place - 1, "people") and not self.is_a(place - 1, "definite", "honorifics", "given")
        known = self.is_a(place, "leader", "name", "place", "adjective", "acts")
        return about and self.text(place)[0] in "يت" and len(self.text(place)) > 3 and not known

    def _may_follow(self, place: int) -> bool:
        """Whether a word may belong to the one before it: حكومة العراق, but not مسؤولون أميركيون إيران."""
        if self.is_a(place, "adjectives") or self.is_a(place - 1, "prepositions", "attached"):
            return True
        described = self.is_a(place - 1, "adjective")
        if self.is_a(place, "definite"):
            return not described or self.is_a(place - 1, "definite") or self.is_a(place, "honorifics")
        return not self.is_a(place, "states") or not (described or self.is_a(place - 1, "name", "definite"))

    def _joins(self, place: int) -> bool:
        """Whether a word behind و goes on with the subject: a noun joined to it, or a name such as وايت."""
        if self.is_a(place, "given"):
            return True
        rest = word_tags(self.text(place)[1:])
        fits = self.is_a(place + 1, "complementizers") or not rest.isdisjoint(("definite", "leader"))
        return "verb" not in rest and (fits or not self.is_a(place - 1, "definite"))

    def _preposition(self, at: int, place: int) -> int:
        """Return how many words a preposition that belongs to the subject brings along, 0 if it does not belong."""
        if place == at:
            return 0
        word = self.text(place)
        if self.is_a(place, "attached"):
            return 1
        if word in ("لها", "له", "لهم"):
            return int(self.is_a(place - 1, "before_li"))
        if word[0] == "ل" and len(word) > 3:
            return int(self._takes_li(at, place))
        taken = word in _TAKERS and any(self.is_a(before, _TAKERS[word]) for before in range(at, place))
        if not taken or self.gap(place + 1) != " " or place + 1 == len(self.words):
            return 0
        following = self.text(place + 1)
        if word == "في" and any("occasions" in word_tags(following.removesuffix(end)) for end in _PRONOUNS):
            return 0
        if word == "من" and following[0] in "يت" and not self.is_a(place + 1, "leader"):  # مَن, and its verb
            return 0
        return 2

    def _takes_li(self, at: int, place: int) -> bool:
        """Whether a word with ل belongs to the subject: للقوات المسلحة behind القائد العام."""
        word = self.text(place)
        noun = behind_li(word)
        if "audience" in word_tags(noun):
            return False
        takes = any(self.is_a(before, "takes_li") for before in range(at, place))
        fits = word.startswith("لل") or noun in load_speech().words["li_purposes"] or "leader" in word_tags(noun)
        return self.is_a(place - 1, "before_li") or (takes and fits)
