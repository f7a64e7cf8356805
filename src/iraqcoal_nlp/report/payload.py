"""What the page knows: the scored rows as compact JSON, a column at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.dates import iso_date
from iraqcoal_nlp.data.scored import FactColumns, ScoredRow
from iraqcoal_nlp.records import NOT_ARABIC, SentenceExplanation, SentenceResult

ABSTAINED_BIT, WINDOWED_BIT, NOT_ARABIC_BIT = 1, 2, 4
"""Bits of a row's flags, as the page's script reads them."""

MOST_WORDS = 12
"""Words that the page marks for one label of one sentence."""

# Shares of the strongest word's weight below which a word is not marked: what is less would only be colour.
_LEAST_FOR, _LEAST_AGAINST = 0.1, 0.25
_LABELS = (*STANCES, *EVENTS)


def build_payload(
    rows: Sequence[ScoredRow], columns: FactColumns, explained: Mapping[int, SentenceExplanation]
) -> dict[str, Any]:
    """Return everything that the page shows about the rows, ready for JSON.

    Rows with equal article id, title, date, source and address are one article. Articles stand in the order of their
    first rows, sentences in the order of their numbers.

    Args:
        rows: Good rows of a scored file.
        columns: Where rows keep the facts of their articles.
        explained: Explanations, by place in ``rows``.
    """
    articles: dict[tuple[str, tuple[str | None, ...]], list[int]] = {}
    for place, row in enumerate(rows):
        articles.setdefault(row.article(columns), []).append(place)
    models = list(dict.fromkeys(row.sentence.model for row in rows if row.sentence.model))
    table: dict[str, list[Any]] = {
        name: [] for name in ("article", "sent", "start", "end", "text", "stance", "events", "probs", "flags", "model")
    }
    why = {}
    for number, places in enumerate(articles.values()):
        for place in sorted(places, key=lambda at: rows[at].sentence.sent_id):
            if place in explained and explained[place].labels:
                why[len(table["text"])] = _reasons(explained[place])
            _add(table, rows[place].sentence, number, models)
    entries = [_article(doc_id, *facts) for doc_id, facts in articles]
    return {
        "stances": STANCES,
        "events": EVENTS,
        "models": models,
        "articles": entries,
        "rows": table,
        "why": why,
        "explained": len(why),
        "bad_dates": sum("rawDate" in entry for entry in entries),
    }


def _article(doc_id: str, title: str | None, date: str | None, source: str | None, url: str | None) -> dict[str, str]:
    day = iso_date(date)
    facts = {
        "id": doc_id,
        "title": title,
        "date": day,
        "rawDate": date if day is None else None,
        "source": source,
        "url": url if url is not None and _is_web_address(url) else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _is_web_address(url: str) -> bool:
    """Whether a link may be offered: an address such as ``javascript:…`` would run what an article's author wrote."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _add(table: Mapping[str, list[Any]], sentence: SentenceResult, article: int, models: Sequence[str]) -> None:
    probs = {**sentence.stance_probs, **sentence.event_probs}
    table["article"].append(article)
    table["sent"].append(sentence.sent_id)
    table["start"].append(sentence.start)
    table["end"].append(sentence.end)
    table["text"].append(sentence.text)
    table["stance"].append(STANCES.index(sentence.stance))
    table["events"].append(_bits(event in sentence.events for event in EVENTS))
    table["probs"] += [round(1000 * probs[label]) for label in _LABELS]
    # In the order of the bits above.
    table["flags"].append(_bits([sentence.abstained, sentence.truncated, NOT_ARABIC in sentence.flags]))
    table["model"].append(models.index(sentence.model) if sentence.model else None)


def _bits(facts: Iterable[bool]) -> int:
    return sum(1 << place for place, fact in enumerate(facts) if fact)


def _reasons(explanation: SentenceExplanation) -> dict[int, list[tuple[int, int, int]]]:
    """Return, by number of the label, start and end in the sentence and hundredths of weight of its strongest words."""
    reasons = {}
    for label in explanation.labels:
        strongest = sorted(label.words, key=lambda word: -abs(word.weight))[:MOST_WORDS]
        most = abs(strongest[0].weight)
        start = explanation.sentence.start
        reasons[_LABELS.index(label.label)] = [
            (word.start - start, word.end - start, round(100 * word.weight))
            for word in sorted(strongest, key=lambda word: word.start)
            if abs(word.weight) >= most * (_LEAST_FOR if word.weight > 0 else _LEAST_AGAINST)
            and round(100 * word.weight)
        ]
    return reasons
