"""Stance and events, sentence by sentence, in Arabic news about the International Coalition in Iraq.

>>> import iraqcoal_nlp as iq
>>> clf = iq.load()
>>> clf.classify("طالب البرلمان العراقي بإخراج القوات الأجنبية من البلاد").events
('withdrawal_demand',)
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.errors import CodebookError, InputError, IraqCoalError, ModelFolderError, RecipeError
from iraqcoal_nlp.records import (
    Article,
    ArticleResult,
    LabelExplanation,
    Sentence,
    SentenceExplanation,
    SentenceResult,
    WordAttribution,
)

if TYPE_CHECKING:
    import datetime

    from iraqcoal_nlp.inference.classifier import ArticleClassifier
    from iraqcoal_nlp.text.attribution.gazetteer import Place
    from iraqcoal_nlp.text.attribution.mentions import DateMention, Mentions, PlaceMention, SpeakerMention

__all__ = [
    "EVENTS",
    "STANCES",
    "Article",
    "ArticleClassifier",
    "ArticleResult",
    "CodebookError",
    "DateMention",
    "InputError",
    "IraqCoalError",
    "LabelExplanation",
    "Mentions",
    "ModelFolderError",
    "Place",
    "PlaceMention",
    "RecipeError",
    "Sentence",
    "SentenceExplanation",
    "SentenceResult",
    "SpeakerMention",
    "WordAttribution",
    "__version__",
    "find_mentions",
    "load",
]

_MENTIONS = "iraqcoal_nlp.text.attribution.mentions"
_ELSEWHERE = {
    "ArticleClassifier": "iraqcoal_nlp.inference.classifier",
    "DateMention": _MENTIONS,
    "Mentions": _MENTIONS,
    "Place": "iraqcoal_nlp.text.attribution.gazetteer",
    "PlaceMention": _MENTIONS,
    "SpeakerMention": _MENTIONS,
}
"""Modules of the public names that load when they are asked for: importing the library stays light."""


if not TYPE_CHECKING:  # to type checkers it would mean that any name is there

    def __getattr__(name: str) -> object:
        if name not in _ELSEWHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load(
    model: str | Path | None = None,
    *,
    backend: str = "auto",
    device: str = "auto",
    dtype: str = "float32",
    threads: int = 0,
    remember: int = 0,
    verify: bool = True,
) -> ArticleClassifier:
    """Load a model, ready to classify.

    Args:
        model: ``None`` for the shipped model, a model folder, or a hub name ``owner/name``.
        backend: ``onnx``, ``torch``, or ``auto``: ONNX if the folder has it and no other device was asked for.
        device: ``auto``, ``cpu``, or a torch device name such as ``cuda``; without CUDA, that is the CPU.
        dtype: Numbers the torch backend computes in: ``float32`` or ``bfloat16``.
        threads: Sentences the ONNX backend scores at the same time; 0 means one per core.
        remember: Sentences whose scores the ONNX backend keeps for when they come again, some 250 bytes each; the
            scores are the same.
        verify: Whether to check the model's files against their sha256.

    Raises:
        ModelFolderError: The model cannot be found or its folder is not whole.
        ValueError: ``backend`` or ``dtype`` is unknown, or they do not go together.
    """
    from iraqcoal_nlp.inference.classifier import ArticleClassifier  # noqa: PLC0415 - importing the library stays light
    from iraqcoal_nlp.model.locate import locate_model  # noqa: PLC0415

    return ArticleClassifier.from_folder(
        locate_model(model),
        backend=backend,
        device=device,
        dtype=dtype,
        threads=threads,
        remember=remember,
        verify=verify,
    )


def find_mentions(text: str, *, offset: int = 0, article_date: datetime.date | str | None = None) -> Mentions:
    """Find the speakers, places of Iraq and dates that a sentence mentions, by rules and word lists.

    Args:
        text: A sentence, raw, as it stands in its article.
        offset: Where it starts in the article: what is added to every offset, so that ``article[m.start:m.end] ==
            m.text`` for each mention ``m``.
        article_date: The day of the article, as a date or ``YYYY-MM-DD``. Without it, what is counted from that day
            (``أمس``) stays unresolved.

    Raises:
        ValueError: ``article_date`` is no such day from 1900 to 2100.
    """
    from iraqcoal_nlp.text.attribution.find import find_mentions as find  # noqa: PLC0415 - as above

    return find(text, offset=offset, article_date=article_date)
