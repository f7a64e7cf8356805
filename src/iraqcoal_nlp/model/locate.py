"""Where models are: inside the package, in a folder, or on a hub."""

from __future__ import annotations

import re
from pathlib import Path

from iraqcoal_nlp.errors import ModelFolderError

SHIPPED = "iraqcoal-mini"
"""The model that comes with the package."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def locate_model(model: str | Path | None = None) -> Path:
    """Return the folder of a model.

    Args:
        model: ``None`` or the shipped model's name, a folder, or a hub name ``owner/name``.

    Raises:
        ModelFolderError: There is no such folder, and no hub has it or can be reached.
    """
    if model is None or model == SHIPPED:
        return _shipped()
    path = Path(model)
    if path.is_dir():
        return path
    if isinstance(model, str) and _HUB_NAME.fullmatch(model):
        return _from_hub(model)
    raise ModelFolderError(f"{model}: no such model folder; the shipped model is {SHIPPED!r}")


def _shipped() -> Path:
    package = Path(__file__).resolve().parents[1]
    in_wheel = package / "shipped" / SHIPPED
    in_checkout = package.parents[1] / "models" / SHIPPED
    for folder in (in_wheel, in_checkout):
        if folder.is_dir():
            return folder
    raise ModelFolderError(f"{in_wheel}: the shipped model is missing; install iraqcoal-nlp again")


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - slow to import, seldom needed
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(name))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError):
        raise ModelFolderError(
            f"{name}: is no folder here, and the hub does not have it or cannot be reached: download the model's files "
            "into a folder and give that folder's path"
        ) from None
