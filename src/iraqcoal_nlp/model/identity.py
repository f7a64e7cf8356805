"""What tells one encoder from another, without loading it."""

from __future__ import annotations

from pathlib import Path

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.locate import SHIPPED, locate_model
from iraqcoal_nlp.model.manifest import folder_sha256
from iraqcoal_nlp.model.store import SETTINGS, ModelFolder

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")


def encoder_id(where: str, revision: str) -> str:
    """Return an encoder's id: a model's own, of another folder the hash of its files, of a hub name the revision.

    Args:
        where: Hub name or folder, or ``iraqcoal-mini``.
        revision: Branch, tag or commit on the hub.

    Raises:
        ModelFolderError: The folder holds no weights, or is a damaged model of ours.
    """
    folder = Path(where)
    if where == SHIPPED or (folder / SETTINGS).is_file():
        return ModelFolder.open(locate_model(where)).model_id
    if folder.is_dir():
        if not any((folder / name).is_file() for name in _WEIGHTS):
            raise ModelFolderError(f"{where}: holds none of {', '.join(_WEIGHTS)}")
        return f"{folder.name}@{folder_sha256(folder)[:12]}"
    return f"{where}@{revision}"
