"""Scoring on several machines with Ray Data (needs the extra ``ray``).

The input's files are dealt out in groups; tasks read them into chunks, actors that each hold a model score the chunks,
and tasks write the rows as parts of a folder. All that decides what a row holds is the code of the local engine.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
import ray.data
from pyarrow.fs import FileSelector, FileSystem, FileType
from ray.exceptions import RayError

from iraqcoal_nlp.data.addresses import is_remote, open_system, shown
from iraqcoal_nlp.data.files import size_and_change
from iraqcoal_nlp.data.inputs import ERRORS_SUFFIX, InputFile, list_inputs
from iraqcoal_nlp.data.results import OutputForm, error_line, listed_error, render
from iraqcoal_nlp.errors import InputError, ScoringError
from iraqcoal_nlp.scoring.chunks import Position, ScoreOptions, Tally, read_chunks, score_chunk
from iraqcoal_nlp.scoring.engines import ModelChoice
from iraqcoal_nlp.scoring.stream import ERRORS_KEPT, ScoreReport

ENDINGS = (".jsonl", ".parquet")
"""Types of the parts that are written."""

SUCCESS = "_SUCCESS"
"""Name of the empty file that says that a folder is whole, as Hadoop and Spark write it."""

_GROUP_BYTES = 8 << 20
_GROUP_FILES = 256
_CHUNKS_PER_PART = 64  # some 40,000 rows
_BLOCK_BYTES = 1 << 20  # a few chunks: the chunks of one large file go to many actors
_SCORING_CPUS, _OTHER_CPUS = 0.9, 0.1  # of a core each, so that reading and writing find room beside the scoring

Batch = dict[str, Any]


def score_with_ray(
    inputs: Sequence[str],
    out: str,
    choice: ModelChoice,
    options: ScoreOptions,
    *,
    workers: int | None = None,
    overwrite: bool = False,
) -> ScoreReport:
    """Score files into a folder of part files, on the Ray cluster of ``RAY_ADDRESS`` or else on this machine.

    The rows are those of the local engine, in the same order if the parts are read in the order of their names. A part
    of Parquet has those of the passed-through columns that its own rows have. Errors are listed in one file,
    ``<out>.errors.jsonl``. The folder is whole when it holds the file ``_SUCCESS``.

    Args:
        inputs: Paths and addresses that every machine can read: see :func:`~iraqcoal_nlp.data.inputs.list_inputs`.
        out: The folder, a path or an address that every machine can write, named ``….jsonl`` or ``….parquet``.
        choice: The model. Its folder must be on every machine; the shipped one is.
        options: What changes the rows.
        workers: Actors that score; ``None``: one per core, or per GPU if the device is one.
        overwrite: Whether what ``out`` holds may be replaced; it stays until the model is loaded and Ray runs.

    Raises:
        InputError: An input cannot be listed, or ``out`` exists or is of another type.
        ScoringError: A task failed, and failed again.
        ModelFolderError: The model cannot be loaded on this machine.
    """
    ending = next((ending for ending in ENDINGS if out.rstrip("/").endswith(ending)), None)
    if ending is None:
        raise InputError(f"--engine ray writes a folder of parts named {' or '.join(ENDINGS)}", path=shown(out))
    unread: Counter[str] = Counter()
    files = list_inputs(inputs, unread=unread)
    target, folder = _find_output(out, overwrite=overwrite)
    classifier = choice.load()  # a model that cannot be loaded is told here, not in the log of another machine
    started, tally = time.perf_counter(), Tally()
    first_errors: list[InputError] = []
    _start_ray()
    data = ray.data.from_items([{"group": n, "files": pickle.dumps(group)} for n, group in enumerate(_groups(files))])
    data = data.map_batches(_Reader(options, str(Path.cwd())), batch_size=1, num_cpus=_OTHER_CPUS)
    on_gpu = choice.device.startswith("cuda")
    n_actors = workers or max(1, int(ray.cluster_resources().get("GPU" if on_gpu else "CPU", 1)))
    data = data.map_batches(
        _Scorer,
        fn_constructor_args=(replace(choice, threads=choice.threads or 1), options),
        batch_size=1,
        num_cpus=_SCORING_CPUS,
        num_gpus=1 if on_gpu else None,
        compute=ray.data.ActorPoolStrategy(size=n_actors),
    )
    data = data.map_batches(_Writer(out, ending), batch_size=_CHUNKS_PER_PART, num_cpus=_OTHER_CPUS)
    error_path = folder + ERRORS_SUFFIX
    _empty_output(target, folder, out)  # last: an earlier result stays until the model and Ray are there
    try:
        with target.open_output_stream(error_path) as errors, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that one file, which gives many chunks, keeps one actor busy
            for done in data.iter_rows():
                tally += Tally.from_dict(json.loads(done["tally"]))
                errors.write(done["errors"])
                lines = done["errors"].splitlines()[: ERRORS_KEPT - len(first_errors)]
                first_errors += map(listed_error, lines)
    except RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ScoringError(f"Ray broke off ({reason}): begin again with --force") from error
    if not tally.errors:
        target.delete_file(error_path)
    with target.open_output_stream(f"{folder}/{SUCCESS}"):
        pass
    return ScoreReport(
        tally=tally,
        seconds=time.perf_counter() - started,
        files=len(files),
        backend=f"{n_actors} × {classifier.backend}",
        error_path=f"{shown(out).rstrip('/')}{ERRORS_SUFFIX}" if tally.errors else None,
        first_errors=tuple(first_errors),
        unread=unread,
    )


class _Reader:
    """Reads a group of files into chunks."""

    def __init__(self, options: ScoreOptions, working_folder: str) -> None:
        self._options, self._working_folder = options, working_folder

    def __call__(self, batch: Batch) -> Iterator[Batch]:
        with suppress(OSError):  # names are as the user gave them; where only addresses are read, it need not be there
            os.chdir(self._working_folder)
        for group, files in zip(batch["group"], batch["files"], strict=True):
            for number, chunk in enumerate(read_chunks(pickle.loads(files), self._options.columns, Position())):
                yield {"part": [f"{group:06}-{number:06}"], "items": [pickle.dumps(chunk.items)]}


class _Scorer:
    """Holds a model in an actor."""

    def __init__(self, choice: ModelChoice, options: ScoreOptions) -> None:
        self._classifier, self._options = choice.load(), options

    def __call__(self, batch: Batch) -> Batch:
        scored = [score_chunk(pickle.loads(items), self._classifier, self._options) for items in batch["items"]]
        return {
            "part": batch["part"],
            "rows": [chunk.rows for chunk in scored],
            "errors": ["".join(map(error_line, chunk.errors)).encode() for chunk in scored],
            "tally": [json.dumps(chunk.tally.to_dict()) for chunk in scored],
        }


class _Writer:
    """Writes the rows of some chunks as one part, named for the first; once more, it writes the same part."""

    def __init__(self, out: str, ending: str) -> None:
        self._out, self._ending = out, ending

    def __call__(self, batch: Batch) -> Batch:
        tally = Tally()
        for counts in batch["tally"]:
            tally += Tally.from_dict(json.loads(counts))
        if tally.sentences:
            with TemporaryDirectory() as place:
                rows, rendered = Path(place, "rows"), Path(place, "rendered")
                rows.write_bytes(b"".join(batch["rows"]))
                render(rows, rendered, OutputForm(ending=self._ending), tally.extra_columns)
                target, folder = _file_system(self._out)
                with target.open_output_stream(f"{folder}/part-{batch['part'][0]}{self._ending}") as stream:
                    stream.write(rendered.read_bytes())
        return {"tally": [json.dumps(tally.to_dict())], "errors": [b"".join(batch["errors"])]}


def _groups(files: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Yield neighbouring files that are read by one task: many small ones, or a large one."""
    group: list[InputFile] = []
    n_bytes = 0
    for file in files:
        group.append(file)
        with suppress(OSError):  # reported when it is read
            n_bytes += size_and_change(file.name)[0] or 0
        if n_bytes >= _GROUP_BYTES or len(group) == _GROUP_FILES:
            yield group
            group, n_bytes = [], 0
    if group:
        yield group


def _file_system(out: str) -> tuple[FileSystem, str]:
    return open_system(out.rstrip("/") if is_remote(out) else Path(out).absolute().as_uri())


def _find_output(out: str, *, overwrite: bool) -> tuple[FileSystem, str]:
    """Check that the folder can be made, or emptied."""
    with _writing(out):
        target, folder = _file_system(out)
        if target.get_file_info(folder).type == FileType.File:
            raise InputError("is a file: Ray writes a folder of parts", path=shown(out))
        if target.get_file_info(folder).type == FileType.Directory:
            if not overwrite:
                raise InputError("exists already: choose another folder, or overwrite it with --force", path=shown(out))
            names = [Path(entry.path).name for entry in target.get_file_info(FileSelector(folder))]
            if not all(name == SUCCESS or name.startswith("part-") for name in names):
                raise InputError(
                    "holds other files than parts of an earlier run: choose another folder", path=shown(out)
                )
    return target, folder


def _empty_output(target: FileSystem, folder: str, out: str) -> None:
    """Make the folder, empty."""
    with _writing(out):
        if target.get_file_info(folder).type == FileType.Directory:
            target.delete_dir_contents(folder)
        target.create_dir(folder, recursive=is_remote(out))


@contextmanager
def _writing(out: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written ({error})", path=shown(out)) from None


def _start_ray() -> None:
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report home
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what fails comes as an exception
        local: Mapping[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **local)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.target_max_block_size = _BLOCK_BYTES
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
