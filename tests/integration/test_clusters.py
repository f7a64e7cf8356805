"""Several machines: Ray and Spark give the rows of the local engine."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from types import ModuleType

import pandas as pd
import pytest
from pyarrow import parquet

from conftest import DEMAND, HANDOVER, ROOT, SEEDS
from iraqcoal_nlp.errors import InputError, ModelFolderError
from iraqcoal_nlp.scoring.chunks import ScoreOptions
from iraqcoal_nlp.scoring.engines import ModelChoice

PROGRAM = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", "score"]


@pytest.fixture
def spark_example(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import spark

    return spark


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra `ray`")
def test_ray_writes_the_rows_of_the_local_engine(tmp_path):
    (tmp_path / "in").mkdir()
    for path in (SEEDS / "articles").glob("*.txt"):
        (tmp_path / "in" / path.name).write_bytes(path.read_bytes())
    long = "\n".join(path.read_text("utf-8") for path in (SEEDS / "articles").glob("*.txt"))
    with (tmp_path / "in" / "z.jsonl").open("w", encoding="utf-8") as lines:
        for n in range(8):  # two chunks
            lines.write(json.dumps({"id": n, "text": long if n < 2 else DEMAND, "date": "2020"}) + "\n")
            lines.write("no json\n" * (n % 2) + "x" * 0)
    (tmp_path / "in" / "cp1256.txt").write_bytes(HANDOVER.encode("cp1256"))

    def score(out, *options):
        command = [*PROGRAM, "in", "--out", out, *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert score("local.jsonl").returncode == 1
    done = score("ray.jsonl", "--engine", "ray", "--workers", "2")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    parts = sorted((tmp_path / "ray.jsonl").glob("part-*.jsonl"))
    assert b"".join(part.read_bytes() for part in parts) == (tmp_path / "local.jsonl").read_bytes()
    listed = [(tmp_path / f"{name}.jsonl.errors.jsonl").read_text("utf-8") for name in ("local", "ray")]
    assert listed[0] == listed[1]
    assert listed[0].count("not JSON") == 4
    assert (tmp_path / "ray.jsonl" / "_SUCCESS").exists()
    again = score("ray.jsonl", "--engine", "ray")
    assert again.returncode == 2
    assert "exists already" in again.stderr
    before = {part.name: part.read_bytes() for part in parts}
    assert score("ray.jsonl", "--engine", "ray", "--force", "--model", "no/such").returncode == 2
    assert {part.name: part.read_bytes() for part in (tmp_path / "ray.jsonl").glob("part-*")} == before
    assert score("ray.jsonl", "--engine", "ray", "--force", "--workers", "1").returncode == 1
    assert {part.name: part.read_bytes() for part in (tmp_path / "ray.jsonl").glob("part-*")} == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "rows.csv"), "a folder of parts named .jsonl or .parquet"),
        (("--out", "rows.jsonl", "--resume"), "--resume does not go with --engine ray"),
        (("--out", "-"), "- does not go with --engine ray"),
    ],
)
def test_what_ray_cannot_do_is_told(tmp_path, options, message):
    if importlib.util.find_spec("ray") is None and "does not go" not in message:
        message = "pip install 'iraqcoal-nlp[ray]'"
    (tmp_path / "a.txt").write_text(DEMAND, "utf-8")
    command = [*PROGRAM, "a.txt", "--engine", "ray", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.fixture
def ray_engine(monkeypatch):
    """The engine with a stand-in for Ray, which finds no cluster."""

    def init(**_):
        raise ConnectionError

    ray = ModuleType("ray")
    ray.is_initialized, ray.init = (lambda: False), init
    ray.data, ray.exceptions = ModuleType("ray.data"), ModuleType("ray.exceptions")
    ray.exceptions.RayError = RuntimeError
    for module in (ray, ray.data, ray.exceptions):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    spec = importlib.util.find_spec("iraqcoal_nlp.scoring.ray_engine")
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    return engine


@pytest.mark.parametrize(("model", "error"), [("no/such/folder", ModelFolderError), (None, ConnectionError)])
def test_an_earlier_result_stays_until_the_model_and_ray_are_there(tmp_path, ray_engine, model, error):
    (tmp_path / "a.txt").write_text(DEMAND, "utf-8")
    part = tmp_path / "rows.jsonl" / "part-000000.jsonl"
    part.parent.mkdir()
    part.write_text(HANDOVER, "utf-8")
    choice = ModelChoice(model=model)
    with pytest.raises(error):
        ray_engine.score_with_ray([str(tmp_path / "a.txt")], str(part.parent), choice, ScoreOptions(), overwrite=True)
    assert part.read_text("utf-8") == HANDOVER
    (part.parent / "notes.txt").touch()
    for overwrite, reason in ((False, "exists already"), (True, "holds other files")):
        with pytest.raises(InputError, match=reason):
            ray_engine.score_with_ray(
                [str(tmp_path / "a.txt")], str(part.parent), choice, ScoreOptions(), overwrite=overwrite
            )


def test_the_function_for_spark_labels_frames_and_loses_no_row(spark_example, classifier):
    frame = pd.DataFrame({"doc_id": [1, 2, 3], "text": [f"{DEMAND}. {HANDOVER}.", None, "😀"]})
    (scored,) = spark_example.score_frames(iter([frame]))
    expected = classifier.classify(frame["text"][0], doc_id="1").to_frame()
    pd.testing.assert_frame_equal(scored.iloc[:2][expected.columns], expected, check_dtype=False)
    assert list(scored["error"].fillna("")) == [
        "",
        "",
        "the text is empty",
        "holds no sentence: nothing but symbols or boilerplate",
    ]
    assert list(scored["doc_id"]) == ["1", "1", "2", "3"]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None, reason="needs pyspark and Java"
)
def test_the_example_runs_on_spark(tmp_path, classifier):
    pd.DataFrame({"doc_id": ["a", "b"], "text": [DEMAND, ""]}).to_parquet(tmp_path / "in.parquet")
    command = [sys.executable, str(ROOT / "examples" / "spark.py"), "in.parquet", "out.parquet"]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = parquet.read_table(tmp_path / "out.parquet").to_pandas().sort_values("doc_id")
    assert list(rows["events"].fillna("")) == ["withdrawal_demand", ""]
    assert list(rows["error"].fillna("")) == ["", "the text is empty"]
    assert rows["prob_against"].iloc[0] == classifier.classify(DEMAND).sentences[0].stance_probs["against"]
