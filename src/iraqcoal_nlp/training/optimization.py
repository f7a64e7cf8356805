"""Which weights learn, and how fast: freezing, low-rank adapters, rates that fall from layer to layer."""

from __future__ import annotations

import re
from typing import Any

from torch.nn import Parameter
from torch.optim import AdamW

from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.training.recipe import TrainRecipe

_LAYER = re.compile(r"\.(?:layer|layers|transformer)\.(\d+)\.")
_HEADS = tuple(f"{head}_head." for head in HEADS)


def layer_of(name: str, n_layers: int) -> int:
    """Return the depth of a parameter: 0 for embeddings, 1 to ``n_layers`` for layers, one more for the rest."""
    if name.startswith(_HEADS):
        return n_layers + 1
    found = _LAYER.search(name)
    if found:
        return int(found[1]) + 1
    return 0 if "embeddings" in name else n_layers + 1


def prepare(model: IraqCoalForSentenceClassification, recipe: TrainRecipe) -> None:
    """Freeze layers and idle heads, add adapters, as the recipe says. Changes the model.

    Raises:
        RecipeError: The encoder has not so many layers, or adapters are asked for without ``peft``.
    """
    n_layers = model.config.encoder_config.num_hidden_layers
    if recipe.freeze_layers > n_layers:
        raise RecipeError(f"freeze_layers is {recipe.freeze_layers}, but the encoder has {n_layers} layers")
    if recipe.lora_rank:
        try:
            from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - an extra of its own
        except ImportError:
            raise RecipeError('lora_rank needs peft: pip install "iraqcoal-nlp[peft]"') from None
        adapters = LoraConfig(
            r=recipe.lora_rank, lora_alpha=2 * recipe.lora_rank, lora_dropout=0.05, target_modules="all-linear"
        )
        model.encoder = get_peft_model(model.encoder, adapters)
    # Without gradients a head would still shrink by its decay.
    idle = tuple(f"{head}_head." for head in HEADS if head not in recipe.heads)
    for name, parameter in model.named_parameters():
        frozen = recipe.freeze_layers > 0 and layer_of(name, n_layers) <= recipe.freeze_layers
        if frozen or name.startswith(idle):
            parameter.requires_grad = False


def finish(model: IraqCoalForSentenceClassification, recipe: TrainRecipe) -> None:
    """Merge the adapters, if there are any. Changes the model."""
    if recipe.lora_rank:
        adapted: Any = model.encoder
        model.encoder = adapted.merge_and_unload()


def build_optimizer(model: IraqCoalForSentenceClassification, recipe: TrainRecipe) -> AdamW:
    """Return AdamW over the weights that learn; biases and layer norms have no decay."""
    n_layers = model.config.encoder_config.num_hidden_layers
    groups: dict[tuple[float, float], list[Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith(_HEADS):
            rate = recipe.head_learning_rate
        else:
            rate = recipe.learning_rate * recipe.layer_decay ** (n_layers + 1 - layer_of(name, n_layers))
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return AdamW(
        [{"params": parameters, "lr": rate, "weight_decay": decay} for (rate, decay), parameters in groups.items()]
    )
