"""Readers: articles out of text files, folders, JSON Lines and tables, one at a time.

A reader yields an :class:`Article` for each good row and an :class:`InputError` for each bad one, so that one broken
row never ends a run and is never lost. All read UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from iraqcoal_nlp.data.tables import NOT_UTF8, UNDECODED, UTF16, UTF16_MARKS, csv_rows, is_utf16, json_rows
from iraqcoal_nlp.errors import InputError, printable
from iraqcoal_nlp.records import Article

SUFFIXES = (".txt", ".jsonl", ".csv", ".tsv")
"""File types that are read."""

ERRORS_SUFFIX = ".errors.jsonl"
"""Ending of the files in which scoring lists what failed; a folder's are not read as input."""

ID_COLUMNS = ("doc_id", "id")
"""Columns that name the article if the user names none."""

_ADVICE = "`iraqcoal score` takes --text-column and --id-column"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where a row keeps its text and its name."""

    text: str = "text"
    id: str | None = None
    """``None``: the first of :data:`ID_COLUMNS` that a row has; else the file's name and the row's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One file to read."""

    path: Path
    stem: str
    """What names its articles: the file's name, inside a folder the way to it, without the ending."""


def list_inputs(paths: Sequence[Path], *, without: Sequence[Path] = ()) -> list[InputFile]:
    """Return every file to read, folders searched to any depth, in name order.

    Args:
        paths: Files and folders.
        without: Files that must not be read, such as a run's own output.

    Raises:
        InputError: A path does not exist or cannot be read, a named file is of no known type or among ``without``, or
            a folder holds none of a known type.
    """
    found: list[InputFile] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in _files_below(path) if not _is_one_of(file, without)]
            if not inside:
                raise InputError(f"the folder holds no file of a known type ({', '.join(SUFFIXES)})", path=path)
            found += [InputFile(path=file, stem=_stem(file.relative_to(path))) for file in inside]
        elif not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where a folder above may not be read
            raise InputError("no such file or folder, or it may not be read", path=path)
        elif path.suffix.lower() not in SUFFIXES:
            raise InputError(f"unknown file type {path.suffix!r}: use {', '.join(SUFFIXES)} or a folder", path=path)
        elif _is_one_of(path, without):
            raise InputError("is both input and output: choose another output", path=path)
        else:
            found.append(InputFile(path=path, stem=_stem(Path(path.name))))
    found = list({os.path.realpath(file.path): file for file in reversed(found)}.values())[::-1]  # each file once
    stems = Counter(file.stem for file in found)
    return [
        file if stems[file.stem] == 1 else InputFile(path=file.path, stem=_stem(file.path)) for file in found
    ]  # two files of one name from two folders


def read_articles(inputs: Sequence[InputFile], columns: Columns) -> Iterator[Article | InputError]:
    """Yield the articles of the listed inputs, and an error in the place of each bad row."""
    for file in inputs:
        try:
            with file.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
                if is_utf16(stream):
                    yield InputError(UTF16, path=file.path)
                elif file.path.suffix.lower() == ".txt":
                    yield read_text(stream, path=file.path, doc_id=file.stem)
                else:
                    yield from _read_table(stream, file, columns)
        except OSError as error:
            yield InputError(f"cannot be read ({error.strerror})", path=file.path)


def read_text(stream: TextIO, *, path: Path | str, doc_id: str) -> Article | InputError:
    """Read a whole stream as one article; line ends stay as they are, so that offsets are true."""
    text = stream.read()
    if UNDECODED.search(text):
        return InputError(UTF16 if text.startswith(UTF16_MARKS) else NOT_UTF8, path=path)
    if not text.strip():
        return InputError("the text is empty", path=path)
    return Article(doc_id=doc_id, text=text, source=printable(path))


def _files_below(folder: Path) -> list[Path]:
    def fail(error: OSError) -> None:
        raise InputError(f"cannot be read ({error.strerror})", path=error.filename)

    files = [Path(root, name) for root, _, names in os.walk(folder, onerror=fail) for name in names]
    return sorted(file for file in files if _is_input(file, folder))


def _is_input(file: Path, folder: Path) -> bool:
    """Whether a file found in a folder is meant to be read: not hidden, not a lock, not a result of ours."""
    inside = file.relative_to(folder).parts
    if file.suffix.lower() not in SUFFIXES or any(part.startswith((".", "~$")) for part in inside):
        return False
    if file.name.endswith(ERRORS_SUFFIX):
        return False
    with contextlib.suppress(OSError), file.open("rb") as stream:  # one that cannot be read is reported when it is read
        start = stream.readline(4096)
        return not all(column in start for column in (b"doc_id", b"sent_id", b"start", b"end", b"stance"))
    return True


def _is_one_of(path: Path, others: Sequence[Path]) -> bool:
    return any(other.exists() and path.samefile(other) for other in others)


def _stem(path: Path) -> str:
    return printable(path.with_suffix("").as_posix())


def _read_table(stream: TextIO, file: InputFile, columns: Columns) -> Iterator[Article | InputError]:
    if file.path.suffix.lower() == ".jsonl":
        rows = json_rows(stream, file.path)
    else:
        needed = [columns.text, *([columns.id] if columns.id else [])]
        rows = csv_rows(stream, file.path, needed=needed, advice=_ADVICE)
    n_rows = 0
    for number, row in rows:
        n_rows += 1
        yield row if isinstance(row, InputError) else _article(row, file, number, columns)
    if not n_rows:
        yield InputError("is empty", path=file.path)


def _article(row: Mapping[str, Any], file: InputFile, number: int, columns: Columns) -> Article | InputError:
    def fail(reason: str) -> InputError:
        return InputError(reason, path=file.path, row=number)

    text = row.get(columns.text)
    if not isinstance(text, str):
        return fail(f"has no text in field {columns.text!r}")
    if not text.strip():
        return fail("the text is empty")
    id_column = columns.id or next((name for name in ID_COLUMNS if row.get(name) not in (None, "")), None)
    doc_id = f"{file.stem}:{number}" if id_column is None else row.get(id_column)
    if doc_id is None or doc_id == "":
        return fail(f"has no id in field {id_column!r}")
    extra = {key: value for key, value in row.items() if key not in (columns.text, id_column)}
    return Article(doc_id=str(doc_id), text=text, extra=extra, source=printable(file.path), row=number)
