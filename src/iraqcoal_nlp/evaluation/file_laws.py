"""What must hold for any file whatever that is read as articles; see :mod:`iraqcoal_nlp.evaluation.laws`."""

from __future__ import annotations

import atexit
import gzip
import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from iraqcoal_nlp.data.articles import Columns, read_file
from iraqcoal_nlp.data.files import decoded, open_bytes
from iraqcoal_nlp.data.inputs import InputFile
from iraqcoal_nlp.records import Article

ENDINGS = (".txt", ".jsonl", ".csv", ".tsv", ".html", ".jsonl.gz", ".csv.zst", ".parquet")
"""Types of files that :func:`check_reading` reads."""


def check_reading(data: bytes) -> None:
    """Every file gives articles or errors, in order, and no row of it is lost.

    Args:
        data: A byte that chooses one of :data:`ENDINGS`, then the file.
    """
    ending = ENDINGS[data[0] % len(ENDINGS)] if data else ENDINGS[0]
    path = _place() / f"file{ending}"
    path.write_bytes(data[1:])
    items = list(read_file(InputFile(name=str(path), ending=ending), Columns()))
    hold(bool(items), "a file gives neither an article nor an error")
    rows = [item.row for item in items if item.row is not None]
    hold(rows == sorted(set(rows)), f"rows {rows} are out of order")
    for item in items:
        if isinstance(item, Article):
            hold(bool(item.text.strip()) and bool(item.doc_id), "an article has no text or no name")
            json.dumps(dict(item.extra), allow_nan=False)
            for text in (item.text, item.doc_id):
                text.encode("utf-8")  # no half of a surrogate pair, no mark of undecoded bytes
        else:
            hold("\n" not in str(item) and bool(item.reason), "an error is not one line")
    if ending.startswith(".jsonl") and items[-1].row is not None:  # else it is empty, or damaged at its end
        with open_bytes(str(path), ending) as raw:
            lines = [number for number, line in enumerate(decoded(raw)[0], 1) if line.strip()]
        hold(rows == lines, f"rows {rows} were read of lines {lines}")


def made_files(texts: Sequence[str]) -> list[bytes]:
    """Return inputs of :func:`check_reading`: files of every type that hold the texts."""
    rows = [{"id": str(number), "text": text, "date": "2020-01-05"} for number, text in enumerate(texts)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    csv, tsv = ("".join(mark.join(f'"{cell}"' for cell in line) + "\r\n" for line in cells) for mark in ",\t")
    page = "".join(f"<p>{text}</p>" for text in texts)
    contents = {
        ".txt": "\n".join(texts),
        ".jsonl": lines,
        ".csv": csv,
        ".tsv": tsv,
        ".html": f"<html><head><title>خبر</title></head><body><article>{page}</article></body></html>",
    }
    files = [
        (ending, text.encode(encoding, "replace"))
        for ending, text in contents.items()
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1256", "iso8859-6")
    ]
    files += [(".jsonl.gz", gzip.compress(lines.encode(), mtime=0)), (".parquet", _parquet(rows))]
    files.append((".csv.zst", pa.compress(csv.encode(), codec="zstd", asbytes=True)))
    return [bytes([ENDINGS.index(ending)]) + content for ending, content in files]


def hold(condition: bool, reason: str) -> None:
    """Raise if the condition does not hold; unlike ``assert``, also under ``python -O``."""
    if not condition:
        raise AssertionError(reason)


def _parquet(rows: Sequence[dict[str, str]]) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(list(rows)), sink)
    return bytes(sink.getvalue())


@cache
def _place() -> Path:
    """Return a folder for the file that is read; it goes when the process ends."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)
