"""Training on other spellings of a sentence, so that a model depends on spelling less."""

from __future__ import annotations

import random

from iraqcoal_nlp.text.spelling import SPELLINGS

TRAINABLE: tuple[str, ...] = (
    "hamza on alef dropped",
    "every hamza dropped",
    "final ى written ي",
    "final ي written ى",
    "final ة written ه",
    "final ه written ة",
    "spaces between words lost",
    "space after و",
)
"""Kinds that no normalization takes back without losing what distinguishes words; the others never reach a model."""

_ANOTHER = 0.3  # chance of each further kind: a writer who drops hamzas often drops the dots of teh marbuta too


def spelling_noise(text: str, *, seed: int | str, probability: float = 0.3, kinds: tuple[str, ...] = TRAINABLE) -> str:
    """Return the text, or with the given probability another spelling of it.

    Args:
        text: A sentence as annotated, before normalization.
        seed: Whoever gives the same one gets the same spelling. Make it of the run's seed, the row and the epoch.
        probability: Share of sentences that are changed, in [0, 1]; some have no place to change and stay.
        kinds: Names of :data:`iraqcoal_nlp.text.spelling.SPELLINGS` to choose from.

    Raises:
        ValueError: ``probability`` is outside [0, 1], or a kind is unknown.
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"probability {probability} is outside [0, 1]")
    if unknown := [kind for kind in kinds if kind not in SPELLINGS]:
        raise ValueError(f"unknown spelling {unknown[0]!r}: use any of {', '.join(SPELLINGS)}")
    rng = random.Random(f"{seed}\n{text}")
    if not kinds or rng.random() >= probability:
        return text
    first = rng.choice(kinds)
    for kind in kinds:
        if kind == first or rng.random() < _ANOTHER:
            text = SPELLINGS[kind](text, rng)
    return text
