"""``iraqcoal sample``: the rows that a person should look at first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.cli.options import Scored, check_choice, show_bad_rows
from iraqcoal_nlp.errors import InputError


def sample(
    scored: Scored,
    out: Annotated[
        Path, typer.Option("--out", help="File to write: .jsonl (rows) or .json (tasks of Label Studio, with labels).")
    ],
    strategy: Annotated[str, typer.Option("--strategy", help="entropy, margin, diverse or random.")] = "entropy",
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Rows to choose.")] = 200,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="With random: each one makes another choice.")
    ] = None,
    config_out: Annotated[
        Path | None, typer.Option("--config-out", help="For tasks, also write the labeling configuration: .xml.")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Leave the model's labels out of tasks.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite output files.")] = False,
) -> None:
    """Choose sentences for annotation: those that the model is least certain of, or a random sample to measure on."""
    from iraqcoal_nlp.data.sample import write_sample
    from iraqcoal_nlp.data.uncertainty import SEED, STRATEGIES

    check_choice("--strategy", strategy, STRATEGIES)
    if seed is not None and strategy != "random":
        raise InputError(f"--seed goes with --strategy random: {strategy} leaves nothing to chance")
    report = write_sample(
        scored,
        out,
        strategy=strategy,
        count=count,
        seed=SEED if seed is None else seed,
        config_out=config_out,
        blind=blind,
        overwrite=force,
    )
    print(f"{out}: {report.chosen} of {report.sentences} sentences, by {strategy}", file=sys.stderr)
    show_bad_rows(report.errors)
