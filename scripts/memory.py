"""Print the peak memory of one long run of scoring: ``python scripts/memory.py --sentences 1000000``.

All of the way but the network: an archive in which no sentence comes twice, read, split, normalized, cut into pieces,
remembered, made into rows, committed and written. In the network's place stands a sum over the pieces, since a million
sentences take the network hours; ``--network`` takes it all the same, for fewer. The network keeps nothing between two
sentences: what it needs comes on top, once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import iraqcoal_nlp as iq
from benchmark_archive import write_archive
from iraqcoal_nlp.benchmark.memory import peak_megabytes
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.backends.protocol import Floats
from iraqcoal_nlp.model.backends.repeats import RepeatedWindows
from iraqcoal_nlp.model.card import markdown_table
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.store import TOKENIZER, ModelFolder
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.scoring.engines import REMEMBERED, local_engine
from iraqcoal_nlp.scoring.stream import ScoreReport, score_files

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 1.0)
"""After which shares of the sentences the peak is noted."""


class NoNetwork:
    """A backend that adds up pieces, and remembers what it has said."""

    name = "none"

    def __init__(self) -> None:
        self._repeated = RepeatedWindows(REMEMBERED)

    def logits(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """See :meth:`iraqcoal_nlp.model.backends.protocol.Backend.logits`."""
        return self._repeated.logits(windows, self._sums)

    def _sums(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        sums = np.array([sum(window) % 997 for window in windows], dtype=np.float32)[:, None] / 997 * 6 - 3
        stance, events = sums * np.array([[1, -1, 0.5]]), sums * np.array([[1, -1, 0.5, -0.5]])
        return stance.astype(np.float32), events.astype(np.float32)


def without_network() -> ArticleClassifier:
    """Return the shipped model with another backend."""
    folder = ModelFolder.open(locate_model())
    tokenizer = SentenceTokenizer.from_file(folder.path / TOKENIZER, max_length=folder.settings.max_length)
    return ArticleClassifier(folder, NoNetwork(), tokenizer)


def peak() -> float:
    """Return the peak memory of this process so far, in MB, without what it inherited at its start."""
    return peak_megabytes() or 0.0


def main() -> int:
    """Read the arguments, score, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1_000_000)
    parser.add_argument("--out", default="rows.jsonl", help="name of the output; its ending chooses the type")
    parser.add_argument("--network", action="store_true", help="with the shipped model's network")
    args = parser.parse_args()
    noted: list[list[str]] = []

    def note(report: ScoreReport) -> None:
        if len(noted) < len(SHARES) and report.tally.sentences >= SHARES[len(noted)] * args.sentences:
            noted.append([f"{report.tally.sentences:,}", f"{peak():.0f}"])

    with tempfile.TemporaryDirectory() as place:
        archive, out = Path(place, "in.jsonl"), Path(place, args.out)
        write_archive(archive, args.sentences)
        classifier = iq.load(remember=REMEMBERED) if args.network else without_network()
        started = time.perf_counter()
        report = score_files([archive], out, local_engine(classifier), on_chunk=note)
        seconds = time.perf_counter() - started
    print(f"{report.tally.sentences:,} sentences in {seconds:.0f} s, backend {classifier.backend}")
    print(markdown_table(["sentences scored", "peak memory (MB)"], [*noted, [f"{args.out} written", f"{peak():.0f}"]]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
