"""Pre-trained encoders, from a folder or a hub: weights that are really there, text cut as their authors meant it.

transformers is lenient where a newcomer's folder is incomplete: without ``vocab.txt`` it makes up a vocabulary of five
pieces, without matching weights it draws random ones, and either way training starts. Here both are errors.
"""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from tokenizers import AddedToken, Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig, PreTrainedModel
from transformers.models.auto.tokenization_auto import get_tokenizer_config
from transformers.utils.hub import cached_file

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer, read_tokenizer

LOGGER = logging.getLogger(__name__)

_AFTER_PADDING = frozenset({"camembert", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl"})
"""Families whose positions are counted from the padding id on: the first rows of their table are never used."""


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
    report = logging.getLogger("transformers.modeling_utils")
    level = report.level
    report.setLevel(logging.ERROR)  # its table of what was left behind is expected here; what lacks is judged below
    try:
        model, told = AutoModel.from_pretrained(
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
        reason = str(error).strip().partition("\n")[0]
        raise ModelFolderError(f"{encoder}: its weights cannot be loaded ({reason})") from None
    finally:
        report.setLevel(level)
    missing = sorted(name for name in told["missing_keys"] if not name.startswith("pooler."))
    if missing:
        raise ModelFolderError(
            f"{encoder}: {len(missing)} of the encoder's weights are not in its files ({missing[0]} for one): its "
            "config.json belongs to another checkpoint, or its weights were saved under other names"
        )
    loaded: PreTrainedModel = model
    return loaded


def load_encoder_tokenizer(encoder: str | Path, *, max_length: int, revision: str | None = None) -> SentenceTokenizer:
    """Load a checkpoint's tokenizer, with the window that its encoder is to read.

    Args:
        encoder: Hub name or folder.
        max_length: Pieces the model reads at once, special ones included.
        revision: Branch, tag or commit on the hub; ``None`` is its main branch.

    Raises:
        ModelFolderError: The vocabulary is missing, knows no Arabic letters or does not fit the encoder, or
            ``max_length`` exceeds the encoder's positions.
        OSError: There is no such checkpoint.
        ValueError: transformers does not know this kind of encoder.
    """
    config = AutoConfig.from_pretrained(encoder, revision=revision, trust_remote_code=False)
    pipeline = _pipeline(encoder, revision)
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
    return SentenceTokenizer(pipeline, max_length=max_length)


def longest_input(config: PretrainedConfig) -> int | None:
    """Return how many pieces an encoder can read at once, ``None`` if its configuration does not say."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return None
    unused = config.pad_token_id + 1 if config.model_type in _AFTER_PADDING else 0
    return int(positions) - unused


def _pipeline(encoder: str | Path, revision: str | None) -> Tokenizer:
    """Return the checkpoint's tokenizer without what transformers would change or lose.

    ``tokenizer.json`` is the whole pipeline, as its authors saved it; a ``do_lower_case`` beside it overrules its
    normalizer, as in transformers. Without one, BERT's lower-casing takes the hamzas away (``أكد`` becomes ``اكد``).
    """
    settings = get_tokenizer_config(encoder, revision=revision)
    saved = cached_file(
        encoder,
        "tokenizer.json",
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
