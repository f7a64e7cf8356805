"""Annotations from Label Studio: its export in the format "JSON" (https://labelstud.io/guide/task_format).

Choices named ``stance`` and ``events`` are read, as in the labeling configuration (``label_studio.xml``); a submitted
annotation without a choice of events says that there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iraqcoal_nlp.data.annotations import Annotation, SeenJudgements, parse_row, write_annotations
from iraqcoal_nlp.data.encodings import UTF8
from iraqcoal_nlp.data.label_studio import COLUMNS
from iraqcoal_nlp.data.outputs import check_output, check_overwrite
from iraqcoal_nlp.data.tables import mended, not_text
from iraqcoal_nlp.errors import CodebookError, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What an export of Label Studio holds."""

    judgements: tuple[Annotation, ...]
    """One per submitted annotation, its annotator named by number. Of several, the one marked as ground truth comes a
    second time without annotator: it settles the sentence."""
    errors: tuple[InputError, ...]
    """Tasks and annotations that cannot be used, each named by its task's id."""
    n_tasks: int
    n_open: int
    """Tasks without a submitted annotation."""
    n_skipped: int
    """Annotations that annotators cancelled."""


def from_label_studio(path: Path, out: Path, *, overwrite: bool = False) -> Export:
    """Write the judgements of an export as an annotation file, if there are any, and return all it holds.

    Args:
        path: The export, in the format "JSON".
        out: ``.jsonl`` file to write.
        overwrite: Whether it may be replaced.

    Raises:
        InputError: The export cannot be read, or the output cannot be written.
    """
    check_output(out, (".jsonl",))
    check_overwrite(out, overwrite=overwrite)
    export = read_export(path)
    if export.judgements:
        write_annotations(export.judgements, out)
    return export


def read_export(path: Path) -> Export:
    """Read an export in the format "JSON".

    Raises:
        InputError: It cannot be read or has another format.
    """
    judgements: list[Annotation] = []
    errors: list[InputError] = []
    seen = SeenJudgements()
    n_open = n_skipped = 0
    tasks = _tasks(path)
    for number, task in enumerate(tasks, 1):
        place = f"task {task.get('id', f'number {number}')}"
        submitted: list[tuple[Annotation, bool]] = []
        for annotation in task["annotations"]:
            if annotation.get("was_cancelled"):
                n_skipped += 1
                continue
            try:
                judgement = _judgement(task, annotation, fallback_id=place.replace(" ", "-"))
                seen.check(judgement, place)
            except (CodebookError, TypeError, ValueError) as error:
                errors.append(InputError(f"{place}: {error}", path=path))
            else:
                submitted.append((judgement, annotation.get("ground_truth") is True))
        judgements += [judgement for judgement, _ in submitted]
        true = [judgement for judgement, is_true in submitted if is_true]
        if len(submitted) > 1 and len(true) == 1:
            nameless = next((judgement for judgement, _ in submitted if judgement.annotator is None), None)
            if nameless is None:
                judgements.append(replace(true[0], annotator=None))
            elif nameless is not true[0]:
                reason = f"{place}: beside the ground truth stands an annotation that names nobody: name who made it"
                errors.append(InputError(reason, path=path))
        elif len(true) > 1:
            errors.append(InputError(f"{place}: {len(true)} annotations are ground truth: keep one", path=path))
        n_open += all(annotation.get("was_cancelled") for annotation in task["annotations"])
    return Export(
        judgements=tuple(judgements), errors=tuple(errors), n_tasks=len(tasks), n_open=n_open, n_skipped=n_skipped
    )


def _tasks(path: Path) -> list[dict[str, Any]]:
    """Return the tasks of an export.

    Raises:
        InputError: It is no list of tasks.
    """
    try:
        tasks = mended(json.loads(path.read_text("utf-8-sig")))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from None
    except UnicodeDecodeError:
        raise InputError(not_text(UTF8), path=path) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})", path=path) from None
    if not isinstance(tasks, list) or not all(_is_task(task) for task in tasks):
        reason = "no list of tasks with 'data' and 'annotations': export it from Label Studio in the format JSON"
        raise InputError(reason, path=path)
    return tasks


def _is_task(task: object) -> bool:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        return False
    annotations = task.get("annotations")
    return isinstance(annotations, list) and all(isinstance(annotation, dict) for annotation in annotations)


def _judgement(task: Mapping[str, Any], annotation: Mapping[str, Any], *, fallback_id: str) -> Annotation:
    """Return one annotator's labels of a task.

    Raises:
        TypeError: A field has the wrong type.
        ValueError: There is no stance, or several, or a result holds no choices.
        CodebookError: A label is unknown.
    """
    chosen: dict[str, Any] = {"stance": [], "events": []}
    for item in annotation.get("result") or ():
        if isinstance(item, dict) and item.get("type") == "choices" and item.get("from_name") in chosen:
            value = item.get("value")
            choices = value.get("choices") if isinstance(value, dict) else None
            if not isinstance(choices, list):
                raise ValueError(
                    f"annotation {annotation.get('id')} has a result {item['from_name']!r} without choices"
                )
            chosen[item["from_name"]] = choices
    if len(chosen["stance"]) != 1:
        reason = f"annotation {annotation.get('id')} has no stance, or several"
        raise ValueError(f"{reason}: it takes one choice named 'stance', as in the labeling configuration")
    who = annotation.get("completed_by")
    data = task["data"]
    fields = {name: data.get(name) for name in ("text", *COLUMNS)} | {
        "id": data.get("row_id"),
        "stance": chosen["stance"][0],
        "events": chosen["events"],
        "annotator": who.get("id") if isinstance(who, dict) else who,
    }
    return parse_row(fields, fallback_id=fallback_id)[0]
