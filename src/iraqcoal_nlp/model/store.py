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

Only JSON, safetensors and ONNX are ever read; nothing pickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, STANCES, check_label_order
from iraqcoal_nlp.errors import CodebookError, ModelFolderError

FORMAT_VERSION = 1
"""Raised when an older library would misread a folder; not for new optional settings."""

SETTINGS, MANIFEST, TOKENIZER, ONNX, SAFETENSORS = (
    "iraqcoal.json",
    "manifest.json",
    "tokenizer.json",
    "model.onnx",
    "model.safetensors",
)
CARD, EVALUATION = "README.md", "evaluation.json"
_DOCUMENTS = frozenset({CARD, EVALUATION, "LICENSE.encoder"})  # these do not change a prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Everything beside the network and the tokenizer that changes a prediction."""

    name: str
    """Name of the model, shown in every row."""
    normalizer: tuple[str, ...]
    """Names of the normalization steps, in order."""
    max_length: int
    """Pieces the model reads at once, special ones included."""
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
            ValueError: A number is missing or out of range.
        """
        check_label_order(self.stances, self.events)
        if len(self.event_thresholds) != len(self.events):
            raise ValueError(f"{len(self.event_thresholds)} thresholds for {len(self.events)} events")
        if min(self.stance_temperature, self.events_temperature) <= 0:
            raise ValueError("a temperature is not above 0")
        if not all(0 <= level <= 1 for level in (*self.event_thresholds, self.abstain_below)):
            raise ValueError("a threshold is outside [0, 1]")
        if not isinstance(self.max_length, int):
            raise ValueError(f"max_length is {self.max_length!r}")


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
            verify: Whether to compare each file with its sha256 in the manifest.

        Raises:
            ModelFolderError: Something is missing, damaged, unknown, or of a newer format; the message says which file.
        """
        if not path.is_dir():
            raise ModelFolderError(f"{path}: no such model folder")
        if not (path / MANIFEST).is_file():
            inside = path / "model"
            hint = f": use {inside}" if (inside / MANIFEST).is_file() else ""
            raise ModelFolderError(f"{path}: is no model folder, it has no {MANIFEST}{hint}")
        files = _read_manifest(path)
        if verify:
            _verify(path, files)
        settings = _read_settings(path / SETTINGS)
        hashes = "".join(f"{name}:{files[name]}\n" for name in sorted(files) if name not in _DOCUMENTS)
        digest = hashlib.sha256(hashes.encode()).hexdigest()
        model_id = f"{settings.name}@{digest[:12]}"
        return cls(path=path, settings=settings, model_id=model_id, listed=frozenset(files))

    def file(self, name: str) -> Path | None:
        """Return the path of one of the folder's files, ``None`` if it is not there."""
        path = self.path / name
        return path if name in self.listed and path.is_file() else None


def write_settings(path: Path, settings: ModelSettings) -> None:
    """Write ``iraqcoal.json`` into the folder."""
    _write_json(path / SETTINGS, {"format_version": FORMAT_VERSION} | asdict(settings))


def read_evaluation(path: Path) -> dict[str, Any]:
    """Return the figures behind a model folder's card.

    Raises:
        ModelFolderError: The folder has none, or they are not JSON.
    """
    return _read_json(path / EVALUATION)


def write_manifest(path: Path) -> None:
    """List every file of the folder with its size and sha256; call it last."""
    files = sorted(file for file in path.iterdir() if file.is_file() and file.name != MANIFEST)
    listed = {file.name: {"bytes": file.stat().st_size, "sha256": file_sha256(file)} for file in files}
    _write_json(path / MANIFEST, {"files": listed})


def _read_manifest(path: Path) -> dict[str, str]:
    """Return sha256 by file name."""
    content = _read_json(path / MANIFEST)
    files = content.get("files")
    if not isinstance(files, dict):
        raise ModelFolderError(f"{path / MANIFEST}: lists no files")
    hashes = {}
    for name, facts in files.items():
        if Path(name).name != name or not isinstance(facts, dict) or not isinstance(facts.get("sha256"), str):
            raise ModelFolderError(f"{path / MANIFEST}: entry {name!r} is not a plain file name with its sha256")
        hashes[name] = facts["sha256"]
    for name in (SETTINGS, TOKENIZER):
        if name not in hashes:
            raise ModelFolderError(f"{path / MANIFEST}: does not list {name}")
    return hashes


def _verify(path: Path, files: Mapping[str, str]) -> None:
    for name, expected in files.items():
        file = path / name
        if not file.is_file():
            raise ModelFolderError(f"{file}: named in the manifest but missing; fetch the model again")
        if file_sha256(file) != expected:
            raise ModelFolderError(f"{file}: differs from the manifest (sha256); fetch the model again")


def _read_settings(path: Path) -> ModelSettings:
    content = _read_json(path)
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


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFolderError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ModelFolderError(f"{path}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise ModelFolderError(f"{path}: must hold a JSON object")
    return content


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
