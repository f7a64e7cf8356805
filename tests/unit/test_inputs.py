"""Listing of inputs: addresses of any name, links, what is passed over and what is not."""

import json
from collections import Counter

import pytest

from iraqcoal_nlp.data.addresses import readable
from iraqcoal_nlp.data.articles import Columns, read_articles
from iraqcoal_nlp.data.inputs import list_inputs
from iraqcoal_nlp.errors import InputError

TEXT = "أعلن التحالف الدولي وقف التدريب.\nوقال ناطق باسمه إن القرار مؤقت."


def test_tables_of_sentences_that_are_not_ours_are_read(tmp_path):
    (tmp_path / "mine.csv").write_text(f"doc_id,sent_id,start,end,text\nd,0,0,4,{TEXT.splitlines()[0]}\n", "utf-8")
    mine = {"sent_id": 0, "doc_id": "d", "start": 0, "end": 4, "text": TEXT}
    (tmp_path / "own.jsonl").write_text(json.dumps(mine), "utf-8")
    assert [file.stem for file in list_inputs([tmp_path])] == ["mine", "own"]


@pytest.mark.parametrize("name", ["أخبار", "a b", "c#1", "p%20q", "q?x=1", "a+b"])
def test_addresses_of_any_name_are_read(tmp_path, name):
    (tmp_path / "في").mkdir()
    (tmp_path / "في" / f"{name}.txt").write_text(TEXT, "utf-8")
    (article,) = read_articles(list_inputs([f"file://{tmp_path}/في"]), Columns())
    assert (article.doc_id, article.text) == (name, TEXT)
    assert article.source == f"file://{tmp_path}/في/{name}.txt"


def test_an_address_that_is_none_is_told():
    with pytest.raises(InputError, match="ftp-of-mine"):
        list_inputs(["ftp-of-mine://host/أخبار"])


def test_an_address_of_an_unknown_type_is_told(tmp_path):
    (tmp_path / "خبر.docx").write_text(TEXT, "utf-8")
    with pytest.raises(InputError, match=r"خبر\.docx: unknown file type '\.docx'"):
        list_inputs([f"file://{tmp_path}/خبر.docx"])
    with pytest.raises(InputError, match="holds no file of a known type"):
        list_inputs([f"file://{tmp_path}"])


def test_what_gives_access_to_an_address_is_not_shown():
    assert readable("s3://key:secret@bucket/a%20b.csv?region=x") == "s3://bucket/a b.csv"
    assert (
        readable("abfs://container@account.dfs.core.windows.net/a") == "abfs://container@account.dfs.core.windows.net/a"
    )


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("s3://key:se/cr@et@bucket/a.csv", "s3://bucket/a.csv"),
        ("hdfs://host:8020/a@b.csv", "hdfs://host:8020/a@b.csv"),
        ("s3://bucket/a:b@c.csv", "s3://bucket/a:b@c.csv"),
    ],
)
def test_a_secret_may_hold_a_slash_and_a_port_is_none(address, seen):
    assert readable(address) == seen


def test_an_error_does_not_show_what_gives_access():
    with pytest.raises(InputError) as caught:
        list_inputs(["s3x://key:secret@bucket/a.jsonl"])
    assert "secret" not in str(caught.value)


def test_the_folder_of_a_run_under_way_is_passed_over(tmp_path):
    for name in ("rows.jsonl.part/run.json", "news.part/a.txt", "b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}", "utf-8")
    unread = Counter()
    assert [file.stem for file in list_inputs([tmp_path], unread=unread)] == ["b", "news.part/a"]
    assert not unread


def test_links_in_a_folder_are_followed_once(tmp_path):
    folder = tmp_path / "in"
    (tmp_path / "archive").mkdir()
    folder.mkdir()
    (tmp_path / "archive" / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "archive" / "up").symlink_to(tmp_path)
    (folder / "link").symlink_to(tmp_path / "archive")
    assert [file.stem for file in list_inputs([folder])] == ["link/a"]


def test_files_of_unknown_type_in_a_folder_are_counted(tmp_path):
    for name in ("a.txt", "b.docx", "c.DOCX", "README", ".hidden.pdf"):
        (tmp_path / name).write_text(TEXT, "utf-8")
    for place in (tmp_path, f"file://{tmp_path}"):
        unread = Counter()
        assert len(list_inputs([place], unread=unread)) == 1
        assert unread == {".docx": 2, "without ending": 1}
