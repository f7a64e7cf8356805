"""Print the leaderboards and the speed of the project.

``python scripts/benchmark.py [--out docs/benchmarks]``: the leaderboard of the models that come with the project on
``seeds.v1``. With ``--data-root FOLDER`` (the public sets: a missing file tells where it is published) also those of
``un-binary.v1``, ``un-quadclass.v1`` and ``ans-stance.v1``, a fine-tuned encoder among them: ``--encoder`` names its
folder or hub name. What is finished in ``--out`` is not run again, so that a model that has changed is the only one
that is measured anew; every cell of ``results.json`` holds the command that repeats it.

``python scripts/benchmark.py --speed``: sentences per second, seconds to load, memory, and our classifier beside
``transformers`` and ONNX Runtime on the same sentences (``scripts/benchmark_speed.py``). Run it on a quiet machine:
anything beside it slows the threads down.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import iraqcoal_nlp as iq
from arabert_shape import markdown
from benchmark_speed import median_seconds, speed_table
from iraqcoal_nlp.cli.main import main as iraqcoal
from iraqcoal_nlp.model.backends.onnx import available_cores
from iraqcoal_nlp.text.sentences import split_sentences

SENTENCE = "سلم التحالف الدولي معسكر بسماية إلى القوات العراقية"
BASELINES = "majority,keyword,tfidf-logreg,tfidf-svm"
PUBLIC = "un-binary.v1,un-quadclass.v1,ans-stance.v1"


def leaderboards(args: argparse.Namespace) -> int:
    """Run what is not finished, print the tables, and return 1 if any model failed."""
    runs = [["--models", f"{BASELINES},model:{args.model or 'iraqcoal-mini'}", "--task", "seeds.v1", "--seeds", "5"]]
    folders = ["seeds"]
    if args.data_root:
        models = f"{BASELINES},encoder:{args.encoder},model:{args.model or 'iraqcoal-mini'}"
        settings = ["--seeds", str(args.seeds), "--recipe", args.recipe, "--data-root", str(args.data_root)]
        runs.append(["--models", models, "--task", PUBLIC, *settings])
        folders.append("public")
    failed = 0
    for arguments, folder in zip(runs, folders, strict=True):
        out = args.out / folder
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            iraqcoal(["benchmark", *arguments, "--out", str(out)])
        except SystemExit as ended:
            if ended.code == 2:  # the message is printed
                return 2
            failed = max(failed, int(ended.code or 0))
        print((out / "leaderboard.md").read_text(encoding="utf-8"))
    return failed


def speed(args: argparse.Namespace) -> None:
    """Measure and print the tables of speed."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(args.articles.glob("*.txt"))]
    sentences = [sentence.text for text in texts for sentence in split_sentences(text)]
    sentences = list(dict.fromkeys(sentences))  # a repeated sentence is scored once: it would flatter the rate
    rows = [("sentences", f"{len(sentences)}, {statistics.mean(map(len, sentences)):.0f} characters on average")]
    for threads in args.threads:
        classifier = iq.load(args.model, threads=threads)
        seconds = median_seconds(lambda clf=classifier: clf.classify_sentences(sentences), args.repeat)
        rows.append((f"sentences/s, {threads} thread{'s' * (threads > 1)}", f"{len(sentences) / seconds:.0f}"))
    split = median_seconds(lambda: [split_sentences(text) for text in texts], args.repeat)
    rows.append(("sentences/s of clean and split alone", f"{len(sentences) / split:,.0f}"))
    rows.append(("load the model (s)", f"{median_seconds(lambda: iq.load(args.model), args.repeat):.2f}"))
    command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", "classify", SENTENCE]
    command += ["--model", args.model] if args.model else []
    start = median_seconds(lambda: subprocess.run(command, check=True, capture_output=True), args.repeat)
    rows.append(("`iraqcoal classify`, one sentence, from process start (s)", f"{start:.2f}"))
    # Asked of a small process: the system counts what starts a process into its peak.
    ask = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    ask += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    peak = subprocess.run([sys.executable, "-c", ask, *command], check=True, capture_output=True, text=True).stdout
    rows.append(("its peak memory (MB)", f"{int(peak) / 1024:.0f}"))  # kilobytes on Linux
    print(markdown(["what", "measured"], rows), flush=True)
    table = speed_table(sentences, threads=max(args.threads), repeat=args.repeat, model=args.model)
    print(f"\n{table}", flush=True)


def main() -> int:
    """Read the arguments, run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", action="store_true", help="measure speed instead of quality")
    parser.add_argument("--model", default=None, help="our model's folder; without it, the shipped one")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder of the leaderboards")
    parser.add_argument("--data-root", type=Path, default=None, help="folder of the public sets' files")
    parser.add_argument("--encoder", default="iraqcoal-mini", help="encoder to fine-tune on the public sets")
    parser.add_argument("--recipe", default="benchmark-small", help="recipe to fine-tune it by")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each model on the public sets")
    parser.add_argument("--articles", type=Path, default=Path("seeds/articles"), help="articles of --speed")
    threads = sorted({1, available_cores()})
    parser.add_argument(
        "--threads",
        type=int,
        nargs="+",
        default=threads,
        help="numbers of threads of --speed; all engines side by side have the highest",
    )
    parser.add_argument("--repeat", type=int, default=5, help="passes of --speed, of which the median counts")
    args = parser.parse_args()
    if args.speed:
        speed(args)
        return 0
    return leaderboards(args)


if __name__ == "__main__":
    sys.exit(main())
