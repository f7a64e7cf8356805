"""Dates of publication, as inputs write them."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime

from iraqcoal_nlp.text.attribution.mentions import YEARS
from iraqcoal_nlp.text.normalize import map_digits

_ISO = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d\d)(\d\d))(?!\d)")


def iso_date(value: object) -> str | None:
    """Return the day as ``YYYY-MM-DD``, or ``None`` if the value does not say it without doubt.

    Read are ISO 8601 days and times (also with ``/`` or ``.``, and with Arabic digits), the dates of feeds (RFC 2822)
    and Python's own dates. ``03/04/2020`` is not: nobody can know which number is the month. Nor is a year outside 1900
    to 2100: ``1441`` is of the Hijri calendar, ``9999`` stands for none. A time is not moved to another zone: the day
    is the one that the source printed.
    """
    day = _day(value)
    return None if day is None or day.year not in YEARS else day.isoformat()[:10]


def _day(value: object) -> datetime.date | None:
    if isinstance(value, datetime.date):  # a datetime is one too
        return value
    text = map_digits(str(value or "")).strip()
    try:
        if found := _ISO.match(text):
            return datetime.date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6]))
        return parsedate_to_datetime(text).date()
    except (ValueError, OverflowError):  # the latter: a year or an offset of thirty digits
        return None
