"""Pre-trained encoders, from a folder or a hub: weights that are really there, text cut as their authors meant it.

transformers is lenient where a newcomer's folder is incomplete: without ``vocab.txt`` it makes up a vocabulary of five
pieces, without matching weights it draws random ones, and either way training starts. Here both are errors.
"""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from tokenizers import AddedToken, Tokenizer
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer, PretrainedConfig, PreTrainedModel
from transformers.models.auto.tokenization_auto import get_tokenizer_config
from transformers.utils.hub import cached_file

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.locate import HUB_NAME
from iraqcoal_nlp.model.store import TOKENIZER, write_manifest
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer, read_tokenizer

LOGGER = logging.getLogger(__name__)

_TRANSFORMERS = logging.getLogger("transformers.modeling_utils")

FILES = "config.json, model.safetensors or pytorch_model.bin, tokenizer_config.json, and tokenizer.json or vocab.txt"
"""What a folder must hold to serve as an encoder."""

_AFTER_PADDING = frozenset({"camembert", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl"})
"""Families whose positions are counted from the padding id on: the first rows of their table are never used."""


def load_encoder_config(encoder: str | Path, *, revision: str | None = None) -> PretrainedConfig:
    """Load a checkpoint's configuration.

    Args:
        encoder: Hub name or folder.
        revision: Branch, tag or commit on the hub; ``None`` is its main branch.

    Raises:
        ModelFolderError: There is no such checkpoint, no hub can be reached, or transformers does not know its kind;
            the message says what to fetch, and where to.
    """
    here = Path(encoder)
    if here.is_dir() and not (here / "config.json").is_file():
        raise ModelFolderError(f"{encoder}: has no config.json: an encoder's folder needs {FILES}")
    try:
        config = AutoConfig.from_pretrained(encoder, revision=revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        if here.is_dir() or isinstance(error, ValueError):
            reason = _first_line(error)
            raise ModelFolderError(f"{encoder}: transformers cannot use its config.json ({reason})") from None
        if not HUB_NAME.fullmatch(str(encoder)):
            raise ModelFolderError(f"{encoder}: no such folder: an encoder's folder needs {FILES}") from None
        raise ModelFolderError(
            f"{encoder}: is no folder here, and no model hub has it or can be reached. If it is a hub's name: where "
            f"that can be reached, run `hf download {encoder} --local-dir {here.name}`, or fetch {FILES}; bring the "
            "folder here and give its path as `encoder`"
        ) from None
    return cast("PretrainedConfig", config)


def load_encoder(encoder: str | Path, config: PretrainedConfig, *, revision: str | None = None) -> PreTrainedModel:
    """Load a checkpoint's encoder in fp32; heads of its pre-training and its pooler are left behind.

    A ``.bin`` file may hold tensors only: torch opens it with ``weights_only``, so that no code inside it can run.

    Args:
        encoder: Hub name or folder.
        config: That checkpoint's configuration.
        revision: Branch, tag or commit on the hub; ``None`` is its main branch.

    Raises:
        ModelFolderError: The weights are missing, damaged, hold more than tensors, or are another network's.
    """
    loaded, missing = _load(AutoModel, encoder, config, revision)
    _refuse_missing(encoder, [name for name in missing if not name.startswith("pooler.")])
    if getattr(loaded, "pooler", None) is not None:
        loaded.pooler = None  # type: ignore[assignment]  # of most checkpoints it is random
    return loaded


def load_masked_lm(encoder: str | Path, config: PretrainedConfig, *, revision: str | None = None) -> PreTrainedModel:
    """Load a checkpoint in fp32 with its masked-language-model head, to pre-train it further.

    A head that its files lack is drawn new; its last layer is the table of word embeddings, if the configuration ties
    them.

    Args:
        encoder: Hub name or folder.
        config: That checkpoint's configuration.
        revision: Branch, tag or commit on the hub; ``None`` is its main branch.

    Raises:
        ModelFolderError: As :func:`load_encoder`, or its family has no such head.
    """
    if type(config) not in AutoModelForMaskedLM._model_mapping:
        raise ModelFolderError(f"{encoder}: encoders of the kind {config.model_type!r} predict no masked words")
    loaded, missing = _load(AutoModelForMaskedLM, encoder, config, revision)
    _refuse_missing(encoder, [name for name in missing if name.startswith(f"{loaded.base_model_prefix}.")])
    return loaded


def _load(
    kind: type, encoder: str | Path, config: PretrainedConfig, revision: str | None
) -> tuple[PreTrainedModel, list[str]]:
    """Return the network, and the names of its weights that the files lack."""
    _TRANSFORMERS.addFilter(_without_report)
    try:
        model, told = kind.from_pretrained(  # type: ignore[attr-defined]
            encoder,
            config=config,
            revision=revision,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except pickle.UnpicklingError:
        raise ModelFolderError(
            f"{encoder}: its .bin file of weights is damaged or holds more than tensors, and was not opened: it could "
            "run any program. Get the checkpoint's model.safetensors instead"
        ) from None
    except (OSError, ValueError, RuntimeError, EOFError, SafetensorError) as error:
        raise ModelFolderError(f"{encoder}: its weights cannot be loaded ({_first_line(error)})") from None
    finally:
        _TRANSFORMERS.removeFilter(_without_report)
    return cast("PreTrainedModel", model), sorted(told["missing_keys"])


def _refuse_missing(encoder: str | Path, missing: list[str]) -> None:
    if missing:
        raise ModelFolderError(
            f"{encoder}: {len(missing)} of the encoder's weights are not in its files ({missing[0]} for one): its "
            "config.json belongs to another checkpoint, or its weights were saved under other names"
        )


def _without_report(record: logging.LogRecord) -> bool:
    """Drop what is told of weights left behind and of new heads, both expected here; who loads judges what lacks."""
    return not any(sign in record.getMessage() for sign in ("LOAD REPORT", "tied weights mapping"))


def load_encoder_tokenizer(
    encoder: str | Path, *, max_length: int, revision: str | None = None, query: str = ""
) -> SentenceTokenizer:
    """Load a checkpoint's tokenizer, with the window that its encoder is to read.

    Args:
        encoder: Hub name or folder.
        max_length: Pieces the model reads at once, special ones included.
        revision: Branch, tag or commit on the hub; ``None`` is its main branch.
        query: Normalized text that goes before each sentence; empty is none.

    Raises:
        ModelFolderError: The vocabulary is missing, knows no Arabic letters or does not fit the encoder, or
            ``max_length`` exceeds the encoder's positions; or as :func:`load_encoder_config`.
    """
    config = load_encoder_config(encoder, revision=revision)
    pipeline = encoder_pipeline(encoder, revision=revision)
    if pipeline.encode("ا").ids == pipeline.encode("ب").ids:
        raise ModelFolderError(
            f"{encoder}: its vocabulary knows no Arabic letters: the folder lacks vocab.txt, tokenizer.json or "
            "sentencepiece.bpe.model, or the encoder is for another language"
        )
    rows = getattr(config, "vocab_size", None)
    if rows is not None and pipeline.get_vocab_size() > rows:
        raise ModelFolderError(
            f"{encoder}: its tokenizer has {pipeline.get_vocab_size()} pieces, its encoder knows {rows}: they belong "
            "to different checkpoints"
        )
    longest = longest_input(config)
    if longest is not None and max_length > longest:
        raise ModelFolderError(f"{encoder}: reads {longest} pieces at once, max_length asks for {max_length}")
    return SentenceTokenizer(pipeline, max_length=max_length, query=query)


def save_encoder(
    encoder: PreTrainedModel, tokenizer: Tokenizer, special_tokens: Mapping[str, str], folder: Path, *, half: bool
) -> None:
    """Write a checkpoint that :func:`load_encoder` and :func:`load_encoder_tokenizer` open, and transformers too.

    Args:
        encoder: The network; converted in place if ``half``.
        tokenizer: Its pipeline, written as it is.
        special_tokens: The special pieces by their roles, such as ``mask_token``.
        folder: The folder to write.
        half: Whether to store fp16, half the size.
    """
    (encoder.half() if half else encoder).save_pretrained(folder)
    tokenizer.save(str(folder / TOKENIZER))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",  # tokenizer.json as it is, not what a family's class makes of it
        "model_max_length": longest_input(encoder.config),
        **special_tokens,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    write_manifest(folder)


def longest_input(config: PretrainedConfig) -> int | None:
    """Return how many pieces an encoder can read at once, ``None`` if its configuration does not say."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return None
    unused = config.pad_token_id + 1 if config.model_type in _AFTER_PADDING else 0
    return int(positions) - unused


def encoder_pipeline(encoder: str | Path, *, revision: str | None = None) -> Tokenizer:
    """Return the checkpoint's tokenizer without what transformers would change or lose.

    ``tokenizer.json`` is the whole pipeline, as its authors saved it; a ``do_lower_case`` beside it overrules its
    normalizer, as in transformers. Without one, BERT's lower-casing takes the hamzas away (``أكد`` becomes ``اكد``).

    Args:
        encoder: Hub name or folder.
        revision: Branch, tag or commit on the hub; ``None`` is its main branch.

    Raises:
        ModelFolderError: It cannot be read, or needs a package that is not there.
    """
    settings = get_tokenizer_config(encoder, revision=revision)
    saved = cached_file(
        encoder,
        TOKENIZER,
        revision=revision,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    if saved is not None and "do_lower_case" not in settings:
        return read_tokenizer(Path(saved))
    try:
        loaded = AutoTokenizer.from_pretrained(encoder, revision=revision, trust_remote_code=False)
        pipeline = loaded.backend_tokenizer
    except (ImportError, ValueError, AttributeError):  # kinds that need packages of their own, such as SentencePiece
        raise ModelFolderError(
            f"{encoder}: its tokenizer cannot be read: get the checkpoint's tokenizer.json"
        ) from None
    normalizer = pipeline.normalizer
    if not settings and normalizer is not None and normalizer.normalize_str("أ") != "أ":
        LOGGER.warning("%s has no tokenizer_config.json: BERT's defaults apply, which turn أ and إ into ا", encoder)
    # AraBERT's placeholders of addresses; transformers 5 reads this setting no more, and would tear them apart.
    known = [token for token in settings.get("never_split") or () if pipeline.token_to_id(token) is not None]
    pipeline.add_tokens([AddedToken(token, normalized=False) for token in known])
    return cast("Tokenizer", pipeline)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
