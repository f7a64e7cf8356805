"""Readers: articles out of text files, web pages and tables, one at a time.

A reader yields an :class:`Article` for each good row and an :class:`InputError` for each bad one, so that one broken
row never ends a run and is never lost.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from iraqcoal_nlp.data import encodings
from iraqcoal_nlp.data.csv_records import is_table
from iraqcoal_nlp.data.encodings import UNDECODED, UTF8
from iraqcoal_nlp.data.files import READ_FAULTS, STDIN, decoded, open_bytes
from iraqcoal_nlp.data.inputs import InputFile
from iraqcoal_nlp.data.tables import not_text, text_rows
from iraqcoal_nlp.errors import InputError, printable
from iraqcoal_nlp.records import Article

ID_COLUMNS = ("doc_id", "id")
"""Columns that name the article if the user names none."""

_ADVICE = "`iraqcoal score` takes --text-column and --id-column"

Rows = Iterator[tuple[int | None, dict[str, Any] | InputError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where a row keeps its text and its name."""

    text: str = "text"
    id: str | None = None
    """``None``: the first of :data:`ID_COLUMNS` that a row has; else the file's name and the row's number."""

    @property
    def needed(self) -> list[str]:
        """Columns that a table must have."""
        return [self.text, *([self.id] if self.id else [])]


def read_articles(inputs: Iterable[InputFile], columns: Columns) -> Iterator[Article | InputError]:
    """Yield the articles of the listed inputs, and an error in the place of each bad row."""
    for file in inputs:
        yield from read_file(file, columns)


def read_file(file: InputFile, columns: Columns) -> Iterator[Article | InputError]:
    """Yield the articles of one file, and an error in the place of each bad row; at least one of them.

    What can be read of a damaged file is read, and the damage comes last.
    """
    n_items = 0
    try:
        with open_bytes(file.name, file.ending) as raw:
            for item in _items(raw, file, columns):
                n_items += 1
                yield item
            if not n_items:
                yield InputError("is empty", path=file.shown)
    except READ_FAULTS as error:
        where = f" after {n_items} rows" if n_items else ""
        yield InputError(f"cannot be read{where} ({getattr(error, 'strerror', None) or error})", path=file.shown)


def read_text(
    stream: TextIO, *, path: str, doc_id: str, column: str = "text", encoding: str = UTF8
) -> Article | InputError:
    """Read a whole stream as one article; line ends stay as they are, so that offsets are true.

    A table is refused; ``column`` is what its column of texts would be called.
    """
    text = stream.read()
    if UNDECODED in text:
        return InputError(not_text(encoding), path=path)
    if not text.strip():
        return InputError("the text is empty", path=path)
    if is_table(text, column=column):
        advice = "give --stdin tsv" if path == STDIN else "name it .tsv"
        return InputError(f"looks like a table, its columns separated by tabs: {advice}", path=path)
    return Article(doc_id=doc_id, text=text, source=printable(path), encoding=encoding)


def _items(raw: io.BufferedIOBase, file: InputFile, columns: Columns) -> Iterator[Article | InputError]:
    kind = "." + file.ending.split(".")[1]
    if kind in (".html", ".htm"):
        yield _page(raw.read(), file)
        return
    if kind == ".parquet":
        for number, row in _parquet_rows(raw, file, columns):
            yield _article(row, file, number, columns, encoding=UTF8)
        return
    stream, encoding = decoded(raw)
    if kind == ".txt":
        yield read_text(stream, path=file.shown, doc_id=file.stem, column=columns.text, encoding=encoding)
    else:
        rows = text_rows(stream, file.shown, kind, needed=columns.needed, advice=_ADVICE, encoding=encoding)
        for number, row in rows:
            yield _article(row, file, number, columns, encoding=encoding)


def _parquet_rows(raw: io.BufferedIOBase, file: InputFile, columns: Columns) -> Rows:
    from iraqcoal_nlp.data.parquet import parquet_rows  # noqa: PLC0415 - pyarrow takes 0.2 s to load

    if file.ending == ".parquet" and file.name != STDIN:
        yield from parquet_rows(raw, file.shown, needed=columns.needed, advice=_ADVICE)
        return
    with tempfile.TemporaryFile() as whole:  # the list of columns is at the end: a stream must be kept somewhere
        shutil.copyfileobj(raw, whole)
        yield from parquet_rows(whole, file.shown, needed=columns.needed, advice=_ADVICE)


def _page(page: bytes, file: InputFile) -> Article | InputError:
    """Take the article out of a web page; its title, date and address come along as columns."""
    try:
        from trafilatura import bare_extraction  # noqa: PLC0415 - optional
    except ImportError:
        return InputError("HTML needs trafilatura: pip install 'iraqcoal-nlp[web]'", path=file.shown)
    encoding = encodings.detect_page(page)
    text = page.decode("utf-8-sig" if encoding == UTF8 else encoding, encodings.MARK_UNDECODED)
    if UNDECODED in text:
        return InputError(not_text(encoding), path=file.shown)
    # Dates only where the page states them: a search through its text would also find the dates of other articles.
    # Nothing is too late: by default, today is the last day, and one page would give another date tomorrow.
    dates = {"extensive_search": False, "max_date": "2100-12-31"}
    try:
        found = bare_extraction(text, with_metadata=True, include_comments=False, date_extraction_params=dates)
    except Exception as error:  # pages come from anywhere, through several parsers: none of them may end a run
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return InputError(f"trafilatura cannot read the page ({reason})", path=file.shown)
    if found is None or isinstance(found, dict) or not (found.text or "").strip():
        return InputError("holds no article that trafilatura can find", path=file.shown)
    facts = {"title": found.title, "date": found.date, "url": found.url}
    extra = {key: value for key, value in facts.items() if value}
    return Article(doc_id=file.stem, text=str(found.text), extra=extra, source=file.shown, encoding=encoding)


def _article(
    row: Mapping[str, Any] | InputError, file: InputFile, number: int | None, columns: Columns, *, encoding: str
) -> Article | InputError:
    if isinstance(row, InputError):
        return row

    def fail(reason: str) -> InputError:
        return InputError(reason, path=file.shown, row=number)

    text = row.get(columns.text)
    if not isinstance(text, str):
        fields = ", ".join(map(str, row))
        hint = f" (its fields: {fields}): use --text-column" if fields and columns.text not in row else ""
        return fail(f"has no text in field {columns.text!r}{hint}")
    if not text.strip():
        return fail("the text is empty")
    id_column = columns.id or next((name for name in ID_COLUMNS if row.get(name) not in (None, "")), None)
    doc_id = f"{file.stem}:{number}" if id_column is None else row.get(id_column)
    if doc_id is None or doc_id == "":
        return fail(f"has no id in field {id_column!r}")
    extra = {key: value for key, value in row.items() if key not in (columns.text, id_column)}
    return Article(doc_id=str(doc_id), text=text, extra=extra, source=file.shown, row=number, encoding=encoding)
