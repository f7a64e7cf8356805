"""Chunks of articles: what is read, scored and committed together.

Where a chunk ends depends on the input alone, so a run that was interrupted between two chunks goes on with the same
chunks as one that was not, and one process makes the same as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from iraqcoal_nlp.data.articles import Columns, read_file
from iraqcoal_nlp.data.inputs import InputFile
from iraqcoal_nlp.data.results import row_line
from iraqcoal_nlp.errors import InputError, ScoringError
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.records import INPUT_COLUMNS, Article, ArticleResult, pass_through
from iraqcoal_nlp.text.tags import holds_tags

UNITS = ("article", "sentence")
"""What an input text is: an article to be split into sentences, or one sentence to be taken as it is."""

CHARACTERS = 100_000
"""A chunk ends with the article that brings its text to this length: some 600 sentences."""

ITEMS = 4096
"""A chunk ends after so many articles and errors, however short."""

Item = Article | InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in the input, between two rows."""

    file: int = 0
    """Files that were read to their end."""
    items: int = 0
    """Articles and errors that were read of the next file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Neighbouring articles and errors."""

    items: tuple[Item, ...]
    end: Position
    """Where the next chunk begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """What changes the rows, beside the input and the model."""

    columns: Columns = field(default_factory=Columns)
    """Columns of the text and the article's name, for tables."""
    unit: str = "article"
    """One of :data:`UNITS`."""
    with_source: bool = False
    """Whether each row names its file, row and encoding, in :data:`~iraqcoal_nlp.records.INPUT_COLUMNS`."""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unknown unit {self.unit!r}: use one of {', '.join(UNITS)}")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of what was done. ``+=`` adds those of another."""

    articles: int = 0
    sentences: int = 0
    errors: int = 0
    text_bytes: int = 0
    """UTF-8 bytes of the articles."""
    stances: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    """Articles by the encoding of their file."""
    tagged: int = 0
    """Articles that hold HTML tags."""
    extra_columns: list[str] = field(default_factory=list)
    """Columns that passed through, in the order they were met."""

    def __iadd__(self, other: Tally) -> Tally:
        self.articles += other.articles
        self.sentences += other.sentences
        self.errors += other.errors
        self.text_bytes += other.text_bytes
        self.stances += other.stances
        self.events += other.events
        self.encodings += other.encodings
        self.tagged += other.tagged
        self.extra_columns = list(dict.fromkeys([*self.extra_columns, *other.extra_columns]))
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, ready for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, counts: Mapping[str, Any]) -> Tally:
        """Return what :meth:`to_dict` has written."""
        values: dict[str, Any] = {
            name: Counter(value) if isinstance(value, dict) else value for name, value in counts.items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredChunk:
    """The rows of a chunk, as they are written."""

    rows: bytes
    """Lines of :func:`~iraqcoal_nlp.data.results.row_line`, in UTF-8."""
    errors: tuple[InputError, ...]
    """What could not be read or scored, in the order of the input."""
    tally: Tally


def read_chunks(files: Sequence[InputFile], columns: Columns, start: Position) -> Iterator[Chunk]:
    """Yield the input from a position on, at which an earlier chunk ended."""
    items: list[Item] = []
    characters = 0
    for number in range(start.file, len(files)):
        skipped = start.items if number == start.file else 0
        for place, item in enumerate(islice(read_file(files[number], columns), skipped, None), skipped + 1):
            items.append(item)
            characters += len(item.text) if isinstance(item, Article) else 0
            if characters >= CHARACTERS or len(items) >= ITEMS:
                yield Chunk(items=tuple(items), end=Position(file=number, items=place))
                items, characters = [], 0
    if items:
        yield Chunk(items=tuple(items), end=Position(file=len(files)))


def score_chunk(items: Sequence[Item], classifier: ArticleClassifier, options: ScoreOptions) -> ScoredChunk:
    """Score the articles of a chunk; one without a sentence, or on which the model fails, becomes an error.

    Raises:
        ScoringError: The model fails on all of several articles.
    """
    articles = [item for item in items if isinstance(item, Article)]
    results = iter(_classify(articles, classifier, split=options.unit == "article"))
    lines: list[str] = []
    errors: list[InputError] = []
    tally = Tally()
    extra_columns: dict[str, None] = {}  # an ordered set
    for item in items:
        outcome = next(results) if isinstance(item, Article) else item
        if isinstance(item, InputError) or isinstance(outcome, InputError):
            errors.append(outcome)  # type: ignore[arg-type]  # an item that is an error is its own outcome
            continue
        tail = _tail(item, with_source=options.with_source)
        lines += [row_line(sentence, tail) for sentence in outcome.sentences]
        extra_columns |= dict.fromkeys(tail)
        _count(tally, item, outcome)
    tally.errors = len(errors)
    tally.extra_columns = list(extra_columns)
    return ScoredChunk(rows="".join(lines).encode(), errors=tuple(errors), tally=tally)


def no_sentence(article: Article) -> InputError:
    """Return the error of an article in which there is nothing to label."""
    reason = "holds no sentence: nothing but symbols or boilerplate"
    return InputError(reason, path=article.source, row=article.row)


def _classify(
    articles: Sequence[Article], classifier: ArticleClassifier, *, split: bool
) -> list[ArticleResult | InputError]:
    """Return a result or an error for each article."""
    try:
        results = list(classifier.classify_articles(articles, split=split))
    except Exception as error:  # whatever it is: one article must not end a run over millions
        alone = [_classify_alone(article, classifier, split=split) for article in articles]
        if len(alone) > 1 and all(isinstance(outcome, InputError) for outcome in alone):
            raise ScoringError(f"the model fails on every article ({_in_words(error)})") from error
        return alone
    pairs = zip(articles, results, strict=True)
    return [result if result.sentences else no_sentence(article) for article, result in pairs]


def _classify_alone(article: Article, classifier: ArticleClassifier, *, split: bool) -> ArticleResult | InputError:
    try:
        (result,) = classifier.classify_articles([article], split=split)
    except Exception as error:  # as above; it is listed
        return InputError(f"could not be scored ({_in_words(error)})", path=article.source, row=article.row)
    return result if result.sentences else no_sentence(article)


def _in_words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _tail(article: Article, *, with_source: bool) -> dict[str, Any]:
    source = dict(zip(INPUT_COLUMNS, (article.source, article.row, article.encoding), strict=True))
    return (source if with_source else {}) | pass_through(article.extra)


def _count(tally: Tally, article: Article, result: ArticleResult) -> None:
    tally.articles += 1
    tally.sentences += len(result.sentences)
    tally.text_bytes += len(article.text.encode())
    tally.stances.update(sentence.stance for sentence in result.sentences)
    tally.events.update(event for sentence in result.sentences for event in sentence.events)
    if article.encoding is not None:
        tally.encodings[article.encoding] += 1
    tally.tagged += holds_tags(article.text)
