"""``iraqcoal sample``: the rows that a person should look at first."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from iraqcoal_nlp.cli.options import Scored, check_choice, show_bad_rows


def sample(
    scored: Scored,
    out: Annotated[Path, typer.Option("--out", help="File to write: .jsonl.")],
    strategy: Annotated[str, typer.Option("--strategy", help="entropy, margin or diverse.")] = "entropy",
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Rows to choose.")] = 200,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
) -> None:
    """Choose the sentences that the model is least certain of, for annotation."""
    from iraqcoal_nlp.data.outputs import whole_file
    from iraqcoal_nlp.data.scored import read_scored_whole
    from iraqcoal_nlp.data.uncertainty import STRATEGIES, uncertain_rows

    check_choice("--strategy", strategy, STRATEGIES)
    with whole_file(out, endings=(".jsonl",), source=scored, overwrite=force) as file:
        rows, errors = read_scored_whole(scored)
        chosen = uncertain_rows(rows, strategy=strategy, count=count)
        for row, uncertainty in chosen:
            line = row.sentence.to_dict() | dict(row.extra) | {"uncertainty": round(uncertainty, 4)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"{out}: {len(chosen)} of {len(rows)} sentences, by {strategy}", file=sys.stderr)
    show_bad_rows(errors)
