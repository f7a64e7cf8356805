"""Label Studio: what goes out comes back, and every fault names its task."""

import csv
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation, read_annotations, read_judgements, write_annotations
from iraqcoal_nlp.data.label_studio import labeling_config, to_label_studio
from iraqcoal_nlp.data.label_studio_export import from_label_studio, read_export
from iraqcoal_nlp.data.results import ENDINGS, output_form, render, row_line
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.records import FLAT_COLUMNS

ROWS = [
    Annotation(id="1", doc_id="خبر", text="أوقف التحالف التدريب\nوسلم القاعدة", stance="favor",
               events=("suspension", "handover"), source="واع", split="train", annotator="7"),
    Annotation(id="2", doc_id="خبر", text="قال: \"لا حدث هنا\"", stance="none", events=(), annotator="7"),
    Annotation(id="3", doc_id="3", text="نرفض بقاء القوات الأجنبية", stance="against", events=("withdrawal_demand",),
               annotator="7"),
]  # fmt: skip


def export_of(tasks, *, annotator=7):
    """Return what Label Studio 1.23 exports after an annotator has submitted every prediction as it is."""
    return [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {"id": 100 + number, "completed_by": annotator, "was_cancelled": False, "ground_truth": False,
                 "result": task["predictions"][0]["result"], "lead_time": 3.5, "result_count": 1},
            ],
            "predictions": [number], "drafts": [], "meta": {}, "inner_id": number, "total_annotations": 1,
        }
        for number, task in enumerate(tasks, 1)
    ]  # fmt: skip


@pytest.fixture
def tasks(tmp_path):
    write_annotations(ROWS, tmp_path / "rows.jsonl")
    assert to_label_studio(tmp_path / "rows.jsonl", tmp_path / "tasks.json") == 3
    return json.loads((tmp_path / "tasks.json").read_text("utf-8"))


def read(tmp_path, export):
    (tmp_path / "export.json").write_text(json.dumps(export), "utf-8")
    return read_export(tmp_path / "export.json")


def test_labels_come_back_as_they_went(tmp_path, tasks):
    (tmp_path / "export.json").write_text(json.dumps(export_of(tasks)), "utf-8")
    export = from_label_studio(tmp_path / "export.json", tmp_path / "back.jsonl")
    assert (export.n_tasks, export.n_open, export.n_skipped, export.errors) == (3, 0, 0, ())
    assert read_annotations(tmp_path / "back.jsonl") == ROWS


def test_the_configuration_offers_the_codebooks_labels_from_right_to_left():
    config = ET.fromstring(labeling_config())
    choices = {
        control.get("name"): (control.get("choice"), [choice.get("value") for choice in control])
        for control in config.iter("Choices")
    }
    assert choices == {"stance": ("single", list(STANCES)), "events": ("multiple", list(EVENTS))}
    assert {control.get("toName") for control in config.iter("Choices")} == {"text"}
    assert [(text.get("name"), text.get("value")) for text in config.iter("Text")] == [("text", "$text")]
    assert "direction: rtl" in config.findtext("Style")


@pytest.mark.parametrize("ending", ENDINGS)
def test_scored_rows_carry_the_models_name_and_its_least_certain_label(tmp_path, classifier, ending):
    texts = ["طالب البرلمان بإخراج القوات الأجنبية من البلاد", "سلم التحالف معسكر بسماية إلى القوات العراقية"]
    results = classifier.classify("\n".join(texts)).sentences
    (tmp_path / "gathered").write_text("".join(row_line(result, {}) for result in results), "utf-8")
    path = tmp_path / f"scored{ending}"
    render(tmp_path / "gathered", path, output_form(path), [])
    to_label_studio(path, tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text("utf-8"))
    for task, result in zip(tasks, results, strict=True):
        (prediction,) = task["predictions"]
        assert task["data"]["row_id"] == f"{result.doc_id}:{result.sent_id}"
        assert prediction["model_version"] == result.model
        event_sure = [p if event in result.events else 1 - p for event, p in result.event_probs.items()]
        assert prediction["score"] == pytest.approx(min(result.stance_probs[result.stance], *event_sure), abs=1e-6)
    export = read(tmp_path, export_of(tasks))
    assert [(row.text, row.stance, row.events) for row in export.judgements] == [
        (result.text, result.stance, result.events) for result in results
    ]


def test_scored_rows_that_excel_saved_are_not_taken_for_annotations(tmp_path, classifier):
    results = classifier.classify("سلم التحالف معسكر بسماية إلى القوات العراقية").sentences
    with (tmp_path / "scored.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, FLAT_COLUMNS, delimiter=";")
        table.writeheader()
        table.writerows(result.to_flat() for result in results)
    to_label_studio(tmp_path / "scored.csv", tmp_path / "tasks.json")
    (task,) = json.loads((tmp_path / "tasks.json").read_text("utf-8"))
    assert task["predictions"][0]["model_version"] == results[0].model


def test_a_bad_scored_row_is_named(tmp_path, classifier):
    (result,) = classifier.classify_sentences(["سلم التحالف معسكر بسماية إلى القوات العراقية"])
    row = result.to_dict()
    path = tmp_path / "scored.jsonl"
    path.write_text(f"{json.dumps(row)}\n{json.dumps({**row, 'sent_id': 1, 'stance_probs': {}})}\n", "utf-8")
    with pytest.raises(InputError, match=r"scored\.jsonl:2: is no row of `iraqcoal score`: .*'favor'"):
        to_label_studio(path, tmp_path / "tasks.json")
    assert not (tmp_path / "tasks.json").exists()


def test_articles_that_share_an_id_have_tasks_of_their_own(tmp_path, classifier):
    results = classifier.classify_sentences(["سلم التحالف معسكر بسماية", "أوقف التحالف التدريب"])
    path = tmp_path / "scored.jsonl"
    path.write_text("".join(json.dumps(result.to_dict() | {"doc_id": "a"}) + "\n" for result in results), "utf-8")
    to_label_studio(path, tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text("utf-8"))
    assert [task["data"]["row_id"] for task in tasks] == ["a:0", "a:0:2"]
    assert [row.text for row in read(tmp_path, export_of(tasks)).judgements] == [result.text for result in results]


def test_blind_tasks_and_bare_sentences_carry_no_labels(tmp_path, tasks):
    to_label_studio(tmp_path / "rows.jsonl", tmp_path / "blind.json", blind=True)
    assert json.loads((tmp_path / "blind.json").read_text("utf-8")) == [{"data": task["data"]} for task in tasks]
    (tmp_path / "bare.jsonl").write_text('{"text": "انسحاب القوات"}\n', "utf-8")
    to_label_studio(tmp_path / "bare.jsonl", tmp_path / "bare.json")
    expected = [{"data": {"text": "انسحاب القوات", "row_id": "bare-1", "doc_id": "bare-1"}}]
    assert json.loads((tmp_path / "bare.json").read_text("utf-8")) == expected


def test_a_ground_truth_beside_a_nameless_annotation_is_an_error_and_the_file_can_be_read(tmp_path, tasks):
    export = export_of(tasks)
    nameless, true = (json.loads(json.dumps(export[0]["annotations"][0])) for _ in range(2))
    nameless |= {"id": 1, "completed_by": None}
    export[0]["annotations"] = [nameless, true | {"id": 2, "ground_truth": True}]
    read_back = read(tmp_path, export)
    assert "stands an annotation that names nobody" in str(read_back.errors[0])
    write_annotations(read_back.judgements, tmp_path / "back.jsonl")
    assert len(read_annotations(tmp_path / "back.jsonl")) == 3


def test_several_annotators_are_kept_and_the_ground_truth_settles(tmp_path, tasks):
    export = export_of(tasks)
    export[0]["annotations"] += export_of([tasks[1]], annotator={"id": 8, "email": "x@example.org"})[0]["annotations"]
    export[0]["annotations"][1]["ground_truth"] = True
    export[1]["annotations"][0]["was_cancelled"] = True
    export[2]["annotations"] = []
    found = read(tmp_path, export)
    assert (found.n_open, found.n_skipped, found.errors) == (2, 1, ())
    second = replace(ROWS[0], stance="none", events=(), annotator="8")
    assert found.judgements == (ROWS[0], second, replace(second, annotator=None))
    write_annotations(found.judgements, tmp_path / "back.jsonl")
    assert read_annotations(tmp_path / "back.jsonl") == [replace(second, annotator=None)]
    assert len(read_judgements(tmp_path / "back.jsonl")) == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda task: task["annotations"][0].update(result=[]), "task 2: annotation 102 has no stance, or several"),
        (
            lambda task: task["annotations"][0]["result"][0].update(value=None),
            "task 2: annotation 102 has a result 'stance' without choices",
        ),
        (
            lambda task: task["annotations"][0]["result"][0].update(from_name="events", value={}),
            "task 2: annotation 102 has a result 'events' without choices",
        ),
        (lambda task: task["annotations"][0].update(result=["stance"]), "task 2: annotation 102 has no stance"),
        (lambda task: task["data"].pop("text"), "task 2: field 'text' is missing or empty"),
        (lambda task: task["data"].update(row_id="1"), "task 2: id '1' stands in task 1 already, with another text"),
        (
            lambda task: task["annotations"][0]["result"][0]["value"].update(choices=["neutral"]),
            "task 2: unknown stance 'neutral'",
        ),
        (
            lambda task: task["annotations"].append(task["annotations"][0]),
            "task 2: id '2' stands in task 2 already, by annotator '7'",
        ),
    ],
)
def test_a_fault_names_its_task_and_costs_nothing_else(tmp_path, tasks, change, reason):
    export = json.loads(json.dumps(export_of(tasks)))
    change(export[1])
    found = read(tmp_path, export)
    assert [str(error).startswith(f"{tmp_path / 'export.json'}: {reason}") for error in found.errors] == [True]
    assert {"1", "3"} <= {row.id for row in found.judgements}


def test_other_formats_are_refused(tmp_path, tasks):
    for content in ({"a": 1}, [{"text": "نص", "stance": "none", "id": 1}], [3]):
        with pytest.raises(InputError, match="export it from Label Studio in the format JSON"):
            read(tmp_path, content)
    (tmp_path / "export.json").write_text("id,text\n", "utf-8")
    with pytest.raises(InputError, match=r"export\.json: not JSON"):
        read_export(tmp_path / "export.json")
