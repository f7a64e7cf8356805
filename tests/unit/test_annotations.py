"""Annotation files: one schema in three formats; every fault names file and row."""

import codecs
import json

import pytest

from iraqcoal_nlp.data.annotations import Annotation, read_annotations, read_judgements, write_annotations
from iraqcoal_nlp.errors import InputError

GOOD = {"id": "a", "doc_id": "d", "text": "انسحاب القوات", "stance": "none", "events": ["attack"]}
QUOTED = 'قال الناطق: "سلمنا المعسكر، وأوقفنا التدريب"'
ROWS = [
    Annotation(
        id="1", doc_id="خبر", text=QUOTED, stance="favor", events=("suspension", "handover"), source="واع",
        split="train", annotator="ليلى",
    ),
    Annotation(id="2", doc_id="خبر", text="هاجموا القاعدة\nليلا", stance=None, events=("attack",), split="dev"),
    Annotation(id="3", doc_id="3", text="نص لم يحكم عليه أحد", stance=None, events=None, split="test"),
    Annotation(id="4", doc_id="4", text="لا حدث في هذه الجملة", stance="against", events=(), split="test"),
]  # fmt: skip


def write(tmp_path, *lines):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def write_table(tmp_path, rows, *, suffix=".csv", mark=b""):
    """Write the table that a person would make of the rows."""
    separator = {".csv": ",", ".tsv": "\t"}[suffix]
    lines = [["id", "doc_id", "text", "stance", "events", "source", "split", "annotator", "remark"]]
    for row in rows:
        events = "?" if row.events is None else "|".join(row.events)
        text = '"' + row.text.replace('"', '""') + '"'
        optional = [value or "" for value in (row.source, row.split, row.annotator)]
        lines.append([row.id, row.doc_id, text, row.stance or "?", events, *optional, "ملاحظة"])
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(mark + "\r\n".join(separator.join(line) for line in lines).encode())
    return path


def test_rows_are_read_and_missing_labels_stay_missing(tmp_path):
    path = write(tmp_path, GOOD, {"text": "نص بلا تصنيف"}, GOOD | {"id": "b", "boilerplate": True})
    first, second = read_annotations(path)
    assert (first.stance, first.events) == ("none", ("attack",))
    assert (second.id, second.stance, second.events) == ("rows-2", None, None)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_says_what_json_says(tmp_path, suffix, mark):
    assert read_annotations(write_table(tmp_path, ROWS, suffix=suffix, mark=mark)) == ROWS


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "out.jsonl"
    write_annotations(ROWS, path)
    assert read_annotations(path) == ROWS
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert read_annotations(path) == ROWS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ([1], "must be a JSON object"),
        ({"stance": "none"}, "field 'text' is missing"),
        (GOOD | {"id": "z", "stance": "neutral"}, "unknown stance 'neutral': use one of favor, against, none"),
        (GOOD | {"id": "z", "events": ["strike"]}, "unknown event 'strike'"),
        (GOOD | {"id": "z", "events": "attack"}, "must be a list"),
        (GOOD | {"id": "z", "split": "valid"}, "unknown split 'valid': use one of train, dev, test"),
        (GOOD | {"id": ["z"]}, "field 'id' must be text or a number"),
        (GOOD | {"id": "z", "annotators": ["none"]}, "field 'annotators' must be a list of pairs"),
        (GOOD, "id 'a' stands in row 1 already"),
        (GOOD | {"annotator": "س", "text": "نص آخر"}, "id 'a' stands in row 1 already, with another text"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path, line, reason):
    path = write(tmp_path, GOOD, line)
    with pytest.raises(InputError, match=reason) as caught:
        read_annotations(path)
    assert str(caught.value).startswith(f"{path}:2: ")


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("text,events\nخبر,\n", 1, "no column 'stance' but 'text', 'events': annotations have the columns"),
        ("text|stance|events\nخبر|none|\n", 1, r"separated by '\|': save it with commas"),
        ("text,stance,events\nخبر,,\n", 2, "the stance is empty: write favor, against, none, or"),
        ("text,stance,events\nخبر,none,none\n", 2, "unknown event 'none': use any of .*, or leave it empty"),
        ("text,stance,events\nخبر,none\n", 2, "no cell in column 'events'"),
        ("text,stance,events\n ,none,\n", 2, "field 'text' is missing or empty"),
    ],
)
def test_a_fault_of_a_table_names_file_and_row(tmp_path, table, row, reason):
    path = tmp_path / "rows.csv"
    path.write_text(table, "utf-8")
    with pytest.raises(InputError, match=reason) as caught:
        read_annotations(path)
    assert str(caught.value).startswith(f"{path}:{row}: ")


def test_the_first_fault_counts_the_others(tmp_path):
    with pytest.raises(InputError, match=r"rows.jsonl:1: not JSON .*\(2 more bad rows: `iraqcoal data check`"):
        read_annotations(write(tmp_path, "{", GOOD, {"text": ""}, "]"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.jsonl", None, "no such file"),
        ("empty.jsonl", b"", "holds no annotated sentence"),
        ("header.csv", b"text,stance,events\n", "holds no annotated sentence"),
        ("rows.xlsx", b"PK", "unknown file type '.xlsx': use .jsonl, .csv, .tsv"),
    ],
)
def test_a_file_that_cannot_be_read_is_said(tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read_annotations(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_the_encodings_of_articles_are_those_of_annotations(tmp_path, encoding):
    text = "طالب البرلمان العراقي بإخراج القوات الأجنبية من البلاد فورا، وصوت على ذلك بالأغلبية"
    (tmp_path / "rows.csv").write_bytes(f"text,stance,events\n{text},against,withdrawal_demand\n".encode(encoding))
    assert [row.text for row in read_annotations(tmp_path / "rows.csv")] == [text]


def test_bytes_that_are_no_text_name_their_row(tmp_path):
    good = "text,stance,events\nطالب البرلمان بإخراج القوات,none,\n".encode()
    (tmp_path / "rows.csv").write_bytes(good + b"\xd8\xa7\xff\xfe,none,\n")
    with pytest.raises(InputError, match=r"rows\.csv:3: not UTF-8"):
        read_annotations(tmp_path / "rows.csv")


def test_two_annotators_do_not_train_until_somebody_settles(tmp_path):
    one, two = GOOD | {"annotator": "س"}, GOOD | {"annotator": "ص", "stance": "against"}
    path = write(tmp_path, one, two)
    with pytest.raises(
        InputError, match=r"rows\.jsonl:1: id 'a' is judged differently by 'س' and 'ص': keep one row per sentence"
    ):
        read_annotations(path)
    assert [row.annotator for row in read_judgements(path)] == ["س", "ص"]
    (settled,) = read_annotations(write(tmp_path, one, two, GOOD | {"stance": "favor"}))
    assert (settled.annotator, settled.stance) == (None, "favor")
    with pytest.raises(InputError, match="id 'a' stands in row 1 already, by annotator 'س'"):
        read_judgements(write(tmp_path, one, one))


def test_what_annotators_agree_on_is_settled(tmp_path):
    one = GOOD | {"annotator": "س", "stance": "none", "events": ["handover", "attack"]}
    two = one | {"annotator": "ص", "events": ["attack", "handover"]}
    three = one | {"annotator": "ع", "stance": None, "events": None}
    (row,) = read_annotations(write(tmp_path, three, one, two))
    assert (row.annotator, row.stance, row.events) == (None, "none", ("attack", "handover"))
    with pytest.raises(InputError, match="judged differently by 'س' and 'ص' and 'ع'"):
        read_annotations(write(tmp_path, one, two, three | {"stance": "favor"}))
    (row,) = read_annotations(write(tmp_path, three, three | {"annotator": "ف"}))
    assert (row.stance, row.events) == (None, None)


def test_a_settled_row_may_carry_the_judgements_behind_it(tmp_path):
    path = write(tmp_path, GOOD | {"annotators": [["none", ["attack"]], [None, None]]})
    assert [row.annotator for row in read_annotations(path)] == [None]
    _, one, two = read_judgements(path)
    assert (one.annotator, one.stance, one.events) == ("1", "none", ("attack",))
    assert (two.annotator, two.stance, two.events) == ("2", None, None)
