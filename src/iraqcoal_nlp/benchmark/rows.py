"""The rows of a task: read, checked, mapped to its labels, and divided."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from iraqcoal_nlp.benchmark.tasks import EVERY_FILE, Question, Split, Task
from iraqcoal_nlp.data.annotations import SPLITS, SUFFIXES, Annotation, read_annotations
from iraqcoal_nlp.data.duplicates import find_copies, stable_hash
from iraqcoal_nlp.data.files import open_text, reading
from iraqcoal_nlp.data.splits import drop_leaks, split_by_document, split_rows
from iraqcoal_nlp.data.tables import text_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.inference.thresholds import Bools
from iraqcoal_nlp.model.locate import shipped_path
from iraqcoal_nlp.model.store import file_sha256

_IN_PROJECT = "seeds/"
_PER_DIGIT = 4  # labels that one hexadecimal digit holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row: a text or a pair of texts, and its labels by question; ``None`` where nobody has judged."""

    document: str
    text: str
    labels: Mapping[str, tuple[str, ...] | None]
    second_text: str | None = None

    @classmethod
    def of(cls, row: Annotation) -> Example:
        """Return an annotation as a row that both questions are asked of."""
        stance = None if row.stance is None else (row.stance,)
        return cls(document=row.doc_id, text=row.text, labels={"stance": stance, "events": row.events})

    def annotation(self, row_id: str) -> Annotation:
        """Return the row in our schema; only for those of an ``annotations`` task."""
        stance, events = self.labels["stance"], self.labels["events"]
        return Annotation(
            id=row_id, doc_id=self.document, text=self.text, stance=stance[0] if stance else None, events=events
        )


Examples = Sequence[Example]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """A task with its rows."""

    task: Task
    train: Examples
    dev: Examples
    """Rows that choose settings, such as thresholds; may be empty."""
    test: Examples
    files: Mapping[str, str]
    """sha256 by file name."""
    notes: tuple[str, ...]
    """What was left out, in words."""

    @property
    def sha256(self) -> str:
        """Hash of all texts and labels, in their order and division."""
        digest = hashlib.sha256()
        for name, part in (("train", self.train), ("dev", self.dev), ("test", self.test)):
            for row in part:
                line = json.dumps([name, row.text, row.second_text, dict(row.labels)], ensure_ascii=False)
                digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def load_rows(task: Task, data_root: Path | None) -> TaskData:
    """Read and divide a task's rows.

    Args:
        task: The declaration.
        data_root: Folder of its files; not needed if they come with the project.

    Raises:
        InputError: A file is missing (the message says where it is published) or a row is wrong.
    """
    paths = _locate(task, data_root)
    hashes = {path.name: file_sha256(path) for found in paths.values() for path in found}
    sides = _annotation_sides(task, paths) if task.form == "annotations" else _single_sides(task, paths)
    for name in ("train", "test"):
        if not sides[name]:
            why = f" ({'; '.join(sides['notes'])})" if sides["notes"] else ""
            raise InputError(f"{task.name}: no row is left for {name}{why}: give more rows, or a column `split`")
    return TaskData(
        task=task, **{name: tuple(sides[name]) for name in SPLITS}, files=hashes, notes=tuple(sides["notes"])
    )


def label_matrix(rows: Examples, question: Question) -> tuple[Bools, Bools]:
    """Return which labels each row has, and whether it was judged.

    Returns:
        *Shapes:* ``(n_rows, n_labels)``, all false where nobody has judged, and ``(n_rows,)``.
    """
    found = [row.labels[question.name] for row in rows]
    gold = [[label in (labels or ()) for label in question.labels] for labels in found]
    judged = np.array([labels is not None for labels in found], dtype=np.bool_)
    return np.array(gold, dtype=np.bool_).reshape(len(rows), len(question.labels)), judged


def encode_labels(labels: Bools) -> str:
    """Return which labels each row has as hexadecimal digits, as many per row as the number of labels needs."""
    width = -(-labels.shape[1] // _PER_DIGIT)
    places = 1 << np.arange(labels.shape[1])
    return "".join(f"{int(value):0{width}x}" for value in labels @ places)


def decode_labels(text: str, n_labels: int) -> Bools:
    """Return what :func:`encode_labels` was given. *Shape:* ``(n_rows, n_labels)``."""
    width = -(-n_labels // _PER_DIGIT)
    values = np.array([int(text[at : at + width], 16) for at in range(0, len(text), width)], dtype=np.int64)
    return np.asarray((values[:, None] >> np.arange(n_labels)) & 1, dtype=np.bool_)


def _locate(task: Task, data_root: Path | None) -> dict[str, list[Path]]:
    if data_root is not None and not data_root.is_dir():
        raise InputError("no such folder: --data-root names the folder of the tasks' files", path=data_root)
    found = {}
    for use, name in task.files.items():
        if name.startswith(_IN_PROJECT):
            found[use] = [shipped_path(name.removeprefix(_IN_PROJECT), source=name)]
            continue
        if data_root is not None:
            found[use] = sorted(p for p in data_root.glob(name) if p.suffix.lower() in SUFFIXES and p.is_file())
        if not found.get(use):
            raise _missing(task, name, data_root)
    return found


def _missing(task: Task, name: str, data_root: Path | None) -> InputError:
    """Return what to say of a file that is not there, or of a data root without annotation files."""
    where = f"published at {task.url}: {task.citation} Licence: {task.licence}" if task.url else task.citation
    if name == EVERY_FILE:
        wanted = f"annotation files ({', '.join(SUFFIXES)})"
        wanted = f"the {wanted} {where}" if task.url else f"your {wanted}"
        if data_root is None:
            return InputError(f"{task.name} needs {wanted}; give --data-root, their folder")
        return InputError(f"holds no file that {task.name} can use: it needs {wanted}", path=data_root)
    if data_root is None:
        return InputError(f"{task.name} needs {name}, which is not in the project ({where}); give --data-root")
    return InputError(f"no such file; {task.name} needs it ({where})", path=data_root / name)


def _annotation_sides(task: Task, paths: Mapping[str, Sequence[Path]]) -> dict[str, list[Any]]:
    """Divide rows in our schema; what trains nearly repeats nothing of what measures."""
    rows = {use: [row for path in found for row in read_annotations(path)] for use, found in paths.items()}
    split, notes = task.split, []
    if "all" in rows:
        parts = split_rows(rows["all"], seed=split.seed, dev=split.dev, test=split.test)
        train, dev, test = list(parts.train), list(parts.dev), list(parts.test)
    else:
        parts = split_by_document(rows["train"], seed=split.seed, dev=split.dev, test=0.0)
        train, dev, test = list(parts.train), rows.get("dev", list(parts.dev)), rows["test"]
    kept = drop_leaks(train, [*dev, *test])
    kept_dev = drop_leaks(dev, test)
    dropped = len(train) - len(kept) + len(dev) - len(kept_dev)
    if dropped:
        notes.append(f"{dropped} rows that nearly repeat held-out ones are left out of training and dev")
    judged = [row for row in test if row.stance is not None or row.events is not None]
    sides = {"train": kept, "dev": kept_dev, "test": judged}
    return {name: [Example.of(row) for row in part] for name, part in sides.items()} | {"notes": notes}


def _single_sides(task: Task, paths: Mapping[str, Sequence[Path]]) -> dict[str, list[Any]]:
    rows = {use: [row for path in found for row in _read_single(task, path)] for use, found in paths.items()}
    if task.split.rule == "given":
        return {name: rows.get(name, []) for name in SPLITS} | {"notes": []}
    first = {(row.text.strip(), row.second_text): row for row in reversed(rows["all"])}
    unique = list(reversed(first.values()))
    notes = [f"{len(rows['all']) - len(unique)} exact copies are dropped"] if len(unique) < len(rows["all"]) else []
    sides = _stratified(unique, task.split)
    held_out = [row.text for row in (*sides["dev"], *sides["test"])]
    copies = find_copies([row.text for row in sides["train"]], held_out)
    if copies:
        notes.append(f"{len(copies)} training rows that nearly repeat held-out ones are left out")
    train = [row for place, row in enumerate(sides["train"]) if place not in copies]
    return sides | {"train": train, "notes": notes}


def _stratified(rows: Examples, split: Split) -> dict[str, list[Example]]:
    """Divide label by label. A row's side follows from its text or texts and the seed, not from the order of rows."""
    by_label: defaultdict[str, list[tuple[tuple[int, int], Example]]] = defaultdict(list)
    for row in rows:
        # Pairs of one first text stay neighbours, most of them on one side: a training row that repeats the first text
        # of a held-out one is left out, and with sides by both texts at once, four pairs to a text, two of three are.
        first, second = (stable_hash(f"{split.seed}:{text}") for text in (row.text, row.second_text or ""))
        by_label[repr(dict(row.labels))].append(((first, second), row))
    sides: dict[str, list[Example]] = {name: [] for name in SPLITS}
    for _, members in sorted(by_label.items()):
        ordered = [row for _, row in sorted(members, key=lambda pair: pair[0])]
        n_test, n_dev = round(split.test * len(ordered)), round(split.dev * len(ordered))
        sides["test"] += ordered[:n_test]
        sides["dev"] += ordered[n_test : n_test + n_dev]
        sides["train"] += ordered[n_test + n_dev :]
    return sides


def _read_single(task: Task, path: Path) -> Iterator[Example]:
    """Yield the rows of a file with one label each; a row that is its own document.

    Raises:
        InputError: The file cannot be read, or a row is wrong.
    """
    needed, ending = list(task.columns.values()), path.suffix.lower()
    advice = f"{task.name} reads {', '.join(needed)}"
    with reading(path), open_text(str(path), ending) as (stream, encoding):
        for number, row in text_rows(stream, path, ending, needed=needed, advice=advice, encoding=encoding):
            if isinstance(row, InputError):
                raise row
            yield _example(task, row, path, number)


def _example(task: Task, row: Mapping[str, Any], path: Path, number: int) -> Example:
    code = str(row.get(task.columns["label"], "")).strip()
    if code not in task.labels:
        known = ", ".join(task.labels)
        raise InputError(f"unknown label {code!r}: {task.name} knows {known}", path=path, row=number)
    texts: list[str] = []
    for name in ("text", "second_text"):
        if name in task.columns:
            text = row.get(task.columns[name])
            if not isinstance(text, str) or not text.strip():
                reason = f"column {task.columns[name]!r} holds no text: {task.name} needs it"
                raise InputError(reason, path=path, row=number)
            texts.append(text)
    return Example(
        document=f"{path.stem}-{number}",
        text=texts[0],
        second_text=texts[1] if task.is_pairs else None,
        labels={task.question: (task.labels[code],)},
    )


def label_counts(rows: Examples, question: Question) -> dict[str, int]:
    """Return how many rows have each label."""
    counts = Counter(label for row in rows for label in row.labels[question.name] or ())
    return {label: counts[label] for label in question.labels}
