"""The commands that work on results, as a user runs them: report, export, sample, and classify --why."""

import json

import pytest

from conftest import ATTACK, DEMAND, SEEDS
from iraqcoal_nlp.cli.main import main


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def scored(tmp_path_factory, classifier):
    path = tmp_path_factory.mktemp("scored") / "rows.jsonl"
    texts = [file.read_text("utf-8") for file in sorted((SEEDS / "articles").glob("*.txt"))]
    rows = [row.to_dict() for result in classifier.classify_articles(texts) for row in result.sentences]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_classify_says_why(run):
    code, output, _ = run("classify", "--why", DEMAND)
    assert code == 0
    (line,) = [line for line in output.splitlines() if "why withdrawal_demand" in line]
    assert "بإخراج +" in line
    assert max(map(len, output.splitlines())) <= 80
    code, output, _ = run("classify", "--why", "--json", f"{ATTACK}. {DEMAND}", "تمطر السماء")
    first, second, third = map(json.loads, output.splitlines())
    assert list(second["why"]) == ["against", "withdrawal_demand"]
    strongest = max(second["why"]["withdrawal_demand"], key=lambda word: word["weight"])
    assert strongest["word"] in ("طالب", "بإخراج")  # which of the two is the stronger is the model's affair
    assert f"{ATTACK}. {DEMAND}"[strongest["start"] : strongest["end"]] == strongest["word"]
    assert list(first["why"]) == ["attack"]
    assert third["why"] == {}


def test_report_makes_one_page(run, scored, tmp_path):
    out = tmp_path / "report.html"
    code, output, errors = run("report", scored, "--out", out, "--title", "عنوان <b>")
    assert (code, output) == (0, "")
    assert "sentences of 5 articles" in errors
    page = out.read_text("utf-8")
    assert '<html lang="ar" dir="rtl">' in page
    assert "عنوان &lt;b&gt;" in page
    assert "<b>" not in page
    assert run("report", scored, "--out", out)[0] == 2  # never in the place of another without being asked
    assert run("report", scored, "--out", out, "--force", "--language", "en")[0] == 0
    assert '<html lang="en" dir="ltr">' in out.read_text("utf-8")


def test_report_explains_as_many_as_it_may(run, scored, tmp_path):
    out = tmp_path / "report.html"
    code, _, errors = run("report", scored, "--out", out, "--why", "--why-limit", 3)
    assert code == 0
    assert "explained 3 of " in errors
    assert '"explained":3' in out.read_text("utf-8")


def test_report_explains_no_labels_of_another_model(run, scored, tmp_path):
    own = scored.read_text("utf-8").splitlines(keepends=True)[:6]
    others = [line.replace("iraqcoal-mini@", "other@") for line in own]
    mixed, out = tmp_path / "rows.jsonl", tmp_path / "report.html"
    mixed.write_text("".join([*own, *others]), "utf-8")
    code, _, errors = run("report", mixed, "--out", out, "--why")
    labelled = sum(bool(row["events"]) or row["stance"] != "none" for row in map(json.loads, own))
    assert labelled > 1
    expected = f"explained {labelled} of {2 * labelled} labelled sentences; {labelled} are of another model"
    assert (code, errors.splitlines()[-1]) == (0, expected)
    mixed.write_text("".join(others), "utf-8")
    code, _, errors = run("report", mixed, "--out", out, "--why", "--force")
    assert code == 2
    assert "rows.jsonl: was labelled by other@" in errors
    assert "name the model of the rows with --model, or score them anew" in errors


def test_export_writes_a_table(run, scored, tmp_path):
    code, output, errors = run("export", scored, "--format", "polecat", "--out", tmp_path / "events.tsv")
    assert (code, output) == (0, "")
    n_events = sum(len(json.loads(line)["events"]) for line in scored.read_text("utf-8").splitlines())
    assert f"{n_events} events of " in errors
    assert len((tmp_path / "events.tsv").read_text("utf-8").splitlines()) == n_events + 1


@pytest.fixture
def dated(scored, tmp_path):
    """Rows of four articles: one day that is understood, two that are not, one that is not told."""
    days = ["2020-01-05", "05/01/2020", "٦/١/٢٠٢٠", ""]
    first = json.loads(scored.read_text("utf-8").splitlines()[0])
    rows = [first | {"doc_id": str(i), "sent_id": j, "التاريخ": days[i]} for i in range(4) for j in range(3)]
    path = tmp_path / "dated.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("command", [("report", "o.html"), ("export", "o.csv")])
def test_days_that_are_not_understood_are_told(run, scored, dated, tmp_path, command):
    name, out = command[0], tmp_path / command[1]
    code, _, errors = run(name, dated, "--out", out, "--date-column", "التاريخ")
    expected = "dates: 1 of 4 articles; 2 not understood, such as '05/01/2020': use YYYY-MM-DD"
    assert (code, errors.splitlines()[1:]) == (0, [expected])
    assert "dates:" not in run(name, scored, "--out", out, "--force")[2]  # nobody spoke of days
    blank = json.loads(scored.read_text("utf-8").splitlines()[0]) | {"date": None}
    good = tmp_path / "good.jsonl"
    good.write_text(json.dumps(blank | {"date": "2020-01-05T10:00"}) + "\n" + json.dumps(blank), "utf-8")
    assert run(name, good, "--out", out, "--force")[2].splitlines()[1:] == ["dates: 1 of 2 articles"]


@pytest.mark.parametrize("option", ["--date-column", "--source-column", "--url-column"])
@pytest.mark.parametrize("command", [("report", "o.html"), ("export", "o.csv")])
def test_a_column_that_was_named_must_be_there(run, scored, dated, tmp_path, command, option):
    name, out = command[0], tmp_path / command[1]
    code, _, errors = run(name, dated, "--out", out, option, "nope")
    assert (code, errors) == (2, f"iraqcoal: error: {dated}: has no column 'nope' but 'التاريخ'\n")
    code, _, errors = run(name, scored, "--out", out, option, "date")
    assert (code, "has no column 'date' and none but those of `iraqcoal score`" in errors) == (2, True)
    assert not out.exists()


def test_sample_gives_rows_that_can_be_sampled_again(run, scored, tmp_path):
    out = tmp_path / "tasks.jsonl"
    assert run("sample", scored, "--strategy", "diverse", "-n", 7, "--out", out)[0] == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len({row["text"] for row in rows}) == 7
    assert all(row["uncertainty"] > 0 for row in rows)
    code, _, errors = run("sample", out, "-n", 5, "--out", tmp_path / "again.jsonl")
    assert (code, "5 of 7 sentences" in errors) == (0, True)


def test_sample_keeps_an_input_column_of_its_fields_name(run, scored, tmp_path):
    row = json.loads(scored.read_text("utf-8").splitlines()[0])
    given, first, second = (tmp_path / name for name in ("in.jsonl", "first.jsonl", "second.jsonl"))
    given.write_text(json.dumps(row | {"uncertainty": "عالية"}), "utf-8")
    assert run("sample", given, "--out", first)[0] == 0
    assert run("sample", first, "--strategy", "margin", "--out", second)[0] == 0
    for path in (first, second):
        sampled = json.loads(path.read_text("utf-8"))
        assert sampled.pop("uncertainty") > 0
        assert sampled == row | {"input_uncertainty": "عالية"}


def test_a_random_sample_is_the_same_for_a_seed(run, scored, tmp_path):
    chosen = []
    for number, options in enumerate([(), ("--seed", 13), ("--seed", 14)]):
        out = tmp_path / f"{number}.jsonl"
        assert run("sample", scored, "--strategy", "random", "-n", 20, "--out", out, *options)[0] == 0
        chosen.append([json.loads(line)["text"] for line in out.read_text("utf-8").splitlines()])
    assert chosen[0] == chosen[1] != chosen[2]


def test_sample_gives_tasks_for_label_studio_with_the_models_labels(run, scored, tmp_path):
    out, config = tmp_path / "tasks.json", tmp_path / "config.xml"
    rows = tmp_path / "rows.jsonl"
    assert run("sample", scored, "--strategy", "margin", "-n", 6, "--out", rows)[0] == 0
    code, _, errors = run("sample", scored, "--strategy", "margin", "-n", 6, "--out", out, "--config-out", config)
    assert (code, "6 of 114 sentences, by margin" in errors) == (0, True)
    tasks = json.loads(out.read_text("utf-8"))
    chosen = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    assert [task["data"]["text"] for task in tasks] == [row["text"] for row in chosen]
    for task, row in zip(tasks, chosen, strict=True):
        (prediction,) = task["predictions"]
        given = {result["from_name"]: result["value"]["choices"] for result in prediction["result"]}
        assert given == {"stance": [row["stance"]]} | ({"events": row["events"]} if row["events"] else {})
        assert (prediction["model_version"], 0 < prediction["score"] < 1) == (row["model"], True)
    assert config.read_text("utf-8").startswith("<View")
    assert run("sample", scored, "-n", 6, "--out", out, "--blind", "--force")[0] == 0
    assert not any("predictions" in task for task in json.loads(out.read_text("utf-8")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report", "rows.txt", "--out", "o.html"), "unknown type '.txt' of scored rows"),
        (("report", "missing.jsonl", "--out", "o.html"), "missing.jsonl: no such file"),
        (("report", "empty.jsonl", "--out", "o.html"), "empty.jsonl: holds no row"),
        (("report", "good.jsonl", "--out", "o.pdf"), "o.pdf: unknown output type '.pdf': use .html"),
        (("report", "good.jsonl", "--out", "o.html", "--language", "fr"), "'fr' is not one of ar, en"),
        (("export", "good.jsonl", "--out", "o.csv", "--format", "icews"), "'icews' is not one of codes, polecat"),
        (("export", "good.jsonl", "--out", "o.csv", "--event-date", "x"), "'x' is not one of none, published"),
        (
            ("export", "good.jsonl", "--out", "o.csv", "--event-date", "published"),
            "goes with --format polecat",
        ),
        (("export", "good.jsonl", "--out", "o.csv", "--format", "polecat"), "use .tsv, .txt"),
        (("sample", "good.jsonl", "--out", "o.jsonl", "--strategy", "best"), "'best' is not one of entropy, margin"),
        (("report", "good.jsonl", "--out", "o.html", "--model", "iraqcoal-mini"), "go with --why"),
        (("sample", "good.jsonl", "--out", "o.jsonl", "--seed", "7"), "--seed goes with --strategy random"),
        (("sample", "good.jsonl", "--out", "good.jsonl"), "is both input and output"),
        (("sample", "good.jsonl", "--out", "o.csv"), "o.csv: unknown output type '.csv': use .jsonl, .json"),
        (("sample", "good.jsonl", "--out", "o.jsonl", "--blind"), "blind tasks go with a .json file"),
        (("sample", "good.jsonl", "--out", "o.json", "--config-out", "o.txt"), "unknown output type '.txt': use .xml"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(run, scored, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    good = scored.read_text("utf-8")
    (tmp_path / "good.jsonl").write_text(good, "utf-8")
    (tmp_path / "rows.txt").write_text(good, "utf-8")
    (tmp_path / "empty.jsonl").write_text("\n", "utf-8")
    code, _, errors = run(*arguments)
    assert code == 2
    assert message in " ".join(errors.replace("│", " ").split())
    assert not list(tmp_path.glob("o.*"))
    assert (tmp_path / "good.jsonl").read_text("utf-8") == good


@pytest.mark.parametrize("command", [("report", "o.html"), ("export", "o.csv"), ("sample", "o.jsonl")])
def test_bad_rows_are_named_and_the_rest_is_used(run, scored, tmp_path, command):
    name, out = command
    broken = tmp_path / "rows.jsonl"
    broken.write_text(scored.read_text("utf-8") + "no json\n", "utf-8")
    number = len(broken.read_text("utf-8").splitlines())
    code, _, errors = run(name, broken, "--out", tmp_path / out)
    assert code == 1
    assert f"rows.jsonl:{number}: not JSON" in errors
    assert (tmp_path / out).exists()


def test_help_is_short(run):
    for command in ("report", "export", "sample"):
        code, output, _ = run(command, "--help")
        assert code == 0
        assert max(map(len, output.splitlines())) <= 80


def test_a_result_becomes_a_dataset(classifier):
    result = classifier.classify(f"{ATTACK}. {DEMAND}.")
    table = result.to_dataset()
    assert table.num_rows == 2
    stance, events = table.features["stance"], table.features["events"].feature
    rows = [
        row | {"stance": stance.int2str(row["stance"]), "events": [events.int2str(event) for event in row["events"]]}
        for row in table
    ]
    assert rows == [sentence.to_dict() for sentence in result.sentences]
    empty = classifier.classify("😀").to_dataset()
    assert (empty.num_rows, empty.features) == (0, table.features)
