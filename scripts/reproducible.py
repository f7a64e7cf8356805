"""Print whether the same input and model give the same rows: ``python scripts/reproducible.py``.

Scores the seed articles again and again, with other numbers of processes, of threads and of characters in a batch: the
sha256 of the rows must stay the same. Then labels the seed gold with ONNX Runtime and with torch, which computes with
the same weights in float32. Exit code 1 if any bytes differ. Labels may: the graph rounds what flows between its layers
to 8 bits, and a probability that lies at its threshold can fall to the other side.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.card import markdown_table
from iraqcoal_nlp.model.dequantize import weights_from_onnx
from iraqcoal_nlp.model.loading import load_config
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import ONNX, TOKENIZER, ModelFolder
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.scoring import chunks
from iraqcoal_nlp.scoring.chunks import ScoreOptions
from iraqcoal_nlp.scoring.engines import ModelChoice, open_engine
from iraqcoal_nlp.scoring.stream import score_files

ROOT = Path(__file__).resolve().parents[1]
WAYS = ((1, 1, 100_000), (1, 2, 100_000), (2, 1, 100_000), (1, 1, 1), (1, 2, 3_000), (2, 1, 3_000))
"""Processes, threads, characters in a batch."""


def rows_sha256(out: Path, *, workers: int, threads: int, characters: int) -> str:
    """Score the seed articles, and return the sha256 of the rows."""
    chunks.CHARACTERS = characters
    with open_engine(ModelChoice(threads=threads), ScoreOptions(), workers=workers) as engine:
        score_files([ROOT / "seeds/articles"], out, engine, overwrite=True)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def with_torch(folder: ModelFolder) -> ArticleClassifier:
    """Return the shipped model computed by torch."""
    model = IraqCoalForSentenceClassification(load_config(folder.path))
    known = model.state_dict()
    weights = weights_from_onnx(folder.path / ONNX)
    model.load_state_dict({name: value for name, value in weights.items() if name in known})
    tokenizer = SentenceTokenizer.from_file(folder.path / TOKENIZER, max_length=folder.settings.max_length)
    return ArticleClassifier(folder, TorchBackend(model), tokenizer)


def compare(texts: Sequence[str], one: ArticleClassifier, other: ArticleClassifier) -> str:
    """Return in one line how two ways to compute a model differ on sentences."""
    pairs = list(zip(one.classify_sentences(texts), other.classify_sentences(texts), strict=True))
    stances = sum(first.stance != second.stance for first, second in pairs)
    events = sum(len(set(first.events) ^ set(second.events)) for first, second in pairs)
    furthest = max(
        abs(a - b)
        for first, second in pairs
        for a, b in zip(
            [*first.stance_probs.values(), *first.event_probs.values()],
            [*second.stance_probs.values(), *second.event_probs.values()],
            strict=True,
        )
    )
    return (
        f"{one.backend} and torch on {len(texts)} sentences: {stances} stances and {events} of "
        f"{len(texts) * len(iq.EVENTS)} event labels differ; probabilities by {furthest:.3f} at most"
    )


def main() -> int:
    """Score, compare, and print."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    table = []
    with tempfile.TemporaryDirectory() as place:
        for workers, threads, characters in WAYS:
            found = rows_sha256(Path(place, "rows.jsonl"), workers=workers, threads=threads, characters=characters)
            table.append([str(workers), str(threads), f"{characters:,}", found])
    print(markdown_table(["processes", "threads", "characters in a batch", "sha256 of the rows"], table))
    texts = [row.text for row in read_annotations(ROOT / "seeds/gold.jsonl")]
    print(f"\n{compare(texts, iq.load(), with_torch(ModelFolder.open(locate_model())))}")
    return int(len({row[-1] for row in table}) > 1)


if __name__ == "__main__":
    sys.exit(main())
