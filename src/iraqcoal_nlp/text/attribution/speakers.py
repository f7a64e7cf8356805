"""Finds who is quoted or reported to have said something: rather nobody than a wrong one.

Four ways: a reporting verb with its subject behind it (``قال التحالف إن``) or before it (``التحالف يعلن``), a phrase of
attribution (``نقلا عن مصادر``), and a headline's ``نائب: …``. A sentence that goes on without naming who speaks
(``وأضاف أن``) is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from iraqcoal_nlp.text.attribution.mentions import SpeakerMention
from iraqcoal_nlp.text.attribution.reading import Ending, Reading
from iraqcoal_nlp.text.attribution.speech import Phrase, Verb, bare_noun, behind_li, load_speech, word_tags
from iraqcoal_nlp.text.attribution.subjects import close_subject, subject_before, subject_behind
from iraqcoal_nlp.text.folding import Folded, Word

_HEADLINE = 10
"""So many words stand before a headline's colon at most."""
_LEAD = 8
"""So many words before the verb of a sentence that goes on: وفي تشرين الثاني أعلن عن."""
_HEADLINE_TAIL = 4
"""So many of them behind a preposition."""
_RELAY = 6
"""So many words a relay has at most: نقلت صحيفة وول ستريت جورنال الأميركية عن مسؤول."""
_NAME_MARKS = ' "“”«»()'
_PLURALS = ("وا", "ون")
_AS = frozenset(("ما", "لما", "كما", "حسبما", "مثلما"))  # what follows only says who has said the rest
_BEFORE_VERB = _AS | {"قد", "لقد", "فقد"}
_AFTER_PARTICIPLE = frozenset(("الي", "علي", "من", "عن"))


@dataclass(frozen=True, slots=True)
class _Found:
    """A speaker: indices of its first word and behind its last, and folded offsets of its cue."""

    first: int
    end: int
    cue: tuple[int, int]


def find_speakers(folded: Folded, offset: int) -> tuple[tuple[SpeakerMention, ...], bool]:
    """Find who speaks in a sentence.

    Args:
        folded: The sentence.
        offset: Where the sentence starts in its article; added to every offset.

    Returns:
        The speakers, and whether the sentence goes on with what an earlier one's speaker says.
    """
    finder = _Finder(folded)
    mentions: list[SpeakerMention] = []
    for found in sorted(finder.find(), key=lambda found: (found.first, -found.end)):
        start = finder.words[found.first].start
        raw_start, raw_end = folded.span(start, folded.closed(start, finder.words[found.end - 1].end))
        if mentions and offset + raw_start < mentions[-1].end:
            continue
        cue_start, cue_end = folded.span(*found.cue)
        mentions.append(
            SpeakerMention(
                start=offset + raw_start,
                end=offset + raw_end,
                text=folded.raw[raw_start:raw_end],
                cue=folded.raw[cue_start:cue_end],
            )
        )
    return tuple(mentions), not mentions and finder.goes_on()


class _Finder:
    def __init__(self, folded: Folded) -> None:
        self.words = folded.words()
        self._reading = Reading(folded, self.words)
        self._speech = load_speech()

    def find(self) -> Iterator[_Found]:
        """Give every speaker that any of the four ways finds; they may overlap."""
        yield from self._headline()
        for at in range(len(self.words)):
            yield from self._at_verb(at)
            yield from self._at_phrase(at)

    def goes_on(self) -> bool:
        """Whether the first reporting verb has no subject, and nothing before it could be one."""
        if self._reading.is_a(0, "participles"):
            return self._content_follows(1, _AFTER_PARTICIPLE)
        for at in range(min(len(self.words), _LEAD)):
            verb, prefix = self._verb(at)
            form = self.words[at].text[prefix:]
            if verb is not None and (form == "بين" or form not in self._speech.words["also_nouns"]):
                return self._is_lead(at) and self._content_follows(at + 1, verb.to)
        return False

    def _is_lead(self, at: int) -> bool:
        """Whether the words before a verb only join sentences, or say when or where."""
        first = self._reading.text(0).removeprefix("و")
        words = self._speech.words
        if at == 0 or (at == 1 and first in words["conjunctions"]):
            return True
        related = any(self._reading.is_a(place, "relatives", "negations") for place in range(at))
        return (first in words["leads"] or self._reading.is_a(0, "time")) and not related

    def _content_follows(self, at: int, to: frozenset[str]) -> bool:
        """Whether what is said begins at a word, or behind words that say where or when."""
        if at >= len(self.words):
            return False
        if self._reading.opens_quote(at) or ":" in self._reading.gap(at):
            return True
        end, ending = self._reading.walk(at, to)
        if end > at or self._reading.gap(at).strip(" ،,") or self._reading.is_a(at, "demonstratives"):
            return False
        return ending in (Ending.CONTENT, Ending.TO) or self._reading.introduced(at, to)

    def _verb(self, at: int) -> tuple[Verb | None, int]:
        """Return the reporting verb that a word is, and the length of the conjunction before it."""
        word = self.words[at].text
        verb = self._speech.verb(word, after_relative=self._reading.text(at - 1) in ("ما", "مما", "لما"))
        if verb is None and word[0] in "وف" and len(word) > 3:
            return self._speech.verb(word[1:]), 1
        return verb, 0

    def _at_verb(self, at: int) -> Iterator[_Found]:
        """Give the speakers that a word reports, if it is a verb: its subject, and whom the subject relays."""
        verb, prefix = self._verb(at)
        if verb is None or (self._reading.is_a(at - 1, "negations") and self._reading.text(at - 1) != "ما"):
            return
        form, cue = self.words[at].text[prefix:], (self.words[at].start + prefix, self.words[at].end)
        before = None if prefix else subject_before(self._reading, at, verb)
        if before is not None:
            yield _Found(*before, cue)
        elif self._may_have_subject_behind(at, prefix, verb):
            first = self._behind_audience(self._behind_times(at + 1))
            relayed = list(self._relayed(first, cue)) if form in self._speech.words["relays"] else []
            end = None if relayed else self._end_behind(at, first, prefix, verb)
            yield from relayed
            if end is not None:
                yield _Found(first, end, cue)

    def _relayed(self, first: int, cue: tuple[int, int]) -> Iterator[_Found]:
        """Give who relays, up to عن, and the source behind it; nobody where no known source follows."""
        for about in range(first, min(first + _RELAY, len(self.words) - 1) + 1):
            if about > first and self._reading.gap(about).strip(_NAME_MARKS):
                return  # a mark that no name has
            if self._reading.text(about) == "عن":
                end, _ = self._reading.walk(about + 1)
                if end > about + 1 and self._reading.is_named(about + 1):
                    if about > first:
                        yield _Found(first, about, cue)
                    yield _Found(about + 1, end, cue)
                return

    def _may_have_subject_behind(self, at: int, prefix: int, verb: Verb) -> bool:
        if self.words[at].text.endswith(_PLURALS):
            return False  # a plural verb has its subject before it
        if verb.object and prefix and at:
            return False  # a second verb may share the first one's subject
        return verb.person or self._begins_clause(at, prefix)

    def _begins_clause(self, at: int, prefix: int) -> bool:
        """Whether a verb stands where a clause begins, and not behind a noun: قرار يطالب الحكومة."""
        noun, gap = self._reading.is_a(at, "also_nouns"), self._reading.gap(at)
        if at == 0 or prefix or (gap != " " and not (noun and ":" in gap)):
            return True
        if self._reading.text(at - 1) in _BEFORE_VERB:
            return True
        return not noun and self._reading.is_a(at - 1, "prepositions", "openers", "relatives", "time")

    def _behind_times(self, at: int) -> int:
        """Return the index of the first word behind words that say when."""
        while self._reading.is_a(at, "time") and self._reading.gap(at) in (" ", "، "):
            at += 1
        return at

    def _behind_audience(self, at: int) -> int:
        """Return the index of the word behind the one that says to whom, if a speaker follows: قال لرويترز مسؤول."""
        word = self._reading.text(at)
        addressed = word[:1] == "ل" and "audience" in word_tags(behind_li(word))
        return at + 1 if addressed and self._reading.gap(at + 1) == " " and self._reading.is_named(at + 1) else at

    def _end_behind(self, at: int, first: int, prefix: int, verb: Verb) -> int | None:
        """Return the index behind the subject of a verb, None if none follows."""
        if first >= len(self.words) or ":" in self._reading.gap(first):
            return None
        if self._reading.opens_quote(first):  # what is said, or a name: وأكد "الإليزيه" أن
            end = first + self._reading.in_marks(first)
            named = self._reading.is_a(end, "complementizers", "time") or self._reading.text(end) in verb.to
            return end if end > first and named else None
        form = self.words[at].text[prefix:]
        if verb.object and not self._speech.agrees(form, self._reading.text(first)):
            return None
        told = self._reading.text(at - 1) in _AS or self._reading.closes_quote(at)
        in_passing = at > 0 and not prefix and "،" in self._reading.gap(at)
        return subject_behind(self._reading, first, verb, told=told, in_passing=in_passing)

    def _at_phrase(self, at: int) -> Iterator[_Found]:
        """Give the source that a phrase of attribution names."""
        word = self.words[at].text
        prefix = int(word not in self._speech.phrases and word[0] == "و")
        for phrase in self._speech.phrases.get(word[prefix:], ()):
            source = at + len(phrase.words)
            same = all(self._reading.text(at + place) == phrase.words[place] for place in range(1, len(phrase.words)))
            if not same or source >= len(self.words) or self._reading.gap(source) != " ":
                continue
            if phrase.attached and not self._cut_preposition(source):
                continue
            end, _ = self._reading.walk(source)
            if end > source and self._may_be_source(source, phrase):
                end = close_subject(self._reading, source, end, sure=True)
                yield _Found(source, end, (self.words[at].start + prefix, self.words[source - 1].end))

    def _cut_preposition(self, at: int) -> bool:
        """Take the ل off a word: للمتحدث is read as المتحدث."""
        word = self.words[at]
        if word.text[0] != "ل" or len(word.text) < 4:
            return False
        self.words[at] = Word(word.start + 1, word.end, behind_li(word.text))
        return True

    def _may_be_source(self, at: int, phrase: Phrase) -> bool:
        if phrase.only:
            return at <= _LEAD and bare_noun(self.words[at].text) in phrase.only
        return self._reading.is_named(at) or not phrase.known

    def _headline(self) -> Iterator[_Found]:
        """Give who stands before the colon of a headline."""
        colons = (at for at in range(1, min(_HEADLINE, len(self.words))) if ":" in self._reading.gap(at))
        colon = next(colons, None)
        known = self._reading.is_a(0, "people", "honorifics", "bodies", "papers", "name")
        if colon is None or not known or self._reading.is_a(0, "not_speakers"):
            return
        end, ending = self._reading.walk(0)
        # What follows a preposition belongs to it, too: جنرال في الجيش: ...
        plain = colon - end <= _HEADLINE_TAIL and all(self._may_be_headline(at) for at in range(end, colon))
        if ending is Ending.CONTENT or (end < colon and plain):
            mark = self._reading.folded.text.index(":", self.words[colon - 1].end)
            yield _Found(0, colon, (mark, mark + 1))

    def _may_be_headline(self, at: int) -> bool:
        reading = self._reading
        function_word = reading.is_a(
            at, "relatives", "negations", "participles", "complementizers", "verb", "time", "occasions"
        )
        dative = reading.text(at)[0] == "ل" and not reading.is_a(at, "leader", "adjective")  # محلل لـCNN
        return not (function_word or dative) and (reading.gap(at) == " " or reading.closes_quote(at))
