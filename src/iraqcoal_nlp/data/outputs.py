"""Output files that appear whole or not at all, and never in the place of something else unasked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

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
    if path.is_dir() or not path.name:
        raise InputError("is a folder: name a file", path=path)
    if path.suffix.lower() not in endings:
        raise InputError(f"what is written here ends in {' or '.join(endings)}", path=path)
    if not path.parent.is_dir():
        raise InputError("its folder does not exist", path=path)
    if path.exists() and source.exists() and path.samefile(source):
        raise InputError("is both input and output: choose another output", path=path)
    if path.exists() and not overwrite:
        raise InputError("exists already: choose another file, or overwrite it with --force", path=path)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
