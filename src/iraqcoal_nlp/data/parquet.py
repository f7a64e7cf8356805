"""Rows of Parquet files (needs pyarrow)."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from pyarrow import parquet

from iraqcoal_nlp.data.encodings import MARK_UNDECODED, UNDECODED, UTF8
from iraqcoal_nlp.data.tables import header_fault, not_text, unique_names
from iraqcoal_nlp.errors import InputError

_ROWS_AT_ONCE = 256
_BUFFER = 1 << 20  # read a column chunk by such pieces, not whole: a row group may be larger than the memory


def parquet_rows(
    stream: IO[bytes] | io.BufferedIOBase, path: Path | str, *, needed: Sequence[str], advice: str
) -> Iterator[tuple[int | None, dict[str, Any] | InputError]]:
    """Yield row numbers from 1, and rows by column name; few rows are in memory at a time.

    Values that JSON does not know are written as text: dates and times in ISO 8601, decimals in digits. NaN and
    infinities become null.

    Args:
        stream: The file, opened for random access.
        path: Its path, for messages.
        needed: Columns without which no row can be used.
        advice: What to do if one of them is missing.
    """
    number = 0
    try:
        with parquet.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False) as file:
            names = file.schema_arrow.names
            fault = header_fault(names, needed, advice)
            if fault is not None:
                yield None, InputError(fault, path=path)
                return
            names = unique_names(names)
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for cells in zip(*map(_cells, batch.columns), strict=True):
                    number += 1
                    row = dict(zip(names, cells, strict=True))
                    for name in needed:  # text may be kept as bytes; in other columns these may be anything
                        if isinstance(row[name], bytes):
                            row[name] = row[name].decode(UTF8, MARK_UNDECODED)
                    if any(isinstance(cell, str) and UNDECODED in cell for cell in row.values()):
                        yield number, InputError(not_text(UTF8), path=path, row=number)
                        continue
                    yield number, {name: _plain(cell) for name, cell in row.items()}
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:  # the last: a time zone nobody knows
        where = f" after row {number}" if number else ""
        reason = " ".join(str(error).split())
        yield None, InputError(f"cannot be read as Parquet{where} ({reason})", path=path)


def _cells(column: pa.Array) -> list[Any]:
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except UnicodeDecodeError:  # the writer did not check its text
        return [_checked(cell) for cell in column]
    except (ValueError, OverflowError):  # a time that Python does not know, such as one of the year 10000
        return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _checked(cell: pa.Scalar) -> Any:  # noqa: ANN401 - as above
    """Return a cell's value, :data:`UNDECODED` where it holds text that is none."""
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return UNDECODED


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever Parquet holds
    """Return the value as JSON can hold it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(UTF8, "replace")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal | datetime.timedelta) else repr(value)
