"""Rows of JSON Lines and of files separated by commas, semicolons or tabs, each fault in its place.

Streams are opened as :func:`~iraqcoal_nlp.data.files.decoded` opens them: line ends stay as they are, and
:data:`~iraqcoal_nlp.data.encodings.UNDECODED` stands for what is no text.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from iraqcoal_nlp.data.csv_records import Lines, records, separator_of
from iraqcoal_nlp.data.encodings import UNDECODED, UTF8
from iraqcoal_nlp.data.files import STDIN, check_file, open_text, reading
from iraqcoal_nlp.errors import InputError, printable

_PIPES = "its columns are separated by '|': save it with commas, semicolons or tabs"  # we join events with it


def not_text(encoding: str) -> str:
    """Return what to say of bytes that are no text in the encoding."""
    if encoding == UTF8:
        return "not UTF-8: convert it, for example with `iconv -f WINDOWS-1256 -t UTF-8`"
    return f"not {encoding}, as the rest of the file: convert it to UTF-8"


def text_rows(
    stream: TextIO, path: Path | str, ending: str, *, needed: Sequence[str], advice: str, encoding: str = UTF8
) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield the rows of a file of text by its type: :func:`json_rows` of ``.jsonl``, else :func:`csv_rows`.

    Args:
        stream: The file.
        path: Its path, for messages.
        ending: Its type: ``.jsonl``, ``.csv`` or ``.tsv``; what tells a compression may follow.
        needed: Columns without which no row of a table can be used.
        advice: What to do if one of them is missing.
        encoding: Its encoding, for messages.
    """
    if ending.startswith(".jsonl"):
        return json_rows(stream, path, encoding=encoding)
    usual = "\t" if ending.startswith(".tsv") else ","
    return csv_rows(stream, path, needed=needed, advice=advice, usual=usual, encoding=encoding)


def json_rows(
    stream: Iterable[str], path: Path | str, *, encoding: str = UTF8
) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield line numbers and decoded objects; blank lines are skipped, NaN and infinities become null.

    Args:
        stream: The file.
        path: Its path, for messages.
        encoding: Its encoding, for messages.
    """
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        if UNDECODED in line:
            yield number, InputError(not_text(encoding), path=path, row=number)
            continue
        try:
            row = mended(json.loads(line))
        except (ValueError, RecursionError) as error:
            is_prose = path == STDIN and not line.lstrip().startswith(("{", "["))
            advice = ": for plain text, give --stdin txt" if is_prose else ""
            yield number, InputError(f"not JSON ({error}){advice}", path=path, row=number)
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            yield number, InputError("a row must be a JSON object", path=path, row=number)


def sound_json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers and objects of a file of JSON Lines in which no row may be wrong.

    Raises:
        InputError: It cannot be read, or its first wrong row.
    """
    check_file(path, of_folder="the file of rows in it")
    with reading(path), open_text(str(path), ".jsonl") as (stream, encoding):
        for number, row in json_rows(stream, path, encoding=encoding):
            if isinstance(row, InputError):
                raise row
            yield number, row


def mended(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Write U+FFFD for each half of a surrogate pair: UTF-8 cannot hold it, and its place in the text is kept.

    NaN, infinities and numbers too large for a float become null: JSON has none of them.
    """
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [mended(item) for item in value]
    if isinstance(value, dict):
        return {mended(key): mended(item) for key, item in value.items()}
    return value


def csv_rows(
    stream: TextIO,
    path: Path | str,
    *,
    needed: Sequence[str],
    advice: str,
    usual: str = ",",
    encoding: str = UTF8,
) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield row numbers as a spreadsheet shows them (the header is row 1), and rows by column name.

    Args:
        stream: The file.
        path: Its path, for messages.
        needed: Columns without which no row can be used.
        advice: What to do if one of them is missing.
        usual: What separates cells, where the header does not say otherwise: see :func:`.separator_of`.
        encoding: Its encoding, for messages.
    """
    lines = Lines(stream)
    separator = separator_of(lines, usual, needed)
    header: list[str] = []
    for number, cells in enumerate(records(lines, separator), 1):
        if isinstance(cells, csv.Error):
            reason = f"not CSV ({cells}): double each quotation mark inside a cell, and close each cell that opens one"
            yield number, InputError(reason, path=path, row=number)
            if not header:
                return
        elif not any(cells):
            continue  # a blank line, or the empty rows that Excel leaves below a table
        elif not header:
            fault = header_fault(cells, needed, advice) if separator != "|" else _PIPES
            if fault is not None:
                yield number, InputError(fault, path=path, row=number)
                return
            header = unique_names(cells)
        elif len(cells) > len(header):
            reason = f"has {len(cells)} cells, the header has {len(header)}: quote cells that hold a separator"
            yield number, InputError(reason, path=path, row=number)
        elif any(UNDECODED in cell for cell in cells):
            yield number, InputError(not_text(encoding), path=path, row=number)
        else:
            yield number, dict(zip(header, cells, strict=False))


def header_fault(header: Sequence[str], needed: Sequence[str], advice: str) -> str | None:
    """Return why a table with these columns cannot be used, ``None`` if it can."""
    if any(UNDECODED in name for name in header):
        return "names of columns are no text: convert the file to UTF-8"
    for name in needed:
        if name not in header:
            known = ", ".join(map(repr, header))
            return f"has no column {name!r} but {known}: {advice}"
        if header.count(name) > 1:
            return f"has {header.count(name)} columns {name!r}: rename all but one"
    return None


def unique_names(header: Sequence[str]) -> list[str]:
    """Give columns without a name, and those that repeat one, the name ``column_<number>``, longer if taken."""
    names: list[str] = []
    for place, name in enumerate(header):
        unique = name
        if not name or name in names:
            unique = f"column_{place + 1}"
            while unique in header or unique in names:
                unique += "_"
        names.append(unique)
    return names
