"""Cross-validation: every row is judged once, by a model that saw nothing of its document."""

import json
from types import SimpleNamespace

import pytest

from conftest import SEEDS
from iraqcoal_nlp.cli.main import main
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.data.splits import group_documents
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.predictions import pool
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.training import folds as folding
from iraqcoal_nlp.training.folds import cross_validate
from iraqcoal_nlp.training.recipe import TrainRecipe
from toy import toy_rows

RECIPE = TrainRecipe(name="toy", encoder="nowhere")


def test_no_fold_sees_what_it_is_measured_on(tmp_path, monkeypatch):
    runs = []

    def train(recipe, data, out):
        runs.append((data.splits, out.name))
        return SimpleNamespace(folder=locate_model())

    monkeypatch.setattr(folding, "train", train)
    rows = toy_rows()
    parts = cross_validate(RECIPE, rows, tmp_path, k=4)
    groups = group_documents(rows)
    assert [name for _, name in runs] == ["fold-1", "fold-2", "fold-3", "fold-4"]
    for splits, _ in runs:
        seen = {groups[row.doc_id] for row in (*splits.train, *splits.dev)}
        assert not seen & {groups[row.doc_id] for row in splits.test}
        assert not {groups[row.doc_id] for row in splits.dev} & {groups[row.doc_id] for row in splits.train}
        assert len(splits.train) + len(splits.dev) + len(splits.test) == len(rows)
        assert splits.dev
    assert sorted(row.id for splits, _ in runs for row in splits.test) == sorted(row.id for row in rows)
    assert sorted(pool(parts).stance.documents) == sorted(row.doc_id for row in rows)


def test_too_few_documents_are_refused(tmp_path):
    with pytest.raises(InputError, match="5 groups of documents cannot make 9 folds"):
        cross_validate(RECIPE, read_annotations(SEEDS / "gold.jsonl"), tmp_path, k=9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch and its exporter warn of their own internals
def test_the_command_trains_measures_and_pools(tiny_checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [
        {"id": row.id, "doc_id": row.doc_id, "text": row.text, "stance": row.stance, "events": list(row.events)}
        for row in toy_rows()
    ]
    (tmp_path / "toy.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    settings = (
        f'name = "toy"\nencoder = "{tiny_checkpoint.as_posix()}"\nmax_length = 64\nlearning_rate = 5e-3\n'
        'head_learning_rate = 5e-3\nepochs = 30\nbatch_size = 8\nprecision = "fp32"\n'
    )
    (tmp_path / "toy.toml").write_text(settings, "utf-8")
    options = ("--folds", "2", "--recipe", "toy.toml", "--runs", "folds", "--out", "scores.json")
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--data", "toy.jsonl", *options])
    output = capsys.readouterr().out.partition("model: toy")[2]  # before it, the Trainer speaks
    assert ended.value.code == 0
    assert max(map(len, output.splitlines())) <= 80
    record = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    pooled = record["scores"]["toy-2-folds"]
    assert record["model"] == "toy, one model per fold"
    assert sum(fold["n_sentences"] for fold in record["folds"]) == pooled["n_sentences"] == len(rows)
    assert pooled["events"]["macro_f1"] > 0.5
    for number, fold in enumerate(record["folds"], 1):
        card = json.loads((tmp_path / f"folds/fold-{number}/model/evaluation.json").read_text("utf-8"))
        assert card["scores"]["held-out news"]["stance"]["macro_f1"] == fold["stance"]["macro_f1"]
