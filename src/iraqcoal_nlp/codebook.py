"""The labels, in the one order that models, rows and tables use.

The meaning of each label stands in ``seeds/codebook.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from iraqcoal_nlp.errors import CodebookError

STANCES: tuple[str, ...] = ("favor", "against", "none")
"""Stance toward the presence of the Coalition and other foreign forces; exactly one per sentence (SemEval's terms)."""

EVENTS: tuple[str, ...] = ("attack", "suspension", "handover", "withdrawal_demand")
"""Reported events; any subset per sentence, often none."""

HEADS: tuple[str, ...] = ("stance", "events")
"""The two questions that are asked of a sentence."""

NEUTRAL_STANCE = "none"


def check_stance(label: object) -> str:
    """Return ``label`` if it is a stance.

    Raises:
        CodebookError: It is not one of :data:`STANCES`.
    """
    if isinstance(label, str) and label in STANCES:
        return label
    raise CodebookError(f"unknown stance {label!r}: use one of {', '.join(STANCES)}")


def check_events(labels: Iterable[object]) -> tuple[str, ...]:
    """Return the event labels in codebook order, without repeats.

    Raises:
        CodebookError: One is not in :data:`EVENTS`.
    """
    given = list(labels)
    for label in given:
        if label not in EVENTS:
            raise CodebookError(f"unknown event {label!r}: use any of {', '.join(EVENTS)}, or leave it empty")
    return tuple(event for event in EVENTS if event in given)


def check_label_order(stances: Sequence[str], events: Sequence[str]) -> None:
    """Refuse a saved label order that differs from the codebook's.

    Raises:
        CodebookError: A list repeats a label, or its labels or their order differ.
    """
    for head, saved, known in (("stance", stances, STANCES), ("events", events, EVENTS)):
        if tuple(saved) != known:
            raise CodebookError(
                f"head {head!r} has labels {list(saved)}, but this library's codebook has {list(known)}"
            )
