"""Scripts that print the figures of the documentation run, find what they look for, and say what is wrong."""

import importlib
import subprocess
import sys

import pytest

from conftest import ROOT
from iraqcoal_nlp.evaluation.checklist import read_checklist, shipped_checklist
from iraqcoal_nlp.evaluation.laws import TARGETS

BROKEN = """
import sys
sys.path.insert(0, "scripts")
import fuzz
from iraqcoal_nlp.evaluation import laws

def no_stop(data):
    assert "التحالف".encode() not in data

laws.TARGETS["broken"] = no_stop
fuzz.main()
"""


def run(*command):
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_fuzzing_prints_a_row_for_each_target(tmp_path):
    done = run("scripts/fuzz.py", "--engine", "plain", "--runs", "30", "--longest", "100", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == [f"| {name}" for name in TARGETS]
    assert all(row[1:3] == ["plain", "30"] and row[-1] == "0 |" for row in rows)


def test_fuzzing_keeps_what_breaks_a_law_and_makes_it_small(tmp_path):
    arguments = ["--child", "--engine", "plain", "--target", "broken", "--runs", "200", "--out", tmp_path]
    done = run("-c", BROKEN, *arguments)
    assert done.returncode == 1, done.stderr
    assert done.stdout.endswith("| 1 |\n")
    (finding,) = (tmp_path / "broken").iterdir()
    assert finding.read_bytes() == "التحالف".encode()


def test_an_unknown_target_is_one_clear_line():
    done = run("scripts/fuzz.py", "--target", "everything")
    assert done.returncode == 2
    assert "unknown target 'everything': use one of boilerplate" in done.stderr


def test_robustness_prints_a_row_for_each_kind():
    done = run("scripts/robustness.py", "--kind", "tatweel", "--kind", "final ى written ي", "--add", "orthography.v1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "on gold.jsonl: 114 sentences" in lines[0]
    assert "| tatweel | 114 | 0.00% | 0.0% |" in done.stdout
    assert "| final ى written ي | 70 | 0.00% | 0.0% |" in done.stdout  # the step makes both spellings one
    assert lines[-1] == "kinds above the goal of 1% of decisions: none"


def test_robustness_says_what_it_cannot_read(tmp_path):
    for arguments in (["--data", tmp_path / "none.jsonl"], ["--model", tmp_path], ["--add", "magic.v1"]):
        done = run("scripts/robustness.py", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1


def test_long_lines_prints_a_row_for_each_function():
    done = run(
        "scripts/long_lines.py", "--characters", "1000", "--function", "split_sentences", "--function", "classify"
    )
    assert done.returncode == 0, done.stderr
    assert [line.split(" | ")[0] for line in done.stdout.splitlines()[3:]] == ["| split_sentences", "| classify"]


def test_a_synthetic_archive_repeats_its_articles_under_new_ids():
    code = """
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, "scripts")
from benchmark_archive import write_archive
with tempfile.TemporaryDirectory() as place:
    path = Path(place, "in.jsonl")
    write_archive(path, 200, distinct=75)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
assert [row["id"] for row in rows] == list(range(0, 200, 25))
texts = [row["text"] for row in rows]
assert len(set(texts)) == 3 and texts == (texts[:3] * 3)[:8]
"""
    assert run("-c", code).returncode == 0


def test_measured_parts_are_written_between_their_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- archive: begin -->\nold\n<!-- archive: end -->\nafter\n", "utf-8")
    code = f"""
import sys
sys.path.insert(0, "scripts")
import performance
performance.measured = lambda part, model: "| new |"
sys.argv = ["performance.py", "--only", "archive", "--page", {str(page)!r}]
performance.main()
performance.main()
try:
    performance.written("no marks", "archive", "x")
except ValueError as error:
    assert "marks for archive" in str(error)
else:
    sys.exit(1)
"""
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    assert page.read_text("utf-8") == ("before\n<!-- archive: begin -->\n\n| new |\n\n<!-- archive: end -->\nafter\n")


@pytest.mark.slow
def test_killed_runs_lose_nothing_and_write_the_same_bytes():
    done = run("scripts/survive_kills.py", "--kills", "6", "--sentences", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[3:]]
    assert [row[0] for row in rows] == ["rows.jsonl", "rows.csv.gz", "rows.parquet", "full.jsonl"]
    assert [row[1] for row in rows] == ["2", "2", "2", "0"]
    assert all(row[4:] == ["0", "0", "0"] for row in rows)


def test_error_rates_name_a_sentence_for_each_behaviour_that_fails():
    done = run("scripts/error_rates.py")
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[4:]]
    cases = read_checklist(shipped_checklist())
    assert len(rows) <= len({case.capability for case in cases})
    texts = {case.variant or case.text for case in cases}
    assert rows
    assert all(row[2] in texts for row in rows)


def test_what_is_no_model_folder_is_not_shipped(tmp_path):
    (tmp_path / "run/model").mkdir(parents=True)
    (tmp_path / "run/test.jsonl").write_text("{}", "utf-8")
    refused = run("scripts/ship.py", str(tmp_path / "run"), str(tmp_path / "shipped"))
    assert refused.returncode == 2
    assert refused.stderr == f"error: {tmp_path / 'run'}: is no model folder, it has no manifest.json\n"
    assert not (tmp_path / "shipped").exists()


@pytest.fixture
def ablate(monkeypatch):
    """The script's ``main`` with the arguments given to it, without the seconds of a process of its own."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    script = importlib.import_module("ablate")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["ablate.py", *map(str, arguments)])
        return script.main()

    return call


@pytest.mark.parametrize("plan", ["ablations.toml", "students.toml"])
def test_a_plan_of_ablations_changes_settings_that_there_are(plan, ablate, tmp_path, capsys):
    assert ablate(tmp_path, "--out", tmp_path, "--plan", ROOT / "scripts" / plan, "--table") == 0
    assert capsys.readouterr().out.startswith("| run | rows | dev |")


def test_figures_of_other_settings_are_not_shown(ablate, tmp_path, capsys):
    plan, folder = tmp_path / "plan.toml", tmp_path / "out/one"
    plan.write_text("[runs.one]\nr_drop = 1.0\n", "utf-8")
    folder.mkdir(parents=True)
    (folder / "figures.json").write_text('{"share": 1.0, "recipe": {"r_drop": 2.0}}', "utf-8")
    assert ablate(tmp_path, "--out", tmp_path / "out", "--plan", plan) == 2
    assert capsys.readouterr().err == (
        f"error: {folder / 'figures.json'}: is of other settings than the plan's: delete {folder} to repeat the run\n"
    )


def test_names_of_runs_come_before_or_after_the_options(ablate, tmp_path, capsys):
    assert ablate(tmp_path, "--out", tmp_path, "--table", "plain", "nonesuch") == 2
    assert "has no run nonesuch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("[runs.one]\nepochs = 2\n[runs.two]\nepoch = 2\n", "unknown setting 'epoch': known are"),
        ("[runs.one]\nr_drop = -1\n", "r_drop is -1.0: use 0 or a number above it"),
        ("[runs.one]\nepochs = 2\n[runs.two]\nstudent_layers = 2.5\n", "'student_layers' is 2.5: it must be int"),
        ('[runs.one]\nshare = "half"\n', "share is 'half': use a number above 0, up to 1"),
        ("runs = 3\n", "not a plan with [runs.NAME]"),
    ],
)
def test_a_mistake_in_a_plan_is_told_before_anything_trains(plan, reason, ablate, tmp_path, capsys):
    (tmp_path / "plan.toml").write_text(plan, "utf-8")
    assert ablate(tmp_path, "--out", tmp_path / "out", "--plan", tmp_path / "plan.toml") == 2
    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1
