"""What the classifier takes; anything else is refused, with a line that says what to give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from iraqcoal_nlp.records import Article, Sentence, SentenceResult

_EMPTY_CELLS = ("float", "NoneType", "NAType", "NaTType")  # what pandas has where a text is missing


def check_text(text: object, place: int | None = None) -> str:
    """Return the text.

    Args:
        text: What was given.
        place: Its index among others; ``None`` if there are none.

    Raises:
        TypeError: It is not a string.
    """
    if isinstance(text, str):
        return text
    kind = type(text).__name__
    if place is None:
        raise TypeError(f"a text must be a string, not {kind}")
    hint = "; drop empty cells first, such as with df.dropna" if kind in _EMPTY_CELLS else ""
    raise TypeError(f"text {place + 1} (index {place}): must be a string, not {kind}{hint}")


def check_texts(texts: Iterable[str], wanted: str) -> list[str]:
    """Return the texts.

    Args:
        texts: What was given.
        wanted: As in :func:`check_several`.

    Raises:
        TypeError: They are no texts.
    """
    check_several(texts, wanted)
    return [check_text(text, place) for place, text in enumerate(texts)]


def check_article(given: Article | str, place: int) -> Article:
    """Return the article; one that was given as a text is named for its index.

    Raises:
        TypeError: Its text is not a string.
    """
    text = check_text(given.text if isinstance(given, Article) else given, place)
    return given if isinstance(given, Article) else Article(doc_id=str(place), text=text)


def check_several(given: object, wanted: str, *, one: str = "classify") -> None:
    """Refuse what would be walked through by its letters, or by the names of its columns.

    Args:
        given: What shall hold texts or the like.
        wanted: Which method takes what, as a sentence without its end.
        one: The method for one text.

    Raises:
        TypeError: It is a string, a mapping, or a table of pandas, polars, pyarrow or ``datasets``.
    """
    if isinstance(given, str):
        raise TypeError(f"{wanted}; for one text use {one}")
    kind = type(given)  # not the object: a pandas column answers to the labels of its rows, too
    if isinstance(given, Mapping) or hasattr(kind, "columns") or hasattr(kind, "column_names"):
        raise TypeError(f"{wanted}, not a {kind.__name__}: give one column, such as df['text']")


def check_results(sentences: Iterable[SentenceResult]) -> list[SentenceResult]:
    """Return the sentences that are to be explained.

    Raises:
        TypeError: They are not labelled sentences.
    """
    wanted = "explain_sentences takes results of classify_sentences"
    check_several(sentences, wanted, one="explain")
    results = list(sentences)
    if others := [type(given).__name__ for given in results if not isinstance(given, SentenceResult)]:
        raise TypeError(f"{wanted}, not a list of {others[0]}")
    return results


def as_whole(text: str) -> list[Sentence]:
    """Return the text as its only sentence; none if it holds only white space."""
    return [Sentence(sent_id=0, start=0, end=len(text), text=text)] if text.strip() else []
