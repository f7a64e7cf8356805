"""``iraqcoal train``: a recipe and annotated sentences in, a model folder out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.cli.options import check_training

if TYPE_CHECKING:
    from rich.table import Table

    from iraqcoal_nlp.training.seeds import SeedsReport


def train(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A TOML file, or a recipe of the package: tune, arabert, e5, …")
    ],
    data: Annotated[
        Path, typer.Option("--data", help="Annotated sentences (.jsonl, .csv, .tsv): train, dev and test.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; the model is in OUT/model.")],
    extra: Annotated[
        list[Path] | None, typer.Option("--extra", help="Annotated sentences that only train; may be repeated.")
    ] = None,
    gold: Annotated[
        Path | None, typer.Option("--gold", help="A test set of your own; what nearly repeats it does not train.")
    ] = None,
    unlabelled: Annotated[
        Path | None,
        typer.Option(
            "--unlabelled", help="Texts that a student learns from, a line each: .txt or .jsonl, also .gz, .xz or .zst."
        ),
    ] = None,
    teachers: Annotated[
        Path | None,
        typer.Option("--teachers", help="Folder for a student's teachers, where a student of another size finds them."),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option("--encoder", help="Overrides the recipe's encoder: a folder or hub name.")
    ] = None,
) -> None:
    """Fine-tune a model; started again after a kill, it goes on from its last checkpoint."""
    from dataclasses import replace

    from rich.console import Console

    from iraqcoal_nlp.codebook import HEADS
    from iraqcoal_nlp.errors import InputError

    check_training()
    from iraqcoal_nlp.evaluation.checklist import shipped_checklist
    from iraqcoal_nlp.training.data import TrainData
    from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
    from iraqcoal_nlp.training.run import train as run
    from iraqcoal_nlp.training.trainer import is_first_process

    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO if is_first_process() else logging.ERROR)
    settings = TrainRecipe.from_toml(locate_recipe(recipe))
    if encoder:
        settings = replace(settings, encoder=encoder, encoder_name="", encoder_licence="")
    for option, given in (("--unlabelled", unlabelled), ("--teachers", teachers)):
        if given and not settings.student_layers:
            raise InputError(f"{option} is for recipes with a student: set student_layers in the recipe")
    read = TrainData.read(
        data,
        extra=extra or (),
        gold=gold,
        checklist=shipped_checklist(),
        seed=settings.split_seed,
        unlabelled=unlabelled,
    )
    report = run(settings, read, out, teachers=teachers)
    console = Console(quiet=not is_first_process())
    if len(report.seeds.runs) > 1:
        console.print(_seeds(report.seeds))
    for name, scores in report.scores.items():
        figures = ", ".join(f"{head} {scores[head]['macro_f1']:.3f}" for head in HEADS if head in scores)
        console.print(f"{name}, {scores['n_sentences']} sentences, macro-F1: {figures}", highlight=False)
    if not report.scores:
        console.print("nothing was held out to measure on: give more rows, or --gold", highlight=False)
    console.print(
        f"card: {report.folder / 'README.md'}\nuse: iraqcoal score … --model {report.folder}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _seeds(report: SeedsReport) -> Table:
    from rich.table import Table

    table = Table("seed", "epoch kept", "dev stance", "dev events", "", "in the model")
    for run in report.runs:
        score = run.score
        figures = ["", "", ""]
        if score is not None:
            fate = f"{' and '.join(score.collapsed)} collapsed" if score.collapsed else ""
            macro_f1 = (score.stance_macro_f1, score.events_macro_f1)
            figures = [*("" if value is None else f"{value:.3f}" for value in macro_f1), fate]
        used = "yes" if run.seed in report.used else "no"
        table.add_row(str(run.seed), "last" if run.kept_epoch is None else str(run.kept_epoch), *figures, used)
    return table
