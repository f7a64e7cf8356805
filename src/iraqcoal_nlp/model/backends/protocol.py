"""What every backend can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Backend(Protocol):
    """The network, from piece ids to logits."""

    name: str
    """What computes it and in what numbers, in words: another one may give other last digits."""

    def logits(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """Score windows; the result of one never depends on the others, nor on their order.

        Args:
            windows: Piece ids with special pieces, no padding.

        Returns:
            Stance logits, *shape* ``(n_windows, n_stances)``, and event logits, *shape* ``(n_windows, n_events)``.
        """
        ...
