"""What AraBERT costs on this machine, measured on its true shape: ``python scripts/arabert_shape.py --steps 30``.

Builds a BERT of AraBERT-base's shape with random weights and a WordPiece vocabulary of its size, in the form in which
a hub gives a checkpoint; fine-tunes it by ``models/recipes/arabert.toml`` on the seed sentences, repeated; exports it,
and scores the seed sentences. Time, memory and size are those of the real one, which has the same shape; what it
predicts is noise. Writes its table into the page named by ``--out``, between the two marks there. Needs about 5 GB of
disk and as much memory; run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

from iraqcoal_nlp.model.backends.onnx import available_cores
from iraqcoal_nlp.model.store import ONNX, SAFETENSORS

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "models/recipes/arabert.toml"
ARTICLES = sorted((ROOT / "seeds/articles").glob("*.txt"))
GOLD = ROOT / "seeds/gold.jsonl"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

VOCABULARY = 64_000
SHAPE: dict[str, Any] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
}
"""``config.json`` of ``aubmindlab/bert-base-arabertv02``."""


def peak_gigabytes() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # kilobytes on Linux


def build(folder: Path) -> int:
    """Write the checkpoint as AraBERT's repository has it, without tokenizer.json; return the number of parameters."""
    import torch  # noqa: PLC0415 - each step runs in a process of its own and loads what it needs
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers  # noqa: PLC0415
    from transformers import BertConfig, BertForMaskedLM  # noqa: PLC0415

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[رابط]", "[بريد]", "[مستخدم]"]
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer = normalizers.BertNormalizer(lowercase=False)
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, min_frequency=2, special_tokens=special)
    learner.train([str(path) for path in ARTICLES], trainer)
    ids = learner.get_vocab()
    pieces = sorted(ids, key=ids.__getitem__)
    pieces += [f"[unused{number}]" for number in range(VOCABULARY - len(pieces))]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    settings = {"do_lower_case": False, "never_split": special[5:], "max_len": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    torch.manual_seed(13)
    model = BertForMaskedLM(BertConfig(vocab_size=VOCABULARY, **SHAPE))
    model.save_pretrained(folder)
    return int(model.bert.num_parameters())


def fine_tune(encoder: Path, out: Path, steps: int) -> dict[str, Any]:
    """Run a training of so many steps; return the model folder, seconds per step, precision and peak memory."""
    import torch  # noqa: PLC0415
    from transformers import BertModel  # noqa: PLC0415

    from iraqcoal_nlp.data.annotations import read_annotations  # noqa: PLC0415
    from iraqcoal_nlp.data.splits import Splits  # noqa: PLC0415
    from iraqcoal_nlp.model.encoder import load_encoder_tokenizer  # noqa: PLC0415
    from iraqcoal_nlp.training.data import TrainData  # noqa: PLC0415
    from iraqcoal_nlp.training.encoders import training_windows  # noqa: PLC0415
    from iraqcoal_nlp.training.recipe import TrainRecipe  # noqa: PLC0415
    from iraqcoal_nlp.training.run import train  # noqa: PLC0415

    recipe = replace(TrainRecipe.from_toml(RECIPE), encoder=str(encoder), epochs=1.0)
    rows = islice(cycle(read_annotations(GOLD)), steps * recipe.batch_size)
    splits = Splits(train=tuple(replace(row, id=str(number)) for number, row in enumerate(rows)), dev=(), test=())
    tokenizer = load_encoder_tokenizer(encoder, max_length=512)
    windows = training_windows(recipe, tokenizer, [row.text for row in splits.train])
    facts: dict[str, Any] = {"batch": recipe.batch_size, "pieces": statistics.mean(map(len, windows))}
    facts["processor"] = torch.backends.cpu.get_cpu_capability()
    starts: list[float] = []

    def at_step(module: torch.nn.Module, _: object) -> None:
        if isinstance(module, BertModel) and module.training:
            starts.append(time.perf_counter())
            facts["precision"] = "bf16" if torch.is_autocast_enabled("cpu") else "fp32"
            facts["memory"] = peak_gigabytes()  # the last one stands: export, which follows, has its own peak

    hook = torch.nn.modules.module.register_module_forward_pre_hook(at_step)
    facts["folder"] = train(recipe, TrainData(splits=splits), out).folder
    hook.remove()
    return facts | {"seconds": statistics.mean(after - before for before, after in pairwise(starts[1:]))}


def export_plain(folder: Path, plain: Path) -> None:
    """Write a copy of a model folder whose graph is fp32, without torch weights."""
    from iraqcoal_nlp.model.export import export_onnx  # noqa: PLC0415
    from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification  # noqa: PLC0415
    from iraqcoal_nlp.model.store import write_manifest  # noqa: PLC0415

    shutil.copytree(folder, plain, ignore=shutil.ignore_patterns(ONNX, SAFETENSORS))
    export_onnx(IraqCoalForSentenceClassification.from_pretrained(folder), plain / ONNX, int8=False)
    write_manifest(plain)


def score(folder: Path, backend: str) -> dict[str, float]:
    """Return sentences per second of the whole classifier, and its peak memory."""
    import iraqcoal_nlp as iq  # noqa: PLC0415
    from benchmark_speed import median_seconds  # noqa: PLC0415

    texts = list(dict.fromkeys(json.loads(line)["text"] for line in GOLD.read_text(encoding="utf-8").splitlines()))
    classifier = iq.load(folder, backend=backend, device="cpu")
    seconds = median_seconds(lambda: classifier.classify_sentences(texts), repeat=3)
    return {"rate": len(texts) / seconds, "memory": peak_gigabytes()}


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def alone(action: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - whatever the step returns
    """Run one step in a process of its own, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(action, *arguments).result()


def main() -> int:
    """Read the arguments, measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30, help="training steps, 3 at least (default: 30)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/arabert.md", help="page with the marks for the table")
    args = parser.parse_args()
    page = args.out.read_text(encoding="utf-8") if args.out.is_file() else ""
    if BEGIN not in page or END not in page:
        parser.error(f"{args.out} has no lines {BEGIN} and {END} for the table to stand between")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        n_parameters = alone(build, work / "encoder")
        trained = alone(fine_tune, work / "encoder", work / "run", max(args.steps, 3))
        folder, plain = trained["folder"], work / "plain"
        alone(export_plain, folder, plain)
        scored = {
            "torch": alone(score, folder, "torch"),
            "ONNX fp32": alone(score, plain, "onnx"),
            "ONNX int8": alone(score, folder, "onnx"),
        }
        files = {"torch": folder / SAFETENSORS, "ONNX fp32": plain / ONNX, "ONNX int8": folder / ONNX}
        for name, path in files.items():
            scored[name]["size"] = path.stat().st_size / 1e6
    training = [
        ("machine", f"{available_cores()} cores, {trained['processor']}"),
        ("parameters of the encoder", f"{n_parameters / 1e6:.0f} M"),
        ("pieces in a sentence, on average", f"{trained['pieces']:.0f}"),
        (f"a step of {trained['batch']} sentences, in {trained['precision']} (s)", f"{trained['seconds']:.2f}"),
        ("peak memory (GB)", f"{trained['memory']:.1f}"),
    ]
    scoring = [
        (title, *(f"{figures[key]:.{digits}f}" for figures in scored.values()))
        for title, key, digits in (
            ("sentences/s", "rate", 1),
            ("peak memory (GB)", "memory", 1),
            ("weights on disk (MB)", "size", 0),
        )
    ]
    tables = [markdown(["training", "measured"], training), markdown(["scoring", *scored], scoring)]
    command = f"```bash\npython scripts/arabert_shape.py --steps {args.steps}\n```"
    args.out.write_text(f"{before}{BEGIN}\n{command}\n\n{tables[0]}\n\n{tables[1]}\n{END}{after}", encoding="utf-8")
    print("\n\n".join(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
