"""A large archive: memory stays flat, whatever its length."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from conftest import ROOT

SENTENCES = 200_000

# All of the way but the network: real articles' sentences, tokenizer, rows, commits. The network keeps nothing between
# two sentences; its memory is printed by scripts/benchmark_archive.py.
CODE = """
    import json, re, sys
    from pathlib import Path
    import numpy as np
    import iraqcoal_nlp as iq
    from benchmark_archive import write_archive
    from iraqcoal_nlp.scoring.engines import local_engine
    from iraqcoal_nlp.scoring.stream import score_files

    class NoNetwork:
        name = "none"

        def logits(self, windows):
            sums = np.array([sum(window) % 997 for window in windows], dtype=np.float32)[:, None] / 997 * 6 - 3
            return sums * np.array([[1, -1, 0.5]]), sums * np.array([[1, -1, 0.5, -0.5]])

    folder, n_sentences = Path(sys.argv[1]), int(sys.argv[2])
    write_archive(folder / "in.jsonl", n_sentences)
    classifier = iq.load()
    classifier._backend = NoNetwork()
    memory = []

    def note(report):
        status = Path("/proc/self/status").read_text()
        memory.append((report.tally.sentences, int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1024))

    report = score_files([folder / "in.jsonl"], folder / sys.argv[3], local_engine(classifier), on_chunk=note)
    note(report)
    print(json.dumps(memory))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
def test_two_hundred_thousand_sentences_take_no_more_memory_than_ten_thousand(tmp_path, capsys):
    command = [sys.executable, "-c", textwrap.dedent(CODE), str(tmp_path), str(SENTENCES), "rows.parquet"]
    environment_path = [*sys.path, str(ROOT / "scripts")]
    done = subprocess.run(
        command, env={"PYTHONPATH": ":".join(environment_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    memory = json.loads(done.stdout)
    early = next(peak for sentences, peak in memory if sentences >= SENTENCES / 20)
    scored, late = memory[-2]
    total, end = memory[-1]
    with capsys.disabled():
        sys.stdout.write(
            f"\npeak memory: {early:.0f} MB after 5 %, {late:.0f} MB at the end, {end:.0f} MB with Parquet\n"
        )
    assert scored == total >= SENTENCES
    assert late - early < 15
    assert end < 300
