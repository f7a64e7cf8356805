"""What is found in a sentence. All values are frozen; offsets are code points into the article, end-exclusive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iraqcoal_nlp.text.attribution.gazetteer import Place

YEARS = range(1900, 2101)
"""Years of an article's day: another one is a slip, a placeholder, or of another calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerMention:
    """Who is quoted, or reported to say, announce, demand, deny, threaten or the like."""

    start: int
    end: int
    text: str
    cue: str
    """The reporting verb or phrase, as written: ``قال``, ``نقلاً عن``; ``:`` in a headline such as ``نائب: …``."""

    def to_dict(self) -> dict[str, Any]:
        """Return the mention, ready for JSON."""
        return {"start": self.start, "end": self.end, "text": self.text, "cue": self.cue}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMention:
    """A place of Iraq, with the designator before its name (``قاعدة عين الأسد``), without a prefix."""

    start: int
    end: int
    text: str
    place: Place

    def to_dict(self) -> dict[str, Any]:
        """Return the mention and the gazetteer's facts, ready for JSON."""
        place = self.place
        facts = {"name": place.name, "latin": place.latin, "kind": place.kind, "province": place.province}
        where = {"latitude": place.latitude, "longitude": place.longitude}
        return {"start": self.start, "end": self.end, "text": self.text} | facts | where


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMention:
    """A day, month or year, named or counted from the day of the article."""

    start: int
    end: int
    text: str
    value: str | None
    """``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``; ``None`` if the text does not say it without doubt."""
    note: str
    """How the value came about, or why there is none: one of the constants of
    :mod:`iraqcoal_nlp.text.attribution.resolve`."""

    def to_dict(self) -> dict[str, Any]:
        """Return the mention, ready for JSON."""
        return {"start": self.start, "end": self.end, "text": self.text, "value": self.value, "note": self.note}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Everything found in one sentence, each kind in text order; mentions of a kind never overlap."""

    speakers: tuple[SpeakerMention, ...]
    places: tuple[PlaceMention, ...]
    dates: tuple[DateMention, ...]
    continues: bool
    """Whether the sentence reports on without naming the speaker (``وأضاف أن …``): look in the sentences before it."""

    def to_dict(self) -> dict[str, Any]:
        """Return the mentions, ready for JSON."""
        return {
            "speakers": [mention.to_dict() for mention in self.speakers],
            "places": [mention.to_dict() for mention in self.places],
            "dates": [mention.to_dict() for mention in self.dates],
            "continues": self.continues,
        }
