"""R-Drop: one batch, two dropouts, two answers that should agree (Liang et al., 2021, arXiv:2106.14448)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from iraqcoal_nlp.model.modeling import IraqCoalOutput


def twice(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Repeat a batch below itself: the network reads it in one pass, each copy under its own dropout."""
    return {name: torch.cat([value, value]) for name, value in inputs.items()}


def disagreement(output: IraqCoalOutput, *, heads: Sequence[str], event_loss_weight: float) -> Tensor:
    """Return how far the answers to the two halves of a batch lie apart, and 0 where they are the same.

    It is the mean of the two Kullback-Leibler divergences, one way and the other: over the sentences for the stance,
    over the (sentence, event) pairs for the events. Labels play no part.

    Args:
        output: Logits of a batch that :func:`twice` made.
        heads: The heads that learn; the others are passed over.
        event_loss_weight: Factor on the events' part, as on their loss.

    Returns:
        Tensor: *Shape:* ``()``.

    Raises:
        ValueError: The output holds no logits.
    """
    if output.stance_logits is None or output.event_logits is None:
        raise ValueError("the output holds no logits")
    parts = []
    if "stance" in heads:
        first, second = output.stance_logits.float().log_softmax(dim=-1).chunk(2)
        parts.append(((first.exp() - second.exp()) * (first - second)).sum(dim=-1).mean())
    if "events" in heads:
        # Of two yes-or-no answers the divergences add up to the difference in probability times that in logits.
        first, second = output.event_logits.float().chunk(2)
        parts.append(event_loss_weight * ((first.sigmoid() - second.sigmoid()) * (first - second)).mean())
    return 0.5 * torch.stack(parts).sum()
