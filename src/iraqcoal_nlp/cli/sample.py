"""``iraqcoal sample``: the rows that a person should look at first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.cli.options import Scored, check_choice, show_bad_rows


def sample(
    scored: Scored,
    out: Annotated[
        Path, typer.Option("--out", help="File to write: .jsonl (rows) or .json (tasks of Label Studio, with labels).")
    ],
    strategy: Annotated[str, typer.Option("--strategy", help="entropy, margin, diverse or random.")] = "entropy",
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Rows to choose.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another one makes another random choice.")] = 13,
    config_out: Annotated[
        Path | None, typer.Option("--config-out", help="For tasks, also write the labeling configuration: .xml.")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Leave the model's labels out of tasks.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite output files.")] = False,
) -> None:
    """Choose sentences for annotation: those that the model is least certain of, or a random sample to measure on."""
    from iraqcoal_nlp.data.sample import write_sample
    from iraqcoal_nlp.data.uncertainty import STRATEGIES

    check_choice("--strategy", strategy, STRATEGIES)
    report = write_sample(
        scored, out, strategy=strategy, count=count, seed=seed, config_out=config_out, blind=blind, overwrite=force
    )
    print(f"{out}: {report.chosen} of {report.sentences} sentences, by {strategy}", file=sys.stderr)
    show_bad_rows(report.errors)
