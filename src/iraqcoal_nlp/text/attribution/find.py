"""The front door: everything that one sentence mentions."""

from __future__ import annotations

import datetime

from iraqcoal_nlp.text.attribution.dates import find_dates
from iraqcoal_nlp.text.attribution.mentions import YEARS, Mentions
from iraqcoal_nlp.text.attribution.places import find_places
from iraqcoal_nlp.text.attribution.speakers import find_speakers
from iraqcoal_nlp.text.folding import fold


def find_mentions(text: str, *, offset: int = 0, article_date: datetime.date | str | None = None) -> Mentions:
    """Find the speakers, places and dates of a sentence; :func:`iraqcoal_nlp.find_mentions` says how.

    Raises:
        TypeError: ``text`` is not a string.
        ValueError: ``article_date`` is no day, or its year is not in :data:`YEARS`.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text must be a string, not {type(text).__name__}")
    anchor = None if article_date is None else article_day(article_date)
    folded = fold(text)
    speakers, continues = find_speakers(folded, offset)
    return Mentions(
        speakers=speakers,
        places=find_places(folded, offset),
        dates=find_dates(folded, offset, anchor),
        continues=continues,
    )


def article_day(given: datetime.date | str) -> datetime.date:
    """Return the day of an article.

    Raises:
        ValueError: It is none, or its year is not in :data:`YEARS`.
    """
    try:
        day = datetime.date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        day = None
    if isinstance(day, datetime.datetime):
        day = day.date()
    if not isinstance(day, datetime.date) or day.year not in YEARS:
        raise ValueError(f"article_date {str(given)!r} is not a day as YYYY-MM-DD, from {YEARS[0]} to {YEARS[-1]}")
    return day
