"""The subject of a reporting verb: what :mod:`iraqcoal_nlp.text.attribution.reading` walks over, judged and cut.

Where an object may follow at once (``أعلن التحالف تعليق مهامه``), the subject ends where its noun and adjectives do.
"""

from __future__ import annotations

from iraqcoal_nlp.text.attribution.reading import Ending, Reading
from iraqcoal_nlp.text.attribution.speech import Verb, load_speech, word_tags

_UNKNOWN = 4
"""So many words a subject has at most that no known word leads."""
_UNKNOWN_PERSON = 12
"""The same behind verbs that only people do, whose name a title may follow."""
_LONGEST_BEFORE = 10
"""So many words a subject before its verb has at most."""


def subject_behind(reading: Reading, at: int, verb: Verb, *, told: bool, in_passing: bool) -> int | None:
    """Return the index behind the last word of the subject that starts at a word, None if none does.

    Args:
        reading: The sentence.
        at: Index of a word.
        verb: The reporting verb before it.
        told: Whether what is said stands before the verb.
        in_passing: Whether it does if a comma ends the subject: ``سنبقى، قال ضابط، حتى النهاية``.
    """
    end, ending = reading.walk(at, verb.to)
    if end == at:
        return None
    at_once = ending in (Ending.CONTENT, Ending.TO)
    introduced = at_once or told or (ending is Ending.COMMA and in_passing) or reading.introduced(end, verb.to)
    if (verb.content and not introduced) or (verb.at_once and not at_once):
        return None
    if not reading.is_named(at):
        longest = _UNKNOWN_PERSON if verb.person else _UNKNOWN
        fits = introduced and (verb.person or ending is Ending.CONTENT) and not verb.object
        if not fits or end - at > longest or reading.is_a(at, "acts") or _first_act(reading, at, end) < end:
            return None
    if verb.person and introduced:
        return end
    sure = introduced or ending is Ending.COMMA
    return close_subject(reading, at, end, sure=sure and not verb.object)


def subject_before(reading: Reading, at: int, verb: Verb) -> tuple[int, int] | None:
    """Return the indices of the first word, and behind the last, of a subject right before its verb; None if none is.

    Args:
        reading: The sentence.
        at: Index of the verb.
        verb: What it asks.
    """
    end = at
    while reading.is_a(end - 1, "auxiliaries"):
        end -= 1
    first = _clause_start(reading, end)
    if first is None or reading.walk(first)[0] != end:
        return None
    plain = verb.person and reading.is_a(first, "definite") and end - first <= 2
    if not (reading.is_named(first) or plain) or not _adjoins(reading, first, at):
        return None
    if verb.content and not (reading.introduced(at + 1, verb.to) or _has_own_preposition(reading, at, verb)):
        return None
    return first, end


def close_subject(reading: Reading, at: int, end: int, *, sure: bool) -> int:
    """Cut a subject where its noun phrase ends, for what follows may be an object.

    Args:
        reading: The sentence.
        at: Index of its first word.
        end: Index behind its last, by :meth:`Reading.walk`.
        sure: Whether something else than an object ends it.
    """
    end = _first_act(reading, at, end)
    if not reading.is_a(at, "people", "honorifics", "given"):
        return _noun_phrase(reading, at, end)
    return end if sure else _titled_name(reading, at, end)


def _clause_start(reading: Reading, end: int) -> int | None:
    """Return where the clause begins whose subject ends before a word: behind لكن or its kin, or with the sentence."""
    for first in range(end - 1, max(-1, end - _LONGEST_BEFORE - 1), -1):
        if first == 0 or reading.is_a(first - 1, "openers"):
            return None if reading.is_a(first, "openers") else first
    return None


def _adjoins(reading: Reading, first: int, at: int) -> bool:
    """Whether a subject goes up to its verb: a comma between them closes a name behind another comma."""
    if reading.gap(at) == " " or reading.closes_quote(at):
        return True
    return reading.gap(at) == "، " and any("،" in reading.gap(place) for place in range(first + 1, at))


def _has_own_preposition(reading: Reading, at: int, verb: Verb) -> bool:
    return any(reading.text(place) in verb.to for place in range(at + 1, at + 1 + _LONGEST_BEFORE))


def _first_act(reading: Reading, at: int, end: int) -> int:
    """Return the index of the first word that is rather what is announced than who announces it, else the end."""
    for place in range(at + 1, end):
        construct = reading.is_a(place - 1, "people", "bodies", "papers") and not reading.is_a(place - 1, "definite")
        if reading.is_a(place, "acts") and not construct and not reading.is_a(place - 1, "honorifics"):
            return place
    return end


def _noun_phrase(reading: Reading, at: int, end: int) -> int:
    """Return the end of a noun, what it is of, and its adjectives; a preposition or و begins another one."""
    place, definite = at, False
    while place < end:
        marked = place > at and (reading.opens_quote(place) or reading.gap(place)[-1:] == "(")
        if marked and (length := reading.in_marks(place)):
            place, definite = place + length, True
            continue
        if _begins_again(reading, place):
            definite = False
        elif place > at and not (_describes(reading, place) if definite else _goes_on(reading, at, place)):
            break
        definite = definite or _is_definite(reading, at, place)
        place += 1
    return place


def _is_definite(reading: Reading, at: int, place: int) -> bool:
    """Whether nothing but adjectives may follow."""
    if reading.is_a(place, "definite", "states", "figures"):
        return True
    # Behind a preposition a word that is not known is a name: نائبة عن دهوك.
    named = reading.is_a(place, "place") or (
        reading.is_a(place - 1, "prepositions") and not reading.is_a(place, "leader")
    )
    return place > at and named


def _begins_again(reading: Reading, place: int) -> bool:
    """Whether a new noun phrase of the same subject begins: after a preposition, or with و."""
    word = reading.text(place)
    rest = word_tags(word[1:])
    joined = word[0] == "و" and not rest.isdisjoint(("definite", "leader")) and not reading.is_a(place, "states")
    linked = reading.is_a(place, "prepositions", "attached") or reading.is_a(place - 1, "prepositions", "attached")
    purposes = load_speech().words["li_purposes"]
    purpose = (word[0] == "ل" and word[1:] in purposes) or reading.text(place - 1)[1:] in purposes
    return joined or linked or purpose or word.startswith("لل")


def _describes(reading: Reading, place: int) -> bool:
    """Whether a word is an adjective of a definite noun."""
    return reading.is_a(place, "adjectives") or (reading.is_a(place, "adjective") and reading.is_a(place, "definite"))


def _goes_on(reading: Reading, at: int, place: int) -> bool:
    """Whether a word goes on with an indefinite noun: what it is of, or its adjective."""
    if reading.is_a(place, "adjectives") or (reading.is_a(place, "adjective") and not reading.is_a(place, "definite")):
        return True
    of_head = place == at + 1 and reading.is_a(place + 1, "definite")  # شركة نفط البصرة
    belongs = of_head or reading.is_a(place, "definite", "leader", "place", "quantities")
    return belongs and not reading.is_a(place - 1, "adjective")


def _titled_name(reading: Reading, at: int, end: int) -> int:
    """Return the end of a title and a name."""
    place = _noun_phrase(reading, at, end) if reading.is_a(at, "people") else at
    while place < end and reading.is_a(place, "name", "honorifics"):
        place += 1
    surname = at < place < end and reading.is_a(place - 1, "given")
    return place + surname
