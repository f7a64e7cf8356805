"""``iraqcoal evaluate``: how good a model is on annotated sentences."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.cli.options import Model, check_training, gathered
from iraqcoal_nlp.data.outputs import check_output, check_overwrite, write_whole
from iraqcoal_nlp.errors import InputError, printable

if TYPE_CHECKING:
    from rich.table import Table

    from iraqcoal_nlp.evaluation.evaluate import AnnotatedFile, Evaluation


def evaluate(
    data: Annotated[list[Path] | None, typer.Option("--data", help="Annotated sentences; may be given again.")] = None,
    model: Model = None,
    out: Annotated[Path | None, typer.Option("--out", help="File for all scores: .json.")] = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Folder for figures, PNG and SVG.")] = None,
    compare: Annotated[str | None, typer.Option("--compare", help="A second model to compare the first with.")] = None,
    checklist: Annotated[bool, typer.Option("--checklist", help="Run the behavioural tests.")] = False,
    cases: Annotated[Path | None, typer.Option("--cases", help="Run behavioural tests of your own: .jsonl.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Name the behavioural tests that failed.")] = False,
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, help="Train so many models by --recipe, and measure them.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="Recipe of the models of --folds: a file, or one of the package.")
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", help="Folder for the models of --folds.")] = Path("runs/folds"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of scores.")] = False,
) -> None:
    """Measure a model, or with --folds a recipe, on annotated sentences."""
    files, tests = data or [], checklist or failed or cases is not None
    if not (files or tests):
        raise InputError("nothing to measure on: give --data with annotated sentences, or --checklist")
    if not files and (plots or compare or folds):
        raise InputError("--plots, --compare and --folds need --data with annotated sentences")
    if (folds is None) != (recipe is None):
        raise InputError("--folds and --recipe go together")
    if folds and (model or compare or tests):
        raise InputError("--folds trains models of its own: leave out --model, --compare and --checklist")
    if out is not None:
        check_output(out, (".json",))
        check_overwrite(out, overwrite=force)
    if plots is not None:
        from iraqcoal_nlp.evaluation.plots import require_matplotlib

        require_matplotlib()
    if recipe is not None and folds is not None:
        evaluation = _cross_validate(files, recipe, runs, folds)
    else:
        evaluation = _evaluate(files, model, compare, tests=tests, cases=cases)
    _show(evaluation, failed=failed)
    if out is not None:
        write_whole(out, [json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=2), "\n"])
        print(f"\nall scores: {out}")
    if plots is not None:
        _draw(evaluation, plots)


def _evaluate(
    files: list[Path], model: str | None, compare: str | None, *, tests: bool, cases: Path | None
) -> Evaluation:
    import iraqcoal_nlp
    from iraqcoal_nlp.evaluation.checklist import shipped_checklist
    from iraqcoal_nlp.evaluation.evaluate import evaluate_model, read_files

    annotated = _cautioned(read_files(files))
    second = None if compare is None else iraqcoal_nlp.load(compare)
    checklist = (cases or shipped_checklist()) if tests else None
    return evaluate_model(iraqcoal_nlp.load(model), annotated, second=second, checklist=checklist)


def _cautioned(files: list[AnnotatedFile]) -> list[AnnotatedFile]:
    """Say on stderr which files a model has labelled, and return them all."""
    for file in files:
        if file.caution is not None:
            print(f"{printable(file.path)}: {file.caution}", file=sys.stderr)
    return files


def _cross_validate(files: list[Path], recipe: str, runs: Path, folds: int) -> Evaluation:
    check_training()
    from iraqcoal_nlp.evaluation.evaluate import Evaluation, read_files
    from iraqcoal_nlp.training.folds import cross_validate
    from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe

    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    settings, annotated = TrainRecipe.from_toml(locate_recipe(recipe)), _cautioned(read_files(files, test_only=False))
    parts = cross_validate(settings, [row for file in annotated for row in file.rows], runs, k=folds)
    return Evaluation.of_folds(settings.name, annotated, parts)


def _draw(evaluation: Evaluation, folder: Path) -> None:
    from iraqcoal_nlp.evaluation.plots import plot_predictions

    written = [
        path
        for name, predictions in evaluation.predictions.items()
        for path in plot_predictions(predictions, evaluation.scores[name], folder, name=name)
    ]
    print(f"\n{len(written)} figures in {folder}")


def _show(evaluation: Evaluation, *, failed: bool) -> None:
    with gathered() as console:
        for part in _parts(evaluation, failed=failed):
            console.print(part, markup=False, soft_wrap=isinstance(part, str))


def _parts(evaluation: Evaluation, *, failed: bool) -> Iterator[Table | str]:
    from iraqcoal_nlp.evaluation.tables import checklist_table, comparison_tables, fold_table, score_tables

    yield f"model: {evaluation.model}"
    for file in evaluation.files:
        if file.n_unjudged:
            yield f"{file.name}: {file.n_unjudged} rows that nobody judged are left out"
        if file.n_trained_on:
            yield f"{file.name}: {file.n_trained_on} rows that it gives to train or dev are left out"
    for name, scores in evaluation.scores.items():
        yield from ("", *score_tables(name, scores, evaluation.predictions[name]))
    if evaluation.folds:
        yield from ("", fold_table(evaluation.folds))
    if evaluation.comparison:
        yield from ("", f"first: {evaluation.model}", f"second: {evaluation.second_model}")
    for name, compared in evaluation.comparison.items():
        both = evaluation.predictions[name], evaluation.second_predictions[name]
        yield from comparison_tables(name, compared, *both)
    if evaluation.pass_rates:
        yield from ("", checklist_table(evaluation.pass_rates))
    if failed:
        names = [case for rate in evaluation.pass_rates.values() for case in rate.failed_ids]
        yield from ("", f"{len(names)} failed", *names)
