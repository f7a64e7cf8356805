"""What estimators over texts share: how texts come in, and what scikit-learn must know of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.utils import Tags

Texts = Sequence[str] | npt.NDArray[np.object_] | Sequence[Sequence[str]]
"""Texts, or pairs of them."""


def text_columns(texts: Texts) -> list[list[str]]:
    """Return the texts as one column, or the pairs as two.

    Raises:
        ValueError: They are numbers, rows of another width, or nothing at all.
    """
    array = np.asarray(texts, dtype=object)
    if array.size == 0:
        raise ValueError("no texts were given: at least one is needed")
    columns = [array] if array.ndim == 1 else list(array.T) if array.ndim == 2 and array.shape[1] == 2 else []
    if not columns or not all(isinstance(text, str) for column in columns for text in column):
        raise ValueError(f"X has shape {array.shape}: give a list of strings, or of pairs of strings")
    return [column.tolist() for column in columns]


def tag_as_text(tags: Tags) -> Tags:
    """Say that an estimator reads texts, one label each or several."""
    tags.input_tags.one_d_array = True
    tags.input_tags.two_d_array = False
    tags.input_tags.string = True
    tags.classifier_tags.multi_label = True
    tags.no_validation = True  # the columns of X are texts: there are no features to count
    return tags
