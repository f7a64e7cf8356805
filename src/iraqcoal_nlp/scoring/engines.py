"""What scores chunks: this process, or several others that each hold a model of their own."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import iraqcoal_nlp
from iraqcoal_nlp.errors import ScoringError
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.records import Article
from iraqcoal_nlp.scoring.chunks import Chunk, Item, ScoredChunk, ScoreOptions, score_chunk

Scorer = Callable[[Iterable[Chunk]], Iterator[tuple[Chunk, ScoredChunk]]]
"""Takes chunks and gives each back with its rows, in order."""

REMEMBERED = 50_000
"""Sentences whose scores a run keeps: agencies' copy comes again within days, and is scored once."""

_WAITING_PER_WORKER = 2  # one that is scored, one that is ready when it is done


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """The arguments of :func:`iraqcoal_nlp.load`. They go to other processes, where a loaded model cannot."""

    model: str | None = None
    backend: str = "auto"
    device: str = "auto"
    dtype: str = "float32"
    threads: int = 0
    remember: int = REMEMBERED
    verify: bool = True

    def load(self) -> ArticleClassifier:
        """Load the model."""
        return iraqcoal_nlp.load(
            self.model,
            backend=self.backend,
            device=self.device,
            dtype=self.dtype,
            threads=self.threads,
            remember=self.remember,
            verify=self.verify,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What scores a run."""

    score: Scorer
    options: ScoreOptions
    model: str
    """The model's name and hash."""
    backend: str
    """What computes it, such as ``onnx``. Noted with a run, as the model, so that it goes on with the same."""


def local_engine(classifier: ArticleClassifier, options: ScoreOptions | None = None) -> Engine:
    """Return an engine that scores in this process."""
    given = options or ScoreOptions()

    def score(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, ScoredChunk]]:
        for chunk in chunks:
            yield chunk, score_chunk(chunk.items, classifier, given)

    return Engine(score=score, options=given, model=classifier.model_id, backend=classifier.backend)


@contextmanager
def open_engine(choice: ModelChoice, options: ScoreOptions, *, workers: int = 1) -> Iterator[Engine]:
    """Open an engine of one or several processes; the rows are the same, in the same order.

    A script that asks for several must do its work under ``if __name__ == "__main__":``: see :mod:`multiprocessing`.

    Args:
        choice: The model. Each process loads it, and scores one sentence at a time if it is told no other ``threads``.
        options: What changes the rows.
        workers: Processes.

    Raises:
        ModelFolderError: The model cannot be found or its folder is not whole.
    """
    engine = local_engine(choice.load(), options)
    if workers == 1:
        yield engine
        return
    choice = replace(choice, threads=choice.threads or 1, verify=False)
    # Not forked: ONNX Runtime and torch keep threads and locks, which a fork would copy in any state.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)
    try:
        yield replace(engine, score=_process_scorer(pool, choice, options, workers))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _process_scorer(pool: ProcessPoolExecutor, choice: ModelChoice, options: ScoreOptions, workers: int) -> Scorer:
    def score(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, ScoredChunk]]:
        waiting: deque[tuple[Chunk, Future[ScoredChunk]]] = deque()
        try:
            for chunk in chunks:
                waiting.append((chunk, pool.submit(_score_there, choice, chunk.items, options)))
                if len(waiting) == workers * _WAITING_PER_WORKER:
                    yield waiting[0][0], waiting[0][1].result()
                    waiting.popleft()
            while waiting:
                yield waiting[0][0], waiting[0][1].result()
                waiting.popleft()
        except BrokenProcessPool:
            raise ScoringError(
                f"a worker process died, killed or out of memory, at one of the articles {_ends(waiting)}: if memory "
                "ran out, give fewer --workers"
            ) from None

    return score


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends the others


@cache
def _loaded(choice: ModelChoice) -> ArticleClassifier:
    return choice.load()


def _score_there(choice: ModelChoice, items: Sequence[Item], options: ScoreOptions) -> ScoredChunk:
    return score_chunk(items, _loaded(choice), options)


def _ends(waiting: Iterable[tuple[Chunk, object]]) -> str:
    """Name the first and the last article that were under way."""
    articles = [item for chunk, _ in waiting for item in chunk.items if isinstance(item, Article)]
    names = [f"{article.source}{'' if article.row is None else f':{article.row}'}" for article in articles]
    return " … ".join(dict.fromkeys([*names[:1], *names[-1:]]))
