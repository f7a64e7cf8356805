"""Our ``evaluate`` modules: without hub, network or cache, and equal to the scores that we publish."""

import json
import os
import subprocess
import sys

import evaluate
import pytest
import transformers

from conftest import SEEDS
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation, read_annotations
from iraqcoal_nlp.data.datasets import load_gold, to_dataset
from iraqcoal_nlp.evaluation.measure import score_predictions
from iraqcoal_nlp.evaluation.metrics import EventsMetric, EventsProbabilities, StanceMetric, StanceProbabilities
from iraqcoal_nlp.evaluation.pipeline import SentenceEvaluator, SentencePipeline
from iraqcoal_nlp.evaluation.predictions import predict

GOLD = ["against", "none", "favor", "none"]
SAID = ["against", "against", "none", "none"]
EVENTS_GOLD = [["attack"], [], ["attack", "suspension"], []]
EVENTS_SAID = [["attack"], [], ["suspension", "handover"], []]


@pytest.fixture(scope="module")
def found(classifier):
    return predict(classifier, read_annotations(SEEDS / "gold.jsonl"))


@pytest.fixture(scope="module")
def published(found):
    return score_predictions(found)


def test_names_and_indices_give_the_same():
    by_name = StanceMetric().compute(predictions=SAID, references=GOLD)
    indices = [[STANCES.index(label) for label in labels] for labels in (SAID, GOLD)]
    assert StanceMetric().compute(predictions=indices[0], references=indices[1]) == by_name
    assert [by_name[f"f1_{stance}"] for stance in STANCES] == pytest.approx([0, 2 / 3, 1 / 2])
    events = EventsMetric().compute(predictions=EVENTS_SAID, references=EVENTS_GOLD)
    assert [events[f"f1_{event}"] for event in EVENTS] == pytest.approx([2 / 3, 1, 0, 0])
    assert events["micro_f1"] == pytest.approx(4 / 6)


def test_batches_and_single_rows_add_up():
    whole = StanceMetric().compute(predictions=SAID, references=GOLD)
    batches, singles = StanceMetric(), StanceMetric()
    for part in (slice(0, 1), slice(1, 4)):
        batches.add_batch(predictions=SAID[part], references=GOLD[part])
    for said, gold in zip(SAID, GOLD, strict=True):
        singles.add(prediction=said, reference=gold)
    assert batches.compute() == singles.compute() == whole
    assert batches.compute(predictions=GOLD, references=GOLD)["macro_f1"] == 1.0  # what was added before is forgotten


def test_they_combine():
    both = evaluate.combine({"first": StanceMetric(), "second": StanceMetric()}, force_prefix=True)
    both.add_batch(predictions=SAID[:2], references=GOLD[:2])
    both.add_batch(predictions=SAID[2:], references=GOLD[2:])
    scores = both.compute()
    assert scores["first_macro_f1"] == scores["second_macro_f1"] == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert evaluate.combine([EventsMetric()]).compute(predictions=EVENTS_SAID, references=EVENTS_GOLD)["micro_f1"]


@pytest.mark.parametrize(
    ("metric", "said", "gold", "reason"),
    [
        (StanceMetric, ["neutral"], ["none"], "Invalid string class label neutral"),
        (StanceMetric, [0, 1], [0], "Mismatch in the number of predictions"),
        (StanceMetric, [0], [-1], "a stance is missing"),
        (EventsMetric, [[]], [None], "a list of events is missing"),
        (StanceProbabilities, [[0.5, 0.5]], [0], "don't match the expected format"),
    ],
)
def test_what_does_not_fit_is_refused(metric, said, gold, reason):
    with pytest.raises(ValueError, match=reason):
        metric().compute(predictions=said, references=gold)


def test_they_give_what_we_publish(found, published):
    stance = StanceProbabilities().compute(
        predictions=found.stance.probs, references=found.stance.gold.argmax(axis=1).tolist()
    )
    events = EventsProbabilities().compute(
        predictions=found.events.probs,
        references=[[event for event, yes in zip(EVENTS, row, strict=True) if yes] for row in found.events.gold],
    )
    for scores, head in ((stance, "stance"), (events, "events")):
        for name in ("average_precision", "calibration_error", "brier"):
            assert scores[name] == pytest.approx(published[head][name], abs=1e-4)
        for label, entry in published[head]["labels"].items():
            assert scores[f"average_precision_{label}"] == pytest.approx(entry["average_precision"], abs=1e-4)
    assert stance["aurc"] == pytest.approx(published["stance"]["aurc"], abs=1e-4)
    assert sum(part["count"] for part in stance["reliability"]) == 114
    json.dumps(stance | events)


def test_an_evaluator_runs_our_model_on_our_tables(classifier, published):
    gold = load_gold(SEEDS / "gold.jsonl")["test"]
    for head, metric in (("stance", StanceMetric()), ("events", EventsMetric())):
        pipe = SentencePipeline(classifier, head=head)
        scores = SentenceEvaluator().compute(pipe, gold, metric=metric, label_column=head)
        assert scores["macro_f1"] == pytest.approx(published[head]["macro_f1"], abs=1e-4)
        assert scores["samples_per_second"] > 0


def test_the_evaluator_of_evaluate_takes_the_pipeline_too(classifier, monkeypatch):
    """Once it can run at all: it asks for a class that transformers 5 no longer has."""
    monkeypatch.setattr(transformers, "TFPreTrainedModel", type("TFPreTrainedModel", (), {}), raising=False)
    row = Annotation(id="1", doc_id="d", text="طالب البرلمان بإخراج القوات الأجنبية", stance="against", events=())
    scores = evaluate.evaluator("text-classification").compute(
        model_or_pipeline=SentencePipeline(classifier),
        data=to_dataset([row]),
        metric=StanceMetric(),
        label_column="stance",
    )
    assert scores["f1_against"] == 1.0


def test_a_pipeline_takes_sentences_and_names_its_heads(classifier):
    sentence = "استهدفت صواريخ قاعدة عين الأسد مساء أمس"
    (stance,) = SentencePipeline(classifier)([sentence])
    (events,) = SentencePipeline(classifier, head="events")([{"text": sentence, "text_pair": None}])
    assert stance["label"] in STANCES
    assert events["label"] == ["attack"]
    assert 0 < stance["score"] <= 1
    with pytest.raises(ValueError, match="unknown head 'tone'"):
        SentencePipeline(classifier, head="tone")
    with pytest.raises(ValueError, match="str is no pipeline"):
        SentenceEvaluator().prepare_pipeline("bert-base")


def test_no_file_is_written_and_no_network_is_asked(tmp_path):
    code = """
import socket
def refuse(*_): raise AssertionError("network")
socket.socket.connect = refuse
from iraqcoal_nlp.evaluation.metrics import StanceMetric
print(StanceMetric().compute(predictions=["none"], references=["none"])["macro_f1"])
"""
    environment = {**os.environ, "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert float(done.stdout) == pytest.approx(1 / 3)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
