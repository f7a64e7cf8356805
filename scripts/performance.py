"""Measure what ``docs/performance.md`` tells, and write it there: ``python scripts/performance.py [--only profile]``.

Parts: ``profile`` (``scripts/profile_scoring.py``), ``graphs`` (``scripts/compare_graphs.py``) and ``archive``
(``scripts/benchmark_archive.py``). Each is written between its two marks as soon as it is measured. Takes some
minutes; run it on a quiet machine. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs/performance.md"

SCRIPTS = Path(__file__).resolve().parent

PARTS = {
    "profile": ["profile_scoring.py"],
    "graphs": ["compare_graphs.py"],
    "archive": ["benchmark_archive.py"],
}
"""The command of each part. It runs in a process of its own: peak memory would be counted on from what starts it."""


def measured(part: str, model: str | None) -> str:
    """Run a part's command, and return what it prints."""
    command = [sys.executable, str(SCRIPTS / PARTS[part][0]), *PARTS[part][1:], *(["--model", model] if model else [])]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def written(page: str, part: str, text: str) -> str:
    """Return the page with the text between the part's marks.

    Raises:
        ValueError: The page lacks them.
    """
    before, begin, rest = page.partition(f"<!-- {part}: begin -->")
    _, end, after = rest.partition(f"<!-- {part}: end -->")
    if not (begin and end):
        raise ValueError(f"the page has no marks for {part}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def main() -> int:
    """Read the arguments, measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure anew")
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--page", type=Path, default=PAGE, help="page with the marks")
    args = parser.parse_args()
    for part in args.only:
        text = measured(part, args.model)
        print(f"{text}\n", flush=True)
        args.page.write_text(written(args.page.read_text(encoding="utf-8"), part, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
