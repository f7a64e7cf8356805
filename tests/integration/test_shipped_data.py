"""What the shipped model is made from: no document with a sentence that must stay unseen teaches anything."""

import importlib
import json
import lzma
from pathlib import Path

import pytest

from iraqcoal_nlp.data.candidates import fingerprint, in_domain_sentences

ROOT = Path(__file__).resolve().parents[2]

HELD_OUT = "أعلن التحالف الدولي تسليم معسكر التاجي إلى القوات العراقية يوم الأحد."
NEWS = {
    "train": "انفجرت عبوة ناسفة برتل إمداد للتحالف في ذي قار.",
    "dev": "نفى المتحدث إغلاق السفارة في بغداد.",
    "test": HELD_OUT,
}
DOCUMENTS = [
    [HELD_OUT, "قال المتحدث إن القوات الأميركية ستغادر قاعدة القيارة في نهاية الشهر."],
    ["طالب نواب بسحب القوات الأجنبية من البلاد خلال عام واحد."],
    ["قصفت طائرات التحالف مواقع مسلحين قرب جبال حمرين فجر اليوم."],
    ["علقت بعثة حلف الناتو تدريب القوات العراقية حتى إشعار آخر.", "وصل وفد أميركي إلى بغداد لبحث مستقبل قوات التحالف."],
]


def labels_of(corpus, texts):
    """The labels of some sentences of a corpus, as they are published: without the texts."""
    places = {item.text: item.id for item in in_domain_sentences(corpus)}
    entries = [{"id": places[text], "sha256": fingerprint(text), "stance": "none", "events": []} for text in texts]
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@pytest.fixture
def read_data(monkeypatch, tmp_path):
    """``read_data`` over a small DATA_ROOT."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    script = importlib.import_module("train")
    root = tmp_path / "root"
    for folder in ("data", "corpus"):
        (root / folder).mkdir(parents=True)
    rows = [
        {"id": split, "doc_id": split, "text": text, "stance": "none", "events": [], "split": split}
        for split, text in NEWS.items()
    ]
    (root / "data/news-train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (root / "data/authored.jsonl").write_text(json.dumps(rows[0] | {"id": "a", "split": None}) + "\n", "utf-8")
    corpus = root / "corpus/corpus.txt.xz"
    corpus.write_bytes(lzma.compress("\n".join(" ".join(document) + "\n" for document in DOCUMENTS).encode()))
    for name, texts in (
        ("CORPUS_LABELS", [DOCUMENTS[0][1], DOCUMENTS[1][0]]),
        ("CORPUS_TEST", DOCUMENTS[2]),
        ("CORRECTIONS", []),
        ("CORPUS_CORRECTIONS", []),
    ):
        (tmp_path / name).write_text(labels_of(corpus, texts), "utf-8")
        monkeypatch.setattr(script, name, tmp_path / name)
    return lambda **options: script.read_data(root, seed=13, **options)


def test_documents_of_held_out_sentences_teach_nothing(read_data):
    data = read_data(unlabelled=100)
    extra = {row.text for row in data.extra}
    assert DOCUMENTS[1][0] in extra  # labelled, of a document that nothing holds back
    assert not extra & {*DOCUMENTS[0], *DOCUMENTS[2]}
    assert set(data.unlabelled) == set(DOCUMENTS[3])
    assert [row.text for row in data.tests["unselected news"]] == DOCUMENTS[2]


def test_so_many_sentences_are_read_as_were_asked_for(read_data):
    assert read_data().unlabelled == []
    assert len(read_data(unlabelled=1).unlabelled) == 1
