"""Sentences to Label Studio, for people to annotate (back: :mod:`iraqcoal_nlp.data.label_studio_export`).

Tasks are in its basic JSON format, with existing labels as predictions (https://labelstud.io/guide/predictions). The
labeling configuration that both ways assume stands in ``label_studio.xml`` beside this file: a single choice
``stance``, a multiple choice ``events``, and the sentence ``text``, from right to left.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from iraqcoal_nlp.data.annotations import Annotation, SeenJudgements, parse_row, read_judgements
from iraqcoal_nlp.data.files import open_text
from iraqcoal_nlp.data.outputs import check_output, check_overwrite, write_whole
from iraqcoal_nlp.data.tables import json_rows
from iraqcoal_nlp.errors import CodebookError, InputError

UNNAMED = "annotations"
"""Name of the predictions that come from rows without annotator."""

COLUMNS = ("doc_id", "source", "split")
"""Columns that travel in a task's data, beside ``text`` and ``row_id``: some exports overwrite ``id``."""


def to_label_studio(
    path: Path, out: Path, *, config_out: Path | None = None, blind: bool = False, overwrite: bool = False
) -> int:
    """Write a file's sentences as tasks, and return how many they are.

    Args:
        path: An annotation file (see :mod:`iraqcoal_nlp.data.annotations`; rows without labels will do), or the
            ``.jsonl`` rows of ``iraqcoal score``: their predictions carry the model's name and, as score, the
            probability of the least certain label, so that Label Studio can show the most doubtful sentences first.
        out: ``.json`` file to import.
        config_out: ``.xml`` file for the labeling configuration; ``None``: not written.
        blind: Whether to leave existing labels out, so that annotators judge the sentence alone.
        overwrite: Whether existing files may be replaced.

    Raises:
        InputError: The file cannot be read, a row is bad, or an output cannot be written.
    """
    outputs = {out: ".json"} | ({config_out: ".xml"} if config_out is not None else {})
    for output, suffix in outputs.items():
        check_output(output, (suffix,))
        check_overwrite(output, overwrite=overwrite)
    tasks = _scored_tasks(path) if _is_scored(path) else _annotated_tasks(read_judgements(path))
    if blind:
        tasks = [{"data": task["data"]} for task in tasks]
    write_whole(out, [json.dumps(tasks, ensure_ascii=False, indent=1), "\n"])
    if config_out is not None:
        write_whole(config_out, [labeling_config()])
    return len(tasks)


def labeling_config() -> str:
    """Return the labeling configuration of a project."""
    return files("iraqcoal_nlp.data").joinpath("label_studio.xml").read_text("utf-8")


def _annotated_tasks(rows: Iterable[Annotation]) -> list[dict[str, Any]]:
    """Return a task for each sentence, with a prediction for each judgement."""
    by_id = defaultdict(list)
    for row in rows:
        by_id[row.id].append(row)
    tasks = []
    for same in by_id.values():
        judged = [row for row in same if row.stance is not None or row.events]
        predictions = [{"model_version": row.annotator or UNNAMED, "result": _result(row)} for row in judged]
        tasks.append(_task(same[0], predictions))
    return tasks


def _is_scored(path: Path) -> bool:
    """Whether a file holds rows of ``iraqcoal score``."""
    if path.suffix.lower() != ".jsonl" or not path.is_file():
        return False
    with open_text(str(path), path.suffix) as (stream, encoding):
        first = next((row for _, row in json_rows(stream, path, encoding=encoding)), None)
    return isinstance(first, dict) and {"sent_id", "stance_probs", "event_probs", "model"} <= first.keys()


def _scored_tasks(path: Path) -> list[dict[str, Any]]:
    """Return a task for each scored sentence, named ``<doc_id>:<sent_id>``.

    Raises:
        InputError: A row is bad.
    """
    tasks = []
    seen = SeenJudgements()
    with open_text(str(path), path.suffix) as (stream, encoding):
        for number, row in json_rows(stream, path, encoding=encoding):
            if isinstance(row, InputError):
                raise row
            try:
                name = f"{row['doc_id']}:{row['sent_id']}"
                (sentence,) = parse_row({**row, "id": name}, fallback_id=name)
                seen.check(sentence, f"row {number}")
                prediction = {"model_version": row["model"], "score": _certainty(row), "result": _result(sentence)}
            except (KeyError, CodebookError, TypeError, ValueError) as error:
                reason = f"no row of `iraqcoal score` ({error})"
                raise InputError(reason, path=path, row=number) from None
            tasks.append(_task(sentence, [prediction]))
    return tasks


def _certainty(row: Mapping[str, Any]) -> float:
    """Return the probability of the least certain label: the stance, and each event as reported or not."""
    events = [p if event in row["events"] else 1 - p for event, p in row["event_probs"].items()]
    return round(float(min(row["stance_probs"][row["stance"]], *events)), 6)


def _task(row: Annotation, predictions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    optional = {name: getattr(row, name) for name in COLUMNS if getattr(row, name) is not None}
    task: dict[str, Any] = {"data": {"text": row.text, "row_id": row.id} | optional}
    return task | ({"predictions": list(predictions)} if predictions else {})


def _result(row: Annotation) -> list[dict[str, Any]]:
    """Return a row's labels as Label Studio's results."""
    chosen = {"stance": [] if row.stance is None else [row.stance], "events": list(row.events or ())}
    return [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": labels}}
        for name, labels in chosen.items()
        if labels
    ]
