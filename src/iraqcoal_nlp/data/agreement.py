"""How well annotators agree, beyond chance.

Cohen's kappa (1960) for each pair of annotators; Krippendorff's alpha (2011, "Computing Krippendorff's
Alpha-Reliability") for all of them together: it takes any number of annotators, and sentences that some did not judge.
Labels are nominal. Event sets are also compared whole, by the MASI distance (Passonneau, 2006): 0 for equal sets, 1 for
sets without a common event, and partial credit between.

A coefficient is ``None`` where it is not defined: nothing was judged twice, or all judgements are the same, so that
agreement by chance is certain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from sklearn.metrics import cohen_kappa_score

from iraqcoal_nlp.codebook import EVENTS
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import IraqCoalError

Labels = Mapping[str, Hashable]
"""One annotator's labels by the id of the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Cohen's kappa of two annotators, each in [-1, 1]."""

    annotators: tuple[str, str]
    n_sentences: int
    """Sentences whose stance or events both have judged."""
    stance: float | None
    events: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Krippendorff's alpha of all annotators, each at most 1, and what pairs of them agree on."""

    annotators: tuple[str, ...]
    n_sentences: int
    """Sentences that two or more annotators have judged."""
    stance: float | None
    events: Mapping[str, float | None]
    """By event: reported or not."""
    event_sets: float | None
    """Whole sets of events, by the MASI distance."""
    pairs: tuple[PairAgreement, ...]
    """Pairs that have judged a common sentence."""

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, ready for JSON."""
        return asdict(self)


def measure_agreement(judgements: Sequence[Annotation]) -> Agreement | None:
    """Measure the annotators who are named; ``None`` if no two of them have judged a common sentence.

    Raises:
        IraqCoalError: nltk is not installed.
    """
    stances: defaultdict[str, dict[str, Hashable]] = defaultdict(dict)
    events: defaultdict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for row in judgements:
        if row.annotator is not None and row.stance is not None:
            stances[row.annotator][row.id] = row.stance
        if row.annotator is not None and row.events is not None:
            events[row.annotator][row.id] = frozenset(row.events)
    names = sorted(stances.keys() | events.keys())
    judged = {name: stances[name].keys() | events[name].keys() for name in names}
    pairs = []
    for one, other in combinations(names, 2):
        common = (stances[one].keys() & stances[other].keys()) | (events[one].keys() & events[other].keys())
        if common:
            pairs.append(
                PairAgreement(
                    annotators=(one, other),
                    n_sentences=len(common),
                    stance=cohen_kappa(stances[one], stances[other]),
                    events={
                        event: cohen_kappa(_has(event, events[one]), _has(event, events[other])) for event in EVENTS
                    },
                )
            )
    if not pairs:
        return None
    return Agreement(
        annotators=tuple(names),
        n_sentences=len({row for one, other in combinations(names, 2) for row in judged[one] & judged[other]}),
        stance=krippendorff_alpha(stances),
        events={
            event: krippendorff_alpha({name: _has(event, given) for name, given in events.items()}) for event in EVENTS
        },
        event_sets=krippendorff_alpha(events, masi_distance),
        pairs=tuple(pairs),
    )


def cohen_kappa(one: Labels, other: Labels) -> float | None:
    """Return Cohen's kappa over the sentences that both have judged."""
    common = sorted(one.keys() & other.keys())
    first, second = [str(one[row]) for row in common], [str(other[row]) for row in common]
    if len({*first, *second}) < 2:
        return None
    return float(cohen_kappa_score(first, second))


def krippendorff_alpha(
    by_annotator: Mapping[str, Labels], distance: Callable[[Any, Any], float] | None = None
) -> float | None:
    """Return Krippendorff's alpha.

    Args:
        by_annotator: Each annotator's labels.
        distance: Of two labels, from 0 to 1; ``None``: 1 if they differ (nominal).

    Raises:
        IraqCoalError: nltk is not installed.
    """
    try:
        from nltk.metrics.agreement import AnnotationTask  # noqa: PLC0415 - of the extra `train`
        from nltk.metrics.distance import binary_distance  # noqa: PLC0415
    except ModuleNotFoundError:
        raise IraqCoalError("agreement needs nltk: pip install 'iraqcoal-nlp[train]'") from None
    by_row = defaultdict(list)
    for name, labels in by_annotator.items():
        for row, label in labels.items():
            by_row[row].append((name, row, label))
    triples = [triple for same in by_row.values() if len(same) > 1 for triple in same]
    if len({label for _, _, label in triples}) < 2:
        return None  # nltk says 1 here
    return float(AnnotationTask(triples, distance or binary_distance).alpha())


def masi_distance(one: frozenset[str], other: frozenset[str]) -> float:
    """Return 1 - Jaccard similarity x monotonicity (Passonneau, 2006), in [0, 1]; 0 for two empty sets."""
    from nltk.metrics.distance import masi_distance as masi  # noqa: PLC0415

    return 0.0 if one == other else float(masi(one, other))  # nltk divides by zero for two empty sets


def _has(event: str, labels: Mapping[str, frozenset[str]]) -> dict[str, bool]:
    return {row: event in given for row, given in labels.items()}
