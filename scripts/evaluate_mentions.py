"""Print how well speakers, places and dates are found, against the hand-made gold in ``seeds/``.

Three sets: the seed articles, whose wording the rules were written with in view; authored sentences that were used to
mend them; and authored sentences that were annotated before any rule had met them. P, R, F1: first of spans with both
ends right, then of spans that overlap; last, exact spans whose province or date is right, too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from iraqcoal_nlp import IraqCoalError
from iraqcoal_nlp.evaluation.attribution import GoldSentence, MentionScores, read_gold, score_mentions

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
HEADER = """| sentences | mentions | gold | found | P | R | F1 | overlap P | R | F1 | fact right |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def main() -> int:
    """Read the gold, score it, print one line per set and kind."""
    try:
        articles = read_gold(SEEDS / "attribution.jsonl", SEEDS / "gold.jsonl")
        authored = read_gold(SEEDS / "attribution-authored.jsonl", SEEDS / "authored.jsonl")
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    sets: dict[str, list[GoldSentence]] = {"seed articles": articles}
    for sample in ("seen", "unseen"):
        sets[f"authored, {sample}"] = [item for item in authored if item.row["sample"] == sample]
    print(HEADER)
    for name, gold in sets.items():
        for kind, scores in score_mentions(gold).items():
            print(_line(f"{name} ({len(gold)})", kind, scores))
    return 0


def _line(name: str, kind: str, scores: MentionScores) -> str:
    exact = scores.exact
    rates = [exact.precision, exact.recall, exact.f1]
    rates += [scores.overlap_precision, scores.overlap_recall, scores.overlap_f1]
    cells = [name, kind, str(exact.gold), str(exact.predicted), *(f"{rate:.2f}" for rate in rates)]
    cells.append("" if scores.facts_right is None else f"{scores.facts_right} of {exact.shared}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
