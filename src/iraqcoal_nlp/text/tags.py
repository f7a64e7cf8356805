"""HTML tags in a text, as exports of content management systems hold them: a model reads them as words."""

from __future__ import annotations

import re

_NAMES = (
    "p|br|div|span|strong|b|em|i|u|h[1-6]|ul|ol|li|img|blockquote|table|tbody|tr|td|th|figure|figcaption|iframe|script|style"
    "|article|section|font|center|hr"
)
# Nothing but known names, and behind one what tags have: `<` also stands for "less than", and around addresses.
_TAG = re.compile(
    rf"<(?:(?:{_NAMES})(?:\s*/?|\s[^<>=]*=[^<>]*)|a\s(?=[^<>]*?href\s*=)[^<>]*|/(?:{_NAMES}|a)\s*)>", re.IGNORECASE
)


def holds_tags(text: str) -> bool:
    """Whether a text holds a tag of HTML that articles are written with."""
    return _TAG.search(text) is not None
