"""Which encoding a file is in: its mark, UTF-8, UTF-16 by its high bytes, then a guess among those of Arabic."""

from __future__ import annotations

import codecs
import re

UTF8 = "utf-8"

MARK_UNDECODED = "iraqcoal.mark_undecoded"
"""Name of an error handler for decoding: each fault becomes one :data:`UNDECODED` character, in its place."""

UNDECODED = "\udcff"
"""Stands for bytes that are no text in the file's encoding; no decoder gives it for bytes that are."""

ASCII_AT_MOST = 1 << 20
"""A file that begins with so many bytes of ASCII alone is taken for UTF-8."""

SAMPLE = 1 << 16
"""Bytes, from the first one beyond ASCII on, by which an encoding is chosen."""

_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARABIC = {"cp1256": "windows-1256", "iso8859_6": "iso-8859-6"}  # Python's name: the registered one
_BEYOND_ASCII = re.compile(b"[\x80-\xff]")
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)

codecs.register_error(MARK_UNDECODED, lambda error: (UNDECODED, getattr(error, "end", 0)))


def detect(start: bytes) -> str:
    """Return the name of the encoding that a file's beginning is written in.

    ``utf-8`` is also the answer for a file of it in which some rows are broken, and where nothing fits.
    """
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    unmarked = _unmarked_utf16(start)
    if unmarked is not None:
        return unmarked
    sample = start[first_beyond_ascii(start) :][:SAMPLE]
    text = sample.decode(UTF8, MARK_UNDECODED)
    faults = text.count(UNDECODED)
    whole = sum(not character.isascii() for character in text) - faults
    if faults <= whole:  # Arabic in another encoding hardly ever holds a whole character of UTF-8
        return UTF8
    return _guess(sample) or UTF8


def detect_page(page: bytes) -> str:
    """Return the encoding of an HTML page. What its head declares stands above a guess, below what the bytes show."""
    name, declared = detect(page), _DECLARED.search(page[:4096])
    if declared is None or (name not in _ARABIC.values() and _decodes(page, name)):
        return name
    stated = declared[1].decode("ascii", "replace")
    return _ARABIC.get(codecs.lookup(stated).name.replace("-", "_"), stated.lower()) if _decodes(page, stated) else name


def first_beyond_ascii(start: bytes) -> int:
    """Return the place of the first byte that is not ASCII; the length if all are."""
    found = _BEYOND_ASCII.search(start)
    return len(start) if found is None else found.start()


def _unmarked_utf16(start: bytes) -> str | None:
    """UTF-16 without a mark shows by its high bytes: most are 00 (ASCII) or 06 (Arabic), which text never holds."""
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = start[place::2]
        if high and 2 * (high.count(0) + high.count(6)) > len(high):
            return name
    return None


def _guess(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 50 ms that UTF-8 need not pay

    best = from_bytes(sample, cp_isolation=list(_ARABIC)).best()
    return None if best is None else _ARABIC[best.encoding]


def _decodes(page: bytes, name: str) -> bool:
    try:
        page.decode(name)
    except (LookupError, ValueError):  # no such encoding; not in it
        return False
    return True
