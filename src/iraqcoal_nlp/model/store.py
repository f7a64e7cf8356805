"""The model folder: what it holds, and how it proves that it is whole.

```text
iraqcoal.json      settings that change a prediction, with the format's version
config.json        the network, for transformers
tokenizer.json     the tokenizer
model.onnx         int8 or fp32 graph            (one of the two weight files at least)
model.safetensors  weights for torch
README.md          the model card                evaluation.json   figures behind the card
manifest.json      size and sha256 of every file above
```

Only JSON, safetensors and ONNX are ever read; nothing pickled (:mod:`iraqcoal_nlp.model.manifest`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES, check_label_order
from iraqcoal_nlp.errors import CodebookError, ModelFolderError, printable
from iraqcoal_nlp.model.manifest import MANIFEST as MANIFEST  # part of the folder, as its other names
from iraqcoal_nlp.model.manifest import check_files, read_json, read_manifest, write_json
from iraqcoal_nlp.model.manifest import file_sha256 as file_sha256
from iraqcoal_nlp.model.manifest import write_manifest as write_manifest

FORMAT_VERSION = 1
"""Raised when an older library would misread a folder; not for new optional settings."""

LONGEST_WINDOW = 8192
"""Pieces that the longest model may read at once: no encoder of sentences reads more."""

SETTINGS, NETWORK, TOKENIZER, ONNX, SAFETENSORS = (
    "iraqcoal.json",
    "config.json",
    "tokenizer.json",
    "model.onnx",
    "model.safetensors",
)
CARD, EVALUATION = "README.md", "evaluation.json"
_DOCUMENTS = frozenset({CARD, EVALUATION, "LICENSE.encoder"})  # these do not change a prediction
_LOADS_CODE = frozenset(
    {"attn_implementation", "auto_map", "custom_pipelines", "experts_implementation", "quantization_config"}
)  # settings by which transformers fetches or chooses code


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Everything beside the network and the tokenizer that changes a prediction."""

    name: str
    """Name of the model, shown in every row."""
    normalizer: tuple[str, ...]
    """Names of the normalization steps, in order."""
    max_length: int
    """Pieces the model reads at once, special ones included."""
    target_query: str = ""
    """Text that goes before each sentence, set apart by the separator, before normalization; empty is none."""
    stance_temperature: float = 1.0
    """Divisor of the stance logits before the softmax."""
    events_temperature: float = 1.0
    """Divisor of the event logits before the sigmoid."""
    event_thresholds: tuple[float, ...] = (0.5,) * len(EVENTS)
    """Probability from which each event is reported, in codebook order."""
    abstain_below: float = 0.0
    """A sentence whose best stance is less probable is marked as abstained; 0 never abstains."""
    stances: tuple[str, ...] = STANCES
    """Labels of the stance outputs, in their order."""
    events: tuple[str, ...] = EVENTS
    """Labels of the event outputs, in their order."""
    aggregator: str = "majority.v1"
    """Rule that makes an article's labels from its sentences'."""

    def check(self) -> None:
        """Refuse values that no run can have written.

        Raises:
            CodebookError: The labels or their order are not the codebook's.
            ValueError: A number is missing or out of range, or a name is none.
        """
        check_label_order(self.stances, self.events)
        if not is_model_name(self.name):
            raise ValueError("name is no short line of text")
        if not isinstance(self.normalizer, tuple) or not all(isinstance(step, str) for step in self.normalizer):
            raise ValueError("normalizer is no list of names")
        if len(self.event_thresholds) != len(self.events):
            raise ValueError(f"{len(self.event_thresholds)} thresholds for {len(self.events)} events")
        if not all(0 < divisor < math.inf for divisor in (self.stance_temperature, self.events_temperature)):
            raise ValueError("a temperature is not above 0")
        if not all(0 <= level <= 1 for level in (*self.event_thresholds, self.abstain_below)):
            raise ValueError("a threshold is outside [0, 1]")
        if not isinstance(self.max_length, int):
            raise ValueError(f"max_length is {self.max_length!r}")
        if not 0 < self.max_length <= LONGEST_WINDOW:
            raise ValueError(f"max_length {self.max_length} is outside [1, {LONGEST_WINDOW}]")
        if not isinstance(self.target_query, str):
            raise ValueError(f"target_query is {self.target_query!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """An opened, checked model folder."""

    path: Path
    settings: ModelSettings
    model_id: str
    """``name@`` and the first 12 digits of a sha256 over all files that change a prediction."""
    listed: frozenset[str]
    """Names in the manifest; no other file is ever read."""

    @classmethod
    def open(cls, path: Path, *, verify: bool = True) -> ModelFolder:
        """Read the settings and check the folder.

        Args:
            path: The model folder.
            verify: Whether to compare the files with the manifest and their sha256 there.

        Raises:
            ModelFolderError: Something is missing, damaged, unknown, unsafe, or of a newer format; the message says
                which file.
        """
        try:
            files = _check_folder(path, verify=verify)
        except OSError as error:
            place = printable(error.filename or path)
            raise ModelFolderError(f"{place}: cannot be read ({error.strerror})") from None
        settings = _read_settings(path / SETTINGS)
        if NETWORK in files:
            _check_network(path / NETWORK)
        hashes = "".join(f"{name}:{files[name]}\n" for name in sorted(files) if name not in _DOCUMENTS)
        digest = hashlib.sha256(hashes.encode()).hexdigest()
        model_id = f"{settings.name}@{digest[:12]}"
        return cls(path=path, settings=settings, model_id=model_id, listed=frozenset(files))

    def file(self, name: str) -> Path | None:
        """Return the path of one of the folder's files, ``None`` if it is not there."""
        path = self.path / name
        return path if name in self.listed and path.is_file() else None


def is_model_name(name: object) -> bool:
    """Whether a model can be called so: a line of 1 to 100 characters that can be seen."""
    return isinstance(name, str) and 0 < len(name) <= 100 and name.isprintable()


def write_settings(path: Path, settings: ModelSettings) -> None:
    """Write ``iraqcoal.json`` into the folder."""
    content = {"format_version": FORMAT_VERSION} | asdict(settings)
    if not settings.target_query:
        del content["target_query"]  # libraries from before there was one read the folder too
    write_json(path / SETTINGS, content)


def read_evaluation(path: Path) -> dict[str, Any]:
    """Return the figures behind a model folder's card.

    Raises:
        ModelFolderError: The folder has none, or they are not JSON.
    """
    return read_json(path / EVALUATION)


def _check_folder(path: Path, *, verify: bool) -> dict[str, str]:
    """Return the sha256 of each file by its name, once all are known to be safe and, if ``verify``, unchanged."""
    if not path.is_dir():
        raise ModelFolderError(f"{path}: no such model folder")
    if not (path / MANIFEST).is_file():
        inside = path / "model"
        hint = f": use {inside}" if (inside / MANIFEST).is_file() else ""
        raise ModelFolderError(f"{path}: is no model folder, it has no {MANIFEST}{hint}")
    files = read_manifest(path)
    for name in (SETTINGS, TOKENIZER, *((NETWORK,) if SAFETENSORS in files else ())):
        if name not in files:
            raise ModelFolderError(f"{path / MANIFEST}: does not list {name}")
    check_files(path, files, verify=verify)
    return files


def _read_settings(path: Path) -> ModelSettings:
    content = read_json(path)
    version = content.pop("format_version", None)
    if not isinstance(version, int):
        raise ModelFolderError(f"{path}: names no format_version")
    if version > FORMAT_VERSION:
        raise ModelFolderError(
            f"{path}: has format {version}; this library reads up to {FORMAT_VERSION}. Upgrade iraqcoal-nlp."
        )
    try:
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in content.items()}
        settings = ModelSettings(**values)
        settings.check()
    except (TypeError, ValueError, CodebookError) as error:
        raise ModelFolderError(f"{path}: {error}") from None
    return settings


def _check_network(path: Path) -> None:
    """Refuse a network with other labels than ours, or one that would have transformers fetch code."""
    content = read_json(path)
    try:
        check_label_order(content.get("stances", STANCES), content.get("events", EVENTS))
    except (CodebookError, TypeError) as error:
        raise ModelFolderError(f"{path}: {error}") from None
    if unsafe := _LOADS_CODE.intersection(_keys(content)):
        raise ModelFolderError(f"{path}: sets {min(unsafe)}, by which code could be loaded; a model here sets none")


def _keys(content: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON holds
    """Give the keys of all objects inside a JSON value."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
