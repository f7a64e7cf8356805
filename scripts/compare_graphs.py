"""Ways to write and run the network, side by side: ``python scripts/compare_graphs.py [--model DIR]``.

Restores the weights of the shipped int8 graph, writes them in several ways, and prints a Markdown table: sentences per
second of the whole classifier on the seed gold (one thread, processor time), seconds to open the graph, its size, the
share of decisions that equal those of torch (``tests/model/mini_torch_reference.json``), and the mean difference of
the probabilities. Needs the extra ``train``; takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

import iraqcoal_nlp as iq
from arabert_shape import markdown
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.model.backends.onnx import SLOWER
from iraqcoal_nlp.model.dequantize import weights_from_onnx
from iraqcoal_nlp.model.export import export_onnx
from iraqcoal_nlp.model.loading import load_config
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import ONNX, write_manifest
from profile_scoring import cpu_seconds

ROOT = Path(__file__).resolve().parents[1]
GOLD, REFERENCE = ROOT / "seeds/gold.jsonl", ROOT / "tests/model/mini_torch_reference.json"

IN_FULL = (0, 1, 3, 6)
"""Other numbers of products that stay in fp32 than the exporter's own."""

WAYS: dict[str, tuple[str, Sequence[str]]] = {
    "the folder's file": ("shipped", SLOWER),
    "int8, attention one node": ("fused", SLOWER),
    "int8, attention one node, ONNX Runtime rewrites all it can": ("fused", ()),
    "int8, operation by operation": ("plain", SLOWER),
    "int8, operation by operation, ONNX Runtime rewrites all it can": ("plain", ()),
    **{f"int8, attention one node, products in fp32: {count}": (f"full-{count}", SLOWER) for count in IN_FULL},
    "int8 in blocks of 128 per row (MatMulNBits)": ("blocks", SLOWER),
    "fp32, attention one node": ("fp32", SLOWER),
}
"""By what is printed: the graph, and the rewritings that ONNX Runtime is kept from."""


def write_graphs(shipped: Path, scratch: Path) -> dict[str, Path]:
    """Write the graphs of :data:`WAYS` by their names."""
    model = IraqCoalForSentenceClassification(load_config(shipped))
    known = model.state_dict()
    model.load_state_dict({name: value for name, value in weights_from_onnx(shipped / ONNX).items() if name in known})
    graphs = {name: scratch / f"{name}.onnx" for name in ("fused", "plain", "fp32", "blocks")}
    export_onnx(model, graphs["fused"], int8=True)
    export_onnx(model, graphs["plain"], int8=True, fused=False)
    export_onnx(model, graphs["fp32"], int8=False)
    for count in IN_FULL:
        graphs[f"full-{count}"] = scratch / f"full-{count}.onnx"
        export_onnx(model, graphs[f"full-{count}"], int8=True, in_full=count)
    settings = DefaultWeightOnlyQuantConfig(block_size=128, is_symmetric=True, accuracy_level=4, bits=8)
    quantizer = MatMulNBitsQuantizer(onnx.load(graphs["fp32"]), algo_config=settings)
    quantizer.process()
    quantizer.model.save_model_to_file(str(graphs["blocks"]))
    return graphs | {"shipped": shipped / ONNX}


def open_way(shipped: Path, graph: Path, disabled: Sequence[str], scratch: Path) -> tuple[ArticleClassifier, float]:
    """Return the model with that graph, run in that way, and the seconds that opening the graph took."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    shutil.copytree(shipped, folder, dirs_exist_ok=True)
    if graph != shipped / ONNX:
        shutil.copyfile(graph, folder / ONNX)
        write_manifest(folder)
    classifier = iq.load(folder, threads=1, backend="onnx")
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = 1, 1, 3
    started = time.perf_counter()
    session = ort.InferenceSession(
        str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(disabled)
    )
    seconds = time.perf_counter() - started
    classifier._backend._session = session  # type: ignore[attr-defined]  # our backend always runs in one way
    return classifier, seconds


def agreement(classifier: ArticleClassifier) -> tuple[float, float]:
    """Return the share of decisions that equal the reference's, and the mean difference of the probabilities."""
    expected = json.loads(REFERENCE.read_text(encoding="utf-8"))["rows"]
    texts = {row.id: row.text for row in read_annotations(GOLD) if row.id in expected}
    equal, differences = [], []
    for (row_id, _), found in zip(texts.items(), classifier.classify_sentences(list(texts.values())), strict=True):
        row = expected[row_id]
        equal += [
            found.stance == row["stance"],
            *((event in found.events) == (event in row["events"]) for event in iq.EVENTS),
        ]
        probabilities = [*found.stance_probs.values(), *found.event_probs.values()]
        differences.append(np.abs(np.array(probabilities) - np.array(row["probs"])))
    return float(np.mean(equal)), float(np.mean(differences))


def table(model: str | None, repeat: int) -> str:
    """Write the graphs, measure, and return the table in Markdown."""
    logging.disable(logging.WARNING)  # the quantizer of blocks tells each step
    shipped = locate_model(model)
    texts = list(dict.fromkeys(row.text for row in read_annotations(GOLD)))
    rows = []
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        graphs = write_graphs(shipped, scratch)
        opened = {way: open_way(shipped, graphs[graph], disabled, scratch) for way, (graph, disabled) in WAYS.items()}
        fastest = dict.fromkeys(opened, float("inf"))
        for _ in range(repeat):  # in turn, so that what else the machine does falls on all alike
            for way, (classifier, _) in opened.items():
                seconds = cpu_seconds(lambda clf=classifier: clf.classify_sentences(texts), 1)
                fastest[way] = min(fastest[way], seconds)
        for way, (classifier, loading) in opened.items():
            equal, difference = agreement(classifier)
            size, rate = graphs[WAYS[way][0]].stat().st_size / 1e6, len(texts) / fastest[way]
            rows.append((way, f"{rate:.0f}", f"{loading:.2f}", f"{size:.0f}", f"{equal:.4f}", f"{difference:.4f}"))
    logging.disable(logging.NOTSET)
    head = ["graph", "sentences/s", "seconds to open", "MB", "decisions as torch", "mean difference"]
    text: str = markdown(head, rows)
    return text


def main() -> int:
    """Read the arguments, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None, help="model folder; without it, the shipped model")
    parser.add_argument("--repeat", type=int, default=3, help="passes, of which the fastest counts")
    args = parser.parse_args()
    print(table(args.model, args.repeat))
    return 0


if __name__ == "__main__":
    sys.exit(main())
