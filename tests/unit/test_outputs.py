"""Outputs appear whole or not at all, and touch no other file."""

import numpy as np
import pytest

from conftest import DEMAND, HANDOVER
from iraqcoal_nlp.data.outputs import appearing, whole_file, write_whole
from iraqcoal_nlp.training.notes import write_arrays


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_of_the_users_that_ends_in_part_stays(tmp_path):
    mine = tmp_path / "صفوف.txt.part"
    mine.write_text(DEMAND, "utf-8")
    write_whole(tmp_path / "صفوف.txt", [HANDOVER, "\r\n"])
    write_arrays(tmp_path / "صفوف.npz", stance=np.zeros(3))
    assert mine.read_text("utf-8") == DEMAND
    assert (tmp_path / "صفوف.txt").read_bytes() == f"{HANDOVER}\r\n".encode()
    assert names(tmp_path) == ["صفوف.npz", "صفوف.txt", "صفوف.txt.part"]


def test_two_that_write_one_file_do_not_mix(tmp_path):
    out = tmp_path / "rows.txt"
    with appearing(out) as first:
        first.write(DEMAND.encode())
        with appearing(out) as second:
            second.write(HANDOVER.encode())
        assert out.read_text("utf-8") == HANDOVER
    assert out.read_text("utf-8") == DEMAND
    assert names(tmp_path) == ["rows.txt"]


def test_what_breaks_off_leaves_the_old_file_and_no_other(tmp_path):
    out = tmp_path / "rows.txt"
    out.write_text(DEMAND, "utf-8")

    def parts():
        yield HANDOVER
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(out, parts())
    with (
        pytest.raises(ValueError, match="stop"),
        whole_file(out, endings=(".txt",), source=tmp_path / "in", overwrite=True),
    ):
        raise ValueError("stop")
    assert out.read_text("utf-8") == DEMAND
    assert names(tmp_path) == ["rows.txt"]


def test_a_file_that_cannot_be_written_is_told_by_its_own_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "no folder" / "rows.txt", [DEMAND])
    assert caught.value.filename == str(tmp_path / "no folder" / "rows.txt")
