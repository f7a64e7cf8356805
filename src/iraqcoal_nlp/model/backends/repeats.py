"""What a network has said of a window, kept for when the window comes again: agencies' copy repeats itself."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np

from iraqcoal_nlp.model.backends.protocol import Floats

Score = Callable[[Sequence[Sequence[int]]], tuple[Floats, Floats]]


class RepeatedWindows:
    """The logits of the windows that were scored last.

    It is for backends whose logits of a window are the same bits whatever is scored beside it: only then do rows not
    depend on what was kept. About 250 bytes per window, however long it is. Threads may share one.

    Args:
        limit: Windows whose logits are kept; that which was not asked for longest goes first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[bytes, tuple[bytes, bytes]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def logits(self, windows: Sequence[Sequence[int]], score: Score) -> tuple[Floats, Floats]:
        """Return the logits of windows, at least one, as ``score`` gives them; it is asked for new windows only.

        Args:
            windows: Piece ids.
            score: See :meth:`Backend.logits`.
        """
        keys = [_digest(window) for window in windows]
        found = self._look_up(keys)
        new = [place for place, key in enumerate(keys) if key not in found]
        if new:
            stance, events = score([windows[place] for place in new])
            fresh = {keys[place]: (stance[row].tobytes(), events[row].tobytes()) for row, place in enumerate(new)}
            self._keep(fresh)
            found |= fresh
        return _stacked([found[key][0] for key in keys]), _stacked([found[key][1] for key in keys])

    def _look_up(self, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, bytes]]:
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return found

    def _keep(self, fresh: dict[bytes, tuple[bytes, bytes]]) -> None:
        with self._lock:
            self._kept.update(fresh)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)


def _digest(window: Sequence[int]) -> bytes:
    return hashlib.blake2b(np.asarray(window, dtype=np.int64).tobytes(), digest_size=16).digest()


def _stacked(rows: Sequence[bytes]) -> Floats:
    return np.frombuffer(b"".join(rows), dtype=np.float32).reshape(len(rows), -1)
