"""Results: the same facts in every form, and the same bytes from the same rows."""

import csv
import gzip
import io
import json

import pytest
from pyarrow import parquet

from iraqcoal_nlp.data.results import ENDINGS, output_form, render, row_line
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import FLAT_COLUMNS, SentenceResult, pass_through

TEXT = 'قال "ناطق"،\nإن القوات باقية'


def sentence(**changes):
    facts = {
        "doc_id": "d", "sent_id": 0, "start": 0, "end": len(TEXT), "text": TEXT, "stance": "favor",
        "stance_probs": {"favor": 0.9, "against": 0.06, "none": 0.04}, "events": ("attack", "suspension"),
        "event_probs": {"attack": 0.9, "suspension": 0.8, "handover": 0.0, "withdrawal_demand": 0.1},
        "abstained": False, "flags": ("windowed",), "model": "m@0",
    }  # fmt: skip
    return SentenceResult(**facts | changes)


ROWS = [
    (sentence(), {"date": "2020", "n": 3, "stance": "manual"}),
    (sentence(doc_id="e", sent_id=1, flags=()), {"tags": ["a", "ب"], "date": None, "sure": True}),
]
EXTRA_COLUMNS = ["date", "n", "input_stance", "tags", "sure"]


def test_a_column_with_a_name_of_ours_gets_one_that_is_free():
    extra = {"text": "a", "input_text": "b", "input_file": "c", "date": "d"}
    passed = {"input_input_text": "a", "input_text": "b", "input_input_file": "c", "date": "d"}
    assert list(pass_through(extra).items()) == list(passed.items())


def rendered(folder, name, rows=ROWS, *, excel=False) -> bytes:
    gathered, target = folder / "rows", folder / "target"
    gathered.write_text("".join(row_line(result, pass_through(extra)) for result, extra in rows), "utf-8")
    render(gathered, target, output_form(folder / name, excel=excel), EXTRA_COLUMNS)
    return target.read_bytes()


def test_jsonl_rows_are_the_public_contract(tmp_path):
    first, second = map(json.loads, rendered(tmp_path, "rows.jsonl").splitlines())
    assert list(first) == [
        "doc_id", "sent_id", "start", "end", "text", "stance", "stance_probs", "events", "event_probs",
        "abstained", "truncated", "flags", "model", "date", "n", "input_stance",
    ]  # fmt: skip
    assert (first["truncated"], first["events"], first["text"]) == (True, ["attack", "suspension"], TEXT)
    assert (second["tags"], second["sure"]) == (["a", "ب"], True)


def test_csv_holds_the_same_facts_and_the_columns_of_all_rows(tmp_path):
    content = rendered(tmp_path, "rows.csv").decode("utf-8")
    first, second = csv.DictReader(io.StringIO(content, newline=""))
    assert list(first) == [*FLAT_COLUMNS, *EXTRA_COLUMNS]
    assert (first["text"], first["events"], first["prob_withdrawal_demand"]) == (TEXT, "attack|suspension", "0.1")
    assert [first[name] for name in EXTRA_COLUMNS] == ["2020", "3", "manual", "", ""]
    assert [second[name] for name in EXTRA_COLUMNS] == ["", "", "", '["a", "ب"]', "True"]


def test_parquet_holds_the_same_facts_in_a_schema_that_no_row_changes(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(rendered(tmp_path, "rows.parquet"))
    table = parquet.read_table(tmp_path / "rows.parquet")
    first, second = table.to_pylist()
    assert table.column_names == [*FLAT_COLUMNS, *EXTRA_COLUMNS]
    assert first == {
        **sentence().to_flat(),
        **dict.fromkeys(EXTRA_COLUMNS),
        "date": "2020",
        "n": "3",
        "input_stance": "manual",
    }
    assert (second["tags"], second["sure"], second["date"]) == ('["a", "ب"]', "true", None)
    (tmp_path / "one.parquet").write_bytes(rendered(tmp_path, "rows.parquet", ROWS[1:]))
    assert parquet.read_schema(tmp_path / "one.parquet") == table.schema


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_rows_give_the_same_bytes(tmp_path, ending):
    once = rendered(tmp_path, f"a{ending}")
    (tmp_path / "elsewhere").mkdir()
    assert rendered(tmp_path / "elsewhere", f"b{ending}") == once
    if ending.endswith(".gz"):
        assert gzip.decompress(once) == rendered(tmp_path, f"a{ending.removesuffix('.gz')}")


def test_excel_gets_a_mark_and_no_cell_that_it_would_run(tmp_path):
    cells = ["=1+1", "+cmd", "-cmd|x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]
    kept = ["-5", "+964 ", "a=1", "", "-1.5", "نص"]
    rows = [(sentence(text=cell), {"date": cell}) for cell in [*cells, *kept]]
    content = rendered(tmp_path, "rows.csv", rows, excel=True)
    assert content.startswith(b"\xef\xbb\xbf")
    found = [row["date"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    assert found[: len(cells)] == [f"'{cell}" for cell in cells]
    assert found[len(cells) :] == ["-5", "'+964 ", "a=1", "", "-1.5", "نص"]
    plain = csv.DictReader(io.StringIO(rendered(tmp_path, "rows.csv", rows).decode(), newline=""))
    assert [row["text"] for row in plain] == [*cells, *kept]  # without it, cells are as they came


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.xlsx", "unknown output type"),
        ("a.parquet.gz", "unknown output type"),
        ("no/a.csv", "folder does not exist"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused(tmp_path, name, reason):
    with pytest.raises(InputError, match=reason):
        output_form(tmp_path / name)
    with pytest.raises(InputError, match=r"--excel is for \.csv"):
        output_form(tmp_path / "a.jsonl", excel=True)
