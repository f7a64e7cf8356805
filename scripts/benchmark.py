"""Measure speed and memory: ``python scripts/benchmark.py [--model DIR] [--repeat 5]``.

Prints a Markdown table: sentences per second of the classifier on the seed articles (medians, after a warm-up), seconds
to load the model, seconds of ``iraqcoal classify`` from process start, and the peak memory of that process. Run it on a
quiet machine: anything beside it slows the threads down.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import iraqcoal_nlp as iq
from iraqcoal_nlp.model.backends.onnx import available_cores
from iraqcoal_nlp.text.sentences import split_sentences

SENTENCE = "سلم التحالف الدولي معسكر بسماية إلى القوات العراقية"


def median_seconds(action: Callable[[], object], repeat: int) -> float:
    """Return the median wall time of ``repeat`` calls, after one that does not count."""
    action()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> int:
    """Read the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--articles", type=Path, default=Path("seeds/articles"))
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    texts = [path.read_text(encoding="utf-8") for path in sorted(args.articles.glob("*.txt"))]
    sentences = [sentence.text for text in texts for sentence in split_sentences(text)]
    sentences = list(dict.fromkeys(sentences))  # a repeated sentence is scored once: it would flatter the rate
    rows = [("sentences", f"{len(sentences)}, {statistics.mean(map(len, sentences)):.0f} characters on average")]
    for threads in sorted({1, available_cores()}):
        classifier = iq.load(args.model, threads=threads)
        seconds = median_seconds(lambda clf=classifier: clf.classify_sentences(sentences), args.repeat)  # type: ignore[misc]
        rows.append((f"sentences/s, {threads} thread{'s' * (threads > 1)}", f"{len(sentences) / seconds:.0f}"))
    split = median_seconds(lambda: [split_sentences(text) for text in texts], args.repeat)
    rows.append(("sentences/s of clean and split alone", f"{len(sentences) / split:,.0f}"))
    rows.append(("load the model (s)", f"{median_seconds(lambda: iq.load(args.model), args.repeat):.2f}"))
    command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", "classify", SENTENCE]
    command += ["--model", args.model] if args.model else []
    start = median_seconds(lambda: subprocess.run(command, check=True, capture_output=True), args.repeat)
    rows.append(("`iraqcoal classify`, one sentence, from process start (s)", f"{start:.2f}"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # kilobytes on Linux
    rows.append(("its peak memory (MB)", f"{peak:.0f}"))
    print("| what | measured |\n| --- | ---: |")
    print("\n".join(f"| {name} | {figure} |" for name, figure in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
