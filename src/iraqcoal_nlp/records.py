"""The values that walk through the library. All are frozen; derived facts are properties."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from iraqcoal_nlp.codebook import EVENTS, STANCES

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset


WINDOWED = "windowed"
NOT_ARABIC = "not_arabic"
FLAGS: tuple[str, ...] = (WINDOWED, NOT_ARABIC)
"""``windowed``: longer than the model's window, read in several. ``not_arabic``: holds no Arabic letter, so it is not
judged: stance ``none``, no event, abstained; its probabilities mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as read: nothing removed, nothing replaced."""

    doc_id: str
    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Input columns that the library does not use; they pass through to every row of the article."""
    source: str | None = None
    """File the article came from, or a word for what is not one (``stdin``), for error messages."""
    row: int | None = None
    """1-based row in that file, if it holds several articles."""
    encoding: str | None = None
    """Encoding the file was found to be in; ``None`` for text that came from Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A stretch of an article: ``article.text[start:end] == text``.

    Offsets are Unicode code points, end-exclusive.
    """

    sent_id: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceResult:
    """What the model says of one sentence."""

    doc_id: str
    sent_id: int
    start: int
    end: int
    text: str
    stance: str
    stance_probs: Mapping[str, float]
    """Calibrated probability per stance, in codebook order; they sum to 1 up to rounding to 6 places."""
    events: tuple[str, ...]
    event_probs: Mapping[str, float]
    """Calibrated probability per event, each in [0, 1], independent of the others."""
    abstained: bool
    """Whether the stance should be read by a person: its probability is below the model's abstention level, or the
    sentence is not Arabic."""
    flags: tuple[str, ...]
    """What is unusual about the sentence: any of :data:`FLAGS`."""
    model: str

    @property
    def truncated(self) -> bool:
        """Whether the sentence was longer than the model's window. It was read in overlapping windows, to its end."""
        return WINDOWED in self.flags

    def to_dict(self) -> dict[str, Any]:
        """Return the row of the public contract, ready for JSON."""
        return {
            "doc_id": self.doc_id,
            "sent_id": self.sent_id,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "stance": self.stance,
            "stance_probs": dict(self.stance_probs),
            "events": list(self.events),
            "event_probs": dict(self.event_probs),
            "abstained": self.abstained,
            "truncated": self.truncated,
            "flags": list(self.flags),
            "model": self.model,
        }

    def to_flat(self) -> dict[str, Any]:
        """Return the same facts for a table: see :func:`flatten`."""
        return flatten(self.to_dict())


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleResult:
    """All sentences of an article and what they add up to (rule: :mod:`iraqcoal_nlp.inference.aggregate`)."""

    doc_id: str
    sentences: tuple[SentenceResult, ...]
    stance: str
    stance_counts: Mapping[str, int]
    """Sentences per stance, in codebook order."""
    events: tuple[str, ...]
    event_counts: Mapping[str, int]
    """Sentences per event, in codebook order."""
    model: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the article and its sentence rows, ready for JSON."""
        return self.summary() | {"sentences": [sentence.to_dict() for sentence in self.sentences]}

    def summary(self) -> dict[str, Any]:
        """Return the article's own row, without its sentences; unused input columns come along."""
        return {
            "doc_id": self.doc_id,
            "stance": self.stance,
            "stance_counts": dict(self.stance_counts),
            "events": list(self.events),
            "event_counts": dict(self.event_counts),
            "n_sentences": len(self.sentences),
            "model": self.model,
        } | pass_through(self.extra)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per sentence as a pandas frame, in the flat form; the input's unused columns follow."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and scoring does not need it

        passed = pass_through(self.extra)
        rows = [sentence.to_flat() | passed for sentence in self.sentences]
        # Types of their own: an empty frame would spoil those of all that it is joined with.
        types = dict.fromkeys(("sent_id", "start", "end"), "int64") | dict.fromkeys(PROB_COLUMNS, "float64")
        types |= dict.fromkeys(("abstained", "truncated"), "bool")
        return pd.DataFrame(rows, columns=[*FLAT_COLUMNS, *passed]).astype(types)

    def to_dataset(self) -> Dataset:
        """Return one row per sentence as a ``datasets`` table, nested as in :meth:`SentenceResult.to_dict`.

        Labels have the types of annotation tables (:data:`iraqcoal_nlp.data.datasets.FEATURES`): ``stance`` is a
        ``ClassLabel``, ``events`` a list of them.
        """
        from datasets import ClassLabel, Dataset, Features, Value  # noqa: PLC0415 - as above
        from datasets import Sequence as SequenceFeature  # noqa: PLC0415

        features = Features(
            {
                "doc_id": Value("string"),
                "sent_id": Value("int64"),
                "start": Value("int64"),
                "end": Value("int64"),
                "text": Value("string"),
                "stance": ClassLabel(names=list(STANCES)),
                "stance_probs": {label: Value("float64") for label in STANCES},
                "events": SequenceFeature(ClassLabel(names=list(EVENTS))),
                "event_probs": {label: Value("float64") for label in EVENTS},
                "abstained": Value("bool"),
                "truncated": Value("bool"),
                "flags": SequenceFeature(Value("string")),
                "model": Value("string"),
            }
        )
        rows = [sentence.to_dict() for sentence in self.sentences]
        return Dataset.from_dict({name: [row[name] for row in rows] for name in features}, features=features)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordAttribution:
    """What one word does for one label."""

    word: str
    start: int
    """Offset into the article, like that of the sentence."""
    end: int
    weight: float
    """By how much the label's log-odds (natural logarithm) fall when the word is left out; negative where the word
    speaks against the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelExplanation:
    """Which words make a sentence carry a label (method: :mod:`iraqcoal_nlp.inference.explain`)."""

    label: str
    probability: float
    words: tuple[WordAttribution, ...]
    """Every word of the sentence, in text order."""

    def strongest(self, count: int = 5) -> tuple[WordAttribution, ...]:
        """Return the words that speak for the label, strongest first."""
        for_it = [word for word in self.words if word.weight > 0]
        return tuple(sorted(for_it, key=lambda word: -word.weight)[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceExplanation:
    """A labelled sentence and the reasons for its labels."""

    sentence: SentenceResult
    labels: tuple[LabelExplanation, ...]
    """One for each reported event, for a stance other than ``none``, and for each label that was asked for."""

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return the words of each label with their weights, ready for JSON."""
        return {label.label: [asdict(word) for word in label.words] for label in self.labels}


INPUT_COLUMNS = ("input_file", "input_row", "input_encoding")
"""Columns that say where a row's article was read, if they are asked for."""

PROB_COLUMNS: tuple[str, ...] = tuple(f"prob_{label}" for label in (*STANCES, *EVENTS))
"""Columns of the probabilities in the flat form."""

RESERVED_COLUMNS = frozenset(
    {
        *("doc_id", "sent_id", "start", "end", "text", "stance", "stance_probs", "events", "event_probs"),
        *("abstained", "truncated", "flags", "model", "stance_counts", "event_counts", "n_sentences", "sentences"),
        "why",
        *PROB_COLUMNS,
        *INPUT_COLUMNS,
    }
)
"""Column names of our own rows."""

FLAT_COLUMNS: tuple[str, ...] = (
    *("doc_id", "sent_id", "start", "end", "text", "stance", "events"),
    *PROB_COLUMNS,
    *("abstained", "truncated", "flags", "model"),
)
"""Columns of the flat form, in order."""


def pass_through(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input's unused columns; one with a name of ours comes as ``input_<name>``, if need be twice over."""
    return {
        free_name(key, RESERVED_COLUMNS | extra.keys()) if key in RESERVED_COLUMNS else key: value
        for key, value in extra.items()
    }


def free_name(column: str, taken: Container[str]) -> str:
    """Return ``input_<column>``, with as many ``input_`` as it takes to be none of the names that are taken."""
    name = f"input_{column}"
    while name in taken:
        name = f"input_{name}"
    return name


def flatten(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the public contract for a table.

    There is one column per probability, and events and flags are joined with ``|``; other columns follow.
    """
    row = dict(row)
    probs = {**row.pop("stance_probs"), **row.pop("event_probs")}
    flat = {f"prob_{label}": probs[label] for label in (*STANCES, *EVENTS)}
    flat |= row | {"events": "|".join(row["events"]), "flags": "|".join(row["flags"])}
    return {name: flat.pop(name) for name in FLAT_COLUMNS} | flat
