"""Plain corpora, one line at a time: files of any size, compressed or not, in constant memory."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from iraqcoal_nlp.data.files import reading
from iraqcoal_nlp.errors import InputError

_COMPRESSED = (".gz", ".xz")


def read_corpus(paths: Sequence[Path], *, every: int = 1) -> Iterator[str]:
    """Yield the lines of ``.txt`` files and the ``text`` of ``.jsonl`` rows, blank ones left out.

    Args:
        paths: Files in UTF-8, each of them also as ``.gz`` or ``.xz``.
        every: Read each ``every``-th line of a file, from its first; the others are skipped unread.

    Raises:
        InputError: A file is missing, damaged, of another type or not UTF-8, or a row is not JSON or has no text.
    """
    for path in paths:
        for text in _texts(path, every=every):
            if text:
                yield text


def read_documents(paths: Sequence[Path]) -> Iterator[str]:
    """Yield whole documents: of ``.txt`` files the lines between blank ones, of ``.jsonl`` files the ``text`` of a row.

    Args:
        paths: Files in UTF-8, each of them also as ``.gz`` or ``.xz``.

    Raises:
        InputError: As :func:`read_corpus`.
    """
    for path in paths:
        paragraphs: list[str] = []
        one_a_line = ".jsonl" in path.suffixes
        for text in _texts(path):
            if paragraphs and (one_a_line or not text):
                yield "\n".join(paragraphs)
                paragraphs = []
            if text:
                paragraphs.append(text)
        if paragraphs:
            yield "\n".join(paragraphs)


def _texts(path: Path, *, every: int = 1) -> Iterator[str]:
    """Yield the text of each ``every``-th line, empty for a blank one."""
    kind = path.with_suffix("").suffix if path.suffix in _COMPRESSED else path.suffix
    if kind not in (".txt", ".jsonl"):
        raise InputError("unknown file type: use .txt or .jsonl, also as .gz or .xz", path=path)
    for number, line in numbered_lines(path):
        if (number - 1) % every == 0:
            text = decoded(line, path=path, row=number).strip() if line.strip() else ""
            yield _text(text, path=path, row=number) if text and kind == ".jsonl" else text


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number, from 1, uncompressed but not decoded: one that is skipped costs little.

    Raises:
        InputError: The file is missing or damaged.
    """
    with reading(path, lzma.LZMAError), _open(path) as lines:
        yield from enumerate(lines, 1)


def _open(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path))
    return cast("BinaryIO", lzma.open(path)) if path.suffix == ".xz" else path.open("rb")


def decoded(line: bytes, *, path: Path, row: int) -> str:
    """Return the text of a line, as it stands there.

    Raises:
        InputError: It is not UTF-8.
    """
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not UTF-8", path=path, row=row) from None


def _text(line: str, *, path: Path, row: int) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise InputError("not a JSON object with a `text`", path=path, row=row)
    return text
