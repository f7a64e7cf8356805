"""Opening input files: which type a name means, compression and encoding."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TextIO, cast

from iraqcoal_nlp.data import encodings
from iraqcoal_nlp.data.addresses import is_remote, open_system
from iraqcoal_nlp.errors import InputError

TYPES = (".txt", ".jsonl", ".csv", ".tsv", ".parquet", ".html", ".htm")
"""File types that are read."""

COMPRESSIONS = (".gz", ".xz", ".zst")
"""Endings that may follow any of :data:`TYPES`."""

STDIN = "stdin"
"""Name of standard input. No file has it: each has an ending."""

READ_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a missing or damaged file raises; pyarrow's errors of reading are ``OSError``."""

_CHUNK = 1 << 16


@contextlib.contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn what reading a missing or damaged file raises into one line that names the file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        yield
    except READ_FAULTS as error:
        raise InputError(f"cannot be read ({getattr(error, 'strerror', None) or error})", path=path) from None


def check_file(path: Path, *, of_folder: str) -> None:
    """Refuse what is no file.

    Args:
        path: What was named.
        of_folder: What to name instead of a folder.

    Raises:
        InputError: It is a folder, or does not exist.
    """
    if not path.is_file():
        raise InputError(f"is a folder: name {of_folder}" if path.is_dir() else "no such file", path=path)


def ending_of(name: str) -> str | None:
    """Return the ending that tells a file's type and compression, such as ``.jsonl.gz``, in small letters."""
    base = os.path.basename(name).lower()  # noqa: PTH119 - `name` may be an address
    compression = next((ending for ending in COMPRESSIONS if base.endswith(ending)), "")
    base = base.removesuffix(compression)
    kind = next((ending for ending in TYPES if base.endswith(ending) and base != ending), None)
    return None if kind is None else sys.intern(kind + compression)


def size_and_change(name: str) -> tuple[int | None, int | None]:
    """Return a stored file's size in bytes and the time of its last change in ns, ``None`` for what is not known.

    Raises:
        OSError: It cannot be reached.
    """
    if name == STDIN:
        return None, None
    if is_remote(name):
        system, path = open_system(name)
        info = system.get_file_info(path)
        return info.size, info.mtime_ns
    facts = os.stat(name)  # noqa: PTH116 - a plain name
    return facts.st_size, facts.st_mtime_ns


@contextlib.contextmanager
def open_bytes(name: str, ending: str) -> Iterator[io.BufferedIOBase]:
    """Open a file, an address or :data:`STDIN`, decompressed.

    Raises:
        InputError: Standard input is closed.
        OSError: See :data:`READ_FAULTS`, all of which may also come later, while it is read.
    """
    with contextlib.ExitStack() as stack:
        raw = _standard_input() if name == STDIN else stack.enter_context(_open_stored(name))
        if ending.endswith(".gz"):
            raw = stack.enter_context(gzip.GzipFile(fileobj=raw))
        elif ending.endswith(".xz"):
            raw = stack.enter_context(lzma.LZMAFile(cast("IO[bytes]", raw)))
        elif ending.endswith(".zst"):
            import pyarrow as pa  # noqa: PLC0415 - 0.2 s that other files need not pay

            raw = io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"), _CHUNK)
            stack.enter_context(raw)
        yield raw


@contextlib.contextmanager
def open_text(name: str, ending: str) -> Iterator[tuple[TextIO, str]]:
    """Open a file of text, decompressed and decoded, with the name of its encoding: see :func:`decoded`.

    Raises:
        InputError: Standard input is closed.
        OSError: See :data:`READ_FAULTS`, all of which may also come later, while it is read.
    """
    with open_bytes(name, ending) as raw:
        yield decoded(raw)


def decoded(raw: io.BufferedIOBase) -> tuple[TextIO, str]:
    """Return a binary stream as text, with the name of the encoding it was found to be in; line ends stay as they are.

    Bytes that are no text become :data:`encodings.UNDECODED`.
    """
    start, beyond = bytearray(), 0
    fault = None
    while len(start) - beyond < encodings.SAMPLE and beyond < encodings.ASCII_AT_MOST:
        try:
            chunk = raw.read1(_CHUNK)
        except READ_FAULTS as error:
            fault = error
            break
        if not chunk:
            break
        start += chunk
        if beyond == len(start) - len(chunk):
            beyond += encodings.first_beyond_ascii(chunk)
    name = encodings.detect(bytes(start))
    codec = "utf-8-sig" if name == encodings.UTF8 else name
    whole = io.BufferedReader(_Rejoined(bytes(start), raw, fault), _CHUNK)
    return io.TextIOWrapper(whole, encoding=codec, errors=encodings.MARK_UNDECODED, newline=""), name


class _Rejoined(io.RawIOBase):
    """A stream whose beginning was read already, up to a fault if there was one: it is met again in its place."""

    def __init__(self, start: bytes, rest: io.BufferedIOBase, fault: Exception | None) -> None:
        self._start, self._rest, self._fault = memoryview(start), rest, fault

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        if not self._start and self._fault is not None:
            raise self._fault
        chunk = self._start[: len(buffer)] or memoryview(self._rest.read1(len(buffer)))
        self._start = self._start[len(chunk) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _open_stored(name: str) -> io.BufferedIOBase:
    if is_remote(name):
        system, path = open_system(name)
        return cast(io.BufferedIOBase, system.open_input_file(path))
    return open(name, "rb")  # noqa: PTH123 - a plain name; the caller closes it


def _standard_input() -> io.BufferedIOBase:
    if sys.stdin is None:
        raise InputError("is closed", path=STDIN)
    return cast(io.BufferedIOBase, sys.stdin.buffer)
