"""Finds out whether an ONNX graph keeps tensors in other files, whose names it could choose as it likes.

Reads the few message fields of onnx.proto that lead to tensors, by protobuf's wire format, so that neither the package
``onnx`` nor ONNX Runtime has to open a file before it is known to stand alone.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

# Which fields of which messages lead to tensors (onnx.proto, IR version 10).
_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL = {13, 14}  # TensorProto.external_data and .data_location, which is absent or 0 for a tensor inside the file
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def has_external_data(path: Path) -> bool:
    """Return whether any tensor of an ONNX file lies outside it.

    Raises:
        ValueError: The file is no ONNX graph.
        OSError: It cannot be read.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        waiting = [("model", 0, len(data))]
        while waiting:
            kind, start, stop = waiting.pop()
            for field, value, end in _fields(data, start, stop):
                if kind == "tensor" and field in _EXTERNAL and (end or value):
                    return True
                if end and field in _INSIDE[kind]:
                    waiting.append((_INSIDE[kind][field], value, end))
    return False


def _fields(data: mmap.mmap, at: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Give each field's number and value: of numbers, the value and 0; of bytes, where they start and end."""
    while at < stop:
        key, at = _varint(data, at, stop)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(data, at, stop)
            yield key >> 3, value, 0
        elif wire == _BYTES:
            length, at = _varint(data, at, stop)
            if at + length > stop:
                raise ValueError("a field ends behind its message")
            yield key >> 3, at, at + length
            at += length
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire} is not used by ONNX")


def _varint(data: mmap.mmap, at: int, stop: int) -> tuple[int, int]:
    """Return a number of up to ten bytes, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= stop:
            raise ValueError("a number ends behind its message")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is longer than ten bytes")
