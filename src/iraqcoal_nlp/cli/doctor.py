"""``iraqcoal doctor``: is everything here that scoring and training need?"""

from __future__ import annotations

import platform
import time
from typing import Annotated

import typer

from iraqcoal_nlp._version import __version__
from iraqcoal_nlp.errors import ModelFolderError

_FOR_SCORING = ("onnxruntime", "tokenizers", "numpy", "typer", "rich", "charset-normalizer", "filelock", "pyarrow")
_FOR_TRAINING = (
    "torch",
    "transformers",
    "datasets",
    "scikit-learn",
    "evaluate",
    "accelerate",
    "onnx",
    "onnxscript",
)
_SENTENCE = "سلم التحالف الدولي معسكر بسماية إلى القوات العراقية"
_EXPECTED = ("handover",)


def doctor(
    model: Annotated[str, typer.Option("--model", help="Model to check; without it, the shipped model.")] = "",
) -> None:
    """Check versions, the model's files and one sentence."""
    print(f"iraqcoal-nlp {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    healthy = all([_report(name, needed=True) for name in _FOR_SCORING])
    for name in _FOR_TRAINING:
        _report(name, needed=False)
    healthy = _check_model(model) and healthy
    print("all well" if healthy else "something is wrong: see the lines marked !!")
    if not healthy:
        raise typer.Exit(1)


def _report(package: str, *, needed: bool) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"ok  {package} {version(package)}")
    except PackageNotFoundError:
        print(f"!!  {package} is missing" if needed else f"--  {package} is missing (needed for training)")
        return False
    return True


def _check_model(model: str) -> bool:
    try:
        import iraqcoal_nlp
        from iraqcoal_nlp.model.backends.onnx import available_cores
        from iraqcoal_nlp.model.locate import locate_model

        started = time.perf_counter()
        folder = locate_model(model or None)
        classifier = iraqcoal_nlp.load(folder)
        loaded = time.perf_counter()
        found = classifier.classify(_SENTENCE).events
        scored = time.perf_counter()
    except (ModelFolderError, ImportError) as error:
        print(f"!!  {error}")
        return False
    print(f"ok  {classifier.model_id} in {folder}: all files match the manifest")
    seconds = f"loaded in {loaded - started:.2f} s, one sentence in {scored - loaded:.3f} s"
    good = model != "" or found == _EXPECTED
    print(f"{'ok' if good else '!!'}  {seconds}, {available_cores()} cores; reports {', '.join(found) or 'no event'}")
    return good
