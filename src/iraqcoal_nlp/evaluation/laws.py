"""What must hold for any text whatever; ``scripts/fuzz.py`` and tests try it on millions.

A law takes one input and raises ``AssertionError`` where it does not hold. To add a target to the script, add its law
to :data:`TARGETS`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from tokenizers import Tokenizer

import iraqcoal_nlp as iq
from iraqcoal_nlp.evaluation.file_laws import check_reading, hold
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.backends.protocol import Floats
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.store import TOKENIZER, ModelFolder
from iraqcoal_nlp.model.tokenizing import OVERLAP, SentenceTokenizer
from iraqcoal_nlp.records import FLAGS, FLAT_COLUMNS, ArticleResult
from iraqcoal_nlp.text.clean import LONGEST, boilerplate_rule, boilerplate_spans, fold_line
from iraqcoal_nlp.text.normalize import NEWS_V1, NORMALIZERS, build_normalizer
from iraqcoal_nlp.text.sentences import split_sentences

Law = Callable[[str], None]
Target = Callable[[bytes], None]

_LENGTH_STAYS = ("letters.v1", "digits.v1", "quotes.v1", "orthography.v1")
_LONGEST_UNFOLDED = 18  # characters that one ligature stands for (U+FDFA)
_LINE_END = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]")
_TATWEEL = "ـ"
_OFFSET = 7  # of a sentence in its article
_DAY = re.compile(r"\d{4}(-\d\d){0,2}")


def check_boilerplate(text: str) -> None:
    """Spans stand in order inside lines; folding a folded line changes neither it nor the rule that takes it."""
    previous = 0
    for start, end in boilerplate_spans(text):
        hold(previous <= start < end <= len(text), f"span {start}-{end} is out of order")
        hold(not _LINE_END.search(text, start, end), f"span {start}-{end} crosses a line end")
        previous = end
    folded = fold_line(text)
    hold(fold_line(folded) == folded, "folding twice differs from folding once")
    if max(len(text), len(folded)) <= LONGEST and len(folded) > 1:
        hold(boilerplate_rule(folded) == boilerplate_rule(text), "another rule takes the folded line")


def check_sentences(text: str) -> None:
    """Offsets point into the text, no letter or digit is lost, sentences and gaps rebuild the text."""
    sentences = split_sentences(text)
    kept = bytearray(len(text))
    rebuilt, previous = "", 0
    for number, sentence in enumerate(sentences):
        hold(sentence.sent_id == number, "sentences are not numbered from 0")
        hold(text[sentence.start : sentence.end] == sentence.text, f"offsets of {number} point elsewhere")
        hold(previous <= sentence.start < sentence.end, f"sentence {number} overlaps")
        hold(any(char.isalnum() and char != _TATWEEL for char in sentence.text), f"sentence {number} has no letter")
        hold(sentence.text == sentence.text.strip(), f"sentence {number} has space at its edge")
        hold(not _LINE_END.search(sentence.text), f"sentence {number} crosses a line end")
        rebuilt += text[previous : sentence.start] + sentence.text
        previous = sentence.end
        kept[sentence.start : sentence.end] = b"s" * len(sentence.text)
    hold(rebuilt + text[previous:] == text, "sentences and gaps do not rebuild the text")
    for start, end in boilerplate_spans(text):
        hold(not any(kept[start:end]), "boilerplate stands in a sentence")
        kept[start:end] = b"b" * (end - start)
    lost = {char for char, mark in zip(text, kept, strict=True) if not mark and char != _TATWEEL}
    hold(not [char for char in lost if unicodedata.category(char)[0] in "LN"], f"lost {sorted(lost)}")


def check_normalizing(text: str) -> None:
    """Every step takes any text; the shipped model's steps lose no letter and no digit."""
    for name, step in NORMALIZERS.items():
        changed = step(text)
        hold(len(changed) <= _LONGEST_UNFOLDED * len(text), f"{name} makes the text longer without bound")
        hold(name not in _LENGTH_STAYS or len(changed) == len(text), f"{name} changes the length")
    read = _news()(text)
    hold(_skeleton(read) == _skeleton(text), "the shipped model's steps lose a letter or a digit")
    hold(not any(unicodedata.category(char) == "Cc" for char in read), "a control character is left")


def check_tokenizing(text: str) -> None:
    """Windows are no longer than the model reads, overlap, and hold every piece in order."""
    tokenizer, plain, width = _tokenizers()
    (windows,) = tokenizer.windows([text])
    whole = plain.encode(text.encode("utf-8", "replace").decode(), add_special_tokens=False).ids
    bodies = [window[1:-1] for window in windows]  # the shipped tokenizer sets one special piece on each side
    room = width - 2
    hold(all(len(body) <= room for body in bodies), "a window is longer than the model reads")
    hold(len(bodies) == 1 or all(len(body) == room for body in bodies), "a window is not full")
    last = len(whole) - room
    starts = [0] if last <= 0 else [*range(0, last, room - OVERLAP), last]
    hold(all(b - a <= room - OVERLAP for a, b in pairwise(starts)), "windows do not overlap")
    hold(bodies == [whole[start : start + room] for start in starts], "a piece is lost")


def check_mentions(text: str) -> None:
    """Speakers, places and dates stand in the text, in order, and none of a kind overlaps another."""
    for day in (None, datetime.date(2020, 1, 5)):
        found = iq.find_mentions(text, offset=_OFFSET, article_date=day)
        for mentions in (found.speakers, found.places, found.dates):
            previous = 0
            for mention in mentions:
                start, end = mention.start - _OFFSET, mention.end - _OFFSET
                hold(previous <= start < end <= len(text), f"mention {start}-{end} is out of order")
                hold(text[start:end] == mention.text, "offsets of a mention point elsewhere")
                previous = end
        values = [date.value for date in found.dates if date.value is not None]
        hold(all(_DAY.fullmatch(value) for value in values), f"values {values}")
        json.dumps(found.to_dict())


def check_labelling(text: str) -> None:
    """Everything but the network, which answers with extreme numbers: rows are whole and probabilities finite."""
    classifier = _with_extreme_logits()
    check_result(text, classifier.classify(text))
    (whole,) = classifier.classify_sentences([text])
    hold((whole.start, whole.end, whole.text) == (0, len(text), text), "a sentence given whole is changed")


def check_explaining(text: str) -> None:
    """The words of an explanation stand in the text, in order, and their weights are finite."""
    for explained in _with_extreme_logits().explain(text, labels=[iq.STANCES[0]]):
        for label in explained.labels:
            previous = explained.sentence.start
            for word in label.words:
                hold(previous <= word.start < word.end <= explained.sentence.end, "a word is out of order")
                hold(text[word.start : word.end] == word.word, "offsets of a word point elsewhere")
                hold(math.isfinite(word.weight), f"weight {word.weight}")
                previous = word.end


def check_classifying(text: str) -> None:
    """The same for the shipped model."""
    check_result(text, _shipped().classify(text))


def check_result(text: str, result: ArticleResult) -> None:
    """Offsets, probabilities, labels and counts of a result agree with each other."""
    hold(len(result.sentences) == len(split_sentences(text)), "a sentence is lost")
    for row in result.sentences:
        hold(text[row.start : row.end] == row.text, "offsets point elsewhere")
        probs = [*row.stance_probs.values(), *row.event_probs.values()]
        hold(all(math.isfinite(p) and 0.0 <= p <= 1.0 for p in probs), f"probabilities {probs}")
        hold(abs(sum(row.stance_probs.values()) - 1.0) < 1e-5, f"stance probabilities sum to {row.stance_probs}")
        hold(set(row.flags) <= set(FLAGS), f"unknown flags {row.flags}")
        hold(list(row.to_flat()) == list(FLAT_COLUMNS), "the flat row has other columns")
        likely = max(row.stance_probs.values()) - row.stance_probs[row.stance] <= 1e-6
        hold(likely or "not_arabic" in row.flags, "the stance is not the likeliest")
    hold(sum(result.stance_counts.values()) == len(result.sentences), "stance counts miss a sentence")
    hold({e for row in result.sentences for e in row.events} == set(result.events), "events of the article differ")
    written = json.dumps(result.to_dict())  # as text: JSON joins the halves of a surrogate pair
    hold(json.dumps(json.loads(written)) == written, "the row changes in JSON")


def on_text(law: Law) -> Target:
    """Make a target of a law about texts: bytes that are no UTF-8 become half surrogates."""

    def check(data: bytes) -> None:
        law(to_text(data))

    return check


def to_text(data: bytes) -> str:
    """Decode any bytes to a text; the inverse of :func:`to_bytes`."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Encode any text, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


TARGETS: dict[str, Target] = {
    "boilerplate": on_text(check_boilerplate),
    "sentences": on_text(check_sentences),
    "normalizing": on_text(check_normalizing),
    "tokenizing": on_text(check_tokenizing),
    "mentions": on_text(check_mentions),
    "reading": check_reading,
    "labelling": on_text(check_labelling),
    "explaining": on_text(check_explaining),
    "classifying": on_text(check_classifying),
}
"""What ``scripts/fuzz.py --target`` takes: a function of bytes that raises where a law does not hold."""


class ExtremeLogits:
    """A backend whose logits are far from anything a network says, but the same for the same window."""

    name = "extreme"
    _VALUES = np.array([0.0, -0.0, 1e-38, 0.5, -0.5, 88.0, -88.0, 1e4, -1e4, 3e38, -3e38], dtype=np.float32)

    def logits(self, windows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """See :meth:`iraqcoal_nlp.model.backends.protocol.Backend.logits`."""
        keys = [hashlib.blake2b(np.array(window).tobytes(), digest_size=7).digest() for window in windows]
        values = self._VALUES[np.array([list(key) for key in keys]) % len(self._VALUES)]
        return values[:, : len(iq.STANCES)], values[:, len(iq.STANCES) :]


def _skeleton(text: str) -> str:
    """Return the letters and digits of a text, without marks, ligatures and foreign forms."""
    plain = unicodedata.normalize("NFKD", text)
    folded = NORMALIZERS["digits.v1"](NORMALIZERS["letters.v1"](plain))
    return "".join(char for char in folded if char.isalnum() and char != _TATWEEL)


@cache
def _news() -> Callable[[str], str]:
    return build_normalizer(NEWS_V1)


@cache
def _folder() -> ModelFolder:
    return ModelFolder.open(locate_model())


@cache
def _tokenizers() -> tuple[SentenceTokenizer, Tokenizer, int]:
    """Return the shipped model's tokenizer, the same without our windows, and the pieces in a window."""
    path, width = _folder().path / TOKENIZER, _folder().settings.max_length
    plain = Tokenizer.from_file(str(path))
    plain.no_truncation()
    plain.no_padding()
    return SentenceTokenizer.from_file(path, max_length=width), plain, width


@cache
def _with_extreme_logits() -> ArticleClassifier:
    return ArticleClassifier(_folder(), ExtremeLogits(), _tokenizers()[0])


@cache
def _shipped() -> ArticleClassifier:
    return iq.load(threads=1)
