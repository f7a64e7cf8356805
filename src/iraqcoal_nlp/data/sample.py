"""The rows of a scored file that a person should look at first, written for that person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iraqcoal_nlp.data.label_studio import check_task_files, scored_tasks, write_tasks
from iraqcoal_nlp.data.outputs import whole_file
from iraqcoal_nlp.data.scored import ScoredRow, read_scored_whole
from iraqcoal_nlp.data.uncertainty import SEED, closeness, entropy, uncertain_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import free_name

ROWS = ".jsonl"
TASKS = ".json"

FIELD = "uncertainty"
"""The field that is added to rows."""

_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """What a sample was taken from."""

    chosen: int
    sentences: int
    errors: Sequence[InputError]
    """Rows that could not be read."""


def write_sample(
    scored: Path,
    out: Path,
    *,
    strategy: str,
    count: int,
    seed: int = SEED,
    config_out: Path | None = None,
    blind: bool = False,
    overwrite: bool = False,
) -> SampleReport:
    """Choose rows by :func:`~iraqcoal_nlp.data.uncertainty.uncertain_rows` and write them, in the order of choice.

    Args:
        scored: A file of ``iraqcoal score``.
        out: ``.jsonl`` file for the rows, each with its ``uncertainty`` (an input column of that name becomes
            ``input_uncertainty``); or ``.json`` file for tasks of Label Studio, with the model's labels as predictions.
        strategy: How to choose.
        count: How many rows to choose at most.
        seed: For the strategy ``random``.
        config_out: ``.xml`` file for Label Studio's labeling configuration; ``None``: not written.
        blind: Whether tasks come without the model's labels.
        overwrite: Whether existing files may be replaced.

    Raises:
        InputError: A file cannot be read or written, or a choice for tasks was made for rows.
        ValueError: ``strategy`` is unknown, or ``count`` is below 1.
    """
    if out.suffix.lower() == TASKS:
        check_task_files(out, config_out, overwrite=overwrite)
        rows, errors = read_scored_whole(scored)
        chosen = uncertain_rows(rows, strategy=strategy, count=count, seed=seed)
        write_tasks(scored_tasks(row for row, _ in chosen), out, config_out=config_out, blind=blind)
    else:
        if config_out is not None or blind:
            raise InputError(f"a labeling configuration and blind tasks go with a {TASKS} file", path=out)
        with whole_file(out, endings=(ROWS, TASKS), source=scored, overwrite=overwrite) as file:
            rows, errors = read_scored_whole(scored)
            chosen = uncertain_rows(rows, strategy=strategy, count=count, seed=seed)
            file.writelines(_lines(chosen))
    return SampleReport(chosen=len(chosen), sentences=len(rows), errors=errors)


def _lines(chosen: Sequence[tuple[ScoredRow, float]]) -> Iterator[str]:
    for row, uncertainty in chosen:
        line = row.sentence.to_dict() | dict(row.extra)
        # What an earlier sample has written is replaced; whichever its strategy, it is one of these.
        own = [round(measure(row.sentence), _DIGITS) for measure in (entropy, closeness)]
        if FIELD in line and line[FIELD] not in own:
            free = free_name(FIELD, line)
            line = {free if key == FIELD else key: value for key, value in line.items()}
        yield json.dumps(line | {FIELD: round(uncertainty, _DIGITS)}, ensure_ascii=False) + "\n"
