"""Tables of spreadsheets: what separates the cells shows in the header, and a table is no article."""

import pytest

from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.data.articles import Columns, read_articles
from iraqcoal_nlp.data.inputs import list_inputs
from iraqcoal_nlp.errors import InputError

TEXT = "أعلن التحالف الدولي، أمس؛ وقف التدريب; وقال ناطق باسمه إن القرار مؤقت"
ROWS = [["id", "text", "العنوان"], ["a", f'"{TEXT}\r\nثم عاد"', "وقف, مؤقت"], ["b", "خبر", ""]]


def read(path, **columns):
    return list(read_articles(list_inputs([path]), Columns(**columns)))


def write(path, content, encoding="utf-8-sig"):
    path.write_bytes(content.encode(encoding))
    return path


def lines(separator, rows=ROWS):
    return "".join(separator.join(row) + "\r\n" for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1256", "utf-16"])
@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("said", [False, True])
@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_the_header_says_what_separates_cells(tmp_path, separator, encoding, said, ending):
    content = (f"sep={separator}\r\n" if said else "") + lines(separator)
    first, second = read(write(tmp_path / f"in{ending}", content, encoding))
    assert (first.doc_id, first.text, first.row) == ("a", f"{TEXT}\r\nثم عاد", 2)  # as the spreadsheet shows it
    assert first.extra == {"العنوان": "وقف, مؤقت"}
    assert (second.doc_id, second.extra) == ("b", {"العنوان": ""})


def test_blank_lines_and_quoted_names_hide_no_separator(tmp_path):
    path = write(tmp_path / "in.csv", '\n\n"المعرف";"المتن"\na;خبر\n')
    (article,) = read(path, text="المتن", id="المعرف")
    assert (article.doc_id, article.text, article.row) == ("a", "خبر", 4)


def test_commas_are_asked_first(tmp_path):
    path = write(tmp_path / "in.csv", "a;text,text\nخبر أول,خبر ثان\n")
    (article,) = read(path)
    assert (article.text, article.extra) == ("خبر ثان", {"a;text": "خبر أول"})
    path = write(tmp_path / "one.csv", "text\nقال; ثم قال\n")
    assert [article.text for article in read(path)] == ["قال; ثم قال"]


def test_annotations_are_read_as_excel_saves_them(tmp_path):
    path = write(tmp_path / "rows.csv", f"sep=;\r\ntext;stance;events\r\n{TEXT.replace(';', '')};none;suspension\r\n")
    (row,) = read_annotations(path)
    assert (row.stance, row.events) == ("none", ("suspension",))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
@pytest.mark.parametrize("rows", [ROWS, [["المعرف", "text"], ["1", TEXT]]])
def test_a_table_saved_as_text_is_no_article(tmp_path, encoding, rows):
    path = write(tmp_path / "in.txt", lines("\t", rows), encoding)
    (error,) = read(path)
    assert isinstance(error, InputError)
    assert str(error) == f"{path}: looks like a table, its columns separated by tabs: name it .tsv"
    assert not any(isinstance(item, InputError) for item in read(path.rename(tmp_path / "in.tsv")))


@pytest.mark.parametrize(
    "prose",
    [
        f"\t{TEXT}\n\t{TEXT}\n",  # indented
        f"س:\t{TEXT}؟\nج:\t{TEXT}.\n",
        f"المذيع\tأهلا بكم\nالضيف\t{TEXT}\n",
        "على قدر أهل العزم\t\t\tتأتي العزائم\nوتأتي على قدر الكرام\t\t\tالمكارم\n",
        f"بغداد\tوكالة\tالأحد\n{TEXT}\n",
        "السنة\tالقتلى\tالجرحى\n2019\t3\t4\n2020\t5\t6\n",
        f'العنوان\tالنص\tاليوم\nخبر\t"{TEXT}\tالأحد\nخبر\t{TEXT}\tالأحد\n',  # a mark that is never closed
    ],
)
def test_prose_with_tabs_is_an_article(tmp_path, prose):
    (article,) = read(write(tmp_path / "in.txt", prose, "utf-8"))
    assert article.text == prose
