"""Torch weights of a model folder: all of them, of the right shapes, and nothing else (needs torch)."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.manifest import read_json
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import NETWORK, SAFETENSORS


def load_config(path: Path) -> IraqCoalConfig:
    """Load ``config.json`` of a model folder that was checked.

    Raises:
        ModelFolderError: transformers does not know such a network.
    """
    content = read_json(path / NETWORK)
    try:
        config: IraqCoalConfig = IraqCoalConfig.from_dict(content)
    except Exception as error:  # transformers' checks of single settings share no base class
        raise _unreadable(path / NETWORK, error) from None
    return config


def load_network(path: Path, config: IraqCoalConfig | None = None) -> IraqCoalForSentenceClassification:
    """Load the network of a model folder that was checked, in fp32.

    transformers would draw random weights for missing ones, and follow the names of adapters or parts of files that it
    finds in a folder: it is given the configuration and the weights instead, and never sees the folder.

    Args:
        path: The folder.
        config: To load with instead of ``config.json``, of the same shapes.

    Raises:
        ModelFolderError: A file is damaged, or configuration and weights do not belong together.
    """
    config = config or load_config(path)
    file = path / SAFETENSORS
    try:
        with torch.device("meta"):
            expected = {name: list(value.shape) for name, value in _network(config).state_dict().items()}
        _check_shapes(file, expected)
        network: IraqCoalForSentenceClassification = IraqCoalForSentenceClassification.from_pretrained(
            None, config=config, state_dict=load_file(file), dtype=torch.float32
        )
    except ModelFolderError:
        raise
    except Exception as error:  # a configuration that fits no network fails in as many ways as there are networks
        raise _unreadable(path, error) from None
    return network


def _network(config: IraqCoalConfig) -> IraqCoalForSentenceClassification:
    return IraqCoalForSentenceClassification(config)


def _check_shapes(file: Path, expected: dict[str, list[int]]) -> None:
    """Compare the names and shapes in a file's header with the network's."""
    try:
        with safe_open(file, framework="pt") as weights:
            stored = {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ModelFolderError(f"{file}: cannot be read as safetensors ({error})") from None
    for name in sorted(expected.keys() | stored.keys()):
        here, there = stored.get(name), expected.get(name)
        if here != there:
            found = "is missing" if here is None else f"has shape {here}"
            wanted = "knows no such weight" if there is None else f"asks for {there}"
            raise ModelFolderError(f"{file}: {name} {found}, {NETWORK} {wanted}: they belong to different models")


def _unreadable(path: Path, error: Exception) -> ModelFolderError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return ModelFolderError(f"{path}: cannot be loaded as a torch model ({reason})")
