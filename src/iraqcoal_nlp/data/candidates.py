"""Sentences of a plain corpus that speak of what the codebook asks for: to be labelled by people or by a teacher.

A corpus holds one paragraph a line and a blank line between documents. A sentence is named by where it stands,
``c<line>-<start>-<end>`` (line from 1, characters from 0), so that labels can be published where the text cannot: see
:func:`read_corpus_labels`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from iraqcoal_nlp.codebook import check_events, check_stance
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.corpus import decoded, numbered_lines
from iraqcoal_nlp.data.duplicates import stable_hash
from iraqcoal_nlp.data.tables import sound_json_rows
from iraqcoal_nlp.errors import CodebookError, InputError
from iraqcoal_nlp.text.sentences import split_sentences

SHORTEST, LONGEST = 25, 600
"""Characters of a sentence that is worth a label: shorter ones are captions, longer ones lists."""

_LINE = 20_000  # characters of a paragraph that are read: longer lines are tables

_FORCES = re.compile(
    "قوات|قواعد|قاعدة|جنود|جيش|وجود|تواجد|احتلال|محتل|انسحاب|بعثة|مهم[ةا]|تحالف|حلف|الناتو|مدرب|مستشار|عسكري|تدخل|ضرب|غار|سحب|دعم"
)
_FOREIGN = re.compile(
    "أميرك|أمريك|امريك|اميرك|واشنطن|أجنب|اجنب|الناتو|حلف شمال|التحالف|الدولي|فرنس|بريطان|روس|ترك|أنقرة|موسكو|إسرائيل"
    "|اسرائيل|السعودي|إيران|ايران|الأمم المتحدة|متعدد|غرب|أطلسي|احتلال|محتل|إثيوبي|أوروبي"
)
_EVENT = re.compile(
    "تعليق|علق|جمد|تجميد|وقف|إيقاف|أوقف|تسليم|تسلم|سلم|استلم|انسح|إنهاء|خفض|تقليص|رحيل|إخراج|مغادرة|طرد|هجوم|قصف|صاروخ|صواريخ"
    "|مسيرة|غار|تفجير|استهدف|اغتيال|عبوة"
)
_ARMED = re.compile(
    "قوات|قواعد|قاعدة|جنود|جيش|عسكري|مهم[ةا]|بعثة|أمن|سلاح|مسلح|رحلات|سفار|تعاون|تحالف|الناتو|معسكر|مطار"
)
_NOT_LETTERS = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class CorpusSentence:
    """A sentence of a corpus."""

    id: str
    """Where it stands: ``c<line>-<start>-<end>``."""
    doc_id: str
    """Its document: ``corpus:<number>``, from 0."""
    text: str


def is_in_domain(text: str) -> bool:
    """Whether the text has the words of a foreign force, or of an event and an armed or official body."""
    if _FORCES.search(text) and _FOREIGN.search(text):
        return True
    return _EVENT.search(text) is not None and _ARMED.search(text) is not None


def in_domain_sentences(path: Path) -> Iterator[CorpusSentence]:
    """Yield the in-domain sentences of a corpus, each text once.

    Args:
        path: ``.txt`` in UTF-8, also as ``.gz``, ``.xz`` or ``.zst``.

    Raises:
        InputError: The file is missing, damaged or not UTF-8.
    """
    seen = set()
    for number, document, line in _paragraphs(path):
        paragraph = line[:_LINE]
        if not is_in_domain(paragraph):
            continue
        for sentence in split_sentences(paragraph):
            text = paragraph[sentence.start : sentence.end]
            if SHORTEST <= len(text) <= LONGEST and is_in_domain(text):
                key = stable_hash(letters_of(text))
                if key not in seen:
                    seen.add(key)
                    yield CorpusSentence(f"c{number}-{sentence.start}-{sentence.end}", document, text)


def letters_of(text: str) -> str:
    """Return the text without spaces and marks: what two prints of one sentence share."""
    return _NOT_LETTERS.sub("", text)


def fingerprint(text: str) -> str:
    """Return 16 hexadecimal digits of the text's SHA-256: they show that a corpus holds what was labelled."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def read_corpus_labels(labels: Path, corpus: Path) -> list[Annotation]:
    """Read labels that were published without their texts, and the texts from the corpus.

    Args:
        labels: JSON Lines with ``id``, ``sha256`` (see :func:`fingerprint`), ``stance``, ``events``.
        corpus: The corpus that the ids name.

    Raises:
        InputError: A file cannot be read, a row is malformed, or the corpus holds another text in that place; the
            message names file and row.
    """
    wanted: dict[int, list[tuple[int, int, int, str, Annotation]]] = {}
    order: dict[str, int] = {}
    for row, entry in sound_json_rows(labels):
        try:
            line, start, end = (int(part) for part in str(entry["id"]).removeprefix("c").split("-"))
            stance, events = check_stance(entry["stance"]), check_events(entry["events"])
            label = Annotation(id=str(entry["id"]), doc_id="", text="", stance=stance, events=events, source="corpus")
            wanted.setdefault(line, []).append((row, start, end, entry["sha256"], label))
        except (ValueError, TypeError, KeyError, CodebookError) as error:
            raise InputError(f"not a label of a corpus sentence ({error})", path=labels, row=row) from None
        if label.id in order:
            raise InputError(f"{label.id} has a label already, in row {order[label.id]}", path=labels, row=row)
        order[label.id] = row
    found: dict[str, Annotation] = {}
    for number, document, paragraph in _paragraphs(corpus):
        for row, start, end, sha256, label in wanted.get(number, ()):
            text = paragraph[start:end]
            if fingerprint(text) != sha256:
                raise InputError(f"{corpus.name} holds another text at {label.id}", path=labels, row=row)
            found[label.id] = replace(label, doc_id=document, text=text)
    missing = [name for name in order if name not in found]
    if missing:
        raise InputError(f"{corpus.name} is too short: it has no {missing[0]}", path=labels)
    return [found[name] for name in order]


def _paragraphs(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield each paragraph with the number of its line and the name of its document."""
    document = 0
    for number, raw in numbered_lines(path):
        line = decoded(raw, path=path, row=number).rstrip("\n")
        if line.strip():
            yield number, f"corpus:{document}", line
        else:
            document += 1
