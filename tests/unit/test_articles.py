"""Readers: good rows become articles, bad rows become errors with file and row, none is lost."""

import codecs
import datetime
import decimal
import gzip
import io
import json
import lzma
import os
import sys

import pyarrow as pa
import pytest
from pyarrow import parquet

from iraqcoal_nlp.data.articles import Columns, read_articles
from iraqcoal_nlp.data.exchange import CODES_COLUMNS
from iraqcoal_nlp.data.inputs import list_inputs
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import FLAT_COLUMNS, Article


def table(**columns) -> bytes:
    content = io.BytesIO()
    parquet.write_table(pa.table(columns), content)
    return content.getvalue()


PACKED = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}

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
    row = {"doc_id": 'a"b', "sent_id": 0, "start": 0, "end": 1, "text": "ن" * 5_000, "stance": "none"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row), "utf-8")
    (tmp_path / "rows.csv").write_text(",".join(FLAT_COLUMNS), "utf-8")
    (tmp_path / "excel.csv").write_text(";".join(FLAT_COLUMNS), "utf-8-sig")
    (tmp_path / "codes.csv").write_text(",".join(CODES_COLUMNS), "utf-8")
    (tmp_path / "report.html").write_text('<html><head><meta name="generator" content="iraqcoal-nlp 1">', "utf-8")
    assert [file.stem for file in list_inputs([tmp_path])] == ["a"]
    assert [file.stem for file in list_inputs([f"file://{tmp_path}"])] == ["a"]


def test_blank_lines_are_no_rows(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("\n\ntext\n\nخبر\n\n", "utf-8")
    (article,) = read(path)
    assert (article.text, article.row) == ("خبر", 5)
    path.write_text("id;text\n1;خبر\n;\n;\n", "utf-8")  # as Excel leaves rows that were emptied
    (article,) = read(path)
    assert (article.text, article.row) == ("خبر", 2)


def test_columns_without_a_name_of_their_own_are_kept(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,text,,tag,tag\n1,خبر,a,b,c\n", "utf-8")
    (article,) = read(path)
    assert article.extra == {"column_3": "a", "tag": "b", "column_5": "c"}
    path.write_text("id,text,,column_3\n1,خبر,a,b\n", "utf-8")
    (article,) = read(path)
    assert article.extra == {"column_3_": "a", "column_3": "b"}


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
        ("a.txt", b"\xff\xfe\x27", [": not utf-16"]),
        ("a.txt", "التحالف".encode() + b"\xff", [": not UTF-8: convert it"]),
        ("a.csv", b"id|text\n1|x", [":1: its columns are separated by '|'"]),
        ("a.csv", b'"id"|"text"\n1|x', [":1: its columns are separated by '|'"]),
        ("a.csv", b"id;body\n1;x", [":1: has no column 'text' but 'id', 'body': `iraqcoal score` takes --text-column"]),
        ("a.jsonl", b"", [": is empty"]),
        (
            "a.jsonl",
            b'{"text": 3}\n{"a": 1}\n[1]\n{',
            [":1: has no text", ":2: has no text", ":3: a row", ":4: not JSON"],
        ),
        ("a.jsonl", '{"text": "التحالف'.encode() + b'\xc7"}', [":1: not UTF-8"]),
        ("a.jsonl", b'{"text": ' + b"[" * 100_000, [":1: not JSON"]),
        ("a.csv", b"", [": is empty"]),
        ("a.csv", b"body\nx", [":1: has no column 'text' but 'body': `iraqcoal score` takes --text-column"]),
        ("a.csv", b"text\nx,y", [":2: has 2 cells, the header has 1"]),
        ("a.csv", b"text,text\nx,y", [":1: has 2 columns 'text'"]),
        ("a.csv", b'text\n"x" y\n', [":2: not CSV"]),
        ("a.csv", "text\nالتحالف".encode() + b"\xc7", [":2: not UTF-8"]),
        ("a.csv", "text,العنوان".encode() + b"\xc7\nx,y", [":1: names of columns are no text"]),
        ("a.txt.gz", gzip.compress(b"x" * 9999, mtime=0)[:-9], [": cannot be read (Compressed file ended"]),
        ("a.csv.gz", b"no gzip", [": cannot be read (Not a gzipped file"]),
        ("a.jsonl.xz", b"no xz", [": cannot be read (Input format not supported"]),
        ("a.jsonl.zst", b"no zstd at all", [": cannot be read (ZSTD decompress failed"]),
        ("a.parquet", b"no parquet", [": cannot be read as Parquet"]),
        ("a.parquet", table(body=["x"]), [": has no column 'text' but 'body'"]),
        ("a.parquet", table(text=[""]), [":1: the text is empty"]),
        ("a.parquet", table(text=[1, 2]), [":1: has no text", ":2: has no text"]),
        ("a.parquet.gz", gzip.compress(table(text=["x"]), mtime=0)[:-9], [": cannot be read (Compressed file ended"]),
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


@pytest.mark.parametrize("ending", sorted(PACKED))
@pytest.mark.parametrize("kind", [".txt", ".jsonl", ".csv", ".tsv", ".parquet"])
def test_every_type_is_read_in_every_compression(tmp_path, kind, ending):
    cell = f'"{TEXT}"'
    content = {
        ".txt": TEXT.encode(),
        ".jsonl": json.dumps({"text": TEXT}).encode(),
        ".csv": f"date,text\n2020,{cell}".encode(),
        ".tsv": f"date\ttext\n2020\t{cell}".encode(),
        ".parquet": table(text=[TEXT]),
    }[kind]
    path = tmp_path / f"in{kind}{ending}"
    path.write_bytes(PACKED[ending](content))
    (article,) = read(path)
    assert article.text == TEXT
    assert article.doc_id.split(":")[0] == "in"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1256", "iso-8859-6"])
@pytest.mark.parametrize("name", ["in.txt", "in.jsonl", "in.csv"])
def test_every_type_is_read_in_every_encoding(tmp_path, name, encoding):
    text = TEXT.replace("\r\n", " ")
    content = {"in.txt": text, "in.jsonl": f'{{"text": "{text}"}}', "in.csv": f"text\n{text}"}[name]
    (tmp_path / name).write_bytes(content.encode(encoding))
    (article,) = read(tmp_path / name)
    assert (article.text, article.encoding) == (text, encoding.removesuffix("-sig"))


@pytest.mark.parametrize("n_rows", [9_000, 60_000])  # damaged within the part that shows the encoding, and after it
@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_a_damaged_file_is_read_up_to_the_damage(tmp_path, ending, n_rows):
    rows = "".join(json.dumps({"text": f"خبر {n}"}) + "\n" for n in range(n_rows)).encode()
    content = PACKED[ending](rows)
    (tmp_path / f"in.jsonl{ending}").write_bytes(content[: len(content) * 3 // 4])
    *articles, error = read(tmp_path / f"in.jsonl{ending}")
    assert isinstance(error, InputError)
    assert [article.text for article in articles] == [f"خبر {n}" for n in range(len(articles))]
    assert len(articles) > n_rows / 4  # zstd has blocks of 128 KB, which are lost whole
    assert f"cannot be read after {len(articles)} rows" in str(error)


def test_damage_that_gzip_finds_at_the_end_is_told(tmp_path):
    content = bytearray(gzip.compress(b'{"text": "x"}\n' * 9999))
    content[-6] ^= 1  # the checksum
    (tmp_path / "in.jsonl.gz").write_bytes(content)
    *articles, error = read(tmp_path / "in.jsonl.gz")
    assert len(articles) == 9999
    assert "CRC check failed" in str(error)


def test_columns_of_parquet_come_as_json_can_hold_them(tmp_path):
    columns = {
        "text": pa.array([TEXT, None], pa.large_string()),
        "id": [7, 8],
        "date": [datetime.date(2020, 1, 5), None],
        "time": [datetime.datetime(2020, 1, 5, 10), None],
        "share": [float("nan"), 0.5],
        "price": [decimal.Decimal("1.50"), None],
        "tags": [["a", "ب"], None],
        "place": [{"city": "بغداد"}, None],
        "far": pa.array([2**58, None], pa.timestamp("us")),
        "raw": [b"x", None],
        "kind": pa.array(["news", "news"]).dictionary_encode(),
    }
    (tmp_path / "in.parquet").write_bytes(table(**columns))
    first, second = read(tmp_path / "in.parquet")
    assert first.extra == {
        "date": "2020-01-05", "time": "2020-01-05T10:00:00", "share": None, "price": "1.50", "tags": ["a", "ب"],
        "place": {"city": "بغداد"}, "raw": "x", "kind": "news",
        "far": "11103-08-29 17:22:31.711744",
    }  # fmt: skip
    json.dumps(first.extra)
    assert (first.doc_id, first.row) == ("7", 1)
    assert str(second) == f"{tmp_path / 'in.parquet'}:2: has no text in field 'text'"


def test_text_of_parquet_that_is_no_utf8_costs_its_own_row_alone(tmp_path):
    cells = pa.array([TEXT.encode(), b"\xc7\xe1", TEXT.encode()]).view(pa.string())
    (tmp_path / "in.parquet").write_bytes(table(text=cells))
    first, bad, last = read(tmp_path / "in.parquet")
    assert first.text == last.text == TEXT
    assert (
        str(bad)
        == f"{tmp_path / 'in.parquet'}:2: not UTF-8: convert it, for example with `iconv -f WINDOWS-1256 -t UTF-8`"
    )


def test_text_of_parquet_may_be_bytes_and_a_bad_nested_cell_costs_its_own_row_alone(tmp_path):
    tags = pa.ListArray.from_arrays([0, 1, 2, 3], pa.array([b"a", b"\xc7\xe1", b"b"]).view(pa.string()))
    texts = pa.array([TEXT.encode(), TEXT.encode(), "قصف".encode("cp1256")])
    (tmp_path / "in.parquet").write_bytes(table(text=texts, tags=tags))
    first, second, third = read(tmp_path / "in.parquet")
    assert (first.text, first.extra) == (TEXT, {"tags": ["a"]})
    assert "in.parquet:2: not UTF-8" in str(second)
    assert "in.parquet:3: not UTF-8" in str(third)


def test_one_row_that_no_reader_foresees_is_one_error(tmp_path):
    deep = "[" * 700 + "]" * 700
    (tmp_path / "in.jsonl").write_text(f'{{"text": "خبر", "a": {deep}}}\n{{"text": "خبر"}}\n', "utf-8")
    bad, good = read(tmp_path / "in.jsonl")
    assert "in.jsonl:1: not JSON (maximum recursion depth" in str(bad)
    assert good.text == "خبر"
    times = pa.array([0], pa.timestamp("us", tz="GMT+3"))
    (tmp_path / "in.parquet").write_bytes(table(text=[TEXT], time=times))
    (error,) = read(tmp_path / "in.parquet")
    assert "in.parquet: cannot be read as Parquet" in str(error)


PAGE = """<html><head><title>التحالف يوقف التدريب</title>
<meta property="article:published_time" content="2020-01-05T10:00:00Z"></head><body><nav>الرئيسية أخبار رياضة</nav>
<article><p>أعلن التحالف الدولي وقف التدريب في العراق بسبب تكرار الهجمات الصاروخية على القواعد العسكرية.</p>
<p>وقال ناطق باسم التحالف إن القرار مؤقت، وإن القوات باقية في البلاد حتى إشعار آخر من القيادة.</p></article>
<footer>جميع الحقوق محفوظة</footer></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1256"])
def test_a_web_page_gives_its_article_without_menus(tmp_path, encoding):
    pytest.importorskip("trafilatura")
    (tmp_path / "a.html").write_bytes(PAGE.encode(encoding))
    (article,) = read(tmp_path / "a.html")
    assert article.text.startswith("أعلن التحالف الدولي وقف التدريب")
    assert "الحقوق" not in article.text
    assert "رياضة" not in article.text
    assert article.extra == {"title": "التحالف يوقف التدريب", "date": "2020-01-05"}
    assert article.encoding == encoding


def test_the_date_of_a_page_does_not_depend_on_today(tmp_path):
    pytest.importorskip("trafilatura")
    (tmp_path / "a.html").write_text(PAGE.replace("2020-01-05", "2090-01-05"), "utf-8")
    (article,) = read(tmp_path / "a.html")
    assert article.extra["date"] == "2090-01-05"


def test_a_page_without_an_article_is_an_error(tmp_path):
    pytest.importorskip("trafilatura")
    (tmp_path / "a.html").write_text("<html></html>", "utf-8")
    (error,) = read(tmp_path / "a.html")
    assert "no article" in str(error)


def test_without_trafilatura_a_page_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    (tmp_path / "a.html").write_text(PAGE, "utf-8")
    (error,) = read(tmp_path / "a.html")
    assert "pip install 'iraqcoal-nlp[web]'" in str(error)


def test_patterns_are_expanded_in_name_order(tmp_path, monkeypatch):
    (tmp_path / "d").mkdir()
    for name in ("b.txt", "a.txt", "a.csv", "d/c.txt", "notes.pdf"):
        (tmp_path / name).write_text(TEXT, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert [file.name for file in list_inputs(["*.txt"])] == ["a.txt", "b.txt"]
    assert [file.name for file in list_inputs(["**/*.txt", "a.csv"])] == ["a.txt", "b.txt", "d/c.txt", "a.csv"]
    assert [file.name for file in list_inputs(["*", "a.txt"], without=[tmp_path / "a.csv"])] == ["a.txt", "b.txt"]
    with pytest.raises(InputError, match="fits the pattern"):
        list_inputs(["*.parquet"])


def test_an_article_in_two_types_gets_two_names(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    first, second = read(tmp_path)
    assert first.doc_id != second.doc_id


def test_results_of_every_type_in_a_folder_are_not_read(tmp_path):
    row = {"doc_id": "a", "sent_id": 0, "start": 0, "end": 1, "text": "ن", "stance": "none"}
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(",".join(FLAT_COLUMNS).encode()))
    (tmp_path / "rows.parquet").write_bytes(table(**{name: ["ن"] for name in FLAT_COLUMNS}))
    assert [file.stem for file in list_inputs([tmp_path])] == ["a"]
    assert [file.stem for file in list_inputs([f"file://{tmp_path}"])] == ["a"]


def test_addresses_are_read_like_files(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.txt").write_text(TEXT, "utf-8")
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps({"text": TEXT}), "utf-8")
    (tmp_path / "in" / ".parts").mkdir()
    (tmp_path / "in" / ".parts" / "c.txt").write_text(TEXT, "utf-8")  # hidden: not meant to be read
    first, second = read(f"file://{tmp_path}/in")
    assert (first.doc_id, second.doc_id) == ("a:1", "b")
    assert first.text == second.text == TEXT
    (alone,) = read(f"file://{tmp_path}/in/b.txt")
    assert alone.doc_id == "b"
    with pytest.raises(InputError, match="no such file"):
        list_inputs([f"file://{tmp_path}/none"])


def test_a_folder_of_broken_files_gives_an_error_for_each_and_every_good_row(tmp_path):
    good = json.dumps({"text": TEXT})
    (tmp_path / "good.txt").write_text(TEXT, "utf-8")
    (tmp_path / "cp1256.csv").write_bytes(f"text\n{TEXT.split()[0]} {TEXT.split()[1]} قال\n".encode("cp1256"))
    (tmp_path / "nul.txt").write_bytes(f"{TEXT}\0".encode())
    (tmp_path / "half.jsonl").write_text('{"text": "\\ud83d نص"}\n' + good, "utf-8")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder.txt" / "in.txt").write_text(TEXT, "utf-8")
    n_good = 6
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(TEXT.encode() * 99)[:-20])
    (tmp_path / "rubbish.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd rubbish")
    (tmp_path / "columns.parquet").write_bytes(table(other=["x"]))
    (tmp_path / "cut.parquet").write_bytes(table(text=[TEXT] * 99)[:-40])
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "empty.jsonl.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "empty.parquet").write_bytes(table(text=pa.array([], pa.string())))
    (tmp_path / "binary.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "round.txt").symlink_to(tmp_path)  # leads back: what is there is read once
    n_bad = 11
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")  # passed over: it would wait for a writer
    if hasattr(os, "geteuid") and os.geteuid() != 0:  # root may read all
        (tmp_path / "locked.txt").write_text(TEXT, "utf-8")
        (tmp_path / "locked.txt").chmod(0)
        n_bad += 1
    found = read(tmp_path)
    errors = [item for item in found if isinstance(item, InputError)]
    assert len(found) - len(errors) == n_good
    failed = {str(error.path).removeprefix(f"{tmp_path}/") for error in errors}
    assert len(failed) == n_bad, sorted(failed)
    assert all("\n" not in str(error) for error in errors)


def test_a_file_that_may_not_be_read_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "b.txt").write_text(TEXT, "utf-8")

    def refuse(name, *_):
        if str(name).endswith("a.txt"):
            raise PermissionError(13, "Permission denied", name)
        return io.BytesIO(TEXT.encode())

    monkeypatch.setattr("iraqcoal_nlp.data.files._open_stored", refuse)
    error, article = read(tmp_path)
    assert str(error) == f"{tmp_path / 'a.txt'}: cannot be read (Permission denied)"
    assert article.doc_id == "b"
