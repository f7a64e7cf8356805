"""Rows of comma- and tab-separated files, each fault in its place."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from iraqcoal_nlp.errors import InputError

_LONGEST_CELL = 2**31 - 1  # the csv module refuses more than 128 KB by default, and a C long is short on Windows


def csv_rows(stream: TextIO, path: Path, *, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | InputError]]:
    """Yield row numbers as a spreadsheet shows them (the header is row 1), and rows by column name.

    Args:
        stream: The file, opened with ``newline=""``.
        path: Its path: ``.tsv`` is separated by tabs, all else by commas.
        needed: Columns without which no row can be used.
    """
    csv.field_size_limit(_LONGEST_CELL)
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    # Strict: otherwise a stray quotation mark silently swallows every row up to the next one.
    rows = enumerate(_each_row(csv.reader(stream, delimiter=separator, strict=True)), 1)
    header: list[str] = []
    for number, cells in rows:
        if isinstance(cells, csv.Error):
            reason = f"not CSV ({cells}): double each quotation mark inside a cell, and close each cell that opens one"
            yield number, InputError(reason, path=path, row=number)
            if not header:
                return
        elif not header:
            fault = _header_fault(cells, needed)
            if fault is not None:
                yield number, InputError(fault, path=path, row=number)
                return
            header = _unique(cells)
        elif len(cells) > len(header):
            reason = f"has {len(cells)} cells, the header has {len(header)}: quote cells that hold a separator"
            yield number, InputError(reason, path=path, row=number)
        elif cells:
            yield number, dict(zip(header, cells, strict=False))


def _each_row(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Yield rows and, in its place, the error of each that cannot be read; reading goes on at the next line."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error


def _header_fault(header: Sequence[str], needed: Sequence[str]) -> str | None:
    for name in needed:
        if name not in header:
            known = ", ".join(map(repr, header))
            return f"has no column {name!r} but {known}: `iraqcoal score` takes --text-column and --id-column"
        if header.count(name) > 1:
            return f"has {header.count(name)} columns {name!r}: rename all but one"
    return None


def _unique(header: Sequence[str]) -> list[str]:
    """Give columns without a name, and those that repeat one, the name ``column_<number>``."""
    return [name if name and name not in header[:place] else f"column_{place + 1}" for place, name in enumerate(header)]
