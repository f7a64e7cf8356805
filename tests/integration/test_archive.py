"""A large archive: memory stays flat, whatever its length."""

import re
import subprocess
import sys

import pytest

from conftest import ROOT

SENTENCES = 100_000


@pytest.mark.slow
def test_memory_stays_flat_over_a_hundred_thousand_sentences(capsys):
    command = [sys.executable, str(ROOT / "scripts/memory.py"), "--sentences", str(SENTENCES), "--out", "rows.parquet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    figures = re.findall(r"^\| ([\d,]+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    peaks = {int(scored.replace(",", "")): int(peak) for scored, peak in figures}
    early = next(peak for scored, peak in peaks.items() if scored >= SENTENCES / 2)  # what is kept of the past is full
    late = next(peak for scored, peak in peaks.items() if scored >= SENTENCES)
    assert late - early < 12
    assert int(re.search(r"rows.parquet written \| (\d+)", done.stdout)[1]) < 300
