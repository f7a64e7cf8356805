"""Arrays that a killed run finds again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iraqcoal_nlp.data.outputs import appearing


def write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write a ``.npz`` that appears whole or not at all; of several processes that write it, the last one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    named: dict[str, Any] = dict(arrays)  # NumPy 2 declares an argument beside the arrays
    with appearing(path) as file:
        np.savez(file, **named)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return what :func:`write_arrays` wrote. ``np.load`` alone would keep the file open."""
    with np.load(path) as arrays:
        return dict(arrays)
