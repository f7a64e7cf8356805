"""``manifest.json``: which files a model folder holds, and the proof that they are what was written.

The manifest comes with the folder, so it proves that nothing was lost or changed on the way, not who made the model.
Whoever made it, nothing in the folder can run code or lead out of it: files are plain names in one place, and of kinds
that hold data alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iraqcoal_nlp.errors import ModelFolderError, printable

MANIFEST = "manifest.json"

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RUNS_CODE = frozenset(
    {".bin", ".ckpt", ".dill", ".h5", ".joblib", ".keras", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth", ".py"}
)


def write_manifest(path: Path) -> None:
    """List every file of the folder, hidden ones aside, with its size and sha256; call it last."""
    files = [file for file in _visible(path) if file.name != MANIFEST]
    listed = {file.name: {"bytes": file.stat().st_size, "sha256": file_sha256(file)} for file in files}
    write_json(path / MANIFEST, {"files": listed})


def read_manifest(path: Path) -> dict[str, str]:
    """Return the sha256 of each file of a folder, by its name.

    Raises:
        ModelFolderError: The manifest cannot be read, or names something that is no file of data in this folder.
    """
    files = read_json(path / MANIFEST).get("files")
    if not isinstance(files, dict):
        raise ModelFolderError(f"{path / MANIFEST}: lists no files")
    hashes = {}
    for name, facts in files.items():
        sha256 = facts.get("sha256") if isinstance(facts, dict) else None
        if not _FILE_NAME.fullmatch(name) or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise ModelFolderError(f"{path / MANIFEST}: entry {name!r} is not a plain file name with its sha256")
        hashes[name] = sha256
    return hashes


def check_files(path: Path, files: Mapping[str, str], *, verify: bool) -> None:
    """Refuse files that could run code or lie elsewhere; if ``verify``, also changed, missing and unlisted ones.

    Hidden files and folders, which hubs and file managers leave behind, are never read and may be there.

    Raises:
        ModelFolderError: The message names the file and what to do.
        OSError: A file cannot be read.
    """
    found = _visible(path)
    _check_kinds(found)
    _check_places(path, [file for file in found if file.name in files])
    if verify:
        _check_content(path, files, found)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return one sha256 of the names and contents of a folder's visible files, as 64 hexadecimal digits."""
    seen = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return hashlib.sha256("".join(f"{path.name} {file_sha256(path)}\n" for path in seen).encode()).hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ModelFolderError: The file cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFolderError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{path}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise ModelFolderError(f"{path}: must hold a JSON object")
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object as people read it."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _visible(path: Path) -> list[Path]:
    return sorted(file for file in path.iterdir() if not file.name.startswith(".") and not file.is_dir())


def _check_kinds(found: list[Path]) -> None:
    for file in found:
        if file.suffix.lower() in _RUNS_CODE:
            raise ModelFolderError(
                f"{printable(file)}: such a file can run code when it is opened; a model folder holds safetensors, "
                "ONNX and JSON only: take it out"
            )


def _check_places(path: Path, found: list[Path]) -> None:
    """Refuse links out of the folder; a folder whose files all link to one place is how hubs and installers keep it."""
    home = _real(path / MANIFEST).parent
    for file in found:
        if _real(file).parent != home:
            raise ModelFolderError(f"{file}: is a link that leads out of the model folder; copy the file into it")


def _real(path: Path) -> Path:
    """Return where a link ends; unlike ``Path.resolve`` also of links in a circle, which are then found missing."""
    return Path(os.path.realpath(path))


def _check_content(path: Path, files: Mapping[str, str], found: list[Path]) -> None:
    for file in found:
        if file.name not in files and file.name != MANIFEST:
            raise ModelFolderError(f"{printable(file)}: is not in {MANIFEST}; take it out, or fetch the model again")
    for name, expected in files.items():
        file = path / name
        if not file.is_file():
            raise ModelFolderError(f"{file}: named in the manifest but missing; fetch the model again")
        if file_sha256(file) != expected:
            raise ModelFolderError(f"{file}: differs from the manifest (sha256); fetch the model again")
