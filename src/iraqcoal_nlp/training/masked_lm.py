"""Masked language modelling with the Trainer: its loss, its rates, its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.utils.data import Sampler, SequentialSampler
from transformers import PreTrainedModel, Trainer

from iraqcoal_nlp.training.clock import Clock
from iraqcoal_nlp.training.masking import NOT_ASKED, MaskedDraws

_HEADS = {"bert": "cls", "camembert": "lm_head", "roberta": "lm_head", "xlm-roberta": "lm_head"}
"""By family, the head that makes logits of hidden states. Other families' heads are called with the whole network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast what learns, and when: as the settings of the same names."""

    learning_rate: float
    head_learning_rate: float
    head_ratio: float
    warmup_ratio: float
    weight_decay: float


class MaskedTrainer(Trainer):
    """The Trainer, with our order, loss and rates.

    Args:
        rates: How fast what learns.
        clock: Says how much of the run is over.
        settings: What the Trainer takes; the data set is of :class:`~iraqcoal_nlp.training.masking.MaskedDraws`.
    """

    def __init__(self, rates: Rates, clock: Clock, **settings: Any) -> None:  # noqa: ANN401 - Trainer's
        super().__init__(**settings)
        self._rates, self._clock = rates, clock
        self.model_accepts_loss_kwargs = False  # our loss is a mean over the batch, whatever the network's own is

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:  # noqa: ANN401 - as the Trainer's
        return SequentialSampler(cast("MaskedDraws", self.train_dataset))

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """Return the loss of the hidden pieces."""
        with self.accelerator.autocast():  # the Trainer has wrapped `forward` alone
            loss = masked_lm_loss(cast("PreTrainedModel", self.accelerator.unwrap_model(model)), inputs)
        return (loss, None) if return_outputs else loss

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Return AdamW with a rate for the encoder and one for the head; biases and layer norms have no decay."""
        if self.optimizer is None:
            network = cast("PreTrainedModel", self.model)
            encoder = {id(parameter) for parameter in network.base_model.parameters()}
            groups = []
            for of_encoder, rate in ((True, self._rates.learning_rate), (False, self._rates.head_learning_rate)):
                own = [parameter for parameter in network.parameters() if (id(parameter) in encoder) == of_encoder]
                for decays, decay in ((True, self._rates.weight_decay), (False, 0.0)):
                    chosen = [parameter for parameter in own if (parameter.ndim > 1) == decays]
                    groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
            self.optimizer = AdamW(groups, fused=True)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> LRScheduler:
        """Return rates that rise and fall with the clock; the encoder's rise later than the head's."""
        if self.lr_scheduler is None:
            clock, rise = self._clock, max(self._rates.warmup_ratio, 1 / num_training_steps)

            def factor(step: int, *, after: float) -> float:
                over = clock.progress(step, num_training_steps)
                soon = clock.progress(step + 1, num_training_steps)  # at step 0 something must be learned already
                return max(0.0, min(1.0, (soon - after) / rise, (1.0 - over) / (1.0 - after)))

            head_alone = self._rates.head_ratio
            factors = [lambda step: factor(step, after=head_alone)] * 2 + [lambda step: factor(step, after=0.0)] * 2
            self.lr_scheduler = LambdaLR(optimizer or self.create_optimizer(), factors)
            self._created_lr_scheduler = True
        return self.lr_scheduler


def masked_lm_loss(model: PreTrainedModel, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return the mean cross-entropy of the hidden pieces, in nats.

    Where the family's head can be called alone, it reads the hidden places only: seven of eight would be computed for
    nothing.

    Args:
        model: A network with a masked-language-model head.
        inputs: ``input_ids``, ``attention_mask`` and ``labels``. *Shape* of each: ``(batch_size, seq_len)``.
    """
    labels = inputs["labels"]
    read = {name: value for name, value in inputs.items() if name != "labels"}
    asked = labels != NOT_ASKED
    head = _HEADS.get(model.config.model_type)
    if head is None:
        logits = model(**read).logits[asked]
    else:
        logits = getattr(model, head)(model.base_model(**read).last_hidden_state[asked])
    return nn.functional.cross_entropy(logits.float(), labels[asked])
