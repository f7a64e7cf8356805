"""Further pre-training of an encoder on a corpus, words of the domain first: it guesses hidden words.

Gururangan et al. (2020, arXiv:2004.10964) call it domain-adaptive pre-training. The encoder that comes out is what a
recipe of fine-tuning names as its ``encoder``.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedModel, Trainer, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback
from transformers.utils.logging import disable_progress_bar

from iraqcoal_nlp.data.corpus import read_documents
from iraqcoal_nlp.data.domain import DomainWords
from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import InputError, RecipeError
from iraqcoal_nlp.model.encoder import (
    encoder_pipeline,
    load_encoder_config,
    load_encoder_tokenizer,
    load_masked_lm,
    save_encoder,
)
from iraqcoal_nlp.model.identity import encoder_id
from iraqcoal_nlp.model.manifest import file_sha256
from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer
from iraqcoal_nlp.training.blocks import Blocks, cut_into_blocks
from iraqcoal_nlp.training.clock import Clock
from iraqcoal_nlp.training.masked_lm import MaskedTrainer, Rates, masked_lm_loss
from iraqcoal_nlp.training.masking import NOT_ASKED, MaskedCollator, MaskedDraws, Masker, draws
from iraqcoal_nlp.training.trainer import claim_folder, last_checkpoint, uses_bf16

LOGGER = logging.getLogger(__name__)

ENCODER = "encoder"
"""Folder of the finished encoder inside the run's folder."""

BLOCKS, CHECKPOINTS, BEFORE, CLOCK, REPORT = "blocks.npz", "checkpoints", "before.json", "clock.json", "pretrain.json"

KINDS = {"domain": True, "other": False}
"""Kinds of held-out text that are measured, and whether each is of the domain."""

_MEASURED = 200  # blocks of each kind: some four thousand hidden pieces, half a minute on one core
_TELL_EVERY = 10  # steps


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainRecipe:
    """Settings of one pre-training run."""

    encoder: str
    """Hub name or folder of a BERT-like checkpoint."""
    revision: str = "main"
    """Branch, tag or commit of the encoder on its hub."""
    normalizer: tuple[str, ...] = NEWS_V1
    """Names of the normalization steps, in order: those of the recipe that will fine-tune."""
    max_length: int = 128
    """Pieces of a block."""
    epochs: float = 1.0
    """Passes over the corpus, the domain's share counted as often as its weight says."""
    max_hours: float = 0.0
    """Hours of training after which the run ends, whatever is left of the epochs; those before a kill count. The rates
    fall with the time as they do with the steps. 0 sets no limit, and only then is a run exactly repeatable."""
    domain_weight: int = 5
    """How often a pass reads a block of the domain; the others once."""
    every: int = 1
    """Of the documents outside the domain, each so-many-th is read."""
    masked_share: float = 0.15
    """Share of the pieces that are hidden, in whole words."""
    batch_size: int = 64
    """Blocks per pass of the network."""
    gradient_accumulation: int = 1
    """Passes per step of the optimizer."""
    learning_rate: float = 2e-4
    """Peak rate of the encoder (AdamW); linear warm-up, then linear to 0."""
    head_learning_rate: float = 1e-3
    """Peak rate of the head that guesses."""
    head_ratio: float = 0.02
    """Share of the run in which the head learns alone, so that a new one does not disturb the encoder (Kumar et al.,
    2022, arXiv:2202.10054)."""
    warmup_ratio: float = 0.06
    """Share of the run in which a rate rises."""
    weight_decay: float = 0.01
    """AdamW's decay; biases and layer norms have none."""
    precision: str = "auto"
    """``bf16`` autocast, ``fp32``, or ``auto``: bf16 where that is faster."""
    seed: int = 13
    """Seed of a new head, of the dropout, of the order and of what is hidden."""

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            RecipeError: A value is outside its range.
        """
        at_least = dict.fromkeys(("domain_weight", "every", "batch_size", "gradient_accumulation"), 1)
        for key, least in (at_least | {"max_hours": 0, "head_ratio": 0, "warmup_ratio": 0, "seed": 0}).items():
            if getattr(self, key) < least:
                raise RecipeError(f"{key} is {getattr(self, key)}: use {least} or a number above it")
        for key in ("epochs", "learning_rate", "head_learning_rate", "masked_share"):
            if getattr(self, key) <= 0:
                raise RecipeError(f"{key} is {getattr(self, key)}: use a number above 0")
        for key in ("masked_share", "head_ratio", "warmup_ratio"):
            if getattr(self, key) >= 1:
                raise RecipeError(f"{key} is {getattr(self, key)}: use a number below 1")
        if self.precision not in ("auto", "bf16", "fp32"):
            raise RecipeError(f"precision is {self.precision!r}: use one of auto, bf16, fp32")


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainReport:
    """What a run came to. Losses are nats per hidden piece of held-out documents, by kind, where there is any."""

    folder: str
    """The encoder, for a recipe."""
    before: Mapping[str, float]
    """With the head as it was loaded: a new one guesses at random."""
    after: Mapping[str, float]
    steps: int
    pieces: int
    """Pieces read, padding not counted."""
    hours: float


def pretrain(
    recipe: PretrainRecipe, corpus: Sequence[Path], out: Path, *, domain_words: Path | None = None
) -> PretrainReport:
    """Train an encoder further on a corpus; called again, a killed run goes on from its last checkpoint.

    Documents that hold phrases of the domain weigh more. One document in a hundred is held out. The corpus's pieces lie
    in memory, four bytes each, and in a file of the run's folder.

    Args:
        recipe: Settings of the run.
        corpus: Files as of :func:`~iraqcoal_nlp.data.corpus.read_documents`.
        out: Folder of the run.
        domain_words: List of phrases (:class:`~iraqcoal_nlp.data.domain.DomainWords`); ``None`` is the package's.

    Returns:
        The encoder's folder and the losses.

    Raises:
        InputError: The corpus cannot be read, or holds too little to train on.
        ModelFolderError: The encoder cannot be found, read or trained so.
        RecipeError: ``out`` holds another run.
    """
    disable_progress_bar()  # those of loading and writing one file; the Trainer's stays
    domain = DomainWords.read(domain_words)
    encoder = encoder_id(recipe.encoder, recipe.revision)  # its folder may have been written anew
    data = f"{encoder} {[file_sha256(path) for path in corpus if path.is_file()]} {domain.phrases}"
    claim_folder(out, f"{replace(recipe, max_hours=0, encoder='')!r} {data}", checkpoints="*/*")
    if (out / REPORT).is_file():
        told = json.loads((out / REPORT).read_text("utf-8"))
        done = PretrainReport(**told | {"folder": str(out / ENCODER)})  # the run may have been moved
        LOGGER.info("this run has ended before: %s", done.folder)
        return done
    set_seed(recipe.seed)
    config = load_encoder_config(recipe.encoder, revision=recipe.revision)
    config.dtype = torch.float32
    model = load_masked_lm(recipe.encoder, config, revision=recipe.revision)
    pipeline = encoder_pipeline(recipe.encoder, revision=recipe.revision)
    roles = AutoTokenizer.from_pretrained(recipe.encoder, revision=recipe.revision).special_tokens_map
    special = {role: str(piece) for role, piece in roles.items() if isinstance(piece, str)}
    masker = Masker.of(pipeline, special.values(), special.get("mask_token", "<mask>"), share=recipe.masked_share)
    blocks = _blocks(recipe, corpus, domain, out, data)
    rows = draws(blocks, domain_weight=recipe.domain_weight)
    if not len(rows):
        raise InputError("holds no document of more than a few words", path=corpus[0])
    training = _Run(recipe, model, masker, blocks, len(rows), out)
    before = training.measured_before()
    trainer = training.train()
    after = training.losses()
    for kind, loss in after.items():
        LOGGER.info("held-out loss, %s: %.3f before, %.3f after", kind, before[kind], loss)
    trained = cast("PreTrainedModel", model.base_model)
    (out / ENCODER).mkdir(exist_ok=True)
    save_encoder(trained.cpu(), pipeline, special, out / ENCODER, half=False)
    report = PretrainReport(
        folder=str(out / ENCODER), before=before, after=after, steps=trainer.state.global_step,
        pieces=int(trainer.state.num_input_tokens_seen), hours=round(training.clock.seconds / 3600, 4),
    )  # fmt: skip
    write_whole(out / REPORT, [json.dumps(asdict(report), indent=2), "\n"])
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return report


def _blocks(recipe: PretrainRecipe, corpus: Sequence[Path], domain: DomainWords, out: Path, data: str) -> Blocks:
    """Cut the corpus into blocks, or read those that an earlier call has left."""
    fingerprint = f"{data} {recipe.encoder} {recipe.revision} {recipe.normalizer} {recipe.max_length} {recipe.every}"
    found = Blocks.load(out / BLOCKS, fingerprint)
    if found is None:
        tokenizer = load_encoder_tokenizer(recipe.encoder, max_length=recipe.max_length, revision=recipe.revision)
        normalize = build_normalizer(recipe.normalizer)
        found = cut_into_blocks(read_documents(corpus), tokenizer, normalize, domain, every=recipe.every)
        found.save(out / BLOCKS, fingerprint)
    LOGGER.info(
        "%s pieces in %s blocks, %s of the domain, %s held out",
        *(f"{n:,}" for n in (len(found.pieces), len(found), found.in_domain.sum(), found.held_out.sum())),
    )
    return found


class _Run:
    """The network, what it reads, and how it is judged."""

    def __init__(
        self, recipe: PretrainRecipe, model: PreTrainedModel, masker: Masker, blocks: Blocks, n_rows: int, out: Path
    ) -> None:
        self._recipe, self._model, self._masker, self._blocks, self._out = recipe, model, masker, blocks, out
        self._batch_size = min(recipe.batch_size, n_rows)
        self._n_steps = math.ceil(recipe.epochs * n_rows / (self._batch_size * recipe.gradient_accumulation))
        self._collator = MaskedCollator(pad_id=model.config.pad_token_id or 0)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._checkpoint = last_checkpoint(out / CHECKPOINTS)
        if self._checkpoint is None:  # what an earlier call may have left tells nothing
            (out / CLOCK).unlink(missing_ok=True)
            (out / BEFORE).unlink(missing_ok=True)
        self.clock = Clock(recipe.max_hours, out / CLOCK)

    def measured_before(self) -> dict[str, float]:
        """Return the losses before the first step, from the file of the call that began."""
        path = self._out / BEFORE
        if not path.is_file():
            write_whole(path, [json.dumps(self.losses())])
        return cast("dict[str, float]", json.loads(path.read_text("utf-8")))

    def losses(self) -> dict[str, float]:
        """Measure the network on held-out blocks, always the same ones with the same words hidden."""
        self._model.to(self._device)  # type: ignore[arg-type]  # wrapped signature
        self._model.train(mode=False)
        autocast = torch.autocast(self._device.type, torch.bfloat16, enabled=uses_bf16(self._recipe.precision))
        found = {}
        for kind, in_domain in KINDS.items():
            rows = np.flatnonzero(self._blocks.held_out & (self._blocks.in_domain == in_domain))[:_MEASURED]
            total = n_asked = 0.0
            for first in range(0, len(rows), self._batch_size):
                items = []
                for row in rows[first : first + self._batch_size]:
                    read, labels = self._masker.hide(self._blocks[row], np.random.default_rng((0, int(row))))
                    items.append({"input_ids": read, "labels": labels})
                batch = {name: value.to(self._device) for name, value in self._collator(items).items()}
                with torch.inference_mode(), autocast:
                    asked = int((batch["labels"] != NOT_ASKED).sum())
                    total += float(masked_lm_loss(self._model, batch)) * asked
                n_asked += asked
            if n_asked:
                found[kind] = round(total / n_asked, 4)
        return found

    def train(self) -> Trainer:
        """Train to the last step or the end of the time."""
        recipe = self._recipe
        given = MaskedDraws(
            self._blocks, self._masker, batch_size=self._batch_size,
            n_batches=self._n_steps * recipe.gradient_accumulation, domain_weight=recipe.domain_weight,
            seed=recipe.seed,
        )  # fmt: skip
        trainer = MaskedTrainer(
            Rates(**{field.name: getattr(recipe, field.name) for field in fields(Rates)}),
            self.clock,
            model=self._model,
            args=self._arguments(),
            train_dataset=given,
            data_collator=self._collator,
            callbacks=[self.clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=self._checkpoint)
        trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
        return trainer

    def _arguments(self) -> TrainingArguments:
        on_gpu = self._device.type == "cuda"
        return TrainingArguments(
            output_dir=str(self._out / CHECKPOINTS),
            per_device_train_batch_size=self._batch_size,
            gradient_accumulation_steps=self._recipe.gradient_accumulation,
            num_train_epochs=1,  # the data set is the whole run, all its passes in their order
            max_grad_norm=1.0,
            use_cpu=not on_gpu,
            bf16=uses_bf16(self._recipe.precision),
            dataloader_num_workers=min(4, os.cpu_count() or 1) if on_gpu else 0,
            remove_unused_columns=False,
            include_num_input_tokens_seen="non_padding",
            save_strategy="no",  # the clock says when
            save_total_limit=1,
            logging_steps=_TELL_EVERY,
            disable_tqdm=not sys.stderr.isatty(),
            report_to=[],
            seed=self._recipe.seed,
        )
