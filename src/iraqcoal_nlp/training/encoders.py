"""What training starts from: an encoder of a hub or a folder with new heads, or a model of ours, heads included."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from transformers import PretrainedConfig, PreTrainedModel

from iraqcoal_nlp.codebook import STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.dequantize import weights_from_onnx
from iraqcoal_nlp.model.encoder import load_encoder_config, load_encoder_tokenizer, longest_input
from iraqcoal_nlp.model.loading import load_config, load_network
from iraqcoal_nlp.model.locate import SHIPPED, locate_model
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import ONNX, SAFETENSORS, SETTINGS, TOKENIZER, ModelFolder
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.recipe import TrainRecipe

LOGGER = logging.getLogger(__name__)


def load_tokenizer(recipe: TrainRecipe) -> SentenceTokenizer:
    """Load the encoder's fast tokenizer.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
    """
    query = build_normalizer(recipe.normalizer)(recipe.target_query)
    folder = own_model(recipe)
    if folder is not None:
        check_length(recipe, load_config(folder.path).encoder_config)
        return SentenceTokenizer.from_file(folder.path / TOKENIZER, max_length=recipe.max_length, query=query)
    return load_encoder_tokenizer(recipe.encoder, max_length=recipe.max_length, revision=recipe.revision, query=query)


def check_length(recipe: TrainRecipe, encoder: PretrainedConfig | None) -> None:
    """Refuse windows that are longer than an encoder of this configuration reads.

    Raises:
        RecipeError: ``max_length`` is too great.
    """
    longest = None if encoder is None else longest_input(encoder)
    if longest is not None and recipe.max_length > longest:
        raise RecipeError(f"max_length is {recipe.max_length}, but {recipe.encoder!r} reads {longest} pieces at once")


def training_windows(recipe: TrainRecipe, tokenizer: SentenceTokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Normalize texts, and return the piece ids of the first window of each: what training reads."""
    normalize = build_normalizer(recipe.normalizer)
    return tokenizer.first_windows([normalize(text) for text in texts])


def build_model(
    recipe: TrainRecipe, rows: Sequence[Annotation], *, head_seed: int = 0
) -> IraqCoalForSentenceClassification:
    """Load the encoder and put new heads on it, or load a model of ours; stance weights come from the rows.

    Args:
        recipe: Names the encoder and the form of the heads and losses.
        rows: Training sentences.
        head_seed: Seed of new heads.

    Raises:
        ModelFolderError: The encoder cannot be found or read.
        RecipeError: It is a model of ours of another form than the recipe asks for.
    """
    losses: dict[str, Any] = {
        "head_dropout": recipe.head_dropout,
        "stance_weights": stance_weights(rows) if recipe.stance_weighting == "inverse_sqrt" else None,
        "event_loss_weight": recipe.event_loss_weight,
        "label_smoothing": recipe.label_smoothing,
        "focal_gamma": recipe.focal_gamma,
    }
    folder = own_model(recipe)
    if folder is not None:
        return _continued(recipe, folder, losses)
    encoder_config = load_encoder_config(recipe.encoder, revision=recipe.revision)
    encoder_config.dtype = torch.float32  # half-precision files would otherwise give a half-precision network
    encoder_config._name_or_path = public_name(recipe)
    config = IraqCoalConfig(encoder_config, pooling=recipe.pooling, **losses)
    torch.manual_seed(head_seed)
    return IraqCoalForSentenceClassification.from_encoder(recipe.encoder, config, revision=recipe.revision)


def public_name(recipe: TrainRecipe) -> str:
    """Return the encoder's name as it may be published: of a folder, its last part only."""
    if recipe.encoder_name:
        return recipe.encoder_name
    folder = Path(recipe.encoder)
    return folder.resolve().name if folder.is_dir() else recipe.encoder


def stance_weights(rows: Sequence[Annotation]) -> tuple[float, ...]:
    """Return 1/sqrt(frequency) per stance, scaled to mean 1; a stance that never occurs counts as once."""
    counts = Counter(row.stance for row in rows)
    return inverse_sqrt([counts[stance] for stance in STANCES])


def inverse_sqrt(counts: Sequence[int]) -> tuple[float, ...]:
    """Return 1/sqrt(count) of each label, scaled to mean 1; one that never occurs counts as once."""
    raw = [1 / math.sqrt(max(count, 1)) for count in counts]
    return tuple(weight * len(raw) / sum(raw) for weight in raw)


def own_model(recipe: TrainRecipe) -> ModelFolder | None:
    """Open the model of ours that the recipe names, if it names one."""
    if recipe.encoder == SHIPPED or (Path(recipe.encoder) / SETTINGS).is_file():
        return ModelFolder.open(locate_model(recipe.encoder))
    return None


def _continued(recipe: TrainRecipe, folder: ModelFolder, losses: dict[str, Any]) -> IraqCoalForSentenceClassification:
    """Load a model of ours from its torch weights, or else from its int8 graph."""
    _check_normalizer(recipe, folder)
    if folder.settings.target_query != recipe.target_query:
        raise RecipeError(
            f"target_query is {recipe.target_query!r}, but {recipe.encoder!r} was trained with "
            f"{folder.settings.target_query!r}: use the same"
        )
    config = load_config(folder.path)
    if config.pooling != recipe.pooling:
        raise RecipeError(f"pooling is {recipe.pooling!r}, but {recipe.encoder!r} was trained with {config.pooling!r}")
    for key, value in losses.items():
        setattr(config, key, list(value) if isinstance(value, tuple) else value)
    return _own_network(recipe, folder, config)


def own_encoder(recipe: TrainRecipe, folder: ModelFolder) -> PreTrainedModel:
    """Load the encoder of a model of ours, without its heads.

    Raises:
        ModelFolderError: It cannot be read.
        RecipeError: It has read text normalized in another way.
    """
    _check_normalizer(recipe, folder)
    return cast("PreTrainedModel", _own_network(recipe, folder, load_config(folder.path)).encoder)


def _check_normalizer(recipe: TrainRecipe, folder: ModelFolder) -> None:
    if folder.settings.normalizer != recipe.normalizer:
        raise RecipeError(
            f"normalizer is {list(recipe.normalizer)}, but {recipe.encoder!r} was trained with "
            f"{list(folder.settings.normalizer)}: use the same"
        )


def _own_network(recipe: TrainRecipe, folder: ModelFolder, config: IraqCoalConfig) -> IraqCoalForSentenceClassification:
    if folder.file(SAFETENSORS) is not None:
        return load_network(folder.path, config)
    graph = folder.file(ONNX)
    if graph is None:
        raise RecipeError(f"encoder {recipe.encoder!r} holds neither {SAFETENSORS} nor {ONNX}")
    LOGGER.info("%s holds no torch weights: training starts from its int8 graph", recipe.encoder)
    model = IraqCoalForSentenceClassification(config)
    known = model.state_dict()
    model.load_state_dict({name: value for name, value in weights_from_onnx(graph).items() if name in known})
    return model
