"""Score files of articles as a stream: bounded memory, no row lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.data.addresses import is_remote
from iraqcoal_nlp.data.files import STDIN, size_and_change
from iraqcoal_nlp.data.inputs import ERRORS_SUFFIX, InputFile, list_inputs
from iraqcoal_nlp.data.results import listed_error, output_form
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.scoring.chunks import Position, Tally, read_chunks
from iraqcoal_nlp.scoring.engines import Engine
from iraqcoal_nlp.scoring.resume import open_run

ERRORS_KEPT = 20
"""So many errors are also kept in a report, to be shown."""

COMMIT_SECONDS = 1.0
"""So often what was scored is made safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """What a run did, or has done so far."""

    tally: Tally
    seconds: float
    """Time it took, all its parts together."""
    files: int
    """Input files."""
    backend: str
    """What computed the model."""
    input_bytes: int | None = None
    """Size of the input files, if it can be compared with that of the texts."""
    error_path: str | None = None
    """Where the errors are listed, if there are any."""
    first_errors: tuple[InputError, ...] = ()
    """The first :data:`ERRORS_KEPT` of them, once the run is done."""
    unread: Mapping[str, int] = field(default_factory=dict)
    """Files in the folders that were passed over since their type is not known, by ending."""


def score_files(
    inputs: Sequence[Path | str],
    out: Path,
    engine: Engine,
    *,
    excel: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    stdin_ending: str = ".jsonl",
    on_chunk: Callable[[ScoreReport], None] | None = None,
) -> ScoreReport:
    """Score files or folders into one file.

    A row that cannot be scored is listed in ``<out>.errors.jsonl`` with file, row and reason; the run goes on. While it
    does, what is done stands in the folder ``<out>.part``: a run that ended early goes on from there.

    Args:
        inputs: See :func:`~iraqcoal_nlp.data.inputs.list_inputs`.
        out: The file to write: see :data:`~iraqcoal_nlp.data.results.ENDINGS`. It appears when all is done, if anything
            could be scored.
        engine: What scores, and how.
        excel: See :class:`~iraqcoal_nlp.data.results.OutputForm`.
        resume: Go on with a run that ended early; the output will be the same, byte for byte.
        overwrite: Whether an existing ``out``, or the rest of an earlier run, may be replaced.
        stdin_ending: Type of standard input.
        on_chunk: Called after each chunk with the report so far.

    Raises:
        InputError: An input does not exist, has an unknown type or is the output; ``out`` cannot be written; or what
            is to be resumed has changed.
        ScoringError: The engine broke off.
        OSError: The system refused to write on.
    """
    form = output_form(out, excel=excel)
    error_path = out.with_name(out.name + ERRORS_SUFFIX)
    unread: Counter[str] = Counter()
    files = list_inputs(inputs, without=(out, error_path), stdin_ending=stdin_ending, unread=unread)
    from_stdin = any(file.name == STDIN for file in files)
    if resume and from_stdin:
        raise InputError("cannot be read again: to resume, put the articles in a file", path=STDIN)
    n_bytes = _comparable_bytes(files)
    description = _description(engine, excel=excel)
    with open_run(out, form, description, files, resume=resume, overwrite=overwrite, keep=not from_stdin) as run:

        def report(first_errors: Sequence[InputError] = ()) -> ScoreReport:
            return ScoreReport(
                tally=run.tally,
                seconds=run.seconds,
                files=len(files),
                backend=engine.backend,
                input_bytes=n_bytes,
                error_path=str(error_path) if run.tally.errors else None,
                first_errors=tuple(first_errors),
                unread=unread,
            )

        if not run.finished:
            position, committed = run.position, time.perf_counter()
            for chunk, scored in engine.score(read_chunks(files, engine.options.columns, position)):
                run.append(scored)
                position = chunk.end
                now = time.perf_counter()
                if now - committed >= COMMIT_SECONDS:
                    run.commit(position, seconds=now - committed)
                    committed = now
                if on_chunk is not None:
                    on_chunk(report())
            run.commit(position, seconds=time.perf_counter() - committed, finished=True)
        run.deliver()
        return report(_listed(error_path) if run.tally.errors else ())


def score_to_stream(
    inputs: Sequence[Path | str],
    stream: BinaryIO,
    engine: Engine,
    *,
    stdin_ending: str = ".jsonl",
    on_error: Callable[[InputError], None],
) -> ScoreReport:
    """Score files or folders into a stream of JSON Lines, chunk by chunk; nothing is kept, nothing can be resumed.

    Args:
        inputs: As in :func:`score_files`.
        stream: Where rows go.
        engine: What scores, and how.
        stdin_ending: Type of standard input.
        on_error: Called with each row that cannot be scored.

    Raises:
        InputError: An input does not exist or has an unknown type.
        ScoringError: The engine broke off.
        OSError: The stream takes no more.
    """
    unread: Counter[str] = Counter()
    files = list_inputs(inputs, stdin_ending=stdin_ending, unread=unread)
    tally, started = Tally(), time.perf_counter()
    for _, scored in engine.score(read_chunks(files, engine.options.columns, Position())):
        stream.write(scored.rows)
        stream.flush()
        for error in scored.errors:
            on_error(error)
        tally += scored.tally
    seconds = time.perf_counter() - started
    return ScoreReport(tally=tally, seconds=seconds, files=len(files), backend=engine.backend, unread=unread)


def _listed(path: Path) -> list[InputError]:
    """Read the first errors back from their list."""
    with path.open(encoding="utf-8") as lines:
        return [listed_error(line) for line in islice(lines, ERRORS_KEPT)]


def _description(engine: Engine, *, excel: bool) -> Mapping[str, str | bool | None]:
    """Return what changes the output beside the input; a run is only resumed where all of it is the same."""
    options = engine.options
    return {
        "library": f"iraqcoal-nlp {__version__}",
        "model": engine.model,
        "backend": engine.backend,
        "--unit": options.unit,
        "--text-column": options.columns.text,
        "--id-column": options.columns.id,
        "--with-source": options.with_source,
        "--excel": excel,
    }


def _comparable_bytes(files: Sequence[InputFile]) -> int | None:
    """Return the size of all files; ``None`` if one of them is not read as it is stored."""
    if any(file.ending not in (".txt", ".jsonl", ".csv", ".tsv") or is_remote(file.name) for file in files):
        return None
    total = 0
    for file in files:
        try:
            total += size_and_change(file.name)[0] or 0
        except OSError:  # reported when it is read
            continue
    return None if any(file.name == STDIN for file in files) else total
