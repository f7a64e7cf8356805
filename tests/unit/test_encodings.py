"""Encodings: each that Arabic news comes in is told from the others, on whole articles and on single sentences."""

import codecs
import io

import pytest

from conftest import SEEDS
from iraqcoal_nlp.data.encodings import UNDECODED, detect, detect_page
from iraqcoal_nlp.data.files import decoded

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1256", "iso-8859-6")
ARTICLES = [path.read_bytes().decode() for path in sorted((SEEDS / "articles").glob("*.txt"))]


def written(text: str, encoding: str) -> tuple[str, bytes]:
    """The text as far as the encoding has its characters, and its bytes."""
    content = text.encode(encoding, "ignore")
    return content.decode(encoding), content


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_seed_article_and_sentence_is_read_in_its_encoding(encoding, sentences):
    for text in [*ARTICLES, *(sentence for sentence in sentences if len(sentence) >= 30)]:
        expected, content = written(text, encoding)
        stream, found = decoded(io.BytesIO(content))
        assert (found, stream.read()) == (encoding, expected)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE])
def test_a_byte_order_mark_decides_and_is_no_text(mark):
    codec = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
    content = mark + "خبر".encode(codec.get(mark, "utf-32-le"))
    assert decoded(io.BytesIO(content))[0].read() == "خبر"


def test_a_file_of_utf8_with_broken_rows_is_utf8():
    rows = [ARTICLES[0].encode(), ARTICLES[1].encode("cp1256", "ignore")[:200], ARTICLES[2].encode()]
    stream, found = decoded(io.BytesIO(b"\n".join(rows)))
    text = stream.read()
    assert found == "utf-8"
    assert UNDECODED in text
    assert text.endswith(ARTICLES[2])


def test_a_long_start_in_ascii_hides_no_encoding():
    content = b"id,text\n" * 100_000 + ARTICLES[0].encode("cp1256", "ignore")
    assert decoded(io.BytesIO(content))[1] == "windows-1256"


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4])
def test_what_shows_nothing_else_is_taken_for_utf8(content):
    assert detect(content) == "utf-8"


def test_a_page_is_read_as_it_says_where_its_bytes_leave_a_doubt():
    page = '<html><head><meta charset="{}"></head><body>بعد</body></html>'
    assert detect_page(page.format("iso-8859-6").encode("iso-8859-6")) == "iso-8859-6"
    assert detect_page(page.format("windows-1256").encode("cp1256")) == "windows-1256"
    assert detect_page(page.format("windows-1256").encode()) == "utf-8"  # it says so and is not
    assert detect_page(page.format("klingon").encode("cp1256")) == "windows-1256"
