"""``iraqcoal evaluate`` and ``scripts/evaluate.py``: what a user reads, and what a program does."""

import json
import os
import re
import subprocess
import sys

import pytest
from test_cli import run

from conftest import DEMAND, HANDOVER, ROOT, SEEDS
from iraqcoal_nlp.cli.main import main
from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.checklist import shipped_checklist
from iraqcoal_nlp.evaluation.evaluate import read_files
from iraqcoal_nlp.evaluation.measure import measure
from iraqcoal_nlp.evaluation.predictions import predict
from iraqcoal_nlp.model.locate import locate_model

GOLD = SEEDS / "gold.jsonl"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One run with everything: its output, its file of scores, its folder of figures."""
    folder = tmp_path_factory.mktemp("evaluate")
    options = ("--out", "scores.json", "--plots", "figures", "--compare", ROOT / "models/iraqcoal-mini")
    code, output, errors = run("evaluate", "--data", GOLD, "--checklist", *options, cwd=folder)
    assert (code, errors) == (0, "")
    return output, json.loads((folder / "scores.json").read_text("utf-8")), folder / "figures"


def test_the_file_holds_what_measure_gives_and_what_it_rests_on(whole):
    _, record, _ = whole
    assert record["scores"]["gold"] == measure(locate_model(), {"gold": read_annotations(GOLD)})["gold"]
    assert re.fullmatch(r"iraqcoal-mini@[0-9a-f]{12}", record["model"])
    data = record["data"]["gold"]
    assert (data["n_sentences"], data["n_documents"], data["n_unjudged"]) == (114, 5, 0)
    assert len(data["sha256"]) == 64
    assert record["library"].startswith("iraqcoal-nlp ")
    assert sum(entry["total"] for entry in record["checklist"]["capabilities"].values()) >= 300


def test_the_tables_fit_eighty_columns_and_show_the_scores(whole):
    output, record, _ = whole
    assert max(map(len, output.splitlines())) <= 80
    attack = record["scores"]["gold"]["events"]["labels"]["attack"]
    shown = re.search(r"^attack .*$", output, re.MULTILINE)[0].split()
    low, high = attack["interval"]
    keys = ("precision", "recall", "f1")
    expected = [*(f"{attack[key]:.3f}" for key in keys), f"{low:.3f}", "to", f"{high:.3f}"]
    assert shown[1:] == [*expected, f"{attack['average_precision']:.3f}", str(attack["support"])]
    assert "intervals over fewer than 30 documents are rough" in output
    assert re.search(r"^near_miss +\d+ +78 ", output, re.MULTILINE)


def test_a_model_compared_with_itself_does_not_differ(whole):
    _, record, _ = whole
    for head in record["comparison"]["gold"].values():
        for entry in (head["macro_f1"], *head["labels"].values()):
            assert entry["difference"] == 0.0
            # Where too few documents hold a label there is no interval.
            assert (entry["interval"], entry["p_value"]) in (([0.0, 0.0], 1.0), (None, None))
        assert head["macro_f1"]["interval"] == [0.0, 0.0]


def test_the_figures_are_there(whole):
    _, _, figures = whole
    kinds = ("stance-reliability", "stance-f1", "stance-confusion", "stance-risk-coverage")
    names = {f"gold-{kind}" for kind in (*kinds, "events-reliability", "events-f1")}
    assert {path.name for path in figures.iterdir()} == {f"{name}.{kind}" for name in names for kind in ("png", "svg")}


def test_two_files_of_one_name_and_rows_that_nobody_judged(tmp_path):
    rows = [{"id": str(i), "text": f"{DEMAND} {i}", "stance": "against"} for i in range(3)]
    rows.append({"id": "9", "text": DEMAND})
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "new.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    code, output, _ = run("evaluate", "--data", "one/new.jsonl", "--data", "two/new.jsonl", cwd=tmp_path)
    assert code == 0
    assert "new: 1 rows that nobody judged are left out" in output
    assert "new-2: 3 sentences of 3 documents" in output
    assert "events" not in output


def test_rows_of_which_only_some_say_a_side_are_refused(tmp_path):
    rows = [{"id": str(i), "text": DEMAND, "stance": "against", "split": side} for i, side in enumerate(["test", None])]
    (tmp_path / "new.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    with pytest.raises(InputError, match=r"new\.jsonl: 1 of 2 rows carry no split, first '1'"):
        read_files([tmp_path / "new.jsonl"])
    (only,) = read_files([tmp_path / "new.jsonl"], test_only=False)
    assert len(only.rows) == 2


def test_what_is_not_arabic_is_scored_as_it_is_decided(classifier):
    row = Annotation(id="1", doc_id="d", text="US forces must leave Iraq now", stance="against", events=())
    predictions = predict(classifier, [row])
    assert predictions.stance.probs.tolist() == predictions.stance.predicted.astype(float).tolist()
    assert not predictions.events.probs.any()


def test_each_file_has_a_name_of_its_own(tmp_path):
    paths = [tmp_path / place for place in ("e1/a.jsonl", "e2/a.jsonl", "e3/a-2.jsonl", "e4/a.jsonl")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps({"text": DEMAND, "stance": "against"}), "utf-8")
    assert [file.name for file in read_files(paths)] == ["a", "a-2", "a-2-2", "a-3"]
    assert [file.name for file in read_files(paths[2:] + paths[:2])] == ["a-2", "a", "a-3", "a-4"]


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_rows_that_a_model_has_labelled_are_told(tmp_path, ending):
    (tmp_path / "a.txt").write_text(f"{DEMAND}.\n{HANDOVER}.\n", "utf-8")
    assert run("score", "a.txt", "--out", f"g{ending}", cwd=tmp_path)[0] == 0
    code, output, errors = run("evaluate", "--data", f"g{ending}", cwd=tmp_path)
    model = re.search("^model: (.*)", output)[1]
    meaning = "unless a person has judged each one since, figures show agreement with a model, not quality"
    assert (code, errors) == (0, f"g{ending}: all rows were labelled by {model}: {meaning}\n")


def test_rows_that_a_person_has_judged_need_no_caution(tmp_path):
    scored = {"text": DEMAND, "stance": "against", "stance_probs": {"favor": 0.1}, "model": "m@0"}
    rows = [
        scored,
        scored | {"annotator": "ليلى"},
        scored | {"annotators": [["favor", []]]},
        {"text": DEMAND, "stance": "against", "model": "تويوتا"},
    ]

    def caution(*rows):
        (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
        return read_files([tmp_path / "rows.jsonl"])[0].caution

    assert caution(*rows[1:]) is None
    assert caution(*rows).startswith("1 of 4 rows were labelled by m@0: ")
    other = scored | {"model": "n@1"}
    assert caution(rows[0], other, {**other, "model": None}).startswith(
        "all rows were labelled by m@0 and n@1 and a model"
    )


def test_own_cases_and_the_names_of_those_that_failed(tmp_path):
    case = {"kind": "mft", "capability": "mine", "text": DEMAND}
    cases = [case | {"id": "good", "has": ["withdrawal_demand"]}, case | {"id": "hopeless", "has": ["handover"]}]
    (tmp_path / "cases.jsonl").write_text("\n".join(json.dumps(row) for row in cases), "utf-8")
    code, output, _ = run("evaluate", "--cases", tmp_path / "cases.jsonl", "--failed")
    assert code == 0
    assert re.search(r"^mine +1 +2 +50%", output, re.MULTILINE)
    assert output.endswith("\n1 failed\nhopeless\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to measure on: give --data with annotated sentences, or --checklist"),
        (("--checklist", "--plots", "p"), "need --data"),
        (("--data", "none.jsonl"), "none.jsonl: no such file"),
        (("--data", "bad.jsonl"), "bad.jsonl:1: unknown stance 'pro'"),
        (("--data", "blank.jsonl"), "blank.jsonl: no row has a stance or events: there is nothing to measure"),
        (("--data", GOLD, "--out", "s.txt"), "s.txt: unknown output type '.txt': use .json"),
        (("--data", GOLD, "--out", "no/s.json"), "no/s.json: its folder does not exist"),
        (("--data", GOLD, "--out", "old.json"), "old.json: exists already"),
        (("--data", GOLD, "--folds", 3), "--folds and --recipe go together"),
        (("--data", GOLD, "--folds", 3, "--recipe", "r.toml", "--checklist"), "leave out --model, --compare and"),
        (("--data", GOLD, "--folds", 3, "--recipe", "r.toml"), "r.toml: no such recipe file"),
        (("--data", GOLD, "--compare", "../none"), "../none: no such model folder"),
        (("--cases", "old.json"), "old.json:1: not JSON"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.jsonl").write_text(json.dumps({"text": DEMAND, "stance": "pro"}), "utf-8")
    (tmp_path / "blank.jsonl").write_text(json.dumps({"text": DEMAND}), "utf-8")
    (tmp_path / "old.json").write_text("old", "utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *map(str, arguments)])
    output, errors = capsys.readouterr()
    assert (ended.value.code, output) == (2, "")
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert (tmp_path / "old.json").read_text("utf-8") == "old"


def test_the_checklist_comes_with_the_package():
    assert shipped_checklist() == SEEDS / "checklist.jsonl"
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"seeds/checklist.jsonl" = "iraqcoal_nlp/shipped/checklist.jsonl"' in settings


def test_the_script_prints_the_figures_of_readme():
    command = [sys.executable, str(ROOT / "scripts/evaluate.py")]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "COLUMNS": "80"}, check=True)
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    rows = [line for line in done.stdout.decode().splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) == 19
    assert [row for row in rows if row not in readme] == []
    assert "iraqcoal-mini, seed gold: 114 sentences of 5 documents" in done.stdout.decode()
