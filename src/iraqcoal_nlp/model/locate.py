"""Where models are: inside the package, in a folder, or on a hub."""

from __future__ import annotations

import re
from pathlib import Path

from iraqcoal_nlp.errors import ModelFolderError, printable
from iraqcoal_nlp.model.manifest import MANIFEST

SHIPPED = "iraqcoal-mini"
"""The model that comes with the package."""

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


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
    try:
        if path.is_dir():
            return path
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise ModelFolderError(f"{printable(model)}: cannot be read ({error.strerror})") from None
    if isinstance(model, str) and HUB_NAME.fullmatch(model):
        return _from_hub(model)
    raise ModelFolderError(f"{printable(model)}: no such model folder; the shipped model is {SHIPPED!r}")


def shipped_path(name: str, *, source: str) -> Path:
    """Return where something is that comes with the package; if it is missing, where an installed package has it.

    Args:
        name: Its name in the folder ``shipped`` of an installed package.
        source: Its path in a checkout of the project.
    """
    package = Path(__file__).resolve().parents[1]
    in_wheel, in_checkout = package / "shipped" / name, package.parents[1] / source
    return in_checkout if in_checkout.exists() and not in_wheel.exists() else in_wheel


def _shipped() -> Path:
    folder = shipped_path(SHIPPED, source=f"models/{SHIPPED}")
    if not folder.is_dir():
        raise ModelFolderError(f"{folder}: the shipped model is missing; install iraqcoal-nlp again")
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download, snapshot_download  # noqa: PLC0415 - slow to import, seldom needed
    from huggingface_hub.errors import (  # noqa: PLC0415
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RemoteEntryNotFoundError,
    )

    try:
        hf_hub_download(name, MANIFEST)  # first: an encoder may be gigabytes, in several formats
        return Path(snapshot_download(name))
    except RemoteEntryNotFoundError:
        raise ModelFolderError(
            f"{name}: has no {MANIFEST}, so it is no model of this library; if it is an encoder, train one from it: "
            "`encoder` in a recipe"
        ) from None
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError):
        raise ModelFolderError(
            f"{name}: is no folder here, and the hub does not have it or cannot be reached: download the model's files "
            "into a folder and give that folder's path"
        ) from None
