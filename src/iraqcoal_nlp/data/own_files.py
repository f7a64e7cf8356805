"""Files that the library has written: found in a folder of articles, they are none."""

from __future__ import annotations

import contextlib
import re

from iraqcoal_nlp.data.files import READ_FAULTS, open_bytes
from iraqcoal_nlp.records import FLAT_COLUMNS

_LOOKED_AT = 4096  # bytes: a row's text may be longer, so only what stands before it tells

_ROW = re.compile(rb'\{"doc_id": "(?:[^"\\]|\\.)*", "sent_id": \d+, "start": \d+, "end": \d+, "text": "')
_ROWS = ",".join(FLAT_COLUMNS).encode()
_CODES = b"event_id," + ",".join(FLAT_COLUMNS[:5]).encode()  # `iraqcoal export --format codes`
_PAGE = b'<meta name="generator" content="iraqcoal-nlp'  # `iraqcoal report`
_MARK = b"\xef\xbb\xbf"  # what Excel needs before UTF-8


def is_own_file(name: str, ending: str) -> bool:
    """Whether a file holds rows, a table of codes or a report of ours.

    Tables in the columns of other projects are not told from those projects' own. A file that cannot be read is not
    ours: that is reported when it is read.
    """
    kind = "." + ending.split(".")[1]
    if kind not in (".jsonl", ".csv", ".parquet", ".html", ".htm"):
        return False
    with contextlib.suppress(*READ_FAULTS, ValueError), open_bytes(name, ending) as stream:
        if ending == ".parquet":
            from pyarrow import parquet  # noqa: PLC0415 - only where such a file is

            return set(FLAT_COLUMNS) <= set(parquet.read_schema(stream).names)
        start = stream.read(_LOOKED_AT)
        if kind == ".jsonl":
            return _ROW.match(start) is not None
        if kind in (".html", ".htm"):
            return _PAGE in start
        header = start.removeprefix(_MARK).replace(b";", b",")  # Excel may have changed them
        return header.startswith((_ROWS, _CODES))
    return False
