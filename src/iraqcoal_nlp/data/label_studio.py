"""Sentences to Label Studio, for people to annotate (back: :mod:`iraqcoal_nlp.data.label_studio_export`).

Tasks are in its basic JSON format, with existing labels as predictions (https://labelstud.io/guide/predictions). The
labeling configuration that both ways assume stands in ``label_studio.xml`` beside this file: a single choice
``stance``, a multiple choice ``events``, and the sentence ``text``, from right to left.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from iraqcoal_nlp.data.annotations import SPLITS, Annotation, read_judgements
from iraqcoal_nlp.data.files import ending_of, open_text, reading
from iraqcoal_nlp.data.outputs import check_output, check_overwrite, write_whole
from iraqcoal_nlp.data.results import ENDINGS
from iraqcoal_nlp.data.scored import ScoredRow, read_scored
from iraqcoal_nlp.data.tables import text_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import PROB_COLUMNS

UNNAMED = "annotations"
"""Name of the predictions that come from rows without annotator."""

COLUMNS = ("doc_id", "source", "split")
"""Columns that travel in a task's data, beside ``text`` and ``row_id``: some exports overwrite ``id``."""


def to_label_studio(
    path: Path, out: Path, *, config_out: Path | None = None, blind: bool = False, overwrite: bool = False
) -> int:
    """Write a file's sentences as tasks, and return how many they are.

    Args:
        path: An annotation file (see :mod:`iraqcoal_nlp.data.annotations`; rows without labels will do), or rows of
            ``iraqcoal score``, of any type (:data:`~iraqcoal_nlp.data.results.ENDINGS`): their predictions carry the
            model's name and, as score, the probability of the least certain label, so that Label Studio can show the
            most doubtful sentences first.
        out: ``.json`` file to import.
        config_out: ``.xml`` file for the labeling configuration; ``None``: not written.
        blind: Whether to leave existing labels out, so that annotators judge the sentence alone.
        overwrite: Whether existing files may be replaced.

    Raises:
        InputError: The file cannot be read, a row is bad, or an output cannot be written.
    """
    check_task_files(out, config_out, overwrite=overwrite)
    tasks = scored_tasks(read_scored(path)) if _is_scored(path) else _annotated_tasks(read_judgements(path))
    write_tasks(tasks, out, config_out=config_out, blind=blind)
    return len(tasks)


def labeling_config() -> str:
    """Return the labeling configuration of a project."""
    return files("iraqcoal_nlp.data").joinpath("label_studio.xml").read_text("utf-8")


def scored_tasks(rows: Iterable[ScoredRow | InputError]) -> list[dict[str, Any]]:
    """Return a task for each scored sentence, its labels as the model's prediction.

    A task is named ``<doc_id>:<sent_id>``, with a number behind it where articles share an id. The score of the
    prediction is the probability of the least certain label: the stance, and each event as reported or not.

    Raises:
        InputError: The first one among ``rows``.
    """
    tasks = []
    seen: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, InputError):
            raise row
        sentence, split = row.sentence, row.fact("split")
        name = f"{sentence.doc_id}:{sentence.sent_id}"
        seen[name] += 1
        labelled = Annotation(
            id=name if seen[name] == 1 else f"{name}:{seen[name]}",
            doc_id=sentence.doc_id,
            text=sentence.text,
            stance=sentence.stance,
            events=sentence.events,
            source=row.fact("source"),
            split=split if split in SPLITS else None,
        )
        decided = [p if event in sentence.events else 1 - p for event, p in sentence.event_probs.items()]
        score = round(min(sentence.stance_probs[sentence.stance], *decided), 6)
        prediction = {"model_version": sentence.model, "score": score, "result": _result(labelled)}
        tasks.append(_task(labelled, [prediction]))
    return tasks


def write_tasks(
    tasks: Sequence[Mapping[str, Any]], out: Path, *, config_out: Path | None = None, blind: bool = False
) -> None:
    """Write tasks and the labeling configuration to files that :func:`check_task_files` has passed.

    Args:
        tasks: What to write.
        out: ``.json`` file to import.
        config_out: ``.xml`` file for the configuration; ``None``: not written.
        blind: Whether to leave existing labels out, so that annotators judge the sentence alone.
    """
    if blind:
        tasks = [{"data": task["data"]} for task in tasks]
    write_whole(out, [json.dumps(tasks, ensure_ascii=False, indent=1), "\n"])
    if config_out is not None:
        write_whole(config_out, [labeling_config()])


def check_task_files(out: Path, config_out: Path | None, *, overwrite: bool) -> None:
    """Refuse outputs of :func:`write_tasks` that cannot be written.

    Raises:
        InputError: One cannot.
    """
    outputs = {out: ".json"} | ({config_out: ".xml"} if config_out is not None else {})
    for output, suffix in outputs.items():
        check_output(output, (suffix,))
        check_overwrite(output, overwrite=overwrite)


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
    ending = ending_of(path.name)
    if ending not in ENDINGS or not path.is_file():
        return False
    if ending not in (".jsonl", ".csv"):
        return True  # no annotations come so
    probs = ("stance_probs", "event_probs") if ending == ".jsonl" else PROB_COLUMNS
    needed = ("sent_id", "model", *probs)
    with reading(path), open_text(str(path), ending) as (stream, encoding):
        first = next(
            (row for _, row in text_rows(stream, path, ending, needed=needed, advice="", encoding=encoding)), None
        )
    return isinstance(first, dict) and set(needed) <= first.keys()


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
