"""Measure scoring, file to file: ``python scripts/benchmark_archive.py [--sentences 1000,4000] [--workers 1,2]``.

Makes archives of articles out of the seed articles, in which no sentence comes twice, scores each with ``iraqcoal
score`` and prints a Markdown table: sentences per second, and the peak memory of the process that reads and writes.
``--distinct 4000`` repeats the articles of the first 4,000 sentences instead, as agencies' copy does: what is measured
then is all but the network.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from iraqcoal_nlp.text.sentences import split_sentences

SEEDS = Path(__file__).resolve().parents[1] / "seeds" / "articles"
SENTENCES_PER_ARTICLE = 25


def synthetic_articles(n_sentences: int, *, seed: int = 13) -> Iterator[dict[str, str | int]]:
    """Yield articles of sentences drawn from the seed articles.

    In each sentence one word is replaced by one of another, and a number is added that no other sentence has: nothing
    is scored only once because it repeats itself.
    """
    texts = [path.read_bytes().decode("utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    sentences = [sentence.text for text in texts for sentence in split_sentences(text)]
    words = re.findall(r"\w+", " ".join(texts))
    draw = random.Random(seed)
    for first in _firsts(n_sentences):
        lines = []
        for number in range(first, min(first + SENTENCES_PER_ARTICLE, n_sentences)):
            parts = draw.choice(sentences).rstrip(".").split()
            parts[draw.randrange(len(parts))] = draw.choice(words)
            lines.append(f"{' '.join(parts)} رقم {number}.")
        yield {"id": first, "text": "\n".join(lines)}


def _firsts(n_sentences: int) -> range:
    """Return the number of the first sentence of each article."""
    return range(0, n_sentences, SENTENCES_PER_ARTICLE)


def write_archive(path: Path, n_sentences: int, *, distinct: int | None = None) -> None:
    """Write an archive as JSON Lines; after ``distinct`` sentences, its articles come again under new ids."""
    articles = synthetic_articles(n_sentences)
    if distinct is not None:
        repeated = cycle(list(synthetic_articles(min(distinct, n_sentences))))
        articles = (article | {"id": first} for first, article in zip(_firsts(n_sentences), repeated, strict=False))
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)


def measure(archive: Path, out: Path, options: list[str]) -> tuple[float, float]:
    """Score an archive, and return the seconds it took and the peak memory of its first process in MB."""
    command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", "score", str(archive)]
    started = time.perf_counter()
    run = subprocess.Popen([*command, "--out", str(out), "--force", *options], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024  # kilobytes on Linux


def table(sizes: str, workers: str, *, model: str | None = None, distinct: int | None = None) -> Iterator[str]:
    """Measure, and yield the lines of a table in Markdown.

    Args:
        sizes: Sentences of each archive, with commas between.
        workers: Numbers of processes, with commas between.
        model: Model folder; without it, the shipped model.
        distinct: See :func:`write_archive`.
    """
    yield "| sentences | processes | seconds | sentences/s | peak memory (MB) |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    with tempfile.TemporaryDirectory() as place:
        for n_sentences in map(int, sizes.split(",")):
            archive = Path(place, f"{n_sentences}.jsonl")
            write_archive(archive, n_sentences, distinct=distinct)
            for number in workers.split(","):
                options = ["--workers", number, *(["--model", model] if model else [])]
                seconds, peak = measure(archive, Path(place, "rows.jsonl"), options)
                yield f"| {n_sentences:,} | {number} | {seconds:.1f} | {n_sentences / seconds:,.0f} | {peak:.0f} |"


def main() -> int:
    """Read the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", default="1000,4000", help="sizes of archives")
    parser.add_argument("--workers", default="1,2", help="numbers of processes")
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument(
        "--distinct",
        type=int,
        default=None,
        help=f"sentences after which the archive repeats: a multiple of {SENTENCES_PER_ARTICLE}",
    )
    args = parser.parse_args()
    for row in table(args.sentences, args.workers, model=args.model, distinct=args.distinct):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
