"""Print the slowest of long lines for every public function of text: ``python scripts/long_lines.py``.

Each line repeats one character, or a few, up to five million characters; both alone and between two words. Time that
grows with the square of the length would be hours.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import iraqcoal_nlp as iq
from iraqcoal_nlp.evaluation.hostile import LONG_RUNS
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.store import TOKENIZER, ModelFolder
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.clean import boilerplate_rule, boilerplate_spans, fold_line
from iraqcoal_nlp.text.normalize import NORMALIZERS
from iraqcoal_nlp.text.sentences import split_sentences


def functions(names: Sequence[str]) -> dict[str, Callable[[str], object]]:
    """Return the functions to try, by name; all but the model's if no names are given."""
    folder = ModelFolder.open(locate_model())
    tokenizer = SentenceTokenizer.from_file(folder.path / TOKENIZER, max_length=folder.settings.max_length)
    known: dict[str, Callable[[str], object]] = {
        "split_sentences": split_sentences,
        "boilerplate_spans": boilerplate_spans,
        "boilerplate_rule": boilerplate_rule,
        "fold_line": fold_line,
        **NORMALIZERS,
        "SentenceTokenizer.windows": lambda text: tokenizer.windows([text]),
        "classify": iq.load(threads=1).classify,
    }
    return {name: known[name] for name in names or list(known)[:-1]}


def main() -> int:
    """Read the arguments, run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--characters", type=int, default=5_000_000)
    parser.add_argument("--function", action="append", default=[], help="only this one; may be repeated")
    args = parser.parse_args()
    print(f"{len(LONG_RUNS)} runs of {args.characters:,} characters")
    print("| function | slowest (s) | run of |\n| --- | ---: | ---: |", flush=True)
    for name, function in functions(args.function).items():
        slowest, unit_of = 0.0, ""
        for unit in LONG_RUNS:
            run = unit * (args.characters // len(unit))
            for text in (run, f"بغداد {run} انسحبت"):
                started = time.process_time()
                function(text)
                if (seconds := time.process_time() - started) > slowest:
                    slowest, unit_of = seconds, unit
        print(f"| {name} | {slowest:.1f} | `{ascii(unit_of)[1:-1]}` |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
