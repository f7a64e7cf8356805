"""Readers: good rows become articles, bad rows become errors with file and row, none is lost."""

import codecs
import json

import pytest

from iraqcoal_nlp.data.articles import Columns, list_inputs, read_articles
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import Article

TEXT = "أعلن التحالف الدولي وقف التدريب.\r\nوقال ناطق باسمه إن القرار مؤقت."


def read(*paths, **columns):
    return list(read_articles(list_inputs(list(paths)), Columns(**columns)))


def test_a_text_file_is_one_article_with_its_line_ends(tmp_path):
    path = tmp_path / "خبر.txt"
    path.write_bytes(codecs.BOM_UTF8 + TEXT.encode())
    (article,) = read(path)
    assert (article.doc_id, article.text) == ("خبر", TEXT)


def test_folders_are_searched_in_name_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "a.txt", "b/1.txt", "notes.pdf"):
        (tmp_path / name).write_text(TEXT, "utf-8")
    assert [article.doc_id for article in read(tmp_path)] == ["a", "b/1", "b/2"]


def test_jsonl_rows_keep_their_other_columns(tmp_path):
    path = tmp_path / "in.jsonl"
    rows = [{"id": 7, "text": TEXT, "date": "2020-01-05"}, {"text": TEXT}]
    path.write_text("\n\n".join(json.dumps(row) for row in rows), "utf-8")
    first, second = read(path)
    assert (first.doc_id, first.extra) == ("7", {"date": "2020-01-05"})
    assert (second.doc_id, second.row) == ("in:3", 3)


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t")])
def test_tables_name_rows_as_a_spreadsheet_does(tmp_path, suffix, separator):
    path = tmp_path / f"in{suffix}"
    lines = [["key", "body"], ["a", '"سطر أول\nسطر ثان"'], ["b", ""], ["c", "نص"]]
    path.write_bytes(codecs.BOM_UTF8 + "\n".join(separator.join(line) for line in lines).encode())
    good, bad, last = read(path, text="body", id="key")
    assert (good.doc_id, good.text) == ("a", "سطر أول\nسطر ثان")
    assert isinstance(bad, InputError)
    assert str(bad) == f"{path}:3: the text is empty"
    assert last.doc_id == "c"


def test_a_stray_quotation_mark_costs_its_own_row_alone(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text('id,text\n1,"نص" وبقية\n2,خبر\n', "utf-8")
    bad, good = read(path)
    assert isinstance(bad, InputError)
    assert bad.row == 2
    assert (good.doc_id, good.text) == ("2", "خبر")


def test_an_unclosed_cell_costs_its_own_row_alone(tmp_path):
    rows = [f"{n}\tخبر رقم {n}" for n in range(50)]
    rows[10] = '10\t"عنوان يبدأ بعلامة تنصيص'
    for end in ("", '"'):  # never closed; closed by a mark some rows below
        rows[30] = f"30\tخبر رقم 30{end}"
        for suffix, separator in ((".tsv", "\t"), (".csv", ",")):
            if suffix == ".csv" and end:
                continue  # a cell of several lines is all that this can mean
            path = tmp_path / f"in{suffix}"
            path.write_text("\n".join(["id\ttext", *rows]).replace("\t", separator), "utf-8")
            found = read(path)
            assert len(found) == 50
            assert [item.row for item in found if isinstance(item, InputError)] == [12]
            assert found[-1].text == "خبر رقم 49"


def test_files_named_twice_are_read_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TEXT, "utf-8")
    assert len(read(path, tmp_path, path)) == 1


def test_hidden_files_and_our_own_results_in_a_folder_are_not_read(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / ".hidden.txt").write_text(TEXT, "utf-8")
    row = {"doc_id": "a", "sent_id": 0, "start": 0, "end": 1, "text": "ن", "stance": "none"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row), "utf-8")
    (tmp_path / "rows.csv").write_text(",".join(row), "utf-8")
    assert [file.stem for file in list_inputs([tmp_path])] == ["a"]


def test_blank_lines_are_no_rows(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("\n\ntext\n\nخبر\n\n", "utf-8")
    (article,) = read(path)
    assert (article.text, article.row) == ("خبر", 5)


def test_columns_without_a_name_of_their_own_are_kept(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,text,,tag,tag\n1,خبر,a,b,c\n", "utf-8")
    (article,) = read(path)
    assert article.extra == {"column_3": "a", "tag": "b", "column_5": "c"}


def test_files_of_one_name_get_articles_of_different_names(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(TEXT, "utf-8")
    first, second = read(tmp_path / "a" / "x.txt", tmp_path / "b" / "x.txt")
    assert first.doc_id != second.doc_id


def test_lists_of_errors_in_a_folder_are_not_read(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "rows.jsonl.errors.jsonl").write_text("{}", "utf-8")
    (tmp_path / "rows.jsonl").write_text("{}", "utf-8")
    assert [file.stem for file in list_inputs([tmp_path], without=[tmp_path / "rows.jsonl"])] == ["a"]


def test_an_article_larger_than_the_csv_modules_limit_is_read(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("text\n" + "نص " * 100_000, "utf-8")
    (article,) = read(path)
    assert isinstance(article, Article)


@pytest.mark.parametrize(
    ("name", "content", "messages"),
    [
        ("a.txt", b"", [": the text is empty"]),
        ("a.txt", b" \n", [": the text is empty"]),
        ("a.txt", "التحالف".encode("cp1256"), [": not UTF-8: convert it"]),
        ("a.txt", "التحالف".encode("utf-16"), [": UTF-16, not UTF-8"]),
        ("a.csv", "text".encode("utf-16"), [": UTF-16, not UTF-8"]),
        ("a.csv", b"id;text\n1;x", [":1: its columns are separated by ';'"]),
        ("a.jsonl", b"", [": is empty"]),
        (
            "a.jsonl",
            b'{"text": 3}\n{"a": 1}\n[1]\n{',
            [":1: has no text", ":2: has no text", ":3: a row", ":4: not JSON"],
        ),
        ("a.jsonl", '{"text": "التحالف"}'.encode("cp1256"), [":1: not UTF-8"]),
        ("a.jsonl", b'{"text": ' + b"[" * 100_000, [":1: not JSON"]),
        ("a.csv", b"", [": is empty"]),
        ("a.csv", b"body\nx", [":1: has no column 'text' but 'body': `iraqcoal score` takes --text-column"]),
        ("a.csv", b"text\nx,y", [":2: has 2 cells, the header has 1"]),
        ("a.csv", b"text,text\nx,y", [":1: has 2 columns 'text'"]),
        ("a.csv", b'text\n"x" y\n', [":2: not CSV"]),
        ("a.csv", "text\nالتحالف".encode("cp1256"), [":2: not UTF-8"]),
    ],
)
def test_each_fault_is_one_line_with_file_and_row(tmp_path, name, content, messages):
    path = tmp_path / name
    path.write_bytes(content)
    found = read(path)
    assert len(found) == len(messages)
    for error, message in zip(found, messages, strict=True):
        assert isinstance(error, InputError)
        assert str(error).startswith(f"{path}{message}")
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "reason"), [("none.txt", "no such file"), ("a.pdf", "unknown file type"), ("d", "no file")]
)
def test_wrong_inputs_are_refused_before_anything_is_read(tmp_path, name, reason):
    (tmp_path / "d").mkdir()
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(InputError, match=reason):
        list_inputs([tmp_path / name])
