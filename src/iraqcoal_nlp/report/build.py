"""From a scored file to its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iraqcoal_nlp.codebook import NEUTRAL_STANCE
from iraqcoal_nlp.data.facts import DayCounts, Facts
from iraqcoal_nlp.data.outputs import whole_file
from iraqcoal_nlp.data.scored import FactColumns, ScoredRow, read_scored_whole
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import SentenceExplanation
from iraqcoal_nlp.report.page import render_page
from iraqcoal_nlp.report.payload import build_payload

if TYPE_CHECKING:
    from iraqcoal_nlp.inference.classifier import ArticleClassifier

_EXPLAINED_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltReport:
    """What a report holds."""

    sentences: int
    articles: int
    explained: int
    """Sentences with reasons."""
    labelled: int
    """Sentences with an event, or with a stance other than ``none``."""
    of_other_models: int
    """Labelled sentences that got no reasons because another model than the explainer labelled them."""
    days: DayCounts
    """Of the articles."""
    errors: Sequence[InputError]
    """Rows that could not be read; the report says how many."""


def build_report(
    scored: Path,
    out: Path,
    *,
    columns: FactColumns | None = None,
    language: str = "ar",
    title: str | None = None,
    explainer: ArticleClassifier | None = None,
    most_explained: int = 1000,
    overwrite: bool = False,
    on_explained: Callable[[int, int], None] | None = None,
) -> BuiltReport:
    """Make one HTML file of a scored file.

    Args:
        scored: A file of ``iraqcoal score``.
        out: ``.html`` file; it appears when all is done.
        columns: Where rows keep date, source, title and address.
        language: Language in which the page opens, ``ar`` or ``en``.
        title: Heading of the page.
        explainer: The model that labelled the rows, to give the reasons of its labels; rows of other models get none.
            Without it, the report has none.
        most_explained: So many labelled sentences are explained at most, the first ones.
        overwrite: Whether an existing ``out`` may be replaced.
        on_explained: Called with the number of sentences that are explained, and of those that will be.

    Raises:
        InputError: A file cannot be read or written, no row has a column that is needed, or all labelled rows are of
            other models than ``explainer``.
        ValueError: ``language`` is unknown.
    """
    columns = columns or FactColumns()
    with whole_file(out, endings=(".html",), source=scored, overwrite=overwrite) as file:
        rows, errors = read_scored_whole(scored)
        facts = Facts(columns)
        for row in rows:
            facts.add(row)
        facts.check(scored)
        labelled = [place for place, row in enumerate(rows) if _is_labelled(row)]
        explained: dict[int, SentenceExplanation] = {}
        own = labelled
        if explainer is not None:
            own = _labelled_by(explainer, rows, labelled, scored)
            wanted = own[:most_explained]
            for first in range(0, len(wanted), _EXPLAINED_AT_ONCE):
                places = wanted[first : first + _EXPLAINED_AT_ONCE]
                reasons = explainer.explain_sentences([rows[place].sentence for place in places])
                explained |= dict(zip(places, reasons, strict=True))
                if on_explained is not None:
                    on_explained(len(explained), len(wanted))
        payload = build_payload(rows, columns, explained) | {"unread": len(errors)}
        file.write(render_page(payload, language=language, title=title))
    return BuiltReport(
        sentences=len(rows),
        articles=len(payload["articles"]),
        explained=payload["explained"],
        labelled=len(labelled),
        of_other_models=len(labelled) - len(own),
        days=facts.days,
        errors=errors,
    )


def _is_labelled(row: ScoredRow) -> bool:
    return bool(row.sentence.events) or row.sentence.stance != NEUTRAL_STANCE


def _labelled_by(
    explainer: ArticleClassifier, rows: Sequence[ScoredRow], labelled: Sequence[int], scored: Path
) -> list[int]:
    """Return the places of the labelled rows that are the model's own: it must not explain another's labels.

    Raises:
        InputError: There are labelled rows, and none is.
    """
    own = [place for place in labelled if rows[place].sentence.model == explainer.model_id]
    if labelled and not own:
        others = ", ".join(sorted({rows[place].sentence.model or "unknown" for place in labelled}))
        reason = f"was labelled by {others}, not by {explainer.model_id}"
        raise InputError(f"{reason}: name the model of the rows with --model, or score them anew", path=scored)
    return own
