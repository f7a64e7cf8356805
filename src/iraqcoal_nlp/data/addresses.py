"""Files beyond this machine: addresses such as ``s3://bucket/folder``, read through Arrow's file systems."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from iraqcoal_nlp.errors import InputError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
# A secret may hold a slash that nobody has escaped; a number and a slash are a port.
_PASSWORD = re.compile(r"(?<=://)[^/?@:\s]*:(?!\d+/)[^?\s]*@")
_OF_ADDRESSES = ":/?#[]@!$&'()*+,;=%"  # signs that have a meaning in addresses, RFC 3986


def is_remote(name: str) -> bool:
    """Whether a name is an address in an object store or another file system, such as ``s3://bucket/key``."""
    return _ADDRESS.match(name) is not None


def open_system(address: str) -> tuple[FileSystem, str]:
    """Return the file system of an address, and the path in it. Arabic letters and spaces may stand as they are.

    Raises:
        OSError: The address is not understood, or cannot be reached.
    """
    from pyarrow.fs import FileSystem  # noqa: PLC0415 - 0.2 s that other files need not pay

    try:
        system, path = FileSystem.from_uri(quote(address, safe=_OF_ADDRESSES))
    except ValueError as error:  # pyarrow.ArrowInvalid is one
        raise OSError(_PASSWORD.sub("", str(error))) from None
    return system, str(path)


def files_below(address: str) -> tuple[str, list[str]]:
    """Return the folder of an address, and the address of each file in it to any depth, in name order.

    The address of a file gives its folder and itself. What gives access (user, options behind ``?``) is kept.

    Raises:
        InputError: There is nothing, or it cannot be read.
    """
    from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - as above

    try:
        system, path = open_system(address)
        info = system.get_file_info(path)
        is_folder = info.type == FileType.Directory
        inside = system.get_file_info(FileSelector(path, recursive=True)) if is_folder else []
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", path=readable(address)) from None
    if info.type == FileType.NotFound:
        raise InputError("no such file or folder", path=readable(address))
    place, mark, options = address.partition("?")
    if not is_folder:
        return place.rpartition("/")[0], [address]
    place = place.rstrip("/")
    top = f"{path.rstrip('/')}/"
    found = sorted(item.path.removeprefix(top) for item in inside if item.type == FileType.File)
    return place, [f"{place}/{quote(name)}{mark}{options}" for name in found]


def shown(name: str) -> str:
    """Return the name of a file as people read it: an address without what gives access, any other as it is."""
    return readable(name) if is_remote(name) else name


def readable(address: str) -> str:
    """Return an address as people read it, without what gives access: password, options."""
    return unquote(_PASSWORD.sub("", address.partition("?")[0]))
