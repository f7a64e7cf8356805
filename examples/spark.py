"""Label sentences with Spark: ``spark-submit examples/spark.py IN OUT``, Parquet to Parquet.

``IN`` has the columns ``doc_id`` and ``text``; others are left behind: join them again by ``doc_id``. Every machine
needs iraqcoal-nlp, and ``PYSPARK_PYTHON`` names its Python. An article that cannot be scored gives one row that has its
``doc_id`` and an ``error``, and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pandas as pd

import iraqcoal_nlp as iq
from iraqcoal_nlp.records import FLAT_COLUMNS, flatten
from iraqcoal_nlp.scoring.chunks import ScoreOptions, score_chunk

TYPES = {"sent_id": "long", "start": "long", "end": "long", "abstained": "boolean", "truncated": "boolean"}
TYPES |= {name: "double" for name in FLAT_COLUMNS if name.startswith("prob_")}
SCHEMA = ", ".join(f"`{name}` {TYPES.get(name, 'string')}" for name in (*FLAT_COLUMNS, "error"))


def score_frames(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Turn frames of articles into frames of sentences; for ``DataFrame.mapInPandas``, which calls it per partition."""
    classifier = iq.load(threads=1)
    for frame in frames:
        pairs = zip(frame["doc_id"].astype(str), frame["text"], strict=True)
        items = [
            iq.Article(doc_id=doc_id, text=text, source=doc_id)
            if isinstance(text, str) and text.strip()
            else iq.InputError("the text is empty", path=doc_id)
            for doc_id, text in pairs
        ]
        scored = score_chunk(items, classifier, ScoreOptions())
        rows = [flatten(json.loads(line)) for line in scored.rows.splitlines()]
        rows += [{"doc_id": str(error.path), "error": error.reason} for error in scored.errors]
        yield pd.DataFrame(rows, columns=[*FLAT_COLUMNS, "error"])


def main() -> None:
    """Read, score, write."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("iraqcoal").getOrCreate()
    articles = spark.read.parquet(sys.argv[1]).select("doc_id", "text")
    articles.mapInPandas(score_frames, SCHEMA).write.parquet(sys.argv[2])


if __name__ == "__main__":
    main()
