"""What leaving uncertain sentences to a person buys.

The risk-coverage curve is that of Geifman & El-Yaniv (2017, arXiv:1705.08500).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.inference.thresholds import Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """Share of errors among the most certain sentences, for each number of them."""

    coverage: Floats
    """Share of sentences kept, ascending, the last is 1. *Shape:* ``(n_sentences,)``."""
    risk: Floats
    """Share of the kept sentences that are wrong. Same shape."""

    @property
    def area(self) -> float:
        """Area under the curve (AURC; Geifman et al., 2019, arXiv:1805.08206), in [0, 1]; lower is better."""
        return float(self.risk.mean())


def risk_coverage(confidence: Floats, wrong: Bools) -> RiskCoverage:
    """Rank sentences by confidence and count errors from the most certain on.

    Sentences of equal confidence share their errors evenly: what the mean over their orders would give.

    Args:
        confidence: *Shape:* ``(n_sentences,)``, at least one.
        wrong: Whether the decision is wrong. Same shape.

    Raises:
        ValueError: There is no sentence, or the shapes differ.
    """
    if confidence.shape != wrong.shape or not len(wrong):
        raise ValueError(f"confidence has shape {confidence.shape}, wrong {wrong.shape}: both need one row at least")
    _, group, size = np.unique(-confidence, return_inverse=True, return_counts=True)
    errors = np.repeat(np.bincount(group, weights=wrong) / size, size).cumsum()
    kept = np.arange(1, len(wrong) + 1)
    return RiskCoverage(coverage=kept / len(wrong), risk=errors / kept)
