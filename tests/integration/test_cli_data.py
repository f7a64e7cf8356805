"""``iraqcoal data``, as a user runs it."""

import json
import re
import sys

import pytest

from conftest import ATTACK, DEMAND, HANDOVER, SEEDS
from iraqcoal_nlp.cli.main import main
from iraqcoal_nlp.data.results import ENDINGS

ROWS = [
    {"id": "1", "text": DEMAND, "stance": "against", "events": ["withdrawal_demand"], "split": "train"},
    {"id": "2", "text": ATTACK, "stance": "none", "events": ["attack"], "split": "test"},
]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the program in a folder of its own: exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        shown = capsys.readouterr()
        return ended.value.code, shown.out, shown.err

    return run


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_check_shows_labels_and_agreement_of_the_seed_gold(run):
    code, output, _ = run("data", "check", SEEDS / "gold.jsonl")
    assert code == 0
    assert "114 sentences of 5 documents" in output
    assert "agreement on 114 sentences" in output
    assert "κ 1 / 2" in output
    assert output.splitlines()[-1] == "no problem found"
    assert max(map(len, output.splitlines())) <= 80


def test_check_lists_problems_and_ends_with_1(run, tmp_path):
    copy = {"id": "3", "text": f"{DEMAND}.", "stance": "none", "events": [], "split": "test"}
    path = write(tmp_path / "rows.jsonl", [*ROWS, copy])
    code, output, _ = run("data", "check", path, "--gold", write(tmp_path / "gold.jsonl", ROWS[1:]))
    assert code == 1
    assert "test 3, train 1" in output
    assert [line for line in output.splitlines() if line.startswith("problem: ")] == [
        "problem: held-out sentences that nearly repeat another split: 1",
        "problem: sentences that nearly repeat the held-out file: 1",
    ]
    code, output, _ = run("data", "check", path, "--json")
    assert code == 1
    assert json.loads(output)["leaks"] == [["3", "1"]]


def test_what_annotators_judge_differently_is_a_problem_until_it_is_settled(run, tmp_path):
    one = [row | {"annotator": "علي"} for row in ROWS]
    two = [row | {"annotator": "سارة"} for row in ROWS]
    two[1] = two[1] | {"stance": "against", "events": []}
    path = write(tmp_path / "rows.jsonl", [*one, *two])
    code, output, _ = run("data", "check", path)
    assert code == 1
    assert "  2: علي none attack; سارة against -: " in output
    assert output.splitlines()[-1] == "problem: sentences judged differently, not settled: 1"
    code, output, _ = run("data", "check", path, "--json")
    assert (code, [[row["annotator"] for row in rows] for rows in json.loads(output)["unsettled"]]) == (
        1,
        [["علي", "سارة"]],
    )
    code, output, _ = run("data", "check", write(path, [*one, *two, ROWS[1]]))
    assert (code, output.splitlines()[-1]) == (0, "no problem found")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "none.jsonl"), "none.jsonl: no such file"),
        (("check", "bad.csv"), "bad.csv:1: has no column 'stance'"),
        (("check", "rows.jsonl", "--gold", "none.jsonl"), "none.jsonl: no such file"),
        (("to-label-studio", "bad.csv", "--out", "t.json"), "bad.csv:1: has no column 'stance'"),
        (("to-label-studio", "rows.jsonl", "--out", "t.csv"), "t.csv: unknown output type '.csv': use .json"),
        (("to-label-studio", "rows.jsonl", "--out", "old.json"), "old.json: exists already"),
        (("from-label-studio", "rows.jsonl", "--out", "o.jsonl"), "rows.jsonl: not JSON"),
        (("from-label-studio", "none.json", "--out", "o.jsonl"), "none.json: cannot be read"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(run, tmp_path, arguments, message):
    write(tmp_path / "rows.jsonl", ROWS)
    (tmp_path / "bad.csv").write_text("text\nخبر\n", "utf-8")
    (tmp_path / "old.json").write_text("old", "utf-8")
    code, output, errors = run("data", *arguments)
    assert (code, output) == (2, "")
    assert errors.startswith(f"iraqcoal: error: {message}")
    assert errors.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"rows.jsonl", "bad.csv", "old.json"}


def test_to_label_studio_and_back(run, tmp_path):
    write(tmp_path / "rows.jsonl", [*ROWS, {"id": "3", "text": HANDOVER, "stance": "none", "events": ["handover"]}])
    code, _, errors = run("data", "to-label-studio", "rows.jsonl", "--out", "tasks.json", "--config-out", "config.xml")
    assert (code, errors) == (0, "tasks.json: 3 tasks\n")
    assert (tmp_path / "config.xml").read_text("utf-8").startswith("<View")
    export = [
        {"id": i, "data": task["data"], "annotations": [{"id": i, "completed_by": 1, **task["predictions"][0]}]}
        for i, task in enumerate(json.loads((tmp_path / "tasks.json").read_text("utf-8")), 1)
    ]
    export[2]["annotations"][0]["result"] = []
    (tmp_path / "export.json").write_text(json.dumps(export), "utf-8")
    code, _, errors = run("data", "from-label-studio", "export.json", "--out", "back.jsonl")
    assert code == 1
    assert "back.jsonl: 2 rows by 1 annotators" in errors
    assert "1 annotations failed; they are listed in back.jsonl.errors.jsonl" in errors
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text("utf-8").splitlines()]
    assert back == [{"id": r["id"], "doc_id": r["id"], **r, "annotator": "1"} for r in ROWS]
    assert "task 3" in (tmp_path / "back.jsonl.errors.jsonl").read_text("utf-8")


def test_without_nltk_agreement_is_one_clear_line(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "nltk.metrics.agreement", None)
    code, _, errors = run("data", "check", SEEDS / "gold.jsonl")
    assert code == 2
    assert errors == "iraqcoal: error: agreement needs nltk: pip install 'iraqcoal-nlp[train]'\n"


def test_help_names_the_types_of_scored_rows(run):
    told = run("data", "to-label-studio", "--help")[1]
    assert all(part in told for ending in ENDINGS for part in re.findall(r"\.\w+", ending))


def test_help_fits_80_columns(run):
    for command in ((), ("check",), ("to-label-studio",), ("from-label-studio",)):
        code, output, _ = run("data", *command, "--help")
        assert code == 0
        assert max(map(len, output.splitlines())) <= 80
