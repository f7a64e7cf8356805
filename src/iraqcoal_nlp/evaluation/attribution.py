"""Scores mentions of speakers, places and dates against hand-made gold, by exact spans and by overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iraqcoal_nlp.data.tables import sound_json_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.boundaries import Agreement, Span
from iraqcoal_nlp.text.attribution.find import find_mentions

KINDS: Mapping[str, str | None] = {"speakers": None, "places": "province", "dates": "value"}
"""Each kind of mention, with the fact about it that is judged, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldSentence:
    """One sentence with its true mentions."""

    text: str
    row: Mapping[str, Any]
    """``id, start, end, article_date, speakers, places, dates, continues``; mentions have ``start, end, text`` and
    ``cue``, ``name, province`` or ``value``. Offsets as in :func:`iraqcoal_nlp.find_mentions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionScores:
    """How well one kind of mention was found."""

    exact: Agreement
    """Spans with both ends right."""
    predicted_touching: int
    """Predicted mentions that overlap a gold one."""
    gold_touched: int
    """Gold mentions that overlap a predicted one."""
    facts_right: int | None
    """Exact spans whose province or date is right, too; None if nothing is judged."""

    @property
    def overlap_precision(self) -> float:
        """Share of predicted mentions that overlap a gold one; 1 if nothing was predicted."""
        return self.predicted_touching / self.exact.predicted if self.exact.predicted else 1.0

    @property
    def overlap_recall(self) -> float:
        """Share of gold mentions that overlap a predicted one; 1 if there is no gold."""
        return self.gold_touched / self.exact.gold if self.exact.gold else 1.0

    @property
    def overlap_f1(self) -> float:
        """Harmonic mean of both; 0 if both are 0."""
        total = self.overlap_precision + self.overlap_recall
        return 2 * self.overlap_precision * self.overlap_recall / total if total else 0.0


def read_gold(path: Path, sentences: Path) -> list[GoldSentence]:
    """Read gold mentions and, by their ids, the sentences they are in.

    Raises:
        InputError: A file cannot be read, or a mention does not stand where it says; the message names file and line.
    """
    texts = {row["id"]: row["text"] for _, row in sound_json_rows(sentences)}
    gold = []
    for number, row in sound_json_rows(path):
        if row["id"] not in texts:
            raise InputError(f"{sentences} has no sentence {row['id']!r}", path=path, row=number)
        text = texts[row["id"]]
        for mention in (mention for kind in KINDS for mention in row[kind]):
            start, end = mention["start"] - row["start"], mention["end"] - row["start"]
            if text[start:end] != mention["text"]:
                raise InputError(f"{mention['text']!r} does not stand at its offsets", path=path, row=number)
        gold.append(GoldSentence(text=text, row=row))
    return gold


def score_mentions(gold: Sequence[GoldSentence]) -> dict[str, MentionScores]:
    """Find the mentions of gold sentences, and score each kind; ``continues`` is scored as a kind of its own."""
    found = [
        find_mentions(item.text, offset=item.row["start"], article_date=item.row["article_date"]).to_dict()
        for item in gold
    ]
    pairs = [(item.row, mentions) for item, mentions in zip(gold, found, strict=True)]
    scores = {
        kind: _score([(true[kind], mentions[kind]) for true, mentions in pairs], fact) for kind, fact in KINDS.items()
    }
    whole = {"start": 0, "end": 1}
    flags = [([whole] * true["continues"], [whole] * mentions["continues"]) for true, mentions in pairs]
    return scores | {"continues": _score(flags, None)}


def _score(pairs: Iterable[tuple[list[dict[str, Any]], list[dict[str, Any]]]], fact: str | None) -> MentionScores:
    n_gold = n_predicted = n_exact = touching = touched = right = 0
    for gold, predicted in pairs:
        true, given = {_span(mention): mention for mention in gold}, {_span(mention): mention for mention in predicted}
        shared = true.keys() & given.keys()
        n_gold, n_predicted, n_exact = n_gold + len(true), n_predicted + len(given), n_exact + len(shared)
        touching += sum(_touches(span, true) for span in given)
        touched += sum(_touches(span, given) for span in true)
        right += sum(true[span][fact] == given[span][fact] for span in shared) if fact else 0
    return MentionScores(
        exact=Agreement(gold=n_gold, predicted=n_predicted, shared=n_exact),
        predicted_touching=touching,
        gold_touched=touched,
        facts_right=right if fact else None,
    )


def _span(mention: Mapping[str, Any]) -> Span:
    return mention["start"], mention["end"]


def _touches(span: Span, others: Iterable[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)
