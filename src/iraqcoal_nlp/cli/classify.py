"""``iraqcoal classify``: look at a few texts."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from iraqcoal_nlp.cli.options import (
    Backend,
    Device,
    Dtype,
    IdColumn,
    Model,
    Stdin,
    TextColumn,
    Threads,
    Verify,
    check_engine,
    gathered,
    show_errors,
    show_tagged,
    show_unread,
    stdin_ending,
)
from iraqcoal_nlp.errors import InputError

_FILE_NAME = re.compile(r"[\w-]+\.[a-z0-9]{2,5}", re.ASCII | re.IGNORECASE)

if TYPE_CHECKING:
    from iraqcoal_nlp.data.articles import Columns
    from iraqcoal_nlp.records import Article, ArticleResult, SentenceExplanation, SentenceResult


def classify(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Texts, files (.txt, .jsonl, .csv, .tsv, .parquet, .html, each also .gz, .xz or .zst), folders, or - "
            "for standard input.",
            metavar="INPUT",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per sentence.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Name the words that speak most for each label.")] = False,
    text_column: TextColumn = "text",
    id_column: IdColumn = "",
    stdin: Stdin = "txt",
    model: Model = None,
    backend: Backend = "auto",
    device: Device = "auto",
    dtype: Dtype = "float32",
    threads: Threads = 0,
    verify: Verify = True,
) -> None:
    """Split texts into sentences and show the stance and the events of each."""
    import iraqcoal_nlp
    from iraqcoal_nlp.data.articles import Columns
    from iraqcoal_nlp.records import pass_through
    from iraqcoal_nlp.scoring.chunks import no_sentence
    from iraqcoal_nlp.text.tags import holds_tags

    check_engine(backend, device, dtype)
    columns = Columns(text=text_column, id=id_column or None)
    unread: Counter[str] = Counter()
    items = list(_articles(inputs, columns, stdin_ending(stdin), unread))
    articles = [item for item in items if not isinstance(item, InputError)]
    errors = [item for item in items if isinstance(item, InputError)]
    if articles:
        classifier = iraqcoal_nlp.load(
            model, backend=backend, device=device, dtype=dtype, threads=threads, verify=verify
        )
        for article, result in zip(articles, classifier.classify_articles(articles), strict=True):
            if not result.sentences:
                errors.append(no_sentence(article))
                continue
            explained = classifier.explain_sentences(result.sentences) if why else []
            if as_json:
                for sentence, reasons in zip_longest(result.sentences, explained):
                    row = sentence.to_dict() | pass_through(result.extra) | ({"why": reasons.to_dict()} if why else {})
                    print(json.dumps(row, ensure_ascii=False))
            else:
                _show(result, explained)
    show_unread(unread)
    show_tagged(sum(holds_tags(article.text) for article in articles))
    show_errors(errors, len(errors))
    if errors:
        raise typer.Exit(1 if len(errors) < len(items) else 2)


def _articles(
    inputs: Sequence[str], columns: Columns, stdin: str, unread: Counter[str]
) -> Iterator[Article | InputError]:
    """Yield what the arguments stand for: standard input, a file or folder, or a text."""
    from iraqcoal_nlp.data.articles import read_articles
    from iraqcoal_nlp.data.inputs import list_inputs
    from iraqcoal_nlp.records import Article

    if inputs.count("-") > 1:
        raise InputError("stdin can be read once: give - only once")
    # Paths that stand side by side are listed together: two files of one name then get different ones.
    for are_paths, group in groupby(enumerate(inputs, 1), key=lambda item: item[1] == "-" or _is_path(item[1])):
        if are_paths:
            paths = [given for _, given in group]
            yield from read_articles(list_inputs(paths, stdin_ending=stdin, unread=unread), columns)
            continue
        for number, given in group:
            if given.strip():
                yield Article(doc_id=f"text-{number}", text=given, source=f"text {number}")
            else:
                yield InputError("the text is empty", path=f"text {number}")


def _is_path(given: str) -> bool:
    """Whether an argument means a file: it exists, or it is one word that looks like a path."""
    from iraqcoal_nlp.data.addresses import is_remote
    from iraqcoal_nlp.data.files import ending_of

    if os.path.exists(given):  # noqa: PTH110 - Path.exists raises for a text too long to be a name
        return True
    looks_like_one = (
        ending_of(given) is not None
        or is_remote(given)
        or ("/" in given and given.isascii())
        or given.startswith(("/", "./", "../", "~"))
        or given.endswith("/")
        or _FILE_NAME.fullmatch(given) is not None
    )
    return looks_like_one and len(given.split()) == 1


def _show(result: ArticleResult, explained: Sequence[SentenceExplanation]) -> None:
    """Print one article as a table, sentences in logical order: the terminal turns Arabic to the right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("stance", no_wrap=True)
    table.add_column("events", no_wrap=True)
    table.add_column("sentence", ratio=1)
    colours = {"favor": "green", "against": "red", "none": "dim"}
    for sentence, reasons in zip_longest(result.sentences, explained):
        stance = Text(f"{sentence.stance} {sentence.stance_probs[sentence.stance]:.2f}", colours[sentence.stance])
        events = "\n".join(f"{event} {sentence.event_probs[event]:.2f}" for event in sentence.events)
        table.add_row(str(sentence.sent_id), stance, Text(events or "-"), Text(sentence.text + _remark(sentence)))
        for label in reasons.labels if reasons else ():
            words = ", ".join(f"{word.word} {word.weight:+.1f}" for word in label.strongest(3))
            table.add_row("", "", Text(f"why {label.label}", "dim"), Text(words or "no single word", "dim"))
    with gathered() as console:
        console.print(Text(_headline(result), "bold"))
        console.print(table)
        console.print()


def _headline(result: ArticleResult) -> str:
    counted = Counter(sentence.stance for sentence in result.sentences if not sentence.abstained)
    stances = ", ".join(f"{counted[stance]} {stance}" for stance in result.stance_counts if counted[stance])
    events = ", ".join(f"{count} {event}" for event, count in result.event_counts.items() if count) or "no event"
    # Uncertain stances do not count for the article's: among the others it would look wrong.
    uncertain = len(result.sentences) - counted.total()
    told = "; ".join(part for part in (stances, f"{uncertain} uncertain" if uncertain else "") if part)
    return f"{result.doc_id}: {result.stance} ({told or 'no sentence'}); {events}"


def _remark(sentence: SentenceResult) -> str:
    remarks = [*sentence.flags, *(["uncertain"] if sentence.abstained else [])]
    return f" [{', '.join(remarks)}]" if remarks else ""
