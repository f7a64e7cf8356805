"""Every error a user can cause, each one clear line that says where and what to do.

```text
IraqCoalError
├── InputError          a file or row that cannot be read
├── CodebookError       a label that the codebook does not know
├── ModelFolderError    a model folder that cannot be loaded
├── RecipeError         a training recipe with a wrong or unknown setting
└── ScoringError        scoring broke off; what was done is kept
```
"""

from __future__ import annotations

import re
from pathlib import Path

_NOT_UTF8 = re.compile("[\ud800-\udfff]")  # half of a cut emoji, or a byte of a file's name that is no UTF-8


def printable(text: Path | str) -> str:
    """Return a path or text that can be written anywhere: U+FFFD stands for each sign that UTF-8 cannot hold."""
    return _NOT_UTF8.sub("\N{REPLACEMENT CHARACTER}", str(text))


class IraqCoalError(Exception):
    """Base of every error raised on purpose. Its text is one line, fit to be shown to a user."""

    def __str__(self) -> str:
        return " ".join(super().__str__().splitlines())  # names of files may hold line ends


class InputError(IraqCoalError):
    """An input file, or one row of it, cannot be used.

    Args:
        reason: What is wrong and what to do, without the place.
        path: The file, or a word for what is not one (``stdin``); ``None`` for text that came from Python.
        row: 1-based line or record number; ``None`` if the whole file is meant.
    """

    def __init__(self, reason: str, *, path: Path | str | None = None, row: int | None = None) -> None:
        place = "" if path is None else printable(path)
        if row is not None:
            place = f"{place}:{row}" if place else f"row {row}"
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.path, self.row = reason, path, row


class CodebookError(IraqCoalError):
    """A label is not in the codebook, or a label list is not well formed."""


class ModelFolderError(IraqCoalError):
    """A model folder is missing, damaged, or newer than this library."""


class RecipeError(IraqCoalError):
    """A recipe names an unknown setting or gives one the wrong type or range."""


class ScoringError(IraqCoalError):
    """Scoring broke off, and not for a row of the input; what was committed is kept."""
