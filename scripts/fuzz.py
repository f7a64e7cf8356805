"""Try the laws of ``evaluation/laws.py`` on hostile inputs: ``python scripts/fuzz.py --target all --runs 100000``.

With atheris (``pip install -e ".[fuzz]"``) coverage decides which inputs are kept and changed further; without it, or
with ``--engine plain``, seeds are changed at random. Both start from the seed articles, for ``reading`` in files of
every type. Each input may take a second of
processor time. What breaks a law is written, made small, to ``OUT/TARGET/``; inputs that reached new code stay in
``OUT/corpus/TARGET/``, so that a later run goes on from there. Prints one row of a Markdown table per target; exit code
1 if a law broke.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NoReturn

from iraqcoal_nlp.evaluation.hostile import mutate

ROOT = Path(__file__).resolve().parents[1]
SECONDS_PER_INPUT = 1.0
SMALLER = 500  # tries to make a finding smaller,
SMALLER_SECONDS = 20.0  # for no longer than this: each try of a slow input takes a second
HEAD = """\
| target | engine | inputs | seconds | slowest input (s) | broken laws |
| --- | --- | ---: | ---: | ---: | ---: |"""


def read_seeds() -> list[str]:
    """Return the lines of the seed articles, and pairs of neighbours."""
    texts = [path.read_bytes().decode("utf-8") for path in sorted((ROOT / "seeds/articles").glob("*.txt"))]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    return lines + ["\n".join(pair) for pair in pairwise(lines)]


def seeds_of(laws: ModuleType, name: str) -> list[bytes]:
    """Return what a target's inputs are made from: texts, or files that hold some."""
    lines = read_seeds()
    if name != "reading":
        return [laws.to_bytes(line) for line in lines]
    made_files = importlib.import_module("iraqcoal_nlp.evaluation.file_laws").made_files
    return [file for at in range(0, len(lines), 2) for file in made_files(lines[at : at + 2])]


def to_input(laws: ModuleType, text: str) -> bytes:
    """Return a changed input; bytes that were no text are again what they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return bytes(laws.to_bytes(text))


class Trial:
    """Runs one target, input by input, and keeps the account.

    Args:
        args: The command's arguments.
        name: Name of the target.
        check: The target.
        engine: Name of the engine, for the table.
    """

    def __init__(self, args: argparse.Namespace, name: str, check: Callable[[bytes], None], engine: str) -> None:
        self._args, self._name, self._check, self._engine = args, name, check, engine
        self._started = time.monotonic()
        self._inputs, self._slowest = 0, 0.0
        self._found: set[str] = set()
        signal.signal(signal.SIGVTALRM, _too_slow)

    def __call__(self, data: bytes) -> None:
        """Try one input; leave the process when enough were tried."""
        if (key := self._broken(data)) and key not in self._found:
            self._found.add(key)
            self._keep(key, data)
        self._inputs += 1
        if self._inputs >= self._args.runs or time.monotonic() - self._started > self._args.seconds:
            self._finish()

    def _broken(self, data: bytes) -> str | None:
        """Return what tells one fault from another: the error and the line that raised it; None if the laws hold."""
        began = time.process_time()
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_PER_INPUT)
            self._check(data)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it is, it is a finding; Rust's panics are no Exception
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            last = traceback.extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__}: {str(error)[:200]} ({Path(last.filename).name}:{last.lineno})"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self._slowest = max(self._slowest, time.process_time() - began)
        return None

    def _keep(self, key: str, data: bytes) -> None:
        """Make a finding smaller, stretch by stretch, and write it down."""
        place, length, start = _place(key), len(data) // 2, 0
        until = time.monotonic() + SMALLER_SECONDS
        for _ in range(SMALLER):
            if start >= len(data):
                start, length = 0, length // 2
            if not length or time.monotonic() > until:
                break
            less = data[:start] + data[start + length :]
            if (again := self._broken(less)) and _place(again) == place:
                data = less
            else:
                start += length
        folder = self._args.out / self._name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
        print(f"{self._name}: {key}: {data!r}", file=sys.stderr)

    def _finish(self) -> NoReturn:
        seconds = time.monotonic() - self._started
        cells = [self._name, self._engine, f"{self._inputs:,}", f"{seconds:.0f}", f"{self._slowest:.3f}"]
        print(f"| {' | '.join(cells)} | {len(self._found)} |", flush=True)
        os._exit(1 if self._found else 0)  # libFuzzer would end the process in its own way


def _place(key: str) -> str:
    """Return the line of code in a finding's key."""
    return key.rsplit("(", 1)[1]


def _too_slow(signum: int, frame: FrameType | None) -> NoReturn:
    raise TimeoutError(f"more than {SECONDS_PER_INPUT} s of processor time")


def run_plain(args: argparse.Namespace, name: str) -> NoReturn:
    """Try changed seeds until enough were tried."""
    laws = importlib.import_module("iraqcoal_nlp.evaluation.laws")
    rng, seeds = random.Random(args.seed), seeds_of(laws, name)
    texts = [laws.to_text(seed) for seed in seeds]
    trial = Trial(args, name, laws.TARGETS[name], "plain")
    for seed in seeds:
        trial(seed)
    while True:
        trial(to_input(laws, mutate(rng.choice(texts), rng, texts, longest=args.longest)))


def run_atheris(args: argparse.Namespace, name: str) -> NoReturn:
    """Let libFuzzer keep the inputs that reach new code."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["iraqcoal_nlp"]):
        laws = importlib.import_module("iraqcoal_nlp.evaluation.laws")
    seeds = seeds_of(laws, name)
    texts = [laws.to_text(seed) for seed in seeds]
    corpus = args.out / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.3:
            changed: Any = atheris.Mutate(data, max_size)
            return bytes(changed)
        return to_input(laws, mutate(laws.to_text(data), rng, texts, longest=args.longest))[:max_size]

    flags = [f"-max_len={4 * args.longest}", f"-seed={args.seed}", "-verbosity=0", "-timeout=60", "-rss_limit_mb=0"]
    atheris.Setup(
        [sys.argv[0], *flags, str(corpus)], Trial(args, name, laws.TARGETS[name], "atheris"), custom_mutator=change
    )
    atheris.Fuzz()
    raise RuntimeError("libFuzzer ended before enough inputs were tried")


def main() -> int:
    """Read the arguments, and run each target in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="inputs per target")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop a target after so many seconds")
    parser.add_argument("--target", default="all", help="one target, or `all`")
    parser.add_argument("--engine", choices=("auto", "atheris", "plain"), default="auto")
    parser.add_argument("--longest", type=int, default=600, help="characters in an input")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--out", type=Path, default=ROOT / "runs/fuzz", help="folder for findings and corpus")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.engine == "auto":
        args.engine = "plain" if find_spec("atheris") is None else "atheris"
    if args.child:
        (run_plain if args.engine == "plain" else run_atheris)(args, args.target)
    targets = list(importlib.import_module("iraqcoal_nlp.evaluation.laws").TARGETS)
    if args.target not in (*targets, "all"):
        parser.error(f"unknown target {args.target!r}: use one of {', '.join(targets)}, or all")
    print(HEAD, flush=True)
    options = ["--runs", args.runs, "--seconds", args.seconds, "--engine", args.engine, "--longest", args.longest]
    options += ["--seed", args.seed, "--out", args.out, "--child"]
    broken = False
    for target in targets if args.target == "all" else [args.target]:
        command = [sys.executable, __file__, *map(str, options), "--target", target]
        broken |= subprocess.run(command, check=False).returncode != 0
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
