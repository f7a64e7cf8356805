"""Tasks as declarations: what is asked, of which rows, how they are split, and what others have reported.

A declaration is a TOML file named ``NAME.vN.toml``; those of the package are in the folder ``tasks``. A changed file,
label map or split is a new version: results of different versions stand beside each other, never in one table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.errors import RecipeError

FORMS = ("annotations", "single")
RULES = ("given", "stratified", "documents")
MACRO_F1, F1_OF = "macro_f1", "f1:"
USES = ("train", "dev", "test", "all")
"""What files are for."""

EVERY_FILE = "*"
"""Stands for every annotation file of the data root."""

_COLUMNS = ("text", "second_text", "label")

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that is asked of each row."""

    name: str
    labels: tuple[str, ...]
    exclusive: bool
    """Whether exactly one label is true of a row; if not, any number is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A result that others have reported; it was not measured here."""

    model: str
    score: float
    """In [0, 1], in the score that the task takes as its main one, as far as the source says."""
    spread: float | None = None
    """Standard deviation over seeds."""
    note: str = ""
    """Where it stands, and how it came about."""

    def __post_init__(self) -> None:
        """Check the types.

        Raises:
            RecipeError: A value has another one.
        """
        _check_types(self, "published.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How rows are divided."""

    rule: str = "given"
    """``given``: by file, or by what the rows say; ``stratified``, of single labels alone: label by label, after exact
    copies are dropped; ``documents``, of annotations alone: by document, near-duplicates on one side, unless the rows
    say their split."""
    seed: int = 13
    """Decides the side of each row or document; never the one of a model."""
    dev: float = 0.0
    """Share that chooses settings, in [0, 1)."""
    test: float = 0.0
    """Share that measures, in [0, 1)."""

    def __post_init__(self) -> None:
        """Check rule and shares.

        Raises:
            RecipeError: A value is none of those known, or the shares leave nothing.
        """
        _check_types(self, "split.")
        if self.rule not in RULES:
            raise RecipeError(f"split.rule is {self.rule!r}: use one of {', '.join(RULES)}")
        for name, share in (("dev", self.dev), ("test", self.test)):
            if not 0 <= share < 1:
                raise RecipeError(f"split.{name} is {share}: write a share, from 0 to below 1")
        if self.dev + self.test >= 1:
            raise RecipeError("split.dev and split.test must leave rows to train on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One declared task."""

    name: str
    """With its version, such as ``un-binary.v1``: the name of its file."""
    title: str
    description: str
    form: str
    """``annotations``: rows in our schema, both heads asked; ``single``: one label per text or pair."""
    main_score: str
    """``macro_f1``, of several questions the mean of theirs; or ``f1:LABEL``."""
    licence: str
    citation: str
    url: str
    """Where the data is published; empty where it comes with the project or is the user's own."""
    files: Mapping[str, str]
    """File names in the data root by use: ``train`` and ``test``, perhaps ``dev``; or ``all`` alone. ``*`` means every
    annotation file; a name that begins with ``seeds/`` comes with the project."""
    split: Split
    question: str = ""
    """Name of the question of a ``single`` task."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns by what they hold: ``text``, ``second_text`` of pairs, ``label``."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Names of the labels by the code that files hold, in order."""
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        """Check what can be checked without the data.

        Raises:
            RecipeError: A value has another type or is none of those known, or values do not go together.
        """
        _check_types(self)
        if self.form not in FORMS:
            raise RecipeError(f"form is {self.form!r}: use one of {', '.join(FORMS)}")
        if self.form == "single" and not (self.question and self.labels and {"text", "label"} <= set(self.columns)):
            raise RecipeError("a single task needs a question, labels, and the columns text and label")
        for table, known in (("files", USES), ("columns", _COLUMNS)):
            for key in getattr(self, table):
                if key not in known:
                    raise RecipeError(f"unknown setting '{table}.{key}': known are {', '.join(known)}")
        unfit = "stratified" if self.form == "annotations" else "documents"
        if self.split.rule == unfit:
            raise RecipeError(f"split.rule is {unfit!r}: form {self.form!r} is not divided so")
        self._check_files()
        allowed = {MACRO_F1, *(F1_OF + label for question in self.questions for label in question.labels)}
        if self.main_score not in allowed:
            raise RecipeError(f"main_score is {self.main_score!r}: use {MACRO_F1}, or {F1_OF} and one of the labels")

    def _check_files(self) -> None:
        """Refuse files that the split cannot divide, or whose names the data root cannot hold."""
        for use, name in self.files.items():
            parts = Path(name).parts
            if not parts or Path(name).anchor:
                raise RecipeError(f"files.{use} is {name!r}: write the name of a file in the data root")
            if any("**" in part and part != "**" for part in parts):
                raise RecipeError(
                    f"files.{use} is {name!r}: ** stands for folders, between slashes; write * inside a name"
                )
        whole = set(self.files) == {"all"}
        divided = "all" not in self.files and {"train", "test"} <= set(self.files)
        if self.form == "annotations":
            fit, needed = whole or divided, "files.all alone, or files.train and files.test"
        elif self.split.rule == "given":
            fit, needed = divided, "files.train and files.test; to divide files.all, write split.rule = 'stratified'"
        else:
            fit, needed = whole, "files.all alone; for files that are divided, write split.rule = 'given'"
        if not fit:
            told = f"form {self.form!r} with split.rule {self.split.rule!r} needs {needed}"
            raise RecipeError(f"files names {', '.join(self.files) or 'nothing'}: {told}")

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked, in order."""
        if self.form == "annotations":
            return (
                Question(name="stance", labels=STANCES, exclusive=True),
                Question(name="events", labels=EVENTS, exclusive=False),
            )
        return (Question(name=self.question, labels=tuple(dict.fromkeys(self.labels.values())), exclusive=True),)

    @property
    def is_pairs(self) -> bool:
        """Whether each row is two texts."""
        return "second_text" in self.columns

    @property
    def needs_data_root(self) -> bool:
        """Whether its files do not come with the project."""
        return not all(name.startswith("seeds/") for name in self.files.values())

    @property
    def score_name(self) -> str:
        """The main score in words."""
        if self.main_score != MACRO_F1:
            return f"F1 of {self.main_score.removeprefix(F1_OF)}"
        return "macro-F1" if len(self.questions) == 1 else "mean macro-F1 of stance and events"

    def weights(self) -> list[float]:
        """Return what each label's F1 counts in the main score, over all questions in order; they sum to 1."""
        chosen = None if self.main_score == MACRO_F1 else self.main_score.removeprefix(F1_OF)
        return [
            1 / (len(self.questions) * len(question.labels)) if chosen is None else float(label == chosen)
            for question in self.questions
            for label in question.labels
        ]


def load_task(name: str) -> Task:
    """Return a task of the package by name, or one declared in a ``.toml`` file of your own.

    Raises:
        RecipeError: There is none, or the declaration is wrong; the message names file and setting.
    """
    path = Path(name)
    if path.suffix == ".toml":
        try:
            return _parse(path.read_text(encoding="utf-8"), path.stem, name)
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if name not in known_tasks():
        raise RecipeError(f"{name}: no such task; known are {', '.join(known_tasks())}, or give a .toml file")
    return _parse(_folder().joinpath(f"{name}.toml").read_text(encoding="utf-8"), name, f"{name}.toml")


def known_tasks() -> list[str]:
    """Return the names of the tasks that come with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def _folder() -> Any:  # noqa: ANN401 - a Traversable, whose place in the library moved between Python versions
    return files("iraqcoal_nlp.benchmark").joinpath("tasks")


def _parse(content: str, name: str, place: str) -> Task:
    try:
        settings: dict[str, Any] = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{place}: not TOML ({error})") from None
    try:
        settings = {"name": name, "files": {}, "split": {}} | settings
        settings["split"] = _fill(Split, settings["split"], "split.")
        published = settings.get("published", [])
        if not isinstance(published, list):
            raise RecipeError(f"published is {published!r}: write [[published]] above each result")
        settings["published"] = tuple(_fill(Published, row, "published.") for row in published)
        return _fill(Task, settings, "")
    except RecipeError as error:
        raise RecipeError(f"{place}: {error}") from None


def _fill(kind: type[_Kind], settings: Any, prefix: str) -> _Kind:  # noqa: ANN401 - whatever TOML holds
    if not isinstance(settings, Mapping):
        raise RecipeError(f"{prefix.removesuffix('.')} is {settings!r}: write a table")
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]  # all three are dataclasses
    for key in settings:
        if key not in known:
            raise RecipeError(f"unknown setting {prefix + key!r}: known are {', '.join(known)}")
    for key, entry in known.items():
        if key not in settings and entry.default is MISSING and entry.default_factory is MISSING:
            raise RecipeError(f"setting {prefix + key!r} is missing")
    return kind(**settings)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[Any, tuple[Callable[[Any], bool], str]] = {
    str: (lambda value: isinstance(value, str), "a text in quotes"),
    int: (lambda value: _is_number(value) and not isinstance(value, float), "a whole number"),
    float: (_is_number, "a number"),
    float | None: (lambda value: value is None or _is_number(value), "a number"),
    Mapping[str, str]: (
        lambda value: isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()),
        'a table of texts in quotes, { KEY = "text" }',
    ),
}
"""By type: whether a value has it, and what to write. TOML's true and false are no numbers."""


def _check_types(record: Split | Published | Task, prefix: str = "") -> None:
    """Refuse values of other types than their fields have: TOML holds any under any key."""
    for key, kind in get_type_hints(type(record)).items():
        if kind in _TYPES:
            has_type, wanted = _TYPES[kind]
            if not has_type(getattr(record, key)):
                raise RecipeError(f"{prefix}{key} is {getattr(record, key)!r}: write {wanted}")
