"""Behavioural tests: what a model must do, one ability at a time (CheckList: Ribeiro et al., 2020, arXiv:2005.04118).

Kinds of cases: ``mft``, minimum functionality, judges ``text``; ``inv``, invariance, wants the same labels for ``text``
and ``variant``; ``dir``, direction, judges ``variant``, made from ``text`` by a change that makes other labels right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.codebook import check_events, check_stance
from iraqcoal_nlp.data.tables import sound_json_rows
from iraqcoal_nlp.errors import CodebookError, InputError
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.locate import shipped_path
from iraqcoal_nlp.records import SentenceResult

KINDS = ("mft", "inv", "dir")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test."""

    id: str
    kind: str
    capability: str
    text: str
    variant: str | None = None
    stance: tuple[str, ...] = ()
    """Stances that pass; empty if the stance is not tested."""
    has: tuple[str, ...] = ()
    """Events that must be reported."""
    lacks: tuple[str, ...] = ()
    """Events that must not be reported."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRate:
    """How many cases of one capability passed."""

    passed: int
    total: int
    failed_ids: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Share of cases that passed, in [0, 1]."""
        return self.passed / self.total


def shipped_checklist() -> Path:
    """Return the checklist that comes with the package: ``seeds/checklist.jsonl``."""
    return shipped_path("checklist.jsonl", source="seeds/checklist.jsonl")


def read_checklist(path: Path) -> list[Case]:
    """Read a checklist file (``.jsonl``).

    Raises:
        InputError: The file cannot be read, or a row is not a case; the message names file and line.
    """
    cases = []
    for number, row in sound_json_rows(path):
        try:
            cases.append(_case(row))
        except (ValueError, TypeError, CodebookError) as error:
            raise InputError(f"not a case ({error})", path=path, row=number) from None
    return cases


def run_checklist(cases: Sequence[Case], classifier: ArticleClassifier) -> dict[str, PassRate]:
    """Return the pass rate of each capability, in the order of the file."""
    texts = list(dict.fromkeys(text for case in cases for text in (case.text, case.variant) if text is not None))
    results = dict(zip(texts, classifier.classify_sentences(texts), strict=True))
    outcomes: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for case in cases:
        judged = case.text if case.variant is None else case.variant
        outcomes[case.capability].append((case.id, passes(case, results[judged], results[case.text])))
    return {
        capability: PassRate(
            passed=sum(good for _, good in rows),
            total=len(rows),
            failed_ids=tuple(case_id for case_id, good in rows if not good),
        )
        for capability, rows in outcomes.items()
    }


def passes(case: Case, judged: SentenceResult, base: SentenceResult) -> bool:
    """Whether the labels of the judged text, and for ``inv`` of the base, are as the case wants them."""
    if case.kind == "inv":
        return (judged.stance, judged.events) == (base.stance, base.events)
    right_stance = not case.stance or judged.stance in case.stance
    return right_stance and set(case.has) <= set(judged.events) and not set(case.lacks) & set(judged.events)


def _case(row: Mapping[str, Any]) -> Case:
    lists = {key: row.get(key, []) for key in ("stance", "has", "lacks")}
    if no_list := [key for key, value in lists.items() if not isinstance(value, list)]:
        raise TypeError(f"{no_list[0]} must be a list")
    case = Case(**{**row, **{key: tuple(value) for key, value in lists.items()}})
    if no_text := [key for key in ("id", "capability", "text") if not isinstance(getattr(case, key), str)]:
        raise TypeError(f"{no_text[0]} must be a string")
    if not isinstance(case.variant, str | None):
        raise TypeError("variant must be a string")
    if case.kind not in KINDS:
        raise ValueError(f"unknown kind {case.kind!r}")
    if (case.variant is None) != (case.kind == "mft"):
        raise ValueError(f"kind {case.kind!r} and variant {case.variant!r} do not go together")
    if case.kind != "inv" and not (case.stance or case.has or case.lacks):
        raise ValueError("asserts nothing")
    check_events((*case.has, *case.lacks))
    for stance in case.stance:
        check_stance(stance)
    return case
