"""Plain corpora, one line at a time: files of any size, compressed or not, in constant memory."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

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
        kind = path.with_suffix("").suffix if path.suffix in _COMPRESSED else path.suffix
        if kind not in (".txt", ".jsonl"):
            raise InputError("unknown file type: use .txt or .jsonl, also as .gz or .xz", path=path)
        try:
            with _open(path) as lines:
                for number, line in enumerate(lines, 1):
                    if (number - 1) % every == 0 and line.strip():
                        text = _decode(line, path=path, row=number)
                        yield _text(text, path=path, row=number) if kind == ".jsonl" else text
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise InputError(f"cannot be read ({getattr(error, 'strerror', None) or error})", path=path) from None


def _open(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path))
    return cast("BinaryIO", lzma.open(path)) if path.suffix == ".xz" else path.open("rb")


def _decode(line: bytes, *, path: Path, row: int) -> str:
    try:
        return line.decode("utf-8-sig").strip()
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
