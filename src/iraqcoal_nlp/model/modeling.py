"""One encoder, two heads: a softmax over stances and a sigmoid per event (needs torch)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils.generic import ModelOutput

from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.encoder import load_encoder

IGNORED_STANCE = -100
"""Stance index of a sentence without a stance label; it adds nothing to the loss."""

IGNORED_EVENT = -1.0
"""Event value of a sentence without that event label; it adds nothing to the loss."""


@dataclass
class IraqCoalOutput(ModelOutput):
    """What the network computes for a batch.

    Attributes:
        loss: Sum of both heads' losses, if labels were given. *Shape:* ``()``.
        stance_logits: Raw stance scores, in the order of ``config.stances``. *Shape:* ``(batch_size, n_stances)``.
        event_logits: Raw event scores, in the order of ``config.events``. *Shape:* ``(batch_size, n_events)``.
        sentence_vectors: What the heads read, without dropout. *Shape:* ``(batch_size, hidden_size)``, twice as
            wide if pooled by ``mean_max``.
    """

    loss: Tensor | None = None
    stance_logits: Tensor | None = None
    event_logits: Tensor | None = None
    sentence_vectors: Tensor | None = None


class IraqCoalForSentenceClassification(PreTrainedModel):
    """Any ``AutoModel`` encoder with a stance head and an events head.

    Raises:
        ValueError: The configuration has no encoder.
    """

    config_class = IraqCoalConfig
    base_model_prefix = "encoder"
    supports_gradient_checkpointing = True
    _supports_sdpa = True

    def __init__(self, config: IraqCoalConfig) -> None:
        super().__init__(config)
        if config.encoder_config is None:
            raise ValueError("the configuration has no encoder_config")
        self.encoder = AutoModel.from_config(config.encoder_config)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None  # BERT's pooler would be trained by nothing
        hidden = config.encoder_config.hidden_size * (2 if config.pooling == "mean_max" else 1)
        self.dropout = nn.Dropout(config.head_dropout)
        self.stance_head = nn.Linear(hidden, len(config.stances))
        self.events_head = nn.Linear(hidden, len(config.events))
        self.post_init()  # type: ignore[no-untyped-call]

    @classmethod
    def from_encoder(
        cls, encoder: str | Path, config: IraqCoalConfig, *, revision: str = "main"
    ) -> IraqCoalForSentenceClassification:
        """Start from a pre-trained encoder: its weights, and new heads.

        Args:
            encoder: Hub name or folder of any BERT-like checkpoint.
            config: Shape and heads; its ``encoder_config`` must be that checkpoint's.
            revision: Branch, tag or commit on the hub.

        Raises:
            ModelFolderError: The encoder's weights are not all there, or are not safe to open.
        """
        model = cls(config)
        pretrained = load_encoder(encoder, model.encoder.config, revision=revision)
        model.encoder.load_state_dict(pretrained.state_dict(), strict=True)
        return model

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        stance_labels: Tensor | None = None,
        event_labels: Tensor | None = None,
    ) -> IraqCoalOutput:
        """Score a padded batch, and its loss if labels are given.

        Args:
            input_ids: *Shape:* ``(batch_size, seq_len)``.
            attention_mask: 1 for real tokens, 0 for padding. *Shape:* ``(batch_size, seq_len)``.
            token_type_ids: Segment of each token, if the encoder reads pairs. *Shape:* ``(batch_size, seq_len)``.
            stance_labels: Index of the stance, or :data:`IGNORED_STANCE`. *Shape:* ``(batch_size,)``.
            event_labels: 1.0, 0.0 or :data:`IGNORED_EVENT` per event. *Shape:* ``(batch_size, n_events)``.
        """
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        if token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        hidden: Tensor = self.encoder(**inputs).last_hidden_state
        vectors = self._pool(hidden, attention_mask)
        pooled = self.dropout(vectors)
        stance_logits = self.stance_head(pooled)
        event_logits = self.events_head(pooled)
        losses = []
        if stance_labels is not None:
            losses.append(self._stance_loss(stance_logits, stance_labels))
        if event_labels is not None:
            losses.append(self.config.event_loss_weight * self._event_loss(event_logits, event_labels))
        return IraqCoalOutput(
            loss=torch.stack(losses).sum() if losses else None,
            stance_logits=stance_logits,
            event_logits=event_logits,
            sentence_vectors=vectors,
        )

    def _pool(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """Make one vector per sentence. *Shape:* ``(batch_size, hidden_size)``, for ``mean_max`` twice as wide."""
        if self.config.pooling == "cls":
            return hidden[:, 0]
        vectors = []
        if self.config.pooling != "max":
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            vectors.append((hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0))
        if self.config.pooling != "mean":
            padding = attention_mask.unsqueeze(-1) == 0
            vectors.append(hidden.masked_fill(padding, torch.finfo(hidden.dtype).min).amax(dim=1))
        return torch.cat(vectors, dim=-1)

    def _stance_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Weighted cross-entropy over the labelled sentences; 0 if there are none."""
        known = labels != IGNORED_STANCE
        if not bool(known.any()):
            return logits.float().sum() * 0.0
        logits, labels = logits[known].float(), labels[known]
        weights = self.config.stance_weights
        weight = torch.ones_like(logits[0]) if weights is None else logits.new_tensor(weights)
        losses = nn.functional.cross_entropy(
            logits, labels, weight=weight, label_smoothing=self.config.label_smoothing, reduction="none"
        )
        sureness = logits.softmax(dim=-1).gather(1, labels.unsqueeze(1)).squeeze(1)
        return (self._unlearned(sureness) * losses).sum() / weight[labels].sum()

    def _event_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Binary cross-entropy, mean over the labelled (sentence, event) pairs; 0 if there are none."""
        known = labels != IGNORED_EVENT
        if not bool(known.any()):
            return logits.float().sum() * 0.0
        logits, labels = logits[known].float(), labels[known].float()
        smoothing = self.config.label_smoothing
        targets = labels * (1.0 - smoothing) + 0.5 * smoothing
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        probs = logits.sigmoid()
        return (self._unlearned(torch.where(labels > 0.5, probs, 1.0 - probs)) * losses).mean()

    def _unlearned(self, sureness: Tensor) -> Tensor:
        """Weigh an example by how unsure the network is of its label: the focal loss of Lin et al. (2017)."""
        gamma = self.config.focal_gamma
        return (1.0 - sureness) ** gamma if gamma else torch.ones_like(sureness)


def register_auto_classes() -> None:
    """Let ``AutoConfig`` and ``AutoModel`` open our folders; may be called again."""
    AutoConfig.register(IraqCoalConfig.model_type, IraqCoalConfig, exist_ok=True)
    AutoModel.register(IraqCoalConfig, IraqCoalForSentenceClassification, exist_ok=True)


register_auto_classes()
