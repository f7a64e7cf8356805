"""Where the time of scoring goes: ``python scripts/profile_scoring.py [--model DIR]``.

One thread scores the sentences of the seed articles, each once. Prints the parts of the way from text to row, the
operators of the network, the rate of its int8 matrix products against those of this machine, what repeated sentences
save, and the parts of a start. Times are those of the processor, so what runs beside it disturbs little; the start is
wall time. Takes about half a minute; ``scripts/performance.py`` writes it into ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

import iraqcoal_nlp as iq
from arabert_shape import markdown
from iraqcoal_nlp.data.results import row_line
from iraqcoal_nlp.model.backends.onnx import SLOWER
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.store import NETWORK, ONNX, TOKENIZER
from iraqcoal_nlp.model.tokenizing import SentenceTokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.text.sentences import split_sentences

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = "سلم التحالف الدولي معسكر بسماية إلى القوات العراقية"
LARGE = 512
"""Rows of the matrix product that stands for what this machine can do."""

PRODUCTS = {"DynamicQuantizeMatMul", "MatMulIntegerToFloat", "QAttention", "MatMulInteger"}
"""Operators that multiply int8 matrices; the first three also convert from and to fp32."""

STARTS = {
    "Python alone": "pass",
    "with the library's imports": "import iraqcoal_nlp.cli.classify, iraqcoal_nlp.inference.classifier, "
    "iraqcoal_nlp.model.backends.onnx",
    "with the model, ready to score": "import iraqcoal_nlp.cli.classify, iraqcoal_nlp as iq; iq.load(threads=1)",
    "`iraqcoal classify`, one sentence": f"from iraqcoal_nlp.cli.main import main; main(['classify', {SENTENCE!r}])",
}
"""What a process does, each more than the one before."""


def cpu_seconds(action: Callable[[], object], repeat: int) -> float:
    """Return the least processor time of this process in ``repeat`` calls, after one that does not count."""
    action()
    times = []
    for _ in range(repeat):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times)


def session(path: Path, **settings: object) -> ort.InferenceSession:
    """Open a graph as our backend does."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = 1, 1, 3
    for name, value in settings.items():
        setattr(options, name, value)
    return ort.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(SLOWER)
    )


def stages(folder: Path, texts: Sequence[str], repeat: int) -> tuple[list[tuple[str, float]], list[list[int]]]:
    """Return the parts of the way with their seconds, all texts together, and the windows that the network reads."""
    classifier = iq.load(folder, threads=1)
    tokenizer = SentenceTokenizer.from_file(folder / TOKENIZER, max_length=classifier.settings.max_length)
    normalize = build_normalizer(classifier.settings.normalizer)
    sentences = list(dict.fromkeys(sentence.text for text in texts for sentence in split_sentences(text)))
    normalized = [normalize(text) for text in sentences]
    windows = [window for item in tokenizer.windows(normalized) for window in item]
    results = classifier.classify_sentences(sentences)
    network = classifier._backend  # the classifier itself does not tell its parts apart
    steps: dict[str, Callable[[], object]] = {
        "clean and split": lambda: [split_sentences(text) for text in texts],
        "normalize": lambda: [normalize(text) for text in sentences],
        "tokenize": lambda: tokenizer.windows(normalized),
        "network": lambda: network.logits(windows),
        "calibration, thresholds, records": lambda: None,
        "rows as JSON": lambda: [row_line(result, {}) for result in results],
    }
    parts = {name: cpu_seconds(step, repeat) for name, step in steps.items()}
    whole = cpu_seconds(lambda: classifier.classify_sentences(sentences), repeat)
    parts["calibration, thresholds, records"] = max(
        whole - sum(parts[n] for n in ("normalize", "tokenize", "network")), 0
    )
    return list(parts.items()), windows


def operators(path: Path, windows: Sequence[Sequence[int]]) -> tuple[Counter[str], Counter[str]]:
    """Return the microseconds and the calls of each type of operator, all windows together."""
    with tempfile.TemporaryDirectory() as scratch:
        profiled = session(path, enable_profiling=True, profile_file_prefix=str(Path(scratch, "run")))
        for window in windows:
            ids = np.array([window], dtype=np.int64)
            profiled.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        events = json.loads(Path(profiled.end_profiling()).read_text(encoding="utf-8"))
    spent: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            spent[event["args"]["op_name"]] += event["dur"]
            calls[event["args"]["op_name"]] += 1
    return spent, calls


def product_rate(rows: int, inner: int, columns: int, repeat: int) -> float:
    """Return the 10^9 multiply-adds per second of one int8 layer, alone, its weights in the nearest cache."""
    draw = np.random.default_rng(13)
    weights = numpy_helper.from_array(draw.standard_normal((inner, columns)).astype(np.float32), "weights")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", inner])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", columns])],
        [weights],
    )
    with tempfile.TemporaryDirectory() as scratch:
        plain, int8 = Path(scratch, "plain.onnx"), Path(scratch, "int8.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), plain)
        quantize_dynamic(plain, int8, per_channel=True, weight_type=QuantType.QInt8)
        layer = session(int8)
    given = {"x": draw.standard_normal((rows, inner)).astype(np.float32)}
    times = 50
    seconds = cpu_seconds(lambda: [layer.run(None, given) for _ in range(times)], repeat)
    return rows * inner * columns * times / seconds / 1e9


def repeats(folder: Path, sentences: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the sentences per second of text in which each sentence comes so often, without and with memory."""
    rows = []
    for often in (1, 2, 5):
        rates = []
        for remember in (0, len(sentences)):
            classifier = iq.load(folder, threads=1, remember=remember)
            started = time.process_time()
            for _ in range(often):
                classifier.classify_sentences(sentences)
            rates.append(often * len(sentences) / (time.process_time() - started))
        rows.append((str(often), *(f"{rate:.0f}" for rate in rates)))
    return rows


def starts(folder: Path, repeat: int) -> list[tuple[str, str]]:
    """Return the wall seconds, from process start to end, of processes that do more and more."""
    rows = []
    for name, code in STARTS.items():
        given = code.replace("iq.load(", f"iq.load({str(folder)!r}, ").replace(
            "'classify',", f"'classify', '--model', {str(folder)!r},"
        )
        times = []
        for _ in range(repeat):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", given], check=True, capture_output=True)
            times.append(time.perf_counter() - started)
        rows.append((name, f"{statistics.median(times):.2f}"))
    return rows


def products(
    folder: Path, windows: Sequence[Sequence[int]], network: float, spent: Counter[str], repeat: int
) -> list[Any]:
    """Return rows about the int8 products: in the model, alone at its length, alone with many rows."""
    shape: dict[str, Any] = json.loads((folder / NETWORK).read_text(encoding="utf-8"))["encoder_config"]
    hidden, wide, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    weights = layers * (4 * hidden * hidden + 2 * hidden * wide)
    pieces = sum(map(len, windows))
    work = (pieces * weights + sum(2 * layers * len(window) ** 2 * hidden for window in windows)) / 1e9
    in_products = sum(time for name, time in spent.items() if name in PRODUCTS) / sum(spent.values()) * network
    mean = round(pieces / len(windows))
    shapes = [(hidden, hidden, 4), (hidden, wide, 1), (wide, hidden, 1)]

    def alone(rows: int) -> float:
        seconds = sum(n * inner * outer / product_rate(rows, inner, outer, repeat) for inner, outer, n in shapes)
        return float(sum(n * inner * outer for inner, outer, n in shapes) / seconds)

    at_length, limit = alone(mean), alone(LARGE)
    rates = {
        f"alone, {LARGE} rows: this machine's limit": limit,
        f"alone, {mean} rows, as many as a sentence has pieces": at_length,
        "in the network, products alone": pieces * weights / 1e9 / in_products,
        "in the network, all operators counted": work / network,
    }
    return [(name, f"{rate:.0f}", f"{rate / limit:.0%}") for name, rate in rates.items()]


def report(folder: Path, repeat: int) -> str:
    """Measure, and return the tables in Markdown."""
    logging.disable(logging.WARNING)  # the quantizer gives advice that does not fit one layer
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds/articles").glob("*.txt"))]
    parts, windows = stages(folder, texts, repeat)
    network, whole = dict(parts)["network"], sum(seconds for _, seconds in parts)
    sentences = list(dict.fromkeys(sentence.text for text in texts for sentence in split_sentences(text)))
    spent, calls = operators(folder / ONNX, windows)
    by_share: defaultdict[str, float] = defaultdict(float)
    for name, time_spent in spent.items():
        by_share[name if time_spent >= 0.01 * sum(spent.values()) else "others"] += time_spent
    per_window = {name: str(round(calls[name] / len(windows))) for name in by_share}
    ordered = sorted(by_share.items(), key=lambda item: (item[0] == "others", -item[1]))
    length, each = statistics.mean(map(len, windows)), whole / len(windows) * 1e3
    head = f"{len(windows)} windows of {length:.1f} pieces, one thread, {each:.2f} ms each."
    blocks = [
        head,
        markdown(
            ["part", "µs per sentence", "share"],
            [(name, f"{seconds / len(windows) * 1e6:.0f}", f"{seconds / whole:.1%}") for name, seconds in parts],
        ),
        markdown(
            ["operator of the network", "calls per sentence", "share of the network"],
            [
                (f"`{n}`" if n in calls else n, per_window[n] if n in calls else "", f"{t / sum(spent.values()):.1%}")
                for n, t in ordered
            ],
        ),
        markdown(
            ["int8 matrix products", "10⁹ multiply-adds/s", "of the limit"],
            products(folder, windows, network, spent, repeat),
        ),
        markdown(
            ["times that each sentence comes", "sentences/s, nothing remembered", "remembered"],
            repeats(folder, sentences),
        ),
        markdown(["a process", "seconds"], starts(folder, repeat)),
    ]
    logging.disable(logging.NOTSET)
    return "\n\n".join(blocks)


def main() -> int:
    """Read the arguments, measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--repeat", type=int, default=3, help="passes of each measurement")
    args = parser.parse_args()
    print(report(locate_model(args.model), args.repeat))
    return 0


if __name__ == "__main__":
    sys.exit(main())
