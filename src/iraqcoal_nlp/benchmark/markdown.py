"""The leaderboard as Markdown, and the cells and notes that its other forms share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from iraqcoal_nlp.benchmark.cell import LONG_PASS
from iraqcoal_nlp.benchmark.leaderboard import Board, Standing
from iraqcoal_nlp.evaluation.bootstrap import FEW_DOCUMENTS, RESAMPLES
from iraqcoal_nlp.model.card import figure, markdown_table

COLUMNS = ("model", "median", "worst", "mean", "95 %", "runs", "to the best", "p", "sentences/s", "parameters",
           "on disk", "memory", "training")  # fmt: skip

READING = (
    f"Ranked by the median over runs (seeds). “95 %”: percentile bootstrap of the test documents, {RESAMPLES:,} draws, "
    "of the mean over runs. “to the best”: difference of the means on the same rows, paired bootstrap; p corrected for "
    "the number of models (Holm). Sentences/s: a pass over the test rows after a warm-up (of passes under "
    f"{LONG_PASS:.0f} s). Memory: peak of the process that measures; of baselines it is mostly the packages that it "
    "loads. Training: of one run. Rows marked † are published results: other splits and other rows, not measured here."
)

PUBLISHED, FAILED, BEST = "published", "failed", "best"
"""Kinds of rows that are not plain."""


def markdown_page(boards: Sequence[Board], *, command: str) -> str:
    """Return all tables.

    Args:
        boards: Standings by task.
        command: What made the results, to stand on top.
    """
    lines = ["# Leaderboard", "", "```bash", command, "```", "", READING, ""]
    for board in boards:
        lines += _board(board)
    return "\n".join(lines).rstrip() + "\n"


def rows_of(board: Board) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's kind (empty for a plain one) and its cells, in the order of :data:`COLUMNS`."""
    for place, standing in enumerate(board.standings):
        yield ("" if place else BEST), cells_of(standing)
    empty = [""] * (len(COLUMNS) - 4)
    for result in board.task["published"]:
        spread = "" if result["spread"] is None else f" ± {figure(result['spread'])}"
        yield PUBLISHED, [f"{result['model']} †", "", "", figure(result["score"]) + spread, *empty]
    measured = {standing.model for standing in board.standings}
    for failure in board.failures:
        if failure.model not in measured:
            yield FAILED, [failure.model, "failed", "", "", *empty]


def notes_of(board: Board) -> Iterator[str]:
    """Yield where published results stand, and why models failed."""
    for result in board.task["published"]:
        yield f"† {result['model']}: {result['note']}."
    for failure in board.failures:
        yield f"{failure.model} failed: {failure.reason.rstrip('.')}."


def cells_of(standing: Standing) -> list[str]:
    """Return a measured model's row, in the order of :data:`COLUMNS`."""
    interval = "-" if standing.interval is None else " to ".join(figure(end) for end in standing.interval)
    runs = str(len(standing.cells))
    if standing.n_failed:
        runs += f", {standing.n_failed} failed"
    if standing.collapsed:
        runs += f", {len(standing.collapsed)} collapsed"
    return [
        standing.model,
        figure(standing.median),
        figure(standing.worst),
        figure(standing.mean),
        interval,
        runs,
        "-" if standing.difference is None else f"{standing.difference:+.3f}",
        "-" if standing.p_value is None else f"{standing.p_value:.3f}",
        amount(standing.median_of("sentences_per_second")),
        amount(standing.median_of("parameters")),
        _unit(standing.median_of("bytes_on_disk"), 1e6, "MB"),
        _unit(standing.median_of("peak_memory_mb", "measure"), 1, "MB"),
        _unit(standing.median_of("seconds", "train"), 1, "s"),
    ]


def measure_of(board: Board) -> str:
    """Return what the figures are of, and on how much they rest, in a line."""
    task = board.task
    documents = "" if task["documents"] is None else f" of {board.n_documents:,} documents"
    return f"{task['score']}; {task['rows']['test']:,} sentences{documents} measure"


def facts_of(board: Board) -> Iterator[str]:
    """Yield what must be known of a task to read its table, a sentence or two each."""
    task = board.task
    rows = task["rows"]
    yield task["description"]
    rest = f" ({'; '.join(task['notes'])})" if task["notes"] else ""
    yield f"{rows['train']:,} rows train, {rows['dev']:,} choose settings, {rows['test']:,} measure{rest}."
    source = f" {task['url']}" if task["url"] else ""
    yield f"Main score: {task['score']}. Source: {task['citation'].rstrip('.')}. Licence: {task['licence']}.{source}"
    if board.n_documents < FEW_DOCUMENTS:
        yield (
            f"Only {board.n_documents} documents measure: intervals and p-values over so few are rough, mostly too "
            "small."
        )
    yield f"sha256 of rows and division: {task['data_sha256'][:16]}."


def label_rows(board: Board) -> list[list[str]]:
    """Return a table of each label's F1, its head first; empty where no model was measured."""
    if not board.standings:
        return []
    labels = [label for question in board.task["questions"] for label in question["labels"]]
    rows = [["model", *labels]]
    for standing in board.standings:
        rows.append([standing.model, *(figure(f1) for part in standing.label_f1().values() for f1 in part.values())])
    return rows


def version_words(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the packages that computed the records, each with its versions."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        for package, number in cell["versions"].items():
            found.setdefault(package, [])
            if number not in found[package]:
                found[package].append(number)
    return [f"{package} {' and '.join(numbers)}" for package, numbers in found.items()]


def amount(value: float | None) -> str:
    """Return a count, short: 27.6 M, 1,234."""
    if value is None:
        return "-"
    return f"{value / 1e6:.1f} M" if value >= 1e6 else f"{value:,.0f}"


def _unit(value: float | None, per: float, unit: str) -> str:
    if value is None:
        return "-"
    scaled = value / per
    if scaled >= 9.5:
        return f"{scaled:,.0f} {unit}"
    return f"{scaled:.1f} {unit}" if scaled >= 0.095 else f"{scaled:.1g} {unit}"


def _board(board: Board) -> Iterator[str]:
    yield from (f"## {board.name}: {board.task['title']}", "")
    for fact in facts_of(board):
        yield from (fact, "")
    yield from (markdown_table(COLUMNS, (_emphasised(kind, cells) for kind, cells in rows_of(board))), "")
    notes = [f"- {note}" for note in notes_of(board)]
    yield from (*notes, "") if notes else ()
    per_label = label_rows(board)
    if per_label:
        yield from ("F1 per label, median over runs:", "")
        yield from (markdown_table(per_label[0], ([f"`{row[0]}`", *row[1:]] for row in per_label[1:])), "")


def _emphasised(kind: str, cells: Sequence[str]) -> list[str]:
    if kind == PUBLISHED:
        return [f"*{cell}*" if cell else "" for cell in cells]
    if kind == BEST:
        return [f"**`{cells[0]}`**", f"**{cells[1]}**", *cells[2:]]
    return [f"`{cells[0]}`", *cells[1:]]
