"""``data check``: every copy, conflict and leak is found, and nothing else is."""

import json
from dataclasses import replace

import pytest

from iraqcoal_nlp.data.annotations import Annotation, read_annotations, write_annotations
from iraqcoal_nlp.data.check import check_annotations
from iraqcoal_nlp.errors import InputError

BASE = "أعلن التحالف الدولي أمس الأحد وقف مهام التدريب والدعم للقوات العراقية بسبب تكرار الهجمات الصاروخية على القواعد"


def row(name, text, **fields) -> Annotation:
    return Annotation(**({"id": name, "doc_id": name, "text": text, "stance": "none", "events": ()} | fields))


CLEAN = [
    row("a", "طالب البرلمان العراقي بإخراج القوات الأجنبية من البلاد", stance="against", events=("withdrawal_demand",)),
    row("b", "سقطت صواريخ كاتيوشا على قاعدة عين الأسد", events=("attack",), doc_id="a"),
    row("c", "سلم التحالف الدولي معسكر بسماية إلى القوات العراقية", stance=None, events=("handover",)),
    row("d", "قال الناطق إن التدريب مستمر", stance="favor", events=None),
]


def check(tmp_path, *files, held_out=None):
    paths = []
    for number, rows in enumerate(files, 1):
        paths.append(tmp_path / f"file{number}.jsonl")
        write_annotations(rows, paths[-1])
    if held_out is not None:
        write_annotations(held_out, tmp_path / "gold.jsonl")
    return check_annotations(paths, held_out=None if held_out is None else tmp_path / "gold.jsonl")


def test_labels_are_counted_and_clean_data_has_no_problem(tmp_path):
    report = check(tmp_path, CLEAN, held_out=[row("z", BASE)])
    counts = report.counts["all"]
    assert list(report.counts) == ["all"]
    assert (counts.sentences, counts.documents) == (4, 3)
    assert counts.stances == {"favor": 1, "against": 1, "none": 1}
    assert counts.events == {"attack": 1, "suspension": 0, "handover": 1, "withdrawal_demand": 1}
    assert (counts.stance_missing, counts.events_missing, counts.no_event, counts.unsettled) == (1, 1, 0, 0)
    assert (report.lengths.shortest, report.lengths.longest) == (27, 54)
    assert report.agreement is None
    assert report.problems == []


def test_copies_are_told_and_only_different_labels_are_a_problem(tmp_path):
    """The third is the first to a model: tatweel and hidden marks are removed before it reads."""
    copies = [row("e", BASE), row("f", f"{BASE} اليوم"), row("g", BASE.replace("الدولي", "الدولـــي\u200f"))]
    report = check(tmp_path, CLEAN + copies)
    assert [[r.id for r in rows] for rows in report.duplicates] == [["e", "g"]]
    assert {tuple(sorted((a.id, b.id))) for a, b in report.near_duplicates} == {("e", "f"), ("e", "g")}
    assert report.problems == []
    report = check(tmp_path, [*CLEAN, *copies, row("h", BASE, stance=None, events=("suspension",))])
    assert [[r.id for r in rows] for rows in report.conflicts] == [["e", "g", "h"]]
    assert report.problems == ["texts with different labels: 1"]


def test_leaks_between_given_splits_are_problems(tmp_path):
    sides = ["train", "test", "dev", "train"]
    rows = [replace(r, split=split) for r, split in zip(CLEAN, sides, strict=True)]
    rows += [row("e", BASE, split="train"), row("f", f"{BASE} اليوم", split="dev"), row("g", "خبر عابر جديد")]
    report = check(tmp_path, rows)
    assert [(leak.held_out.id, leak.copy.id) for leak in report.leaks] == [("f", "e")]
    assert report.shared_documents == ("a",)
    assert {name: counts.sentences for name, counts in report.counts.items()} == {
        "all": 7, "train": 3, "dev": 2, "test": 1,
    }  # fmt: skip
    assert report.problems == [
        "sentences without a split, while others have one: 1",
        "held-out sentences that nearly repeat another split: 1",
        "documents in several splits: 1",
    ]


def test_leaks_against_the_held_out_file_are_problems(tmp_path):
    report = check(tmp_path, [*CLEAN, row("e", f"{BASE} اليوم")], held_out=[row("z", BASE)])
    assert [(leak.held_out.id, leak.copy.id) for leak in report.held_out_leaks] == [("z", "e")]
    assert report.problems == ["sentences that nearly repeat the held-out file: 1"]


def test_one_file_per_annotator_gives_agreement(tmp_path):
    report = check(tmp_path, CLEAN, [replace(r, stance="none") for r in CLEAN[:3]])
    assert report.agreement.annotators == ("file1", "file2")
    assert report.agreement.pairs[0].n_sentences == 3
    counts = report.counts["all"]
    assert (counts.sentences, counts.unsettled) == (4, 1)  # of the other two, they agree on what both have judged
    assert counts.stances == {"favor": 1, "against": 0, "none": 2}
    assert [[(row.annotator, row.stance) for row in rows] for rows in report.unsettled] == [
        [("file1", "against"), ("file2", "none")]
    ]
    assert report.problems == ["sentences judged differently, not settled: 1"]
    assert check(tmp_path, CLEAN, CLEAN[:3]).problems == []


def test_one_id_in_two_files_is_one_sentence_judged_once_by_each(tmp_path):
    one = row("a", BASE, split="train", annotator="1")
    report = check(tmp_path, [one], [replace(one, split="test")])
    assert [str(error) for error in report.bad_rows] == [
        f"{tmp_path}/file2.jsonl:1: id 'a' stands in {tmp_path}/file1.jsonl:1 already, with another split"
    ]
    report = check(tmp_path, [one], [replace(one, stance="against")])
    assert [str(error) for error in report.bad_rows] == [
        f"{tmp_path}/file2.jsonl:1: id 'a' stands in {tmp_path}/file1.jsonl:1 already, by annotator '1'"
    ]


def test_labels_of_a_model_are_told_also_after_the_rows_were_written_again(tmp_path):
    probs = {"stance_probs": {"favor": 0.0}, "model": "m@0"}
    lines = [json.dumps({"id": "a", "text": BASE, "stance": "none", "events": []} | probs)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    rows = read_annotations(tmp_path / "rows.jsonl")
    report = check(tmp_path, rows, [row("b", "قال")])
    assert report.labelled_by == report.to_dict()["labelled_by"] == "1 of 2 rows were labelled by m@0"
    assert check(tmp_path, CLEAN).labelled_by is None


def test_bad_rows_are_listed_and_the_others_are_checked(tmp_path):
    report = check(tmp_path, CLEAN, [row("a", "نص آخر تحت الاسم نفسه"), row("e", BASE)])
    assert [str(error).removeprefix(str(tmp_path)) for error in report.bad_rows] == [
        f"/file2.jsonl:1: id 'a' stands in {tmp_path}/file1.jsonl:1 already, with another text"
    ]
    assert report.counts["all"].sentences == 5
    assert report.problems == ["rows that cannot be read: 1"]
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": ""}\n{\n', "utf-8")
    with pytest.raises(InputError, match=r"bad\.jsonl:1: field 'text'"):
        check_annotations([bad])
