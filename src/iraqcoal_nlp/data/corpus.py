"""Plain corpora, one line at a time: files of any size, compressed or not, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from iraqcoal_nlp.data.files import COMPRESSIONS, ending_of, open_bytes, reading
from iraqcoal_nlp.errors import InputError

_ALSO = f"each also as {', '.join(COMPRESSIONS)}"


def read_corpus(paths: Sequence[Path], *, every: int = 1) -> Iterator[str]:
    """Yield the lines of ``.txt`` files and the ``text`` of ``.jsonl`` rows, blank ones left out.

    Args:
        paths: Files in UTF-8, each of them also as ``.gz``, ``.xz`` or ``.zst``.
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
        paths: Files in UTF-8, each of them also as ``.gz``, ``.xz`` or ``.zst``.

    Raises:
        InputError: As :func:`read_corpus`.
    """
    for path in paths:
        paragraphs: list[str] = []
        one_a_line = (ending_of(path.name) or "").startswith(".jsonl")
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
    ending = ending_of(path.name) or ""
    if not ending.startswith((".txt", ".jsonl")):
        raise InputError(f"unknown file type: use .txt or .jsonl, {_ALSO}", path=path)
    for number, line in numbered_lines(path):
        if (number - 1) % every == 0:
            text = decoded(line, path=path, row=number).strip() if line.strip() else ""
            yield _text(text, path=path, row=number) if text and ending.startswith(".jsonl") else text


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number, from 1, uncompressed but not decoded: one that is skipped costs little.

    Raises:
        InputError: The file is missing or damaged.
    """
    with reading(path), open_bytes(str(path), path.suffix.lower()) as lines:
        yield from enumerate(lines, 1)


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
