"""Speed of scoring beside ``transformers`` and ONNX Runtime: what ``scripts/benchmark.py --speed`` prints.

All read the same sentences with the same number of threads: our classifier (`classify_sentences`: normalize, tokenize,
network, calibration, thresholds), `transformers.pipeline("text-classification")` on a BERT of AraBERT-base's shape with
random weights, and the same network in ONNX, int8, by the pipeline's own tokenizer. Random weights cost what trained
ones cost. Each engine runs in a process of its own, so that its threads are its own.

The share of the limit is the multiply-adds that the network needs for these sentences, per second, against the rate of
this machine's own matrix product in fp32 (numpy, 2,048 square): int8 may pass 100 %, since its arithmetic is cheaper.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

BATCHES = (1, 8, 32)
OURS, PIPELINE, ONNX_INT8 = "iraqcoal-mini (int8)", "transformers pipeline (fp32)", "ONNX Runtime (int8)"

GRAPH = "int8.onnx"

_SIDE = 2048


def median_seconds(action: Callable[[], object], repeat: int) -> float:
    """Return the median wall time of ``repeat`` calls, after one that does not count."""
    action()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def matmul_rate(repeat: int = 5) -> float:
    """Return the multiply-adds per second, in 10^9, of this machine's matrix product in fp32."""
    generator = np.random.default_rng(13)
    one, other = (generator.random((_SIDE, _SIDE), dtype=np.float32) for _ in range(2))
    return _SIDE**3 / median_seconds(lambda: one @ other, repeat) / 1e9


def multiply_adds(lengths: Sequence[int], hidden: int, layers: int, intermediate: int) -> float:
    """Return the multiply-adds, in 10^9, that a BERT needs for sentences of so many pieces, without padding."""
    weights = layers * (4 * hidden * hidden + 2 * hidden * intermediate)
    return sum(n * weights + 2 * layers * n * n * hidden for n in lengths) / 1e9


def batches(sentences: Sequence[str], size: int) -> list[list[str]]:
    """Return the sentences in their order, so many at once."""
    return [list(sentences[start : start + size]) for start in range(0, len(sentences), size)]


def measure_ours(sentences: Sequence[str], threads: int, repeat: int, model: str | None) -> dict[str, Any]:
    """Return our sentences per second at each batch size, and the multiply-adds of the network."""
    import iraqcoal_nlp as iq  # noqa: PLC0415 - each engine loads in a process of its own
    from iraqcoal_nlp.model.configuration import IraqCoalConfig  # noqa: PLC0415
    from iraqcoal_nlp.model.locate import locate_model  # noqa: PLC0415
    from iraqcoal_nlp.model.store import TOKENIZER  # noqa: PLC0415
    from iraqcoal_nlp.model.tokenizing import SentenceTokenizer  # noqa: PLC0415
    from iraqcoal_nlp.text.normalize import build_normalizer  # noqa: PLC0415

    classifier = iq.load(model, threads=threads, backend="onnx")
    rates = {}
    for size in BATCHES:
        parts = batches(sentences, size)
        seconds = median_seconds(lambda p=parts: [classifier.classify_sentences(part) for part in p], repeat)  # type: ignore[misc]
        rates[size] = len(sentences) / seconds
    folder, settings = locate_model(model), classifier.settings
    tokenizer = SentenceTokenizer.from_file(folder / TOKENIZER, max_length=settings.max_length)
    normalize = build_normalizer(settings.normalizer)
    lengths = [len(window) for item in tokenizer.windows([normalize(text) for text in sentences]) for window in item]
    return {"rates": rates, "work": _work(lengths, IraqCoalConfig.from_pretrained(folder).encoder_config)}


def measure_transformers(sentences: Sequence[str], threads: int, repeat: int, model: str | None) -> dict[str, Any]:
    """Return the pipeline's sentences per second at each batch size; ``model`` is the checkpoint's folder."""
    import torch  # noqa: PLC0415
    from transformers import pipeline  # noqa: PLC0415

    torch.set_num_threads(threads)
    classify: Any = pipeline("text-classification", model=model, device="cpu")
    rates = {}
    for size in BATCHES:
        run = lambda s=size: classify(list(sentences), batch_size=s, truncation=True, max_length=128)  # noqa: E731
        rates[size] = len(sentences) / median_seconds(run, repeat)
    lengths = [len(ids) for ids in classify.tokenizer(list(sentences), truncation=True, max_length=128)["input_ids"]]
    return {"rates": rates, "work": _work(lengths, classify.model.config)}


def measure_onnx(sentences: Sequence[str], threads: int, repeat: int, model: str | None) -> dict[str, Any]:
    """Return the same network's sentences per second as an int8 graph, padded to the longest of each batch."""
    import onnxruntime as ort  # noqa: PLC0415
    from transformers import AutoConfig, AutoTokenizer  # noqa: PLC0415

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(Path(str(model), GRAPH)), options, providers=["CPUExecutionProvider"])
    tokenizer = AutoTokenizer.from_pretrained(str(model))

    def run(part: list[str]) -> Any:  # noqa: ANN401 - arrays
        inputs = tokenizer(part, truncation=True, max_length=128, padding=True, return_tensors="np")
        fed = {name: inputs[name].astype(np.int64) for name in ("input_ids", "attention_mask")}
        return session.run(None, fed)

    rates = {}
    for size in BATCHES:
        parts = batches(sentences, size)
        rates[size] = len(sentences) / median_seconds(lambda p=parts: [run(part) for part in p], repeat)  # type: ignore[misc]
    lengths = [len(ids) for ids in tokenizer(list(sentences), truncation=True, max_length=128)["input_ids"]]
    return {"rates": rates, "work": _work(lengths, AutoConfig.from_pretrained(str(model)))}


def build_classifier(folder: Path) -> None:
    """Write a BERT classifier of AraBERT-base's shape with random weights, and its int8 graph beside it."""
    import torch  # noqa: PLC0415
    from transformers import AutoModelForSequenceClassification  # noqa: PLC0415

    from arabert_shape import build  # noqa: PLC0415
    from iraqcoal_nlp.model.configuration import IraqCoalConfig  # noqa: PLC0415
    from iraqcoal_nlp.model.encoder import load_encoder_config  # noqa: PLC0415
    from iraqcoal_nlp.model.export import export_onnx  # noqa: PLC0415
    from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification  # noqa: PLC0415

    build(folder)
    config = IraqCoalConfig(load_encoder_config(folder), pooling="cls")
    export_onnx(IraqCoalForSentenceClassification.from_encoder(folder, config), folder / GRAPH, int8=True)
    torch.manual_seed(13)
    AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3).save_pretrained(folder)


def speed_table(sentences: Sequence[str], *, threads: int, repeat: int, model: str | None) -> str:
    """Measure all engines and return a Markdown table.

    Args:
        sentences: What all of them read.
        threads: Threads of each, and of the matrix product.
        repeat: Passes of which the median counts.
        model: Our model's folder; ``None`` is the shipped one.
    """
    from arabert_shape import alone, markdown  # noqa: PLC0415

    os.environ |= {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch, "arabert-shape")
        alone(build_classifier, checkpoint)
        limit = alone(matmul_rate)
        found = {
            OURS: alone(measure_ours, sentences, threads, repeat, model),
            f"{PIPELINE}, AraBERT-base's shape": alone(
                measure_transformers, sentences, threads, repeat, str(checkpoint)
            ),
            f"{ONNX_INT8}, AraBERT-base's shape": alone(measure_onnx, sentences, threads, repeat, str(checkpoint)),
        }
    head = ["engine", *(f"batch {size}" for size in BATCHES), "share of the limit"]
    rows = []
    for name, facts in found.items():
        best = max(facts["rates"].values())
        used = best / len(sentences) * facts["work"]
        rows.append([name, *(f"{facts['rates'][size]:.0f}" for size in BATCHES), f"{used / limit:.0%}"])
    told = (
        f"{len(sentences)} sentences, {threads} thread{'s' * (threads > 1)}, medians of {repeat} passes; sentences/s."
    )
    return f"{told} The matrix product: {limit:.0f} × 10⁹ multiply-adds/s.\n\n{markdown(head, rows)}"


def _work(lengths: Sequence[int], config: Any) -> float:  # noqa: ANN401 - any encoder's configuration
    return multiply_adds(lengths, config.hidden_size, config.num_hidden_layers, config.intermediate_size)
