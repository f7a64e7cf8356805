"""What a training run reads: annotated rows in their roles, and texts without labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.data.corpus import read_corpus
from iraqcoal_nlp.data.corrections import apply_corrections
from iraqcoal_nlp.data.duplicates import find_copies
from iraqcoal_nlp.data.splits import Splits, drop_leaks, split_rows
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.checklist import Case, read_checklist
from iraqcoal_nlp.text.sentences import split_sentences

HELD_OUT, SEED_GOLD = "held-out news", "seed gold"
"""Names of the sets that a run measures itself on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainData:
    """What a run reads."""

    splits: Splits
    """Real sentences: train, dev for calibration and thresholds, test to measure."""
    extra: Sequence[Annotation] = ()
    """Sentences that only train, such as authored ones."""
    gold: Sequence[Annotation] = ()
    """A public test set; nothing that resembles it may train."""
    tests: Mapping[str, Sequence[Annotation]] = field(default_factory=dict)
    """Further test sets by their names; nothing that resembles them may train."""
    checklist: Sequence[Case] = ()
    """Behavioural tests whose pass rates the card tells."""
    unlabelled: Sequence[str] = ()
    """Sentences that a student learns from as its teachers see them; near those that must stay unseen are left out."""

    @classmethod
    def read(
        cls,
        path: Path,
        *,
        extra: Sequence[Path] = (),
        gold: Path | None = None,
        checklist: Path | None = None,
        corrections: Path | None = None,
        seed: int = 13,
        unlabelled: Path | None = None,
    ) -> TrainData:
        """Read annotation files, and split the first: as its rows say, or by document.

        Args:
            path: Annotated sentences, split into train, dev and test.
            extra: Files of annotated sentences that only train.
            gold: A public test set.
            checklist: Behavioural tests.
            corrections: Labels that replace those of the first file, by id.
            seed: Seed of the split by document.
            unlabelled: Texts for a student, one a line; they are cut into sentences.

        Raises:
            InputError: A file cannot be read, or a row is wrong; the message names file and row.
        """
        rows = read_annotations(path)
        if corrections is not None:
            rows = apply_corrections(rows, corrections)
        try:
            splits = split_rows(rows, seed=seed)
        except InputError as error:
            raise InputError(error.reason, path=path) from None
        return cls(
            splits=splits,
            extra=[row for file in extra for row in read_annotations(file)],
            gold=read_annotations(gold) if gold else (),
            checklist=read_checklist(checklist) if checklist else (),
            unlabelled=_sentences(read_corpus([unlabelled])) if unlabelled else (),
        )

    def training_rows(self) -> list[Annotation]:
        """Return all training rows, without those that nearly repeat a sentence that must stay unseen.

        The training side of the splits is compared with the test sets alone: splits by document keep near-duplicates on
        one side, and of given ones that do not, :func:`~iraqcoal_nlp.data.splits.split_rows` warns.
        """
        tests = self._test_rows()
        held_out = [*self.splits.dev, *self.splits.test, *tests]
        return [*drop_leaks(self.splits.train, tests), *drop_leaks(self.extra, held_out)]

    def test_sets(self) -> dict[str, Sequence[Annotation]]:
        """Return the sets that measure, by their names."""
        return {HELD_OUT: self.splits.test, **self.tests, SEED_GOLD: self.gold}

    def _test_rows(self) -> list[Annotation]:
        return [*self.gold, *(row for rows in self.tests.values() for row in rows)]

    def unlabelled_sentences(self) -> list[str]:
        """Return the unlabelled sentences without those that nearly repeat one that must stay unseen."""
        held_out = [row.text for row in (*self.splits.dev, *self.splits.test, *self._test_rows())]
        copies = find_copies(self.unlabelled, held_out)
        return [text for index, text in enumerate(self.unlabelled) if index not in copies]

    def dev_rows(self) -> list[Annotation]:
        """Return the dev rows that choose, those left out that nearly repeat a sentence of a test set."""
        return drop_leaks(self.splits.dev, self._test_rows())

    def sources(self, rows: Sequence[Annotation]) -> str:
        """Say in words where the training rows come from."""
        extra = set(self.extra)
        n_extra = sum(row in extra for row in rows)
        n_sources = len({row.source for row in self.splits.train if row.source is not None})
        given = any(row.split is not None for row in self.splits.train)
        how = "given to training by their file" if given else "split by document, near-duplicates on one side"
        real = f"{len(rows) - n_extra:,} {how}" + (f", from {n_sources} sources" if n_sources else "")
        return real + (f"; {n_extra:,} that only train" if n_extra else "")


def _sentences(texts: Iterable[str]) -> list[str]:
    """Cut texts into sentences, and keep each once."""
    return list(
        dict.fromkeys(text[sentence.start : sentence.end] for text in texts for sentence in split_sentences(text))
    )
