"""Corpora: lines out of text and JSON Lines, compressed or not; every fault names file and row."""

import gzip
import json
import lzma

import pyarrow as pa
import pytest

from iraqcoal_nlp.data.corpus import read_corpus, read_documents
from iraqcoal_nlp.errors import InputError

LINES = ["طالب البرلمان بخروج القوات", "", "سلم التحالف معسكر بسماية", "سقطت ثلاثة صواريخ"]


@pytest.mark.parametrize(
    "compress",
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
    ids=lambda c: c[0],
)
@pytest.mark.parametrize("kind", [".txt", ".jsonl"])
def test_every_form_gives_the_same_texts(tmp_path, kind, compress):
    suffix, pack = compress
    rows = LINES if kind == ".txt" else [json.dumps({"text": line}) if line else "" for line in LINES]
    path = tmp_path / f"corpus{kind}{suffix}"
    path.write_bytes(pack("\r\n".join(rows).encode("utf-8-sig")))
    assert list(read_corpus([path, path])) == [line for line in LINES if line] * 2
    assert list(read_corpus([path], every=3)) == [LINES[0], LINES[3]]
    assert list(read_documents([path])) == list(read_documents([path.rename(path.with_name(path.name.upper()))]))
    path.with_name(path.name.upper()).rename(path)
    documents = [LINES[0], "\n".join(LINES[2:])] if kind == ".txt" else [line for line in LINES if line]
    assert list(read_documents([path, path])) == documents * 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", "سطر\n".encode() + "سطر".encode("cp1256"), r"a\.txt:2: not UTF-8"),
        ("a.jsonl", b'{"text": "x"}\n{"body": "x"}\n', r"a\.jsonl:2: not a JSON object with a `text`"),
        ("a.jsonl", b'["text"]', r"a\.jsonl:1: not a JSON object"),
        ("a.jsonl", b'{"text": 3}', r"a\.jsonl:1: not a JSON object"),
        ("a.txt.xz", b"no archive", r"a\.txt\.xz: cannot be read"),
        ("a.txt.gz", gzip.compress(b"x" * 999, mtime=0)[:-9], r"a\.txt\.gz: cannot be read"),
        ("a.txt.gz", gzip.compress(b"x" * 999, mtime=0)[:12] + b"\xff" * 20, r"a\.txt\.gz: cannot be read"),
        ("a.csv", b"text\nx\n", r"a\.csv: unknown file type: use \.txt or \.jsonl"),
    ],
)
def test_a_fault_is_one_line(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        list(read_corpus([path]))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.txt: cannot be read \(No such file or directory\)"):
        list(read_corpus([tmp_path / "none.txt"]))
