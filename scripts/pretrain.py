"""Train an encoder further on a corpus: ``python scripts/pretrain.py ENCODER CORPUS… --out runs/pretrain``.

ENCODER is a folder or hub name, such as ``DATA_ROOT/encoder``. CORPUS: one file or more in UTF-8, ``.txt`` (a paragraph
a line, a blank line between documents) or ``.jsonl`` (rows with a ``text``), also as ``.gz``, ``.xz`` or ``.zst``.
Documents of the domain weigh more. On a CPU take few of the others (``--every 50``) and set ``--max-hours``.

The finished encoder is in ``runs/pretrain/encoder``; a recipe names that folder as its ``encoder``. A killed run goes
on when started again. Name and licence stay those of ENCODER: say so in what you publish.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import fields
from pathlib import Path

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.training.pretrain import PretrainRecipe, pretrain


def main() -> int:
    """Read the arguments, train, and print the losses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", help="folder or hub name")
    parser.add_argument("corpus", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--domain-words", type=Path, help="list of phrases, one a line (default: the package's)")
    default = {field.name: field.default for field in fields(PretrainRecipe)}
    for name, help_text in (
        ("max_hours", "end after so many hours of training (default: no limit)"),
        ("epochs", "passes over the corpus"),
        ("every", "of the documents outside the domain, read each so-many-th"),
        ("domain_weight", "how often a pass reads a block of the domain"),
        ("batch_size", "blocks per pass of the network"),
        ("gradient_accumulation", "passes per step"),
        ("max_length", "pieces of a block"),
        ("learning_rate", "peak rate of the encoder"),
        ("masked_share", "share of the pieces to hide"),
        ("precision", "auto, bf16 or fp32"),
        ("seed", "seed of everything"),
    ):
        value = default[name]
        shown = help_text if "default" in help_text else f"{help_text} (default: {value})"
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value, help=shown)
    settings = vars(parser.parse_args())
    corpus, out, words = (settings.pop(name) for name in ("corpus", "out", "domain_words"))
    logging.basicConfig(format="%(message)s")
    logging.getLogger("iraqcoal_nlp").setLevel(logging.INFO)
    try:
        report = pretrain(PretrainRecipe(**settings), corpus, out, domain_words=words)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("held-out loss | before | after\n--- | --- | ---")
    for kind, loss in report.after.items():
        print(f"{kind} | {report.before[kind]:.3f} | {loss:.3f}")
    print(f"{report.pieces:,} pieces in {report.steps:,} steps and {report.hours:.2f} h; encoder in {report.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
