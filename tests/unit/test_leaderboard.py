import json
import shlex
from dataclasses import replace

import numpy as np
import pytest

from iraqcoal_nlp.benchmark.leaderboard import make_boards
from iraqcoal_nlp.benchmark.markdown import READING, label_rows, markdown_page, measure_of, rows_of
from iraqcoal_nlp.benchmark.publish import html_page, publish
from iraqcoal_nlp.benchmark.results import Results
from iraqcoal_nlp.benchmark.rows import encode_labels
from iraqcoal_nlp.benchmark.run import whole_command
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.bootstrap import holm, paired_bootstrap, paired_weighted, weighted_f1, weighted_interval
from iraqcoal_nlp.evaluation.scores import label_scores, macro_average

LABELS = ("نزاع", "تعاون")
N = 60
GOLD = np.eye(2, dtype=bool)[np.arange(N) % 2]
DOCUMENTS = [str(row // 2) for row in range(N)]


def answers(n_wrong):
    """Return the gold with so many rows turned, from the first."""
    given = GOLD.copy()
    given[:n_wrong] = ~given[:n_wrong]
    return given


def command(model):
    return shlex.join(["iraqcoal", "benchmark", "--models", model, "--task", "tone.v1", "--out", "out"])


def cell(model, n_wrong, seed=None, **changes):
    given = answers(n_wrong)
    labels = {
        label: {"f1": score.f1, "interval": None, "support": score.support}
        for label, score in label_scores(GOLD, given, LABELS).items()
    }
    return {
        "model": model,
        "task": "tone.v1",
        "seed": seed,
        "command": command(model),
        "status": "done",
        "main": round(weighted_f1(GOLD, given, [0.5, 0.5]), 4),
        "scores": {"tone": {"labels": labels}},
        "collapsed": [],
        "predicted": {"tone": encode_labels(given)},
        "sentences_per_second": 100.0,
        "parameters": 1_500_000,
        "bytes_on_disk": 2_000_000,
        "peak_memory_mb": {"train": None, "measure": 250.0},
        "seconds": {"train": None, "measure": 1.0},
        "versions": {"python": "3.11.7"},
        "data_sha256": "0" * 64,
    } | changes


def failed(model, reason, seed=None):
    keys = {"model": model, "task": "tone.v1", "seed": seed, "command": command(model), "versions": {}}
    return keys | {"status": "failed", "reason": reason}


TASK = {
    "title": "نبرة الجملة",
    "description": "A made-up task.",
    "score": "macro-F1",
    "questions": [{"name": "tone", "labels": list(LABELS), "exclusive": True}],
    "weights": [0.5, 0.5],
    "licence": "MIT",
    "citation": "Nobody (2024).",
    "url": "https://example.org",
    "rows": {"train": 100, "dev": 10, "test": N},
    "notes": [],
    "data_sha256": "0" * 64,
    "published": [{"model": "Their BERT", "score": 0.9, "spread": 0.01, "note": "ten seeds"}],
    "gold": {"tone": encode_labels(GOLD)},
    "judged": {"tone": encode_labels(np.ones((N, 1), dtype=bool))},
    "documents": " ".join(DOCUMENTS),
}


def board(*cells):
    (one,) = make_boards(Results(tasks={"tone.v1": TASK}, cells=list(cells)))
    return one


def test_the_median_ranks_and_the_worst_run_is_told():
    found = board(cell("steady", 6, 13), cell("steady", 8, 14), cell("steady", 7, 15),
                  cell("lucky", 0, 13), cell("lucky", 9, 14), cell("lucky", 30, 15))  # fmt: skip
    assert [standing.model for standing in found.standings] == ["steady", "lucky"]
    lucky = found.standings[1]
    assert (lucky.worst, lucky.median) == (min(lucky.scores), sorted(lucky.scores)[1])


def test_each_is_compared_with_the_best_on_the_same_rows():
    found = board(cell("best", 2), cell("same", 2), cell("worse", 30))
    best, same, worse = found.standings
    assert best.p_value is None
    assert same.difference == 0
    assert same.p_value == 1
    assert worse.p_value < 0.01
    expected = paired_weighted(GOLD, [answers(2)], [answers(30)], DOCUMENTS, [0.5, 0.5])
    assert worse.p_value == pytest.approx(2 * expected.p_value)  # Holm, two comparisons


def test_a_line_says_what_is_measured_and_on_how_much():
    found = board(cell("best", 2))
    assert measure_of(found) == "macro-F1; 60 sentences of 30 documents measure"
    alone = replace(found, task=TASK | {"documents": None, "score": "F1 of نزاع"})
    assert measure_of(alone) == "F1 of نزاع; 60 sentences measure"


def test_a_failed_model_is_a_row_with_its_reason():
    found = board(cell("best", 2), failed("keyword", "its list has no rules for tone"))
    kinds = {cells[0]: kind for kind, cells in rows_of(found)}
    assert kinds == {"best": "best", "Their BERT †": "published", "keyword": "failed"}
    page = markdown_page([found], command="iraqcoal benchmark …")
    assert "- keyword failed: its list has no rules for tone." in page


def test_runs_that_failed_or_collapsed_are_counted_where_others_finished():
    found = board(cell("encoder:x", 2, 13), cell("encoder:x", 30, 14, collapsed=["tone"]), failed("encoder:x", "?", 15))
    ((_, cells), *_) = rows_of(found)
    assert cells[5] == "2, 1 failed, 1 collapsed"


def test_where_all_failed_there_is_still_a_table():
    found = board(failed("a", "no"), failed("b", "no"))
    assert found.standings == ()
    assert label_rows(found) == []
    assert html_page([found], Results(), command="x").count("<tr") == 1 + 3


def test_names_that_are_not_ours_are_text_and_turn_nothing_around_them(tmp_path):
    name = 'model:نماذج/تجربة"><script>alert(1)</script>'
    results = Results(tasks={"tone.v1": TASK}, cells=[cell(name, 2)])
    publish(results, tmp_path)
    page = (tmp_path / "leaderboard.html").read_text("utf-8")
    assert "<script" not in page
    assert "<bdi>model:نماذج/تجربة" in page
    assert f"<bdi>{LABELS[0]}</bdi>" in page
    assert 'src="http' not in page


def test_equal_results_give_equal_pages():
    found = [board(cell("best", 2), cell("other", 9))]
    results = Results(tasks={"tone.v1": TASK}, cells=[cell("best", 2)])
    assert html_page(found, results, command="x") == html_page(found, results, command="x")


def test_results_survive_their_writing(tmp_path):
    results = Results(tasks={"tone.v1": TASK}, cells=[cell("نموذج", 2)])
    results.put(cell("نموذج", 3))
    results.write(tmp_path)
    again = Results.read(tmp_path)
    assert (again.tasks, again.cells) == (results.tasks, results.cells)
    assert len(again.cells) == 1
    (tmp_path / "results.json").write_text(json.dumps({"format_version": 9, "tasks": {}, "cells": []}))
    with pytest.raises(InputError, match="has format 9"):
        Results.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"title": "Tone"}, True),
        ({"weights": (0.5, 0.5)}, True),  # as a task gives them; what was read holds a list
        ({"weights": (0.0, 1.0)}, False),
        ({"questions": [{"name": "tone", "labels": LABELS[::-1], "exclusive": True}]}, False),
        ({"documents": None}, False),
    ],
)
def test_what_was_measured_under_another_declaration_goes(change, stays):
    results = Results(tasks={"tone.v1": TASK, "other.v1": TASK}, cells=[cell("a", 2), cell("a", 2, task="other.v1")])
    results.declare("tone.v1", TASK | change)
    assert [kept["task"] for kept in results.cells] == (["tone.v1"] if stays else []) + ["other.v1"]
    assert results.tasks["tone.v1"] == json.loads(json.dumps(TASK | change))


def test_one_row_is_one_model():
    old, new = ({"model_facts": {"recipe": {"epochs": epochs}}} for epochs in (1, 2))
    kept = [cell("b", 2, 13, **old), cell("a", 2, 13, task="other.v1", **old)]
    results = Results(cells=[cell("a", 2, 13, **old), cell("a", 2, 14, **old), cell("a", 2, 15, **new), *kept])
    results.drop_others(cell("a", 3, 13, **new))
    names = [(found["model"], found["task"], found["seed"]) for found in results.cells]
    assert names == [("a", "tone.v1", 13), ("a", "tone.v1", 15), ("b", "tone.v1", 13), ("a", "other.v1", 13)]


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        ([None], ""),
        ([13, 14, 15], " --seeds 3"),
        ([13, 14, 40], " --seeds 28"),
        ([None, 40, 20], " --seeds 21 --first-seed 20"),
    ],
)
def test_the_command_on_top_runs_every_seed_of_the_table(seeds, told):
    found = whole_command([cell("a", 2, seed) for seed in seeds])
    assert found == f"iraqcoal benchmark --models a --task tone.v1{told} --out out"


def test_encoders_of_two_recipes_take_two_commands():
    cells = [cell(name, 2) for name in ("a", "encoder:b", "encoder:c")]
    for made, recipe in zip(cells[1:], ("benchmark", "small"), strict=True):
        made["command"] += f" --recipe {recipe}"
    assert whole_command(cells).splitlines() == [
        "iraqcoal benchmark --models a,encoder:b --task tone.v1 --recipe benchmark --out out",
        "iraqcoal benchmark --models encoder:c --task tone.v1 --recipe small --out out",
    ]


def test_the_reading_tells_when_speed_is_of_a_first_pass():
    assert "after a warm-up (of passes under 10 s)." in READING


def test_equal_weights_are_the_macro_f1_and_its_bootstrap():
    given = answers(17)
    assert weighted_f1(GOLD, given, [0.5, 0.5]) == pytest.approx(macro_average(label_scores(GOLD, given, LABELS)).f1)
    *_, macro = paired_bootstrap(GOLD, answers(3), given, DOCUMENTS)
    ours = paired_weighted(GOLD, [answers(3)], [given], DOCUMENTS, [0.5, 0.5])
    assert (ours.difference, ours.p_value) == pytest.approx((macro.difference, macro.p_value))
    assert ours.interval == pytest.approx(macro.interval)


def test_a_label_without_weight_changes_nothing():
    given = answers(5)
    third = np.hstack([given, np.random.default_rng(13).random((N, 1)) < 0.5])
    gold = np.hstack([GOLD, np.zeros((N, 1), dtype=bool)])
    assert weighted_interval(gold, [third], DOCUMENTS, [0.5, 0.5, 0]) == weighted_interval(
        GOLD, [given], DOCUMENTS, [0.5, 0.5]
    )


def test_the_interval_of_several_runs_lies_between_theirs():
    low, high = (weighted_interval(GOLD, [answers(n)], DOCUMENTS, [0.5, 0.5]) for n in (20, 4))
    both = weighted_interval(GOLD, [answers(20), answers(4)], DOCUMENTS, [0.5, 0.5])
    assert low[0] < both[0] < high[0]


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
