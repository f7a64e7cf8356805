"""The front door: text in, labelled sentences out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from iraqcoal_nlp.codebook import EVENTS, NEUTRAL_STANCE, STANCES
from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.inference.aggregate import aggregate, check_aggregator, merge_windows
from iraqcoal_nlp.inference.calibration import Floats, sigmoid, softmax
from iraqcoal_nlp.inference.explain import explain_sentences
from iraqcoal_nlp.inference.texts import as_whole, check_article, check_results, check_several, check_text, check_texts
from iraqcoal_nlp.model.backends.protocol import Backend
from iraqcoal_nlp.model.fit import check_fit
from iraqcoal_nlp.model.store import ONNX, SAFETENSORS, TOKENIZER, ModelFolder
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.records import (
    NOT_ARABIC,
    WINDOWED,
    Article,
    ArticleResult,
    Sentence,
    SentenceExplanation,
    SentenceResult,
)
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.text.sentences import split_sentences

BACKENDS = ("auto", "onnx", "torch")

DTYPES = ("float32", "bfloat16")
"""Numbers the torch backend computes in."""

SENTENCES_AT_ONCE = 512
"""Articles are gathered until they hold so many sentences: enough to keep all cores busy, little to hold in memory."""

# Letters alone: no tatweel, no signs such as that of the rial.
_ARABIC = re.compile("[\u0620-\u063f\u0641-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f\ufb50-\ufd3d\ufe80-\ufefc]")
_PLACES = 6  # rounding of probabilities: far below any meaning, and rows stay short


class ArticleClassifier:
    """A loaded model. Make one with :func:`iraqcoal_nlp.load`.

    Args:
        folder: The checked model folder.
        backend: The network.
        tokenizer: Its tokenizer.
    """

    def __init__(self, folder: ModelFolder, backend: Backend, tokenizer: SentenceTokenizer) -> None:
        check_aggregator(folder.settings.aggregator)
        self.settings = folder.settings
        """What the folder stores beside the network: thresholds, temperatures, normalizer, lengths."""
        self.model_id = folder.model_id
        """``name@`` and 12 digits of a hash over all files that change a prediction: the ``model`` of every row."""
        self.backend = backend.name
        """What computes the network, such as ``onnx`` or ``torch, cuda, bfloat16``."""
        self._backend = backend
        self._tokenizer = tokenizer
        self._normalize = build_normalizer(folder.settings.normalizer)

    @classmethod
    def from_folder(
        cls,
        path: Path | str,
        *,
        backend: str = "auto",
        device: str = "auto",
        dtype: str = "float32",
        threads: int = 0,
        remember: int = 0,
        verify: bool = True,
    ) -> ArticleClassifier:
        """Open a model folder.

        Args:
            path: The folder.
            backend: ``onnx``, ``torch``, or ``auto``: ONNX if the folder has it and no other device was asked for.
            device: ``auto``, ``cpu``, or a torch device name; without CUDA, that is the CPU.
            dtype: Numbers the torch backend computes in: one of :data:`DTYPES`.
            threads: Sentences the ONNX backend scores at the same time; 0 means one per core.
            remember: Sentences whose scores the ONNX backend keeps for when they come again.
            verify: Whether to check the files against the manifest.

        Raises:
            ModelFolderError: The folder is not whole or lacks weights for the backend.
            ValueError: ``backend`` or ``dtype`` is unknown, the backend does not run on the device or in the type, or a
                number is below 0.
        """
        path = Path(path)
        if backend not in BACKENDS:
            raise ValueError(f"unknown backend {backend!r}: use one of {', '.join(BACKENDS)}")
        if backend == "onnx" and device not in ("auto", "cpu"):
            raise ValueError(f"backend 'onnx' runs on the CPU, not on {device!r}: use backend='torch'")
        if dtype not in DTYPES:
            raise ValueError(f"unknown dtype {dtype!r}: use one of {', '.join(DTYPES)}")
        if threads < 0 or remember < 0:
            raise ValueError(f"threads is {threads} and remember {remember}: neither can be below 0")
        if backend == "onnx" and dtype != DTYPES[0]:
            raise ValueError(
                f"backend 'onnx' computes in the numbers of its graph, not in {dtype}: use backend='torch'"
            )
        folder = ModelFolder.open(path, verify=verify)
        settings = folder.settings
        query = build_normalizer(settings.normalizer)(settings.target_query)
        tokenizer = SentenceTokenizer.from_file(path / TOKENIZER, max_length=settings.max_length, query=query)
        network = _open_backend(folder, backend=backend, device=device, dtype=dtype, threads=threads, remember=remember)
        check_fit(network, tokenizer, path)
        return cls(folder, network, tokenizer)

    def classify(self, text: str, *, doc_id: str = "article") -> ArticleResult:
        """Split one article into sentences and label each.

        An article without any sentence (empty, only symbols, only boilerplate) gives a result with none.
        """
        return next(self.classify_articles([Article(doc_id=doc_id, text=check_text(text))]))

    def classify_sentences(self, texts: Iterable[str]) -> list[SentenceResult]:
        """Label each text as one sentence, without splitting; ``doc_id`` is its place among them.

        Raises:
            TypeError: ``texts`` is a string, a table or a mapping, or holds something else than strings.
        """
        texts = check_texts(texts, "classify_sentences takes a list of sentences")
        pairs = [
            (str(index), Sentence(sent_id=0, start=0, end=len(text), text=text)) for index, text in enumerate(texts)
        ]
        results: list[SentenceResult] = []
        for first in range(0, len(pairs), SENTENCES_AT_ONCE):
            results += self._label(pairs[first : first + SENTENCES_AT_ONCE])
        return results

    def classify_articles(self, articles: Iterable[Article | str], *, split: bool = True) -> Iterator[ArticleResult]:
        """Label a stream of articles, in order, holding only a few in memory.

        Args:
            articles: Articles, or their texts (then ``doc_id`` is the place in the stream).
            split: Whether to split into sentences; if not, each text is one sentence.

        Raises:
            TypeError: ``articles`` is a string, a table or a mapping, or something in it is neither an article nor a
                text: this is raised in its place, after the results of what came before it.
        """
        check_several(articles, "classify_articles takes a stream of articles")
        waiting: list[tuple[Article, list[Sentence]]] = []
        n_sentences = 0
        for index, given in enumerate(articles):
            try:
                article = check_article(given, index)
            except TypeError:
                yield from self._flush(waiting)  # the results of what came before it are not lost
                raise
            sentences = split_sentences(article.text) if split else as_whole(article.text)
            waiting.append((article, sentences))
            n_sentences += max(1, len(sentences))  # an empty article takes its place, too
            if n_sentences >= SENTENCES_AT_ONCE:
                yield from self._flush(waiting)
                waiting, n_sentences = [], 0
        yield from self._flush(waiting)

    def probabilities(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the calibrated probabilities of sentences, at least one, without thresholds or checks.

        Returns:
            Stances, *shape* ``(n_texts, n_stances)``, and events, *shape* ``(n_texts, n_events)``.

        Raises:
            TypeError: ``texts`` is a string, a table or a mapping, or holds something else than strings.
        """
        stance, events, _ = self._score(check_texts(texts, "probabilities takes a list of sentences"))
        return stance, events

    def explain(self, text: str, *, labels: Sequence[str] = ()) -> list[SentenceExplanation]:
        """Split one article, label each sentence, and say which words made it so.

        Args:
            text: The article; the words' offsets point into it.
            labels: Labels to explain in every sentence, beside those that it was given.

        Raises:
            CodebookError: ``labels`` holds an unknown label.
        """
        return self.explain_sentences(self.classify(text).sentences, labels=labels)

    def explain_sentences(
        self, sentences: Sequence[SentenceResult], *, labels: Sequence[str] = ()
    ) -> list[SentenceExplanation]:
        """Say of sentences that this model has labelled which words made them so; one run per word.

        Raises:
            CodebookError: ``labels`` holds an unknown label.
            TypeError: ``sentences`` is a string, a table or a mapping, or holds something else than results.
        """
        return explain_sentences(self.probabilities, check_results(sentences), labels=labels)

    def _flush(self, waiting: Sequence[tuple[Article, list[Sentence]]]) -> Iterator[ArticleResult]:
        pairs = [(article.doc_id, sentence) for article, sentences in waiting for sentence in sentences]
        labelled = iter(self._label(pairs))
        for article, sentences in waiting:
            results = [next(labelled) for _ in sentences]
            yield aggregate(article.doc_id, results, model=self.model_id, extra=article.extra)

    def _label(self, pairs: Sequence[tuple[str, Sentence]]) -> list[SentenceResult]:
        """Score sentences together; each keeps the ``doc_id`` beside it."""
        if not pairs:
            return []
        stance, events, n_windows = self._score([sentence.text for _, sentence in pairs])
        # Thresholds are applied to all at once: on single rows, numpy takes longer to be called than to compute.
        best = stance.argmax(axis=1).tolist()
        accepted = (events >= np.asarray(self.settings.event_thresholds)).tolist()
        stance_probs, event_probs = stance.tolist(), events.tolist()
        return [
            self._result(
                doc_id,
                sentence,
                stance_probs[row],
                event_probs[row],
                best=best[row],
                accepted=accepted[row],
                windowed=n_windows[row] > 1,
            )
            for row, (doc_id, sentence) in enumerate(pairs)
        ]

    def _score(self, texts: Sequence[str]) -> tuple[Floats, Floats, list[int]]:
        """Score raw sentences, at least one.

        Returns:
            Calibrated probabilities, *shapes* ``(n_texts, n_stances)`` and ``(n_texts, n_events)``, and the number of
            windows of each text.
        """
        items = self._tokenizer.windows([self._normalize(text) for text in texts])
        windows = [[tuple(window) for window in item] for item in items]
        # Agencies' copy repeats itself: equal windows are scored once.
        distinct = list(dict.fromkeys(window for item in windows for window in item))
        places = {window: place for place, window in enumerate(distinct)}
        stance_logits, event_logits = self._backend.logits(distinct)
        stance_probs = softmax(stance_logits, self.settings.stance_temperature)
        event_probs = sigmoid(event_logits, self.settings.events_temperature)
        rows = [[places[window] for window in item] for item in windows]
        firsts = [row[0] for row in rows]
        stance, events = stance_probs[firsts], event_probs[firsts]
        for text, row in enumerate(rows):
            if len(row) > 1:
                stance[text], events[text] = merge_windows(stance_probs[row], event_probs[row])
        return stance, events, [len(item) for item in windows]

    def _result(
        self,
        doc_id: str,
        sentence: Sentence,
        stance_probs: Sequence[float],
        event_probs: Sequence[float],
        *,
        best: int,
        accepted: Sequence[bool],
        windowed: bool,
    ) -> SentenceResult:
        """Make the record of a sentence, and say what is unusual; ``best`` is the index of its stance."""
        arabic = _ARABIC.search(sentence.text) is not None
        return SentenceResult(
            doc_id=doc_id,
            sent_id=sentence.sent_id,
            start=sentence.start,
            end=sentence.end,
            text=sentence.text,
            stance=STANCES[best] if arabic else NEUTRAL_STANCE,
            stance_probs={label: round(p, _PLACES) for label, p in zip(STANCES, stance_probs, strict=True)},
            events=tuple(event for event, yes in zip(EVENTS, accepted, strict=True) if yes and arabic),
            event_probs={label: round(p, _PLACES) for label, p in zip(EVENTS, event_probs, strict=True)},
            abstained=not arabic or stance_probs[best] < self.settings.abstain_below,
            flags=tuple(flag for flag, on in ((WINDOWED, windowed), (NOT_ARABIC, not arabic)) if on),
            model=self.model_id,
        )


def _open_backend(
    folder: ModelFolder, *, backend: str, device: str, dtype: str, threads: int, remember: int
) -> Backend:
    onnx, weights = folder.file(ONNX), folder.file(SAFETENSORS)
    if backend == "auto":
        plain = device in ("auto", "cpu") and dtype == DTYPES[0]
        backend = "onnx" if onnx is not None and plain else "torch"
    if backend == "onnx":
        if onnx is None:
            raise ModelFolderError(f"{folder.path}: has no {ONNX}; use backend='torch'")
        from iraqcoal_nlp.model.backends.onnx import OnnxBackend  # noqa: PLC0415 - only the chosen engine loads

        return OnnxBackend(onnx, threads=threads, remember=remember)
    if weights is None:
        raise ModelFolderError(f"{folder.path}: has no {SAFETENSORS}: it runs with backend 'onnx', on the CPU")
    from iraqcoal_nlp.model.backends.torch import TorchBackend  # noqa: PLC0415 - torch takes seconds to load

    return TorchBackend.from_folder(folder.path, device=device, dtype=dtype)
