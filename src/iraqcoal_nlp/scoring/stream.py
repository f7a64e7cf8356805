"""Score files of articles as a stream: bounded memory, no row lost."""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iraqcoal_nlp.data.articles import ERRORS_SUFFIX, Columns, list_inputs, read_articles
from iraqcoal_nlp.data.results import check_overwrite, open_writer
from iraqcoal_nlp.errors import InputError, printable
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.records import Article, ArticleResult

UNITS = ("article", "sentence")
"""What an input text is: an article to be split into sentences, or one sentence to be taken as it is."""


class ErrorLog:
    """Rows that could not be scored, in a JSON Lines file of ``source``, ``row`` and ``reason``.

    Args:
        path: The file; an old one is removed, and a new one appears with the first error.
    """

    KEPT = 20
    """So many errors are also kept in memory, to be shown."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self.count = 0
        self.first: list[InputError] = []

    def add(self, error: InputError) -> None:
        """Write one error."""
        self.count += 1
        if len(self.first) < self.KEPT:
            self.first.append(error)
        entry = {
            "source": None if error.path is None else printable(error.path),
            "row": error.row,
            "reason": error.reason,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


@dataclass(slots=True, kw_only=True)
class ScoreReport:
    """What a run did."""

    errors: ErrorLog
    input_bytes: int
    """Size of all input files."""
    articles: int = 0
    sentences: int = 0
    text_bytes: int = 0
    """UTF-8 bytes of the articles scored so far."""
    stances: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, article: Article, result: ArticleResult) -> None:
        """Count one article."""
        self.articles += 1
        self.text_bytes += len(article.text.encode())
        self.sentences += len(result.sentences)
        self.stances.update(sentence.stance for sentence in result.sentences)
        self.events.update(event for sentence in result.sentences for event in sentence.events)


def score_files(
    inputs: Sequence[Path],
    out: Path,
    classifier: ArticleClassifier,
    *,
    columns: Columns | None = None,
    unit: str = "article",
    overwrite: bool = False,
    on_article: Callable[[ScoreReport], None] | None = None,
) -> ScoreReport:
    """Score files or folders into one file.

    A row that cannot be scored is listed in ``<out>.errors.jsonl`` with file, row and reason; the run goes on.

    Args:
        inputs: Files or folders.
        out: ``.jsonl`` or ``.csv`` file; it appears when all is done, if anything could be scored.
        classifier: A loaded model.
        columns: Columns of the text and the article's name, for tables.
        unit: One of :data:`UNITS`.
        overwrite: Whether an existing ``out`` may be replaced.
        on_article: Called after each article with the report so far.

    Raises:
        InputError: An input does not exist, has an unknown type or is the output, or ``out`` cannot be written.
        OSError: The system refused to write on.
        ValueError: ``unit`` is unknown.
    """
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}: use one of {', '.join(UNITS)}")
    writing = open_writer(out)
    error_path = out.with_name(out.name + ERRORS_SUFFIX)
    files = list_inputs(inputs, without=(out, error_path))
    check_overwrite(out, overwrite=overwrite)
    started = time.perf_counter()
    with writing as writer:
        input_bytes = sum(file.path.stat().st_size for file in files)
        report = ScoreReport(errors=ErrorLog(error_path), input_bytes=input_bytes)
        articles = read_articles(files, columns or Columns())
        for article, result in _classify(articles, classifier, report.errors, split=unit == "article"):
            if not result.sentences:
                report.errors.add(no_sentence(article))
                continue
            report.add(article, result)
            writer.write(result.sentences, result.extra)
            if on_article is not None:
                on_article(report)
    report.seconds = time.perf_counter() - started
    return report


def no_sentence(article: Article) -> InputError:
    """Return the error of an article in which there is nothing to label."""
    reason = "holds no sentence: nothing but symbols or boilerplate"
    return InputError(reason, path=article.source, row=article.row)


def _classify(
    articles: Iterable[Article | InputError], classifier: ArticleClassifier, errors: ErrorLog, *, split: bool
) -> Iterator[tuple[Article, ArticleResult]]:
    """Yield each good article with its result, in order; errors go to the log."""
    on_their_way: deque[Article] = deque()  # read, not yet scored: at most what the classifier gathers

    def good() -> Iterator[Article]:
        for item in articles:
            if isinstance(item, InputError):
                errors.add(item)
            else:
                on_their_way.append(item)
                yield item

    for result in classifier.classify_articles(good(), split=split):
        yield on_their_way.popleft(), result
