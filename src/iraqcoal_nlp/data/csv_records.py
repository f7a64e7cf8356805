"""Records of files whose cells are separated by commas, semicolons or tabs: by which, the header shows."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

_LONGEST_CELL = 2**31 - 1  # the csv module refuses more than 128 KB by default, and a C long is short on Windows
_SEPARATORS = (",", ";", "\t", "|")
_SAID = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)  # Excel reads such a first line, and does not show it
_LONGEST_NAME = 40
_ENDS_A_SENTENCE = (".", ":", "!", "?", "؟", "…")


class Lines:
    """Lines of a file, of which some can be given back."""

    def __init__(self, stream: Iterable[str]) -> None:
        self._stream = iter(stream)
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._stream)
        self.taken.append(line)
        return line

    def give_back(self, *, after: int = 0) -> None:
        """Let the lines that were taken be read again, without the first ``after`` of them."""
        self._waiting.extendleft(reversed(self.taken[after:]))
        self.taken.clear()


def separator_of(lines: Lines, usual: str, needed: Sequence[str]) -> str:
    """Return what separates cells: what a first line ``sep=`` says, else what cuts the needed columns from the header.

    Where nothing does, it is what cuts the header at all: a message can then name its columns. The usual one is first.
    """
    said = _SAID.fullmatch(next(lines, ""))
    if said is not None:
        return said[1]
    lines.give_back()

    def fit(separator: str) -> tuple[bool, bool]:
        header = _first_record(lines, separator)
        return set(needed) <= set(header), len(header) > 1

    return max((usual, *_SEPARATORS), key=fit)


def _first_record(lines: Lines, separator: str) -> list[str]:
    """Return the cells of the first record that is not blank, without taking it; none if it cannot be read."""
    try:
        return next(filter(None, _reader(lines, separator)), [])
    except csv.Error:
        return []
    finally:
        lines.give_back()


def is_table(text: str, *, column: str) -> bool:
    """Whether a text is a table with tabs, as Excel's "Unicode Text": names of columns, and as many cells in each row.

    Prose may have tabs too. So one of the cells must hold a text, and of two columns one must be called ``column``.
    """
    if "\t" not in text.lstrip("\r\n").partition("\n")[0]:
        return False  # without reading the rest
    rows = (row for row in records(Lines(io.StringIO(text, newline="")), "\t") if row)
    names = next(rows, [])
    if isinstance(names, csv.Error) or not (len(names) > 2 or column in names) or len(set(names)) < len(names):
        return False
    if not all(name.strip() and len(name) <= _LONGEST_NAME and not name.endswith(_ENDS_A_SENTENCE) for name in names):
        return False
    holds_text = False
    for row in rows:
        if isinstance(row, csv.Error) or len(row) != len(names):
            return False
        holds_text |= max(map(len, row)) > _LONGEST_NAME
    return holds_text


def records(lines: Lines, separator: str) -> Iterator[list[str] | csv.Error]:
    """Yield records and, in its place, the error of each that cannot be read.

    A stray quotation mark opens a cell that swallows the lines after it, up to the next mark or the end. Where that
    shows, only the line that holds it is given up, and reading goes on with the line after it.
    """
    while True:
        lines.taken.clear()
        try:
            cells = next(_reader(lines, separator))
        except StopIteration:
            return
        except csv.Error as error:
            lines.give_back(after=1)
            yield error
            continue
        if separator == "\t" and any(separator in cell and "\n" in cell for cell in cells):
            lines.give_back(after=1)
            yield csv.Error("a cell that is not closed before the next row")
        else:
            yield cells


def _reader(lines: Lines, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    # Strict: otherwise what follows a closing mark is silently added to the cell.
    return csv.reader(lines, delimiter=separator, strict=True)
