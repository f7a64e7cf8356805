"""Configuration of the two-headed sentence classifier (needs transformers)."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, PretrainedConfig

from iraqcoal_nlp.codebook import EVENTS, STANCES

POOLINGS = ("mean", "cls", "max", "mean_max")
"""Ways to make one vector of a sentence: mean over its real tokens, the first token, the highest value of each
dimension, or mean and highest values end to end, twice as wide."""


class IraqCoalConfig(PretrainedConfig):
    """An encoder's own configuration, and what the two heads add to it.

    Args:
        encoder_config: Configuration of any ``AutoModel`` encoder, or its ``to_dict()``.
        pooling: One of :data:`POOLINGS`.
        head_dropout: Dropout before both heads, in [0, 1).
        stances: Labels of the softmax head, in the order of its outputs.
        events: Labels of the sigmoid head, in the order of its outputs.
        stance_weights: Weight of each stance in the cross-entropy; ``None`` weighs all alike.
        event_loss_weight: Factor on the events' binary cross-entropy before it is added to the stance loss.
        label_smoothing: Share of the probability that goes to the other labels while training, in [0, 1).
        focal_gamma: Exponent of the focal loss; 0 is plain cross-entropy.

    Raises:
        ValueError: ``pooling`` is unknown.
    """

    model_type = "iraqcoal"
    sub_configs = {"encoder_config": AutoConfig}  # noqa: RUF012 - the name and form transformers asks for
    has_no_defaults_at_init = True

    def __init__(
        self,
        encoder_config: PretrainedConfig | dict[str, Any] | None = None,
        *,
        pooling: str = "mean",
        head_dropout: float = 0.1,
        stances: tuple[str, ...] = STANCES,
        events: tuple[str, ...] = EVENTS,
        stance_weights: tuple[float, ...] | None = None,
        event_loss_weight: float = 4.0,
        label_smoothing: float = 0.0,
        focal_gamma: float = 0.0,
        **kwargs: Any,  # noqa: ANN401 - transformers passes its own settings through here
    ) -> None:
        if pooling not in POOLINGS:
            raise ValueError(f"unknown pooling {pooling!r}: use one of {', '.join(POOLINGS)}")
        if isinstance(encoder_config, dict):
            settings = dict(encoder_config)
            encoder_config = AutoConfig.for_model(settings.pop("model_type"), **settings)
        if encoder_config is not None and hasattr(encoder_config, "auto_map"):
            del encoder_config.auto_map  # names code on a hub; here only transformers' own classes are ever used
        self.encoder_config = encoder_config
        self.pooling = pooling
        self.head_dropout = head_dropout
        self.stances = list(stances)
        self.events = list(events)
        self.stance_weights = None if stance_weights is None else list(stance_weights)
        self.event_loss_weight = event_loss_weight
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma
        super().__init__(**kwargs)
