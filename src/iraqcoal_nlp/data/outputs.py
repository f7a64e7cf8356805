"""Output files that appear whole or not at all, and never in the place of something else unasked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from iraqcoal_nlp.errors import InputError


@contextmanager
def whole_file(path: Path, *, endings: Sequence[str], source: Path, overwrite: bool) -> Iterator[TextIO]:
    """Open a file for writing, in UTF-8 and with line ends as written; it appears when the block ends without an error.

    Args:
        path: The file.
        endings: Endings of a name that fit what is written.
        source: The file that is read meanwhile.
        overwrite: Whether an existing file may be replaced.

    Raises:
        InputError: The file cannot be written, exists, is the source, or has another ending.
    """
    check_output(path, endings)
    if path.exists() and source.exists() and path.samefile(source):
        raise InputError("is both input and output: choose another output", path=path)
    check_overwrite(path, overwrite=overwrite)
    try:
        with _appearing_text(path) as file:
            yield file
    except OSError as error:
        if error.filename != str(path):
            raise
        raise InputError(f"cannot be written ({error.strerror})", path=path) from None


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write a text file in UTF-8, which appears whole or not at all."""
    with _appearing_text(path) as file:
        file.writelines(parts)


def check_output(path: Path, endings: Sequence[str]) -> str:
    """Return which of the endings a path has.

    Raises:
        InputError: It has none of them, the folder does not exist, or the path is a folder.
    """
    if path.is_dir() or not path.name:
        raise InputError("is a folder: name a file", path=path)
    ending = next((ending for ending in endings if path.name.lower().endswith(ending)), None)
    if ending is None:
        raise InputError(f"unknown output type {path.suffix!r}: use {', '.join(endings)}", path=path)
    if not path.parent.is_dir():
        raise InputError("its folder does not exist", path=path)
    return ending


def check_overwrite(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file unasked.

    Raises:
        InputError: It exists, and ``overwrite`` is false.
    """
    if path.exists() and not overwrite:
        raise InputError("exists already: choose another file, or overwrite it with --force", path=path)


@contextmanager
def appearing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing bytes; it appears when the block ends without an error, in the place of any other.

    Raises:
        OSError: It cannot be written.
    """
    # A name that nobody else has: not the user's own files, not another process that writes the same.
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # short: a name of 255 bytes leaves no room
    try:
        file = part.open("xb")
    except OSError as error:
        error.filename = str(path)  # the name that the user knows
        raise
    try:
        with file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _appearing_text(path: Path) -> Iterator[TextIO]:
    with appearing(path) as file, TextIOWrapper(file, encoding="utf-8", newline="") as text:
        yield text
