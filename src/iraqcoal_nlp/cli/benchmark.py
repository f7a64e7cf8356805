"""``iraqcoal benchmark``: models on tasks, and a leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iraqcoal_nlp.cli.options import gathered

if TYPE_CHECKING:
    from rich.table import Table

    from iraqcoal_nlp.benchmark.leaderboard import Board


def benchmark(
    models: Annotated[
        str,
        typer.Option(
            "--models",
            help="Of majority, keyword, tfidf-logreg, tfidf-svm, encoder:NAME, model:NAME (hub names or folders); "
            "with commas between.",
        ),
    ],
    task: Annotated[
        str, typer.Option("--task", help="Tasks, with commas between: seeds.v1, coalition.v1, … or .toml.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for results, leaderboard and trained models.")],
    data_root: Annotated[Path | None, typer.Option("--data-root", help="Folder of the tasks' files.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Runs of each model that chance has a part in.")] = 5,
    first_seed: Annotated[int, typer.Option("--first-seed", min=0, help="The first of the seeds.")] = 13,
    recipe: Annotated[
        str, typer.Option("--recipe", help="Recipe of encoders: a file, or one of the package.")
    ] = "benchmark",
) -> None:
    """Train and measure models on the same rows; what is finished is not run again."""
    from iraqcoal_nlp.benchmark.publish import publish
    from iraqcoal_nlp.benchmark.run import BenchmarkPlan, run_benchmark
    from iraqcoal_nlp.benchmark.specs import ModelSpec
    from iraqcoal_nlp.errors import RecipeError

    plan = BenchmarkPlan(
        models=tuple(ModelSpec(name=name.strip()) for name in models.split(",") if name.strip()),
        tasks=tuple(name.strip() for name in task.split(",") if name.strip()),
        out=out,
        seeds=seeds,
        first_seed=first_seed,
        data_root=data_root,
        recipe=recipe,
    )
    if not plan.models or not plan.tasks:
        raise RecipeError("name at least one model and one task")
    results = run_benchmark(plan, on_cell=_tell)
    boards = publish(results, out)
    _show(boards)
    print(f"all results: {out / 'results.json'}; leaderboard: {out / 'leaderboard.md'} and .html")
    if any(board.failures for board in boards):
        raise typer.Exit(1)


def _tell(cell: dict[str, Any], known: bool) -> None:
    seed = "" if cell["seed"] is None else f", seed {cell['seed']}"
    figure = f"{cell['main']:.3f}" if cell["status"] == "done" else f"failed: {cell['reason']}"
    print(f"{cell['task']}, {cell['model']}{seed}: {figure}{' (known)' if known else ''}", flush=True)


def _show(boards: Sequence[Board]) -> None:
    from iraqcoal_nlp.benchmark.markdown import measure_of

    with gathered() as console:
        for board in boards:
            console.print(f"\n{board.name}: {board.task['title']}", markup=False)
            console.print(measure_of(board), markup=False, soft_wrap=True)
            console.print(_table(board), markup=False)
            for failed in board.failures:
                console.print(f"{failed.model} failed: {failed.reason}", markup=False, soft_wrap=True)
        console.print()


def _table(board: Board) -> Table:
    from rich.table import Table
    from rich.text import Text

    from iraqcoal_nlp.benchmark.markdown import COLUMNS, cells_of

    shown = [COLUMNS.index(name) for name in ("model", "median", "worst", "95 %", "runs", "p", "sentences/s")]
    table = Table(box=None, pad_edge=False, show_edge=False)
    for place in shown:
        table.add_column(COLUMNS[place], justify="right" if place else "left", overflow="fold", no_wrap=place > 0)
    for standing in board.standings:
        cells = cells_of(standing)
        table.add_row(*(Text(cells[place]) for place in shown))
    return table
