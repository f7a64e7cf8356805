"""Hashes that say of which rows or texts something was made, without these."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from iraqcoal_nlp.data.annotations import Annotation


def rows_sha256(rows: Iterable[Annotation]) -> str:
    """Return the sha256 of texts and labels in their order, as 64 hexadecimal digits; ids and sources do not count."""
    digest = hashlib.sha256()
    for row in rows:
        line = json.dumps([row.text, row.stance, row.events], ensure_ascii=False)
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def texts_sha256(texts: Iterable[str]) -> str:
    """Return the sha256 of texts in their order, as 64 hexadecimal digits."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "replace")).hexdigest()
