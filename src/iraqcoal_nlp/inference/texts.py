"""What the classifier takes; anything else is refused, with a line that says what to give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from iraqcoal_nlp.records import Sentence, SentenceResult


def check_text(text: object) -> str:
    """Return the text.

    Raises:
        TypeError: It is not a string.
    """
    if isinstance(text, str):
        return text
    raise TypeError(f"a text must be a string, not {type(text).__name__}")


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


def whole_text(text: str) -> list[Sentence]:
    """Return the text as its only sentence; none if it holds only white space."""
    return [Sentence(sent_id=0, start=0, end=len(text), text=text)] if text.strip() else []
