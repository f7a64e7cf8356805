"""The folder of a run under way: what is done is kept in it, so that a run that ended early can go on.

```text
<out>.part/
  run.json        what the run is: library, model, options
  inputs          each file with its size and time of change, a line of JSON each
  rows, errors    lines of JSON, each appended to
  progress.json   how much of both is valid, which place of the input that is, and the counts up to there
  output          the output while it is made of the rows, if it has another form
  lock            held by the process that writes
```

Rows are appended, then ``progress.json`` is replaced in one step. What was appended after its last replacement is cut
off when a run goes on, and made again. The output is made of the rows when all are there, and replaces the folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from iraqcoal_nlp.data.files import size_and_change
from iraqcoal_nlp.data.inputs import ERRORS_SUFFIX, PART_SUFFIX, RUN_FILE, InputFile
from iraqcoal_nlp.data.outputs import check_overwrite
from iraqcoal_nlp.data.results import OutputForm, error_line, render
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.scoring.chunks import Position, ScoredChunk, Tally

_NEW = ".new"  # of a file that is about to replace another


class RunFolder:
    """The open folder of one run. Make one with :func:`open_run`."""

    def __init__(self, out: Path, form: OutputForm) -> None:
        self.out = out
        self.error_path = out.with_name(out.name + ERRORS_SUFFIX)
        self.tally = Tally()
        """Counts of what is written; a resumed run begins with those of what was committed."""
        self.position = Position()
        """Where the input is to be read on."""
        self.seconds = 0.0
        """Time that all parts of the run took."""
        self.finished = False
        """Whether the whole input is committed."""
        self._form = form
        self._folder = part_folder(out)
        self._sizes = {"rows": 0, "errors": 0}

    def append(self, scored: ScoredChunk) -> None:
        """Write a chunk; it counts once :meth:`commit` was called."""
        self._rows.write(scored.rows)
        for error in scored.errors:
            self._errors.write(error_line(error).encode())
        self.tally += scored.tally

    def commit(self, position: Position, *, seconds: float, finished: bool = False) -> None:
        """Make what was appended valid.

        Args:
            position: The end of the last chunk.
            seconds: Time since the folder was opened, or since the last commit.
            finished: Whether that was all.
        """
        for file in (self._rows, self._errors):
            file.flush()
            os.fsync(file.fileno())
        self.position, self.finished = position, finished
        self.seconds += seconds
        progress = {
            "position": [position.file, position.items],
            "rows": self._rows.tell(),
            "errors": self._errors.tell(),
            "tally": self.tally.to_dict(),
            "seconds": self.seconds,
            "finished": finished,
        }
        _replace(self._folder / "progress.json", progress)

    def deliver(self) -> None:
        """Make the output and the list of errors of a finished run, and remove the folder.

        May be called again after it was cut short at any point. Without any row, there is no output.
        """
        self.close()
        rows, errors, ready = (self._folder / name for name in ("rows", "errors", "output"))
        if rows.exists() and self.tally.sentences and self._form.ending != ".jsonl":
            render(rows, ready, self._form, self.tally.extra_columns)
        if self.tally.errors == 0:
            self.error_path.unlink(missing_ok=True)
        elif errors.exists():
            errors.replace(self.error_path)
        if self.tally.sentences:
            for source in (ready, rows):
                if source.exists():
                    source.replace(self.out)
                    break
        self.clear()

    def clear(self) -> None:
        """Remove all files but the lock, the description of the run first: without it, nothing is to be resumed."""
        for name in (RUN_FILE, "progress.json", "inputs", "rows", "errors", "output"):
            for file in (self._folder / name, self._folder / (name + _NEW)):
                file.unlink(missing_ok=True)

    def begin(self, description: Mapping[str, Any], files: Iterable[InputFile]) -> None:
        """Describe a new run.

        Args:
            description: What it is.
            files: Its input.
        """
        self.clear()
        with (self._folder / "inputs").open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(json.dumps(entry) + "\n" for entry in _entries(files))
        self._open_files()
        self.commit(Position(), seconds=0.0)
        _replace(self._folder / RUN_FILE, description)  # last: now there is something to resume

    def go_on(self, description: Mapping[str, Any], files: Iterable[InputFile]) -> None:
        """Take up a run where its last commit left it.

        Raises:
            InputError: The library, the model, an option or the input is another one now, or the folder is damaged.
        """
        try:
            old = json.loads((self._folder / RUN_FILE).read_text(encoding="utf-8"))
            progress = json.loads((self._folder / "progress.json").read_text(encoding="utf-8"))
            self._check(old, description, files)
            self.position = Position(file=progress["position"][0], items=progress["position"][1])
            self.tally, self.seconds = Tally.from_dict(progress["tally"]), progress["seconds"]
            self.finished = progress["finished"]
            self._sizes = {name: progress[name] for name in self._sizes}
        except (AttributeError, KeyError, ValueError, TypeError, FileNotFoundError) as error:
            raise self._refusal(f"is damaged ({error})") from None
        if not self.finished:  # else its files may have been delivered already
            check_overwrite(self.out, overwrite=old["overwrite"])
            self._open_files()

    def close(self) -> None:
        """Close the files."""
        for name in ("_rows", "_errors"):
            file = getattr(self, name, None)
            if file is not None:
                with suppress(OSError):  # a full disk, which was reported when it was met; commits are safe
                    file.close()

    def _check(self, old: Mapping[str, Any], new: Mapping[str, Any], files: Iterable[InputFile]) -> None:
        for name in new:
            if old.get(name) != new[name]:
                raise self._refusal(f"was begun with {name} {old.get(name)!r}, not {new[name]!r}")
        with (self._folder / "inputs").open(encoding="utf-8") as lines:
            for before, now in zip_longest(map(json.loads, lines), _entries(files)):
                if before is None:
                    raise self._refusal(f"was begun without the input {now[0]}")
                if now is None or now[0] != before[0]:
                    raise self._refusal(f"was begun with the input {before[0]}, which is not the next one now")
                if now != before:
                    raise self._refusal(f"the input {now[0]} has changed since")

    def _refusal(self, reason: str) -> InputError:
        return InputError(f"{reason}: cannot be resumed; --force starts anew", path=self._folder)

    def _open_files(self) -> None:
        """Open both files for appending, after the last byte that counts."""
        self._rows, self._errors = (self._open(name) for name in ("rows", "errors"))

    def _open(self, name: str) -> Any:  # noqa: ANN401 - a buffered binary file
        file = (self._folder / name).open("ab")
        if file.tell() < self._sizes[name]:
            file.close()
            raise self._refusal(f"is damaged ({name} is too short)")
        file.truncate(self._sizes[name])
        file.seek(self._sizes[name])
        return file


def part_folder(out: Path) -> Path:
    """Return the folder of a run that writes ``out``."""
    return out.with_name(out.name + PART_SUFFIX)


def can_resume(out: Path) -> bool:
    """Whether a run that writes ``out`` has ended early."""
    return (part_folder(out) / RUN_FILE).exists()


@contextmanager
def open_run(
    out: Path,
    form: OutputForm,
    description: Mapping[str, Any],
    files: Sequence[InputFile],
    *,
    resume: bool = False,
    overwrite: bool = False,
    keep: bool = True,
) -> Iterator[RunFolder]:
    """Begin or resume a run, and keep all others from writing the same output.

    Args:
        out: The output.
        form: Its form.
        description: What changes the rows beside the input, by name.
        files: The input.
        resume: Go on where an earlier run was ended; where there is none, begin.
        overwrite: Replace an existing output, and give up what an earlier run has left.
        keep: Keep what is done if the run ends early; if not, its input cannot be read again.

    Raises:
        InputError: Another process writes this output, the output exists, an earlier run was ended and neither option
            was given, or it cannot be resumed.
        OSError: The folder cannot be made.
    """
    folder = part_folder(out)
    if not folder.exists():
        check_overwrite(out, overwrite=overwrite)
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise InputError("another process is writing it", path=out) from None
    run = RunFolder(out, form)
    begun = False
    try:
        if overwrite or not can_resume(out):
            check_overwrite(out, overwrite=overwrite)  # again: the process that held the lock may have made it
            begun = True
            run.begin({**description, "overwrite": overwrite}, files)
        elif resume:
            run.go_on(description, files)
        else:
            reason = "holds a run that was not finished: go on with --resume, or start anew with --force"
            raise InputError(reason, path=folder)
        yield run
    except OSError as error:
        error.filename = error.filename or str(out)  # a write that fails does not say where
        raise
    finally:
        run.close()
        if begun and not keep:
            run.clear()
        kept = can_resume(out)
        if not kept:
            run.clear()
        if not kept and os.name == "posix":  # elsewhere its release deletes it
            # While it is held: who has opened it before finds on locking that it has no name any more.
            (folder / "lock").unlink(missing_ok=True)
        lock.release()
        if not kept:
            with suppress(OSError):  # another process may just have come
                folder.rmdir()


def _entries(files: Iterable[InputFile]) -> Iterator[list[Any]]:
    """Yield what tells each input file from another or a changed one: name, size, time of change in ns."""
    for file in files:
        size, changed = None, None
        with suppress(OSError):  # reported when it is read
            size, changed = size_and_change(file.name)
        yield [file.shown, size, changed]


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file in one step: it has the old content or the new one, whatever happens."""
    new = path.with_name(path.name + _NEW)
    with new.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
