"""Several processes and the program itself: the same bytes, and a clear word when a run ends early."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from conftest import SEEDS
from iraqcoal_nlp.errors import ScoringError
from iraqcoal_nlp.scoring import chunks, stream
from iraqcoal_nlp.scoring.chunks import ScoreOptions
from iraqcoal_nlp.scoring.engines import ModelChoice, local_engine, open_engine
from iraqcoal_nlp.scoring.resume import can_resume
from iraqcoal_nlp.scoring.stream import score_files

ARTICLES = [path.read_bytes().decode() for path in sorted((SEEDS / "articles").glob("*.txt"))]


@pytest.fixture
def articles(tmp_path):
    """A table of 20 articles of some sentences each, every fourth broken."""
    path = tmp_path / "in.jsonl"
    texts = [ARTICLES[n % 5][90 * (n // 5) :][:700] if n % 4 else " " for n in range(20)]
    path.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)), "utf-8")
    return path


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHARACTERS", 1_500)
    monkeypatch.setattr(stream, "COMMIT_SECONDS", 0.0)


def test_workers_write_the_same_bytes_as_one_process(tmp_path, articles, classifier, small_chunks):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    options = ScoreOptions(with_source=True)
    score_files([articles], one, local_engine(classifier, options))
    with open_engine(ModelChoice(), options, workers=2) as engine:
        report = score_files([articles], two, engine)
    assert report.tally.errors == 5
    assert one.read_bytes() == two.read_bytes()
    assert one.with_name("one.jsonl.errors.jsonl").read_bytes() == two.with_name("two.jsonl.errors.jsonl").read_bytes()
    assert not multiprocessing.active_children()


def test_a_dead_worker_is_told_and_the_run_goes_on_without_it(tmp_path, articles, classifier, small_chunks):
    out = tmp_path / "rows.jsonl"

    def kill_one(report):
        for child in multiprocessing.active_children()[:1]:  # a second chunk may come when all are gone
            os.kill(child.pid, signal.SIGKILL)

    with (
        open_engine(ModelChoice(), ScoreOptions(), workers=2) as engine,
        pytest.raises(ScoringError, match=r"a worker process died.*in\.jsonl:\d+.*fewer --workers"),
    ):
        score_files([articles], out, engine, on_chunk=kill_one)
    assert can_resume(out)
    score_files([articles], out, local_engine(classifier), resume=True)
    score_files([articles], tmp_path / "whole.jsonl", local_engine(classifier))
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_the_program_goes_on_after_ctrl_c_and_after_kill_9(tmp_path):
    # Several seconds after the first chunk: no sentence comes twice, so none is remembered.
    texts = [" ".join(random.Random(n).sample(words := ARTICLES[n % 5].split(), len(words))) for n in range(100)]
    rows = "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts))
    (tmp_path / "in.jsonl").write_text(rows, "utf-8")
    program = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()"]
    command = [*program, "score", "in.jsonl", "--out", "rows.jsonl"]
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # shells let what runs in their background ignore it
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=heeds)
    progress = tmp_path / "rows.jsonl.part" / "progress.json"
    until = time.monotonic() + 60
    while not (progress.exists() and json.loads(progress.read_text("utf-8"))["rows"]):
        assert time.monotonic() < until
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    assert run.communicate()[1].splitlines() == [
        "iraqcoal: what is done is kept; go on with: iraqcoal score in.jsonl --out rows.jsonl --resume",
        "iraqcoal: error: stopped",
    ]
    assert run.returncode == 130
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "go on with --resume" in refused.stderr
    killed = subprocess.Popen([*command, "--resume"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    killed.kill()
    killed.wait()
    assert not (tmp_path / "rows.jsonl").exists()
    assert subprocess.run([*command, "--resume"], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "rows.jsonl"]
    found = [json.loads(line)["doc_id"] for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert list(dict.fromkeys(found)) == [str(n) for n in range(100)]
