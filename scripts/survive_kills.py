"""Kill runs of ``iraqcoal score`` at random moments and go on with ``--resume``: ``python scripts/survive_kills.py``.

Real processes, the shipped model, SIGKILL to the whole process group. A run is killed as often as chance wills, then
ends, and its rows are compared with those of a run that nobody has killed. Every tenth row of the input is broken, so
that the list of errors is compared too. The last row is a run that meets a full disk: a limit on the size of files, at
which the system refuses to write on. Exit code 1 if a row is lost or doubled, or a byte differs.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmark_archive import write_archive
from iraqcoal_nlp.data.inputs import ERRORS_SUFFIX
from iraqcoal_nlp.data.scored import read_scored_whole
from iraqcoal_nlp.model.card import markdown_table
from iraqcoal_nlp.scoring.resume import part_folder

PROGRAM = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()"]
# What is written, and with which options; the rows are the same with one process and with two.
RUNS = {"rows.jsonl": (), "rows.csv.gz": (), "rows.parquet": ("--workers", "2")}
FULL_DISK = "full.jsonl"
HEAD = ("output", "kills", "runs", "rows of each", "rows lost", "rows doubled", "other bytes")


class Account:
    """What became of the runs that wrote one output."""

    def __init__(self, out: Path, whole: Path) -> None:
        self._out = out
        self._expected = [whole.read_bytes(), _errors(whole).read_bytes()]
        self._rows = _rows(whole)
        self.kills = self.runs = self.lost = self.doubled = self.changed = 0

    def check(self) -> None:
        """Compare a finished run with the whole one, and remove it."""
        found = _rows(self._out)
        self.runs += 1
        self.lost += sum((self._rows - found).values())
        self.doubled += sum((found - self._rows).values())
        self.changed += [self._out.read_bytes(), _errors(self._out).read_bytes()] != self._expected
        self.changed += part_folder(self._out).exists()
        self._out.unlink()
        _errors(self._out).unlink()

    def cells(self) -> list[str]:
        """Return the row of the table."""
        figures = (self.kills, self.runs, self._rows.total(), self.lost, self.doubled, self.changed)
        return [self._out.name, *(f"{figure:,}" for figure in figures)]


def score(archive: Path, out: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own."""
    command = [*PROGRAM, "score", str(archive), "--out", str(out), "--resume", *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def survive(archive: Path, account: Account, out: Path, kills: int, seconds: float, moments: random.Random) -> None:
    """Kill as often as asked, let the last run end, and keep the account.

    Args:
        archive: What is scored.
        account: Of this output.
        out: The output.
        kills: How many.
        seconds: What a run takes that nobody kills.
        moments: Chooses when.
    """
    while True:
        process = score(archive, out, RUNS[out.name])
        try:
            process.wait(moments.uniform(0, 1.2 * seconds) if account.kills < kills else None)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            account.kills += 1
            continue
        account.check()
        if account.kills >= kills:
            return


def meet_full_disk(archive: Path, account: Account, out: Path, largest: int) -> None:
    """Score under a limit on the size of files, then without it."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))  # the run inherits it
    refused = score(archive, out, ()).wait() == 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    account.changed += not refused or out.exists()
    score(archive, out, ()).wait()
    account.check()


def main() -> int:
    """Read the arguments, kill, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="in all")
    parser.add_argument("--sentences", type=int, default=400, help="in the archive")
    parser.add_argument("--seed", type=int, default=13, help="of the moments")
    args = parser.parse_args()
    moments, accounts = random.Random(args.seed), []
    with tempfile.TemporaryDirectory() as place:
        archive = Path(place, "in.jsonl")
        write_archive(archive, args.sentences)
        lines = archive.read_text(encoding="utf-8").splitlines()
        archive.write_text("".join(f"{line}\n{'no JSON' * (n % 10 == 0)}\n" for n, line in enumerate(lines)), "utf-8")
        for number, name in enumerate(RUNS):
            whole, out = Path(place, f"whole-{name}"), Path(place, name)
            started = time.perf_counter()
            score(archive, whole, RUNS[name]).wait()
            seconds = time.perf_counter() - started
            accounts.append(Account(out, whole))
            kills = args.kills // len(RUNS) + (number < args.kills % len(RUNS))
            survive(archive, accounts[-1], out, kills, seconds, moments)
        full = Path(place, FULL_DISK)
        whole = Path(place, "whole-rows.jsonl")
        accounts.append(Account(full, whole))
        meet_full_disk(archive, accounts[-1], full, whole.stat().st_size // 2)
    print(f"{sum(account.kills for account in accounts)} kills, seed {args.seed}")
    print(markdown_table(HEAD, [account.cells() for account in accounts]))
    return int(any(account.lost or account.doubled or account.changed for account in accounts))


def _errors(out: Path) -> Path:
    return out.with_name(out.name + ERRORS_SUFFIX)


def _rows(out: Path) -> Counter[tuple[str, int]]:
    """Return how often each sentence stands in an output."""
    return Counter((row.sentence.doc_id, row.sentence.sent_id) for row in read_scored_whole(out)[0])


if __name__ == "__main__":
    sys.exit(main())
