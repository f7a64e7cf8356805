"""From normalized text to model inputs. A long sentence becomes several overlapping windows; nothing is cut off.

Uses the ``tokenizers`` library alone, so that scoring needs neither torch nor transformers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from iraqcoal_nlp.errors import ModelFolderError

OVERLAP = 32
"""Pieces that neighbouring windows share, so that no clause is only ever seen torn."""

_PROBE = "ا"
_UNKNOWN = "\U0010ffff"  # no character, so in no vocabulary


def read_tokenizer(path: Path) -> Tokenizer:
    """Read a ``tokenizer.json``.

    Raises:
        ModelFolderError: The file is missing or not a tokenizer.
    """
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises plain Exception for every fault
        raise ModelFolderError(f"{path}: cannot be read as a tokenizer ({error})") from None


def as_utf8(text: str) -> str:
    """Return the text without half surrogate pairs, as cut emojis leave behind.

    They have no UTF-8: the Rust side would refuse the whole batch.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


class SentenceTokenizer:
    """A ``tokenizers`` pipeline with the model's window.

    Args:
        tokenizer: Any pipeline of the ``tokenizers`` library; its own truncation and padding are switched off.
        max_length: Pieces the model reads at once, special ones included.
        query: Normalized text that goes before each window, set apart by the separator; empty is none.

    Raises:
        ModelFolderError: ``max_length`` leaves no room for text beside the special pieces, the query and the overlap.
    """

    def __init__(self, tokenizer: Tokenizer, *, max_length: int, query: str = "") -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        body = tokenizer.encode(_PROBE, add_special_tokens=False).ids
        whole = tokenizer.encode(_PROBE, add_special_tokens=True).ids
        at = next((i for i in range(len(whole)) if body and whole[i : i + len(body)] == body), None)
        if at is None:
            raise ModelFolderError("the tokenizer cuts a word in another way when it adds special pieces")
        self._prefix, self._suffix = whole[:at], whole[at + len(body) :]
        if query:
            self._prefix = tokenizer.encode(query, _PROBE).ids[: -len(body + self._suffix)]
        self._room = max_length - len(self._prefix) - len(self._suffix)
        if self._room <= OVERLAP:
            at_least = OVERLAP + 6 + len(self._prefix) + len(self._suffix)
            raise ModelFolderError(f"max_length {max_length} is too small: use at least {at_least}")

    @classmethod
    def from_file(cls, path: Path, *, max_length: int, query: str = "") -> SentenceTokenizer:
        """Load a ``tokenizer.json``.

        Raises:
            ModelFolderError: The file is missing or not a tokenizer.
        """
        tokenizer = read_tokenizer(path)
        try:
            loaded = cls(tokenizer, max_length=max_length, query=query)
            loaded.windows([_UNKNOWN])
        except (ModelFolderError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the Rust side's panics are no Exception
            raise ModelFolderError(f"{path}: cannot be read as a tokenizer ({error})") from None
        return loaded

    def windows(self, texts: Sequence[str], *, overlap: int = OVERLAP) -> list[list[list[int]]]:
        """Return, for each text, the piece ids of its windows: one, unless it is longer than the model reads.

        Args:
            texts: Normalized texts.
            overlap: Pieces that neighbouring windows share; the last two may share more.
        """
        encodings = self._tokenizer.encode_batch_fast(list(map(as_utf8, texts)), add_special_tokens=False)
        return [
            [[*self._prefix, *ids, *self._suffix] for ids in self._cut(encoding.ids, overlap)] for encoding in encodings
        ]

    def first_windows(self, texts: Sequence[str]) -> list[list[int]]:
        """Return only the first window of each text: what training reads."""
        return [windows[0] for windows in self.windows(texts)]

    def extreme_window(self) -> list[int]:
        """Return the longest window, filled with the last piece of the vocabulary: no text asks more of a network."""
        last = max(self._tokenizer.get_vocab(with_added_tokens=True).values())
        return [*self._prefix, *[last] * self._room, *self._suffix]

    def save(self, path: Path) -> None:
        """Write ``tokenizer.json``."""
        self._tokenizer.save(str(path))

    def _cut(self, ids: list[int], overlap: int) -> list[list[int]]:
        """Cut into stretches of the room; the last one is moved back to be full, so it keeps its context."""
        if len(ids) <= self._room:
            return [ids]
        last = len(ids) - self._room
        starts = [*range(0, last, self._room - overlap), last]
        return [ids[start : start + self._room] for start in starts]
