"""Dates of publication, as inputs write them."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime

from iraqcoal_nlp.text.normalize import map_digits

_ISO = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d\d)(\d\d))(?!\d)")


def iso_date(value: object) -> str | None:
    """Return the day as ``YYYY-MM-DD``, or ``None`` if the value does not say it without doubt.

    Read are ISO 8601 days and times (also with ``/`` or ``.``, and with Arabic digits), the dates of feeds (RFC 2822)
    and Python's own dates. ``03/04/2020`` is not: nobody can know which number is the month. A time is not moved to
    another zone: the day is the one that the source printed.
    """
    if isinstance(value, datetime.date):  # a datetime is one too
        return value.isoformat()[:10]
    text = map_digits(str(value or "")).strip()
    try:
        if found := _ISO.match(text):
            return datetime.date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6])).isoformat()
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, OverflowError):  # the latter: a year or an offset of thirty digits
        return None
