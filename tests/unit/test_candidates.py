"""Labels without texts find their sentences in a corpus again, or say that it is another one."""

import gzip
import json

import pytest

from conftest import ATTACK, DEMAND, HANDOVER
from iraqcoal_nlp.data.candidates import fingerprint, in_domain_sentences, is_in_domain, read_corpus_labels
from iraqcoal_nlp.errors import InputError

CORPUS = f"{DEMAND}. {HANDOVER}.\nفاز الفريق في المباراة.\n\n{ATTACK}.\n{HANDOVER}!\n"


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(CORPUS, encoding="utf-8")
    return path


def labels_of(path, entries):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


def test_candidates_stand_where_their_ids_say_each_text_once(corpus):
    found = list(in_domain_sentences(corpus))
    lines = CORPUS.split("\n")
    for sentence in found:
        line, start, end = (int(part) for part in sentence.id[1:].split("-"))
        assert lines[line - 1][start:end] == sentence.text
    assert [sentence.doc_id for sentence in found] == [
        "corpus:0",
        "corpus:0",
        "corpus:1",
    ]  # the handover that is told again is passed over


@pytest.mark.parametrize("text", ["فاز الفريق في المباراة", "ارتفعت أسعار النفط اليوم", ""])
def test_what_has_no_words_of_the_domain_is_no_candidate(text):
    assert not is_in_domain(text)


def test_labels_find_their_texts(corpus, tmp_path):
    entries = [
        {"id": item.id, "sha256": fingerprint(item.text), "stance": "none", "events": ["attack"]}
        for item in in_domain_sentences(corpus)
    ]
    packed = tmp_path / "corpus.txt.gz"
    packed.write_bytes(gzip.compress(corpus.read_bytes()))
    for path in (corpus, packed):
        rows = read_corpus_labels(labels_of(tmp_path / "labels.jsonl", entries[::-1]), path)
        assert [row.text for row in rows] == [item.text for item in in_domain_sentences(corpus)][::-1]
        assert {row.doc_id for row in rows} == {"corpus:0", "corpus:1"}
        assert all(row.events == ("attack",) for row in rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": "0" * 16}, r"labels\.jsonl:1: corpus\.txt holds another text at c1-0-"),
        ({"id": "c99-0-4"}, "too short: it has no c99-0-4"),
        ({"id": "here"}, r":1: not a label of a corpus sentence"),
        ({"stance": "maybe"}, r":1: not a label .*maybe"),
        ({"events": 3}, r":1: not a label"),
    ],
)
def test_wrong_labels_are_one_clear_line(corpus, tmp_path, change, message):
    first = next(iter(in_domain_sentences(corpus)))
    entry = {"id": first.id, "sha256": fingerprint(first.text), "stance": "none", "events": []} | change
    with pytest.raises(InputError, match=message):
        read_corpus_labels(labels_of(tmp_path / "labels.jsonl", [entry]), corpus)


def test_a_sentence_has_one_label(corpus, tmp_path):
    first = next(iter(in_domain_sentences(corpus)))
    entry = {"id": first.id, "sha256": fingerprint(first.text), "stance": "none", "events": []}
    with pytest.raises(InputError, match=rf"labels\.jsonl:2: {first.id} has a label already, in row 1"):
        read_corpus_labels(labels_of(tmp_path / "labels.jsonl", [entry, entry | {"stance": "favor"}]), corpus)


def test_labels_that_are_no_text_are_one_clear_line(corpus, tmp_path):
    (tmp_path / "labels.jsonl").write_bytes('{"id": "قوات'.encode() + b'\xff"}')
    with pytest.raises(InputError, match=r"labels\.jsonl:1: not UTF-8"):
        read_corpus_labels(tmp_path / "labels.jsonl", corpus)


def test_a_missing_corpus_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        list(in_domain_sentences(tmp_path / "none.txt"))
