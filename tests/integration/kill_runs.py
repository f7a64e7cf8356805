"""End scoring at random moments, then before each step that changes the disk; go on, and compare bytes.

``python kill_runs.py FOLDER SECONDS KILLS SEED OUT... [--steps OUT]`` scores ``FOLDER/in``. Each run is a fork of this
process, which has one thread: it starts at once, and dies as suddenly as any. Prints one line per kill: when, and what
was committed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from iraqcoal_nlp.scoring import chunks, stream
from iraqcoal_nlp.scoring.engines import local_engine
from iraqcoal_nlp.scoring.resume import can_resume, part_folder
from stub_model import StubClassifier

chunks.CHARACTERS = 2_000  # many chunks out of little text
stream.COMMIT_SECONDS = 0.0

FOLDER, SECONDS, KILLS, SEED = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
STEPS = ("fsync", "replace", "unlink", "mkdir", "rmdir")
DIED = 9


def score(out: Path, seconds: float = 0.0) -> None:
    """Score the folder, or go on with it."""
    stream.score_files([FOLDER / "in"], out, local_engine(StubClassifier(seconds=seconds)), resume=True)


def forked(action: Callable[[], None]) -> int:
    """Do it in a process of its own, and return its id."""
    child = os.fork()
    if child == 0:
        action()
        os._exit(0)
    return child


def end_of(child: int) -> int:
    """Wait for a process, and return its exit code, or the signal that ended it as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def dying_before(step: int, out: Path) -> None:
    """Score, and end without a word before the given step."""
    steps = count()

    def counted(do: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **options: object) -> object:
            if next(steps) == step:
                os._exit(DIED)
            return do(*arguments, **options)

        return run

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    score(out)


def written(out: Path) -> tuple[bytes, bytes]:
    """Return the output and the list of errors, and remove them."""
    files = out, out.with_name(out.name + ".errors.jsonl")
    contents = tuple(file.read_bytes() for file in files)
    for file in files:
        file.unlink()
    return contents  # type: ignore[return-value]


def check(out: Path, expected: tuple[bytes, bytes]) -> str:
    """Go on with the run, compare what it writes, and say what had been committed."""
    state = "nothing begun, or all done"
    if can_resume(out):
        progress = json.loads((part_folder(out) / "progress.json").read_text(encoding="utf-8"))
        state = f"{progress['rows']} bytes of rows, finished: {progress['finished']}"
        assert not out.exists() or progress["finished"]
    if can_resume(out) or not out.exists():
        assert end_of(forked(lambda: score(out))) == 0
    assert written(out) == expected, state
    return state


def main() -> None:
    """Kill at random moments, with each output in turn; then before each step."""
    moments = random.Random(SEED)
    names, _, stepwise = " ".join(sys.argv[5:]).partition(" --steps ")
    outs = [FOLDER / name for name in names.split()]
    expected, durations = {}, {}
    for out in outs:
        started = time.perf_counter()
        assert end_of(forked(lambda out=out: score(out, SECONDS))) == 0
        durations[out] = time.perf_counter() - started
        expected[out] = written(out)
    for number in range(KILLS):
        out = outs[number % len(outs)]
        child = forked(lambda out=out: score(out, SECONDS))
        moment = moments.uniform(0, durations[out])
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
        end_of(child)
        print(f"{out.name}, killed after {moment:.3f} s: {check(out, expected[out])}", flush=True)
        assert not can_resume(out)
    for out in (FOLDER / name for name in stepwise.split()):
        for step in count():
            if end_of(forked(lambda out=out, step=step: dying_before(step, out))) == 0:
                break
            print(f"{out.name}, ended before step {step}: {check(out, expected[out])}", flush=True)
        assert written(out) == expected[out]
        assert step > len(STEPS)


if __name__ == "__main__":
    main()
