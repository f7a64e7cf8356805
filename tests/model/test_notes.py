"""What teachers have said is read again, and its files are closed."""

import numpy as np
import pytest

from conftest import DEMAND, HANDOVER
from iraqcoal_nlp.training import soft_labels as judging
from iraqcoal_nlp.training.lexical import noted_lexical_labels
from iraqcoal_nlp.training.notes import write_arrays


@pytest.fixture
def opened(monkeypatch):
    """The files of arrays that were opened."""
    files, load = [], np.load
    monkeypatch.setattr(np, "load", lambda *given, **how: files.append(load(*given, **how)) or files[-1])
    return files


def test_a_teachers_notes_are_joined_and_closed(tmp_path, monkeypatch, opened):
    monkeypatch.setattr(judging, "_PART", 2)
    for first in (0, 2, 4):
        said = {name: np.full((2, width), float(first)) for name, width in (("stance", 3), ("events", 4))}
        write_arrays(tmp_path / f"{first}.npz", **said, vectors=np.zeros((2, 8), dtype=np.float16))
    stance, events, vectors = judging._judge(None, [[1]] * 6, tmp_path, bf16=False)
    assert stance[:, 0].tolist() == [0, 0, 2, 2, 4, 4]
    assert (events.shape, vectors.shape, vectors.dtype) == ((6, 4), (6, 8), np.float16)
    assert [file.zip for file in opened] == [None] * 3


def test_what_tf_idf_said_is_noted_and_closed(tmp_path, opened):
    notes = tmp_path / "tf-idf.npz"
    stance, events = noted_lexical_labels([], [DEMAND, HANDOVER], notes)
    again, _ = noted_lexical_labels([], [], notes)
    assert (stance.shape, events.shape) == ((2, 3), (2, 4))
    assert np.array_equal(stance, again)
    assert [file.zip for file in opened] == [None] * 2
