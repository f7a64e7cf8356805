"""`iraqcoal benchmark` from end to end, on a small task of the form in which public sets come."""

import json
import random
import re
import shlex
import sys
from dataclasses import replace

import pytest

from iraqcoal_nlp.benchmark.cell import CellRequest, run_cell
from iraqcoal_nlp.benchmark.estimators import EstimatorModel
from iraqcoal_nlp.benchmark.results import Results
from iraqcoal_nlp.benchmark.run import BenchmarkPlan, run_benchmark
from iraqcoal_nlp.benchmark.specs import ModelSpec
from iraqcoal_nlp.cli.main import main
from toy import PLACES

DEEDS = {"1": ["قصف", "هاجم", "استهدف"], "0": ["زار", "افتتح", "ناقش"]}

TASK = """
title = "Conflict or not"
description = "Made-up sentences."
form = "single"
question = "relevance"
main_score = "f1:relevant"
licence = "Apache-2.0"
citation = "made up"
url = "https://example.org/sentences"
[files]
all = "sentences.jsonl"
[columns]
text = "text"
label = "label"
[labels]
0 = "irrelevant"
1 = "relevant"
[split]
rule = "stratified"
dev = 0.15
test = 0.25
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with data and a task, in which the commands run."""
    generator, rows = random.Random(13), {}
    for number in range(160):
        label = str(number % 2)
        deed, place = generator.choice(DEEDS[label]), generator.choice(PLACES)
        words = generator.choices(["الوفد", "المبنى", "السوق", "الطريق", "صباحا", "مساء", "أمس", "الحي", "الجسر"], k=5)
        rows[f"{deed} {place} {' '.join(words)} {number}"] = label
    (tmp_path / "data").mkdir()
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows.items()]
    (tmp_path / "data/sentences.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "toy.v1.toml").write_text(TASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", *arguments])
    return ended.value.code


def benchmark(models, out="out", *more):
    return run("--models", models, "--task", "toy.v1.toml", "--data-root", "data", "--out", out, *more)


def records(folder, out="out"):
    return {(cell["model"], cell["seed"]): cell for cell in Results.read(folder / out).cells}


def plan(folder, *models, **changes):
    specs = tuple(ModelSpec(name=name) for name in models)
    settings = {"tasks": ("toy.v1.toml",), "out": folder / "out", "data_root": folder / "data", "seeds": 2} | changes
    return BenchmarkPlan(models=specs, **settings)


def test_a_cell_is_repeated_from_its_record_alone(folder):
    assert benchmark("tfidf-svm", "out", "--seeds", "1", "--first-seed", "14") == 0
    record = records(folder)["tfidf-svm", 14]
    words = shlex.split(record["command"])
    assert words[:2] == ["iraqcoal", "benchmark"]
    words[words.index("--out") + 1] = "again"
    assert run(*words[2:]) == 0
    again = records(folder, "again")["tfidf-svm", 14]
    same = (
        "main",
        "interval",
        "scores",
        "predicted",
        "data_sha256",
        "model_facts",
        "versions",
        "fingerprint",
        "parameters",
    )
    assert {name: again[name] for name in same} == {name: record[name] for name in same}
    assert record["main"] > 0.9


def test_a_record_describes_itself(folder):
    run_benchmark(plan(folder, "tfidf-logreg"))
    (record,) = Results.read(folder / "out").cells
    assert record["seed"] is None
    assert record["bytes_on_disk"] == sum(
        file.stat().st_size for file in (folder / "out/cells/toy.v1/tfidf-logreg-13/model").iterdir()
    )
    assert record["parameters"] > 100
    assert set(record["seconds"]) == set(record["peak_memory_mb"]) == {"train", "measure"}
    assert record["peak_memory_mb"]["measure"] > 50
    assert {"iraqcoal-nlp", "python", "scikit-learn"} <= set(record["versions"])
    low, high = record["interval"]
    assert low <= record["main"] <= high
    task = Results.read(folder / "out").tasks["toy.v1"]
    assert len(task["gold"]["relevance"]) == task["rows"]["test"] == len(record["predicted"]["relevance"])
    assert "قصف" not in (folder / "out/results.json").read_text("utf-8")  # no text of the data


def test_what_is_finished_is_not_run_again_and_what_failed_is(folder):
    told = []
    results = run_benchmark(plan(folder, "majority", "keyword", "model:iraqcoal-mini"), isolated=False)
    before = (folder / "out/results.json").read_bytes()
    run_benchmark(
        plan(folder, "majority", "keyword", "model:iraqcoal-mini"),
        on_cell=lambda cell, known: told.append((cell["model"], known)),
        isolated=False,
    )
    assert told == [("majority", True), ("keyword", True), ("model:iraqcoal-mini", False)]
    assert (folder / "out/results.json").read_bytes() == before
    assert len(results.cells) == 3


def test_an_interrupted_run_goes_on_where_it_was(folder):
    def stop(cell, known):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_benchmark(plan(folder, "majority", "keyword"), on_cell=stop, isolated=False)
    told = []
    run_benchmark(plan(folder, "majority", "keyword"), on_cell=lambda *pair: told.append(pair[1]), isolated=False)
    assert told == [True, False]


def test_other_rows_give_other_cells(folder):
    run_benchmark(plan(folder, "majority"), isolated=False)
    with (folder / "data/sentences.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"text": "قصف السوق القديم في المدينة قبل الفجر بقليل", "label": "1"}\n')
    told = []
    results = run_benchmark(plan(folder, "keyword"), on_cell=lambda *pair: told.append(pair[1]), isolated=False)
    assert [cell["model"] for cell in results.cells] == ["keyword"]  # majority was measured on other rows


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('main_score = "f1:relevant"', 'main_score = "macro_f1"'),
        ('0 = "irrelevant"\n1 = "relevant"', '1 = "relevant"\n0 = "irrelevant"'),
    ],
)
def test_another_score_or_order_of_labels_gives_other_cells(folder, old, new):
    run_benchmark(plan(folder, "majority", "tfidf-logreg"), isolated=False)
    assert old in TASK
    (folder / "toy.v1.toml").write_text(TASK.replace(old, new), encoding="utf-8")
    results = run_benchmark(plan(folder, "tfidf-logreg"), isolated=False)
    assert [cell["model"] for cell in results.cells] == ["tfidf-logreg"]  # majority was measured under the old one
    assert results.cells[0]["main"] == Results.read(folder / "out").cells[0]["main"] > 0.9


def test_runs_of_another_recipe_do_not_stand_in_the_row(folder, monkeypatch):
    def made_of(**facts):
        monkeypatch.setattr(ModelSpec, "facts", lambda spec, recipe: facts)

    made_of(epochs=1)
    run_benchmark(plan(folder, "tfidf-svm"), isolated=False)
    made_of(error="no such folder")  # says nothing of what was measured
    results = run_benchmark(plan(folder, "tfidf-svm"), isolated=False)
    assert [(cell["seed"], cell["model_facts"]) for cell in results.cells] == [(13, {"epochs": 1}), (14, {"epochs": 1})]
    made_of(epochs=2)
    results = run_benchmark(plan(folder, "tfidf-svm", seeds=1), isolated=False)
    assert [(cell["seed"], cell["model_facts"]) for cell in results.cells] == [(13, {"epochs": 2})]


def test_two_tasks_of_one_name_are_refused(folder, capsys):
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "toy.v1.toml").write_text(TASK, encoding="utf-8")
    tasks = "a/toy.v1.toml,b/toy.v1.toml"
    assert run("--models", "majority", "--task", tasks, "--data-root", "data", "--out", "out") == 2
    told = capsys.readouterr().err.strip()
    assert told.endswith("a/toy.v1.toml and b/toy.v1.toml are both named toy.v1: rename one, or run them apart")
    assert not (folder / "out").exists()


def test_one_models_failure_is_a_row_not_the_end(folder, capsys):
    assert benchmark("model:iraqcoal-mini,encoder:nobody/nothing,majority", "out", "--seeds", "1") == 1
    shown = capsys.readouterr().out
    assert "model:iraqcoal-mini failed: it answers stance and events, not relevance" in shown
    title, measure, header = shown[shown.index("\ntoy.v1: ") :].strip().splitlines()[:3]
    assert title == "toy.v1: Conflict or not"
    assert re.fullmatch(r"F1 of relevant; \d\d sentences measure", measure)
    assert header.split()[:2] == ["model", "median"]
    page = (folder / "out/leaderboard.md").read_text("utf-8")
    assert "| **`majority`** |" in page
    assert "| `encoder:nobody/nothing` | failed |" in page
    models = "--models model:iraqcoal-mini,encoder:nobody/nothing,majority"
    assert f"iraqcoal benchmark {models} --task toy.v1.toml --seeds 1 --recipe benchmark --data-root data" in page
    assert (folder / "out/leaderboard.html").is_file()


REQUEST = CellRequest(
    task="toy.v1.toml",
    model="majority",
    seed=13,
    recipe="benchmark",
    data_root="data",
    folder="cell",
    fingerprint="x",
)


def test_a_process_that_dies_is_a_reason(folder, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Exception, match="its process ended with exit code 1"):
        run_cell(REQUEST)


def test_a_record_never_vouches_for_another_models_files(folder, monkeypatch):
    def stop(model, place):
        (place / "half.json").write_text("{}")
        raise KeyboardInterrupt

    run_cell(REQUEST, isolated=False)
    with monkeypatch.context() as patched:
        patched.setattr(EstimatorModel, "save", stop)
        with pytest.raises(KeyboardInterrupt):
            run_cell(replace(REQUEST, fingerprint="y"), isolated=False)
    assert not (folder / "cell/trained.json").exists()
    assert [file.name for file in (folder / "cell/model").iterdir()] == ["half.json"]
    again = run_cell(REQUEST, isolated=False)
    assert not (folder / "cell/model/half.json").exists()
    assert again["seconds"]["train"] is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "bert", "--task", "toy.v1.toml"], "unknown model 'bert'"),
        (["--models", "model:", "--task", "toy.v1.toml"], "unknown model 'model:'"),
        (["--models", ",", "--task", "toy.v1.toml"], "name at least one model and one task"),
        (["--models", "majority", "--task", ""], "name at least one model and one task"),
        (["--models", "majority", "--task", "toy"], "no such task"),
        (["--models", "majority", "--task", "un-binary.v1"], "which is not in the project (published at https"),
        (["--models", "majority", "--task", "toy.v1.toml", "--data-root", "nowhere"], "no such folder"),
        (
            ["--models", "majority", "--task", "coalition.v1"],
            "coalition.v1 needs your annotation files (.jsonl, .csv, .tsv); give --data-root, their folder",
        ),
        (
            ["--models", "majority", "--task", "coalition.v1", "--data-root", "empty"],
            "empty: holds no file that coalition.v1 can use: it needs your annotation files (.jsonl, .csv, .tsv)",
        ),
    ],
)
def test_wrong_use_is_one_line_and_runs_nothing(folder, capsys, arguments, message):
    (folder / "empty").mkdir()
    assert run(*arguments, "--out", "out") == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told
    assert not (folder / "out").exists()


def test_the_leaderboard_of_the_project_on_its_own_gold(folder):
    models = ("majority", "keyword", "model:iraqcoal-mini")
    run_benchmark(plan(folder, *models, tasks=("seeds.v1",)), isolated=False)
    found = records(folder)
    order = sorted(found, key=lambda key: -found[key]["main"])
    assert [model for model, _ in order] == ["model:iraqcoal-mini", "keyword", "majority"]


@pytest.mark.slow
def test_an_encoder_is_fine_tuned_on_both_kinds_of_tasks(folder, tiny_checkpoint):
    recipe = folder / "short.toml"
    recipe.write_text(
        f'name = "x"\nencoder = "{tiny_checkpoint}"\nepochs = 1\nmax_length = 64\nprecision = "fp32"\nbatch_size = 32\n'
    )
    spec = ModelSpec(name=f"encoder:{tiny_checkpoint}")
    for task in ("toy.v1.toml", "seeds.v1"):
        results = run_benchmark(
            BenchmarkPlan(models=(spec,), tasks=(task,), out=folder / "out", seeds=1, data_root=folder / "data",
                          recipe=str(recipe)),
            isolated=False,
        )  # fmt: skip
        assert results.cells[-1]["status"] == "done", results.cells[-1]["reason"]
    facts = results.cells[-1]["model_facts"]
    assert facts["recipe"]["epochs"] == 1
    assert facts["encoder"].startswith(f"{tiny_checkpoint.name}@")


def test_a_record_stays_when_its_model_is_gone(folder, monkeypatch):
    (record,) = run_benchmark(plan(folder, "majority"), isolated=False).cells
    monkeypatch.setattr(ModelSpec, "facts", lambda spec, recipe: {"error": "no such folder"})
    (again,) = run_benchmark(plan(folder, "majority"), isolated=False).cells
    assert again == record
