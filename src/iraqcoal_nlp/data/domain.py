"""Which documents of a large corpus are of our domain: those that hold phrases of a list."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from iraqcoal_nlp.errors import InputError

SHIPPED_WORDS = "domain_words.txt"
"""The list that comes with the package."""

NEEDED = 2
"""Different phrases that make a document one of the domain: one alone is often a passing mention."""

_ALEFS = "[اأإآ]"


class DomainWords:
    """A list of phrases, found with or without article, conjunction and preposition (``والقوات``, ``للتحالف``).

    Args:
        phrases: The phrases; letters as normalized text has them, alefs with or without hamza.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, phrases: list[str]) -> None:
        if not phrases:
            raise ValueError("no phrase is given")
        bare = [re.escape(phrase.removeprefix("ال")) for phrase in phrases]
        self._needed = min(NEEDED, len({re.sub(_ALEFS, "ا", phrase) for phrase in bare}))
        forms = "|".join(re.sub(_ALEFS, _ALEFS, phrase) for phrase in bare)
        self.phrases = tuple(phrases)
        self._pattern = re.compile(rf"\b[وف]?[بكل]?(?:ال|لل)?({forms})\b")

    @classmethod
    def read(cls, path: Path | None = None) -> DomainWords:
        """Read a list: UTF-8, a phrase a line; lines that begin with ``#`` are notes.

        Args:
            path: The file; ``None`` is the package's list.

        Raises:
            InputError: It cannot be read or holds no phrase.
        """
        try:
            source = files("iraqcoal_nlp.data").joinpath(SHIPPED_WORDS) if path is None else path
            lines = source.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", path=path) from None
        except UnicodeDecodeError:
            raise InputError("not UTF-8", path=path) from None
        try:
            return cls([line.strip() for line in lines if line.strip() and not line.startswith("#")])
        except ValueError:
            raise InputError("holds no phrase", path=path) from None

    def match(self, text: str) -> bool:
        """Whether a document holds :data:`NEEDED` different phrases, or all of a list that is shorter."""
        found: set[str] = set()
        for match in self._pattern.finditer(text):
            found.add(re.sub(_ALEFS, "ا", match[1]))
            if len(found) >= self._needed:
                return True
        return False
