"""Runs that end early: whatever ends them, they go on, and the output is that of a run that did not, byte for byte."""

import errno
import io
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ROOT, SEEDS
from iraqcoal_nlp.cli.main import main
from iraqcoal_nlp.data.articles import Columns
from iraqcoal_nlp.errors import InputError, ScoringError
from iraqcoal_nlp.scoring import chunks, stream
from iraqcoal_nlp.scoring.chunks import ScoreOptions
from iraqcoal_nlp.scoring.engines import local_engine
from iraqcoal_nlp.scoring.resume import part_folder
from iraqcoal_nlp.scoring.stream import score_files
from stub_model import StubClassifier

ARTICLES = [path.read_bytes().decode() for path in sorted((SEEDS / "articles").glob("*.txt"))]


class Interruption(BaseException):
    """Ends a run as Ctrl-C would."""


def write_input(folder: Path, n_articles: int) -> Path:
    """A folder with a table, a text and an empty file; one row of six is broken."""
    inputs = folder / "in"
    inputs.mkdir()
    with (inputs / "a.jsonl").open("w", encoding="utf-8") as lines:
        for n in range(n_articles):
            row = {"id": n, "text": ARTICLES[n % 5][: 300 + 29 * (n % 11)], "date": f"2020-01-{n % 28 + 1:02}", "n": n}
            lines.write(json.dumps(row | ({"tag": "ب"} if n > n_articles / 2 else {})) + "\n")
            if n % 6 == 0:
                lines.write("no json\n")
    (inputs / "b.txt").write_bytes(ARTICLES[0][:900].encode("cp1256", "ignore"))
    (inputs / "c.txt").write_bytes(b"")
    return inputs


def kill_runs(folder: Path, *arguments: object) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT / "tests")])}
    command = [sys.executable, str(ROOT / "tests/integration/kill_runs.py"), str(folder), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHARACTERS", 2_000)
    monkeypatch.setattr(stream, "COMMIT_SECONDS", 0.0)


@pytest.fixture
def interrupted(tmp_path, small_chunks):
    """A run that has ended after its second chunk."""
    write_input(tmp_path, 24)
    seen = []

    def stop(report):
        seen.append(report)
        if len(seen) == 3:
            raise Interruption

    with pytest.raises(Interruption):
        score_files([tmp_path / "in"], tmp_path / "rows.csv", local_engine(StubClassifier()), on_chunk=stop)
    assert part_folder(tmp_path / "rows.csv").is_dir()
    return tmp_path


def go_on(folder, classifier=None, options=None, **given):
    engine = local_engine(classifier or StubClassifier(), options)
    return score_files([folder / "in"], folder / "rows.csv", engine, **{"resume": True, **given})


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks")


@needs_fork
def test_runs_killed_at_twenty_moments_and_before_every_step_end_with_the_same_bytes(tmp_path):
    write_input(tmp_path, 8)
    outs = ("rows.jsonl", "rows.jsonl.gz", "rows.csv", "rows.parquet")
    lines = kill_runs(tmp_path, 0.01, 20, 7, *outs, "--steps", "rows.parquet")
    assert sum("killed after" in line for line in lines) == 20
    assert sum("ended before step" in line for line in lines) >= 20


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("n_articles", [1, 300])
def test_runs_of_other_sizes_killed_at_ten_moments(tmp_path, n_articles):
    write_input(tmp_path, n_articles)
    lines = kill_runs(tmp_path, 0.003, 10, n_articles, "rows.csv.gz")
    assert sum("killed after" in line for line in lines) == 10


def test_a_resumed_run_reports_all_its_parts(interrupted):
    report = go_on(interrupted)
    again = score_files([interrupted / "in"], interrupted / "again.csv", local_engine(StubClassifier()))
    assert report.tally == again.tally
    assert (interrupted / "rows.csv").read_bytes() == (interrupted / "again.csv").read_bytes()
    assert report.tally.errors == 5
    assert dict(report.tally.encodings) == {"utf-8": 24, "windows-1256": 1}
    assert sorted(path.name for path in interrupted.iterdir()) == [
        "again.csv", "again.csv.errors.jsonl", "in", "rows.csv", "rows.csv.errors.jsonl",
    ]  # fmt: skip


def test_neither_resumed_nor_given_up_a_run_is_left_as_it_is(interrupted):
    with pytest.raises(InputError, match=r"rows.csv.part: holds a run that was not finished: go on with --resume"):
        go_on(interrupted, resume=False)
    assert go_on(interrupted).tally.articles == 25


def test_a_run_can_be_given_up(interrupted):
    report = go_on(interrupted, StubClassifier(), ScoreOptions(unit="sentence"), resume=False, overwrite=True)
    assert report.tally.articles == 25
    assert not part_folder(interrupted / "rows.csv").exists()


def test_what_a_run_left_that_was_killed_when_all_was_done_is_swept_away(tmp_path):
    write_input(tmp_path, 2)
    go_on(tmp_path)
    part_folder(tmp_path / "rows.csv").mkdir()
    (part_folder(tmp_path / "rows.csv") / "rows").write_text("left", "utf-8")
    with pytest.raises(InputError, match="exists already"):
        go_on(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "rows.csv", "rows.csv.errors.jsonl"]


def test_what_came_through_standard_input_is_not_kept(interrupted, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b'{"text": "x"}')

    def stop(report):
        raise Interruption

    monkeypatch.setattr(sys, "stdin", Stdin)
    engine = local_engine(StubClassifier())
    with pytest.raises(InputError, match="holds a run that was not finished"):
        score_files(["-"], interrupted / "rows.csv", engine)
    with pytest.raises(Interruption):
        score_files(["-"], interrupted / "other.csv", engine, on_chunk=stop)
    assert sorted(path.name for path in interrupted.iterdir()) == ["in", "rows.csv.part"]
    assert go_on(interrupted).tally.articles == 25


def test_resuming_what_never_began_begins_it(tmp_path):
    write_input(tmp_path, 2)
    assert go_on(tmp_path).tally.articles == 3
    with pytest.raises(InputError, match="exists already"):
        go_on(tmp_path)


def rename_model(folder):
    model = StubClassifier()
    model.model_id = "other@1"
    return {"classifier": model}


def change_backend(folder):
    model = StubClassifier()
    model.backend = "torch, cuda, bfloat16"
    return {"classifier": model}


def append_row(folder):
    with (folder / "in" / "a.jsonl").open("a") as file:
        file.write("{}")


def add_file(folder):
    (folder / "in" / "d.txt").write_text("خبر", "utf-8")


def remove_file(folder):
    (folder / "in" / "b.txt").unlink()


def touch_file(folder):
    os.utime(folder / "in" / "b.txt", ns=(1, 1))


def cut_rows(folder):
    os.truncate(part_folder(folder / "rows.csv") / "rows", 10)


def spoil_progress(folder):
    (part_folder(folder / "rows.csv") / "progress.json").write_text("[]")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (rename_model, "was begun with model 'stub@000000000000', not 'other@1'"),
        (change_backend, "was begun with backend 'stub', not 'torch, cuda, bfloat16'"),
        (lambda _: {"options": ScoreOptions(unit="sentence")}, "was begun with --unit 'article', not 'sentence'"),
        (lambda _: {"options": ScoreOptions(columns=Columns(id="n"))}, "was begun with --id-column None, not 'n'"),
        (lambda _: {"excel": True}, "was begun with --excel False, not True"),
        (append_row, "a.jsonl has changed since"),
        (touch_file, "b.txt has changed since"),
        (add_file, "was begun without the input"),
        (remove_file, "which is not the next one now"),
        (cut_rows, "is damaged"),
        (spoil_progress, "is damaged"),
    ],
)
def test_what_has_changed_is_told_and_nothing_is_touched(interrupted, change, reason):
    given = change(interrupted) or {}
    before = {path.name: path.read_bytes() for path in part_folder(interrupted / "rows.csv").iterdir()}
    with pytest.raises(InputError) as refusal:
        go_on(interrupted, given.pop("classifier", None), given.pop("options", None), **given)
    assert reason in str(refusal.value)
    assert "--force starts anew" in str(refusal.value)
    assert {path.name: path.read_bytes() for path in part_folder(interrupted / "rows.csv").iterdir()} == before
    assert not (interrupted / "rows.csv").exists()


def test_another_version_of_the_library_is_told(interrupted, monkeypatch):
    monkeypatch.setattr(stream, "__version__", "99")
    with pytest.raises(InputError, match=r"was begun with library 'iraqcoal-nlp [\d.]+', not 'iraqcoal-nlp 99'"):
        go_on(interrupted)


def test_an_output_that_appeared_meanwhile_is_not_replaced(interrupted):
    (interrupted / "rows.csv").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="exists already"):
        go_on(interrupted)
    assert (interrupted / "rows.csv").read_text("utf-8") == "mine"


def test_an_old_output_stays_until_the_new_one_is_whole(tmp_path, small_chunks):
    write_input(tmp_path, 24)
    (tmp_path / "rows.csv").write_text("old", "utf-8")

    def stop(report):
        raise Interruption

    with pytest.raises(Interruption):
        go_on(tmp_path, resume=False, overwrite=True, on_chunk=stop)
    assert (tmp_path / "rows.csv").read_text("utf-8") == "old"
    assert go_on(tmp_path).tally.articles == 25  # it was allowed to replace it when it began
    assert (tmp_path / "rows.csv").read_bytes().startswith(b"doc_id,")


def test_a_second_process_is_kept_from_the_same_output(tmp_path):
    write_input(tmp_path, 2)

    def meanwhile(report):
        for given in ({"resume": True}, {"resume": False}, {"overwrite": True, "resume": False}):
            with pytest.raises(InputError, match=r"rows.csv: another process is writing it"):
                go_on(tmp_path, **given)

    go_on(tmp_path, on_chunk=meanwhile)
    assert (tmp_path / "rows.csv").exists()


def test_a_clock_that_jumps_changes_nothing(tmp_path, small_chunks, monkeypatch):
    """Only files' own times are compared with anything; how long a run took is told by a clock that never goes back."""
    write_input(tmp_path, 24)
    score_files([tmp_path / "in"], tmp_path / "whole.csv", local_engine(StubClassifier()))
    jumps = itertools.cycle([0.0, 4e9, -4e9, 1.0])
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    monkeypatch.setattr(time, "time_ns", lambda: int(next(jumps) * 1e9))
    monkeypatch.setattr(stream, "COMMIT_SECONDS", 0.0)

    def stop(report):
        raise Interruption

    with pytest.raises(Interruption):
        go_on(tmp_path, on_chunk=stop)
    assert go_on(tmp_path).seconds >= 0
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("name", ["mkdir", "open"])
def test_a_read_only_folder_is_one_clear_line(tmp_path, monkeypatch, capsys, name):
    write_input(tmp_path, 2)
    real = getattr(os, name)

    def refused(path, *arguments, **options):
        if str(path).startswith(str(tmp_path / "rows.csv.part")):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, name, refused)  # a real one would not stop root, as whom tests may run
    with pytest.raises(SystemExit) as ended:
        main(["score", str(tmp_path / "in"), "--out", str(tmp_path / "rows.csv")])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"iraqcoal: error: {tmp_path / 'rows.csv.part'}")
    assert line.endswith(": Read-only file system")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


@pytest.mark.parametrize("place", ["rows", "errors", "progress.json.new", "output"])
def test_a_full_disk_ends_a_run_that_can_go_on(tmp_path, small_chunks, monkeypatch, place):
    write_input(tmp_path, 24)
    score_files([tmp_path / "in"], tmp_path / "whole.csv", local_engine(StubClassifier()))
    n_synced = 0

    def full(descriptor):
        nonlocal n_synced
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        n_synced += name == place
        if name == place and (n_synced == 3 or place == "output"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc to tell files apart")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left on device") as failure:
            go_on(tmp_path)
    assert failure.value.filename == str(tmp_path / "rows.csv")
    assert not (tmp_path / "rows.csv").exists()
    go_on(tmp_path)
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_without_a_good_row_there_is_a_list_of_errors_and_no_output(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(b"")
    report = go_on(tmp_path)
    assert (report.tally.articles, report.tally.errors) == (0, 1)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rows.csv.errors.jsonl"]
    (tmp_path / "in" / "a.txt").write_text("خبر عن بغداد", "utf-8")
    assert go_on(tmp_path).error_path is None
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rows.csv"]


def test_an_article_on_which_the_model_fails_is_listed_and_the_rest_is_scored(tmp_path):
    write_input(tmp_path, 12)
    with (tmp_path / "in" / "a.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"id": "bad", "text": "ضضض"}) + "\n")
    report = go_on(tmp_path, StubClassifier(fails_on="ضضض"))
    assert report.tally.articles == 13
    errors = (tmp_path / "rows.csv.errors.jsonl").read_text("utf-8")
    assert '"row": 15, "reason": "could not be scored (RuntimeError: the model broke)"' in errors


def test_a_model_that_fails_on_all_ends_the_run(tmp_path):
    write_input(tmp_path, 12)
    with pytest.raises(ScoringError, match=r"the model fails on every article \(RuntimeError: the model broke\)"):
        go_on(tmp_path, StubClassifier(fails_on=""))
    assert go_on(tmp_path).tally.articles == 13
