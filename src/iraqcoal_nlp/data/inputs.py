"""Which files a run reads: files, folders, patterns and addresses, listed in one fixed order."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iraqcoal_nlp.data.addresses import files_below, is_remote, readable, shown
from iraqcoal_nlp.data.files import COMPRESSIONS, STDIN, TYPES, ending_of
from iraqcoal_nlp.data.own_files import is_own_file
from iraqcoal_nlp.errors import InputError, printable

ERRORS_SUFFIX = ".errors.jsonl"
"""Ending of the files in which scoring lists what failed; a folder's are not read as input."""

PART_SUFFIX = ".part"
"""Ending of the folder that stands beside the output while a run is under way."""

RUN_FILE = "run.json"
"""The file in that folder which says what the run is."""

KNOWN = f"{', '.join(TYPES)}, each also with {', '.join(COMPRESSIONS)}"
"""The types that are read, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One file to read. Kept small: an archive may hold millions."""

    name: str
    """Its path or address, or :data:`~iraqcoal_nlp.data.files.STDIN`."""
    ending: str
    """Type and compression, such as ``.csv.gz``."""
    root: int = 0
    """Length of the part of ``shown`` that leads to the folder the user gave."""
    whole: bool = False
    """Whether ``stem`` keeps the way to the file and the ending, since another file would have the same one."""

    @property
    def shown(self) -> str:
        """``name`` as rows and messages give it: an address without what gives access to it."""
        return printable(shown(self.name))

    @property
    def stem(self) -> str:
        """What names its articles: the file's name, inside a folder the way to it, without the ending."""
        if self.whole:
            return self.shown if is_remote(self.name) else Path(self.shown).as_posix()
        inside = self.shown[self.root :].replace(os.sep, "/")
        return inside[: -len(self.ending)] if inside.lower().endswith(self.ending) else inside


def list_inputs(
    paths: Sequence[Path | str],
    *,
    without: Sequence[Path] = (),
    stdin_ending: str = ".jsonl",
    unread: Counter[str] | None = None,
) -> list[InputFile]:
    """Return every file to read: as given, and inside folders and patterns in name order, each file once.

    Args:
        paths: Files, folders (searched to any depth), patterns such as ``news/*.jsonl`` or ``**/*.txt``, addresses
            such as ``s3://bucket/folder``, or ``-`` for standard input.
        without: Files that must not be read, such as a run's own output.
        stdin_ending: Type of what comes through standard input, as the ending that a file of it would have.
        unread: Counts, by ending, the files in folders that are passed over since their type is not known.

    Raises:
        InputError: A path does not exist or cannot be read, a named file is of no known type or among ``without``, or
            a folder or pattern has none of a known type.
    """
    unread = Counter() if unread is None else unread
    skipped = {identity for path in without if (identity := _identity(path)) is not None}
    found: list[InputFile] = []
    seen: set[int] = set()
    for given in paths:
        for file in _expanded(os.fspath(given), skipped, stdin_ending, unread):
            identity = _identity(file.name)
            if identity is None or identity not in seen:
                found.append(file)
                if identity is not None:
                    seen.add(identity)
    return _told_apart(found)


def _expanded(given: str, skipped: set[int], stdin_ending: str, unread: Counter[str]) -> Iterator[InputFile]:
    """Yield the files that one argument stands for."""
    if given == "-":
        yield InputFile(name=STDIN, ending=stdin_ending)
    elif is_remote(given):
        yield from _remote(given, unread)
    elif os.path.isdir(given):  # noqa: PTH112 - names stay strings: there may be millions
        inside = _below(given, len(os.path.join(given, "")), unread, set())  # noqa: PTH118
        files = [file for file in inside if _identity(file.name) not in skipped]
        if not files:
            raise InputError(f"the folder holds no file of a known type ({KNOWN})", path=given)
        yield from files
    elif os.path.exists(given):  # noqa: PTH110 - Path.exists raises where a folder above may not be read
        yield _named(given, skipped)
    elif glob.has_magic(given):
        matches = [name for name in sorted(glob.glob(given, recursive=True)) if not os.path.isdir(name)]  # noqa: PTH112, PTH207
        files = [
            _named(name, skipped)
            for name in matches
            if (ending := ending_of(name)) and _is_wanted(name, ending) and _identity(name) not in skipped
        ]
        if not files:
            raise InputError(f"no file of a known type ({KNOWN}) fits the pattern", path=given)
        yield from files
    else:
        raise InputError("no such file or folder, or it may not be read", path=given)


def _named(given: str, skipped: set[int]) -> InputFile:
    ending = _known_ending(given)
    if _identity(given) in skipped:
        raise InputError("is both input and output: choose another output", path=given)
    return InputFile(name=given, ending=ending, root=len(given) - len(os.path.basename(given)))  # noqa: PTH119


def _known_ending(name: str) -> str:
    ending = ending_of(name)
    if ending is None:
        suffix = os.path.splitext(name)[1]  # noqa: PTH122 - as above
        raise InputError(f"unknown file type {suffix!r}: use {KNOWN}, or a folder", path=name)
    return ending


def _below(folder: str, root: int, unread: Counter[str], visited: set[int]) -> Iterator[InputFile]:
    """Yield the files below a folder that are meant to be read, in name order: not hidden, no locks, nothing of ours.

    Links are followed, but no folder is read twice: a link may lead to a folder above it.
    """
    identity = _identity(folder)
    if identity in visited:
        return
    if identity is not None:
        visited.add(identity)
    try:
        with os.scandir(folder) as entries:
            inside = sorted((entry.name, _is_folder(entry)) for entry in entries if _is_stored(entry))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=folder) from None
    for name, is_folder in inside:
        path = os.path.join(folder, name)  # noqa: PTH118 - names stay strings
        if _is_hidden(name):
            continue
        if is_folder and _is_part(path):
            continue
        if is_folder:
            yield from _below(path, root, unread, visited)
            continue
        ending = ending_of(name)
        if ending is None:
            unread[_suffix(name)] += 1
        elif _is_wanted(path, ending):
            yield InputFile(name=path, ending=ending, root=root)


def _is_part(folder: str) -> bool:
    """Whether a folder is that of a run of ours which has not ended."""
    return folder.endswith(PART_SUFFIX) and Path(folder, RUN_FILE).exists()


def _suffix(name: str) -> str:
    return printable(os.path.splitext(name)[1].lower() or "without ending")  # noqa: PTH122 - as above


def _is_stored(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file, folder or link; opening a pipe would wait for its writer."""
    return entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) or entry.is_symlink()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or leads to one; a link that leads nowhere is told when it is read."""
    return entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and os.path.isdir(entry.path))  # noqa: PTH112


def _is_hidden(path: str) -> bool:
    """Whether a file, or a folder on the way to it, is hidden, or the lock of an office program."""
    return any(part.startswith((".", "~$")) for part in path.split("/"))


def _is_wanted(name: str, ending: str) -> bool:
    """Whether a file that was found, not named, is meant to be read: it is nothing that we have written."""
    return not name.endswith(ERRORS_SUFFIX) and not is_own_file(name, ending)


def _remote(address: str, unread: Counter[str]) -> Iterator[InputFile]:
    """Yield the file of an address, or those below it that are meant to be read."""
    folder, names = files_below(address)
    root = len(readable(folder)) + 1
    if names == [address]:
        yield InputFile(name=address, ending=_known_ending(readable(address)), root=root)
        return
    n_files = 0
    for name in names:
        inside = readable(name)
        ending = ending_of(inside)
        if _is_hidden(inside[root:]) or inside.endswith(ERRORS_SUFFIX):
            continue
        if ending is None:
            unread[_suffix(inside)] += 1
        elif not is_own_file(name, ending):
            n_files += 1
            yield InputFile(name=name, ending=ending, root=root)
    if not n_files:
        raise InputError(f"the folder holds no file of a known type ({KNOWN})", path=readable(address))


def _identity(path: Path | str) -> int | None:
    """Return a number that tells a file from all others on this machine, ``None`` where that cannot be known."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - `path` may be a string
    except (OSError, ValueError):
        return None
    return facts.st_dev << 128 | facts.st_ino


def _told_apart(files: list[InputFile]) -> list[InputFile]:
    """Let files that would name their articles alike use their whole names."""
    once: set[int] = set()  # hashes: two that meet by chance only make a name longer
    twice: set[int] = set()
    for file in files:
        mark = hash(file.stem)
        (twice if mark in once else once).add(mark)
    if not twice:
        return files
    return [
        InputFile(name=file.name, ending=file.ending, whole=True) if hash(file.stem) in twice else file
        for file in files
    ]
