"""Scores as tables for a terminal of 80 columns: what they say, nothing printed (needs rich)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.evaluation.bootstrap import FEW_DOCUMENTS
from iraqcoal_nlp.evaluation.checklist import PassRate
from iraqcoal_nlp.evaluation.predictions import Predictions

Lines = Iterator[Table | str]


def score_tables(name: str, scores: Mapping[str, Any], predictions: Predictions) -> Lines:
    """Yield a headline, and per judged head a table and what concerns the head as a whole.

    Args:
        name: Name of the set.
        scores: :func:`~iraqcoal_nlp.evaluation.measure.score_predictions` over it.
        predictions: What was scored: where nobody speaks of a label, it has no figures.
    """
    yield f"{name}: {scores['n_sentences']:,} sentences of {scores['n_documents']:,} documents"
    for head in HEADS:
        if head in scores:
            absent = predictions.heads[head].absent
            yield _head_table(head, scores[head], absent)
            yield from _absent_line(absent)
            yield _head_line(scores[head])
            yield ""
    if "stance" in scores and scores["stance"]["abstention"]["coverage"] < 1:
        keeps = scores["stance"]["abstention"]
        of_kept = f"{_percent(keeps['risk'])} of the {_percent(keeps['coverage'])} that the model keeps"
        yield f"stance wrong in {_percent(keeps['risk_of_all'])} of sentences, in {of_kept}"
    if scores["n_documents"] < FEW_DOCUMENTS:
        yield f"intervals over fewer than {FEW_DOCUMENTS} documents are rough, and often too narrow"


def comparison_tables(name: str, compared: Mapping[str, Any], first: Predictions, second: Predictions) -> Lines:
    """Yield a table per judged head of F1 differences between two models.

    Args:
        name: Name of the set.
        compared: :func:`~iraqcoal_nlp.evaluation.measure.compare_predictions` over it.
        first: What the first model says: where neither it nor the gold has a label, its F1 is no figure.
        second: What the second model says.
    """
    yield f"{name}: F1 of both models on the same sentences"
    for head, entry in compared.items():
        table = _table(head, "first", "second", "difference", "95 %", "p")
        absent = [side.heads[head].absent for side in (first, second)]
        for label, facts in entry["labels"].items():
            table.add_row(label, *_difference_cells(facts, [label in labels for labels in absent]))
        table.add_section()
        table.add_row("macro", *_difference_cells(entry["macro_f1"]), style="bold")
        yield table
        yield from _absent_line([label for label in entry["labels"] if any(label in labels for labels in absent)])
        yield ""


def fold_table(folds: Sequence[Mapping[str, Any]]) -> Table:
    """Return the macro F1 of each fold.

    Args:
        folds: :func:`~iraqcoal_nlp.evaluation.measure.score_predictions` of each.
    """
    heads = [head for head in HEADS if any(head in fold for fold in folds)]
    table = _table("fold", "sentences", "documents", *(f"{head} F1" for head in heads))
    for number, fold in enumerate(folds, 1):
        figures = [_figure(fold.get(head, {}).get("macro_f1")) for head in heads]
        table.add_row(str(number), f"{fold['n_sentences']:,}", f"{fold['n_documents']:,}", *figures)
    return table


def checklist_table(rates: Mapping[str, PassRate]) -> Table:
    """Return how many cases of each capability passed."""
    table = _table("capability", "passed", "of", "rate")
    for capability, rate in rates.items():
        table.add_row(capability, str(rate.passed), str(rate.total), f"{rate.rate:.0%}")
    passed, total = sum(rate.passed for rate in rates.values()), sum(rate.total for rate in rates.values())
    table.add_section()
    table.add_row("all", str(passed), str(total), f"{passed / total:.0%}", style="bold")
    return table


def _head_table(head: str, scores: Mapping[str, Any], absent: Collection[str]) -> Table:
    table = _table(head, "precision", "recall", "F1", "95 %", "AP", "n")
    for label, facts in scores["labels"].items():
        cells = ["-"] * 5 if label in absent else _score_cells(facts)
        table.add_row(label, *cells, f"{facts['support']:,}")
    macro = {
        "precision": scores["macro_precision"],
        "recall": scores["macro_recall"],
        "f1": scores["macro_f1"],
        "interval": scores["interval"],
        "average_precision": scores["average_precision"],
    }
    table.add_section()
    table.add_row("macro", *_score_cells(macro), f"{scores['n_sentences']:,}", style="bold")
    return table


def _head_line(scores: Mapping[str, Any]) -> str:
    """Return what concerns the head as a whole, on one line."""
    parts = [f"micro F1 {_figure(scores['micro_f1'])}"] if "micro_f1" in scores else []
    parts += [f"MCC {_figure(scores['mcc'])}"] if "mcc" in scores else []
    parts += [f"ECE {_figure(scores['calibration_error'])}", f"Brier {_figure(scores['brier'])}"]
    parts += [f"AURC {_figure(scores['aurc'])}"] if "aurc" in scores else []
    return ", ".join(parts)


def _absent_line(absent: Sequence[str]) -> Iterator[str]:
    """Yield what the macro mean makes of labels without figures, if there are any."""
    if absent:
        yield f"macro counts {_listed(absent)}, which no row has, as 0"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _score_cells(facts: Mapping[str, Any]) -> list[str]:
    figures = [_figure(facts[key]) for key in ("precision", "recall", "f1")]
    return [*figures, _range(facts["interval"]), _figure(facts["average_precision"])]


def _difference_cells(facts: Mapping[str, Any], absent: Sequence[bool] = (False, False)) -> list[str]:
    scores = ["-" if no_row else _figure(facts[side]) for side, no_row in zip(("first", "second"), absent, strict=True)]
    if any(absent):
        return [*scores, "-", "-", "-"]
    figures = [*scores, f"{facts['difference']:+.3f}"]
    return [*figures, _range(facts["interval"], sign="+"), _figure(facts["p_value"])]


def _range(interval: Sequence[float] | None, *, sign: str = "") -> str:
    return "-" if interval is None else " to ".join(f"{end:{sign}.3f}" for end in interval)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify="right", no_wrap=True)
    return table
