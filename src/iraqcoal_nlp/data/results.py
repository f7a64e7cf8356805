"""Result rows: one JSON object a line while they are gathered, then a file of the type the user named."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from iraqcoal_nlp.data.outputs import check_output
from iraqcoal_nlp.errors import InputError, printable
from iraqcoal_nlp.records import FLAT_COLUMNS, PROB_COLUMNS, SentenceResult, flatten

ENDINGS = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
"""File types that are written."""

_ROWS_AT_ONCE = 8_192
"""Rows of one group in Parquet: some 30 MB while they are written."""

# What Excel and its kin take for a formula; a plain number is none.
_FORMULA = re.compile(
    r"(?![+-]?[\d.,]+\Z)[=+\-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    r"\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputForm:
    """What an output file looks like."""

    ending: str
    """One of :data:`ENDINGS`."""
    excel: bool = False
    """CSV for Excel: a byte order mark, and cells that would be run as a formula get an apostrophe in front."""


def output_form(path: Path, *, excel: bool = False) -> OutputForm:
    """Return the form of a path's type.

    Raises:
        InputError: The type is unknown or not meant for Excel, the folder does not exist, or the path is a folder.
    """
    ending = check_output(path, ENDINGS)
    if excel and not ending.startswith(".csv"):
        raise InputError("--excel is for .csv", path=path)
    return OutputForm(ending=ending, excel=excel)


def error_line(error: InputError) -> str:
    """Return an error as it is listed: a line of JSON with ``source``, ``row`` and ``reason``."""
    source = None if error.path is None else printable(error.path)
    return json.dumps({"source": source, "row": error.row, "reason": error.reason}, ensure_ascii=False) + "\n"


def listed_error(line: str | bytes) -> InputError:
    """Return the error that a line of :func:`error_line` stands for."""
    entry = json.loads(line)
    return InputError(entry["reason"], path=entry["source"], row=entry["row"])


def row_line(sentence: SentenceResult, tail: Mapping[str, Any]) -> str:
    """Return one row as a line of JSON, nested as in the public contract.

    Args:
        sentence: The result.
        tail: Columns that follow.
    """
    return json.dumps({**sentence.to_dict(), **tail}, ensure_ascii=False) + "\n"


def render(rows: Path, target: Path, form: OutputForm, extra_columns: Sequence[str]) -> None:
    """Write gathered rows as a file of the given form; the same rows always give the same bytes.

    Args:
        rows: JSON Lines of :func:`row_line`.
        target: The file to write.
        form: Its form.
        extra_columns: All columns that rows have beside ours, in the order of the table.
    """
    with rows.open("rb") as lines, target.open("wb") as file:
        if form.ending == ".parquet":
            _write_parquet(map(json.loads, lines), file, extra_columns)
        else:
            with _compressed(file, form.ending) as stream:
                if form.ending.startswith(".csv"):
                    _write_csv(map(json.loads, lines), stream, extra_columns, excel=form.excel)
                else:
                    shutil.copyfileobj(lines, stream)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _compressed(file: BinaryIO, ending: str) -> Iterator[BinaryIO]:
    if not ending.endswith(".gz"):
        yield file
        return
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:  # neither name nor time: they would change the bytes
        yield stream  # type: ignore[misc]  # it is binary


def _write_csv(rows: Iterable[dict[str, Any]], stream: BinaryIO, extra_columns: Sequence[str], *, excel: bool) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig" if excel else "utf-8", newline="", write_through=True)
    names = [*FLAT_COLUMNS, *extra_columns]
    table = csv.writer(text)
    finish = _defused if excel else _unchanged
    table.writerow(map(finish, names))
    for row in rows:
        flat = flatten(row)
        table.writerow([finish(_csv_cell(flat.get(name))) for name in names])
    text.detach()


def _csv_cell(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    """Return what a cell can hold: a nested value as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _defused(cell: Any) -> Any:  # noqa: ANN401 - as above
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def not_for_excel(row: Mapping[str, str]) -> dict[str, str]:
    """Take away what ``--excel`` has put before the cells of a row; of the text, the offsets say whether it has."""
    plain = {_restored(name): _restored(cell) for name, cell in row.items()}
    with suppress(KeyError, ValueError):  # told with the row's other faults
        if len(row["text"]) == int(row["end"]) - int(row["start"]):
            plain["text"] = row["text"]
    return plain


def _restored(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _unchanged(cell: Any) -> Any:  # noqa: ANN401 - as above
    return cell


def _write_parquet(rows: Iterator[dict[str, Any]], file: BinaryIO, extra_columns: Sequence[str]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - 0.2 s that other types need not pay
    from pyarrow import parquet  # noqa: PLC0415

    types = dict.fromkeys(FLAT_COLUMNS, pa.string())
    types |= dict.fromkeys(("sent_id", "start", "end"), pa.int64())
    types |= dict.fromkeys(PROB_COLUMNS, pa.float64())
    types |= dict.fromkeys(("abstained", "truncated"), pa.bool_())
    # Text, whatever they hold: else a file's types would hang on its rows, and two files of one archive not fit.
    types |= dict.fromkeys(extra_columns, pa.string())
    schema = pa.schema(list(types.items()))
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while some := [flatten(row) for row in islice(rows, _ROWS_AT_ONCE)]:
            columns = {name: [row[name] for row in some] for name in FLAT_COLUMNS}
            columns |= {name: [_text_cell(row.get(name)) for row in some] for name in extra_columns}
            writer.write_table(pa.table(columns, schema=schema))


def _text_cell(value: Any) -> str | None:  # noqa: ANN401 - as above
    """Return a value as text: what is no string as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
