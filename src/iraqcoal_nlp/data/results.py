"""Writers: result rows into JSON Lines or CSV. The file appears whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import SentenceResult, pass_through

SUFFIXES = (".jsonl", ".csv")
"""File types that are written."""


class ResultWriter(Protocol):
    """Takes rows while open; closing makes the file, unless an error ended the block or no row was written."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, sentences: Iterable[SentenceResult], extra: Mapping[str, Any]) -> None:
        """Write the rows of one article, with the input's unused columns in each."""
        ...


def open_writer(path: Path) -> ResultWriter:
    """Return the writer for the path's type; it touches no file before its block is entered.

    What the system refuses while writing is raised as ``OSError``.

    Raises:
        InputError: The type is unknown, the folder does not exist, or the path is a folder.
    """
    check_output(path, SUFFIXES)
    return JsonlWriter(path) if path.suffix.lower() == ".jsonl" else CsvWriter(path)


def check_output(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a path that cannot become a file of one of the types.

    Raises:
        InputError: The type is none of them, the folder does not exist, or the path is a folder.
    """
    if path.is_dir() or not path.name:
        raise InputError("is a folder: name a file", path=path)
    if path.suffix.lower() not in suffixes:
        raise InputError(f"unknown output type {path.suffix!r}: use {', '.join(suffixes)}", path=path)
    if not path.parent.is_dir():
        raise InputError("its folder does not exist", path=path)


def check_overwrite(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file unasked.

    Raises:
        InputError: It exists, and ``overwrite`` is false.
    """
    if path.exists() and not overwrite:
        raise InputError("exists already: choose another file, or overwrite it with --force", path=path)


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write a text file in UTF-8, which appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class JsonlWriter:
    """One JSON object a line, in UTF-8, nested as in the public contract."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._n_rows = 0

    def __enter__(self) -> Self:
        self._file = self._part.open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()  # writes what is still in memory: a full disk may show only here
            if kind is None and self._n_rows:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)

    def write(self, sentences: Iterable[SentenceResult], extra: Mapping[str, Any]) -> None:
        """Write the rows of one article."""
        tail = pass_through(extra)
        for sentence in sentences:
            self._file.write(json.dumps(sentence.to_dict() | tail, ensure_ascii=False) + "\n")
            self._n_rows += 1


class CsvWriter:
    """A flat table in UTF-8.

    The columns of all inputs are known only at the end, so rows are kept in a file beside the output until then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows_path = path.with_name(path.name + ".rows.part")
        self._part = path.with_name(path.name + ".part")
        self._columns: dict[str, None] = {}  # an ordered set

    def __enter__(self) -> Self:
        self._rows = self._rows_path.open("w+", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._columns:
                self._write_table()
        finally:
            self._rows.close()
            self._rows_path.unlink(missing_ok=True)
            self._part.unlink(missing_ok=True)

    def write(self, sentences: Iterable[SentenceResult], extra: Mapping[str, Any]) -> None:
        """Write the rows of one article."""
        tail = {key: _cell(value) for key, value in pass_through(extra).items()}
        for sentence in sentences:
            row = sentence.to_flat() | tail
            self._columns |= dict.fromkeys(row)
            self._rows.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _write_table(self) -> None:
        self._rows.seek(0)
        with self._part.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, fieldnames=list(self._columns), restval="")
            table.writeheader()
            table.writerows(json.loads(line) for line in self._rows)
        self._part.replace(self._path)


def _cell(value: Any) -> Any:  # noqa: ANN401 - whatever an input row holds
    """Return what a table cell can hold: a nested value as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
