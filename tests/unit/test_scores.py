"""Scores agree with counting by hand, with scikit-learn, and with themselves in any order of rows."""

import json

import numpy as np
import pytest
from sklearn import metrics as sk

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.evaluation.measure import compare_predictions, score_predictions
from iraqcoal_nlp.evaluation.predictions import Predictions, pool
from iraqcoal_nlp.evaluation.scores import event_matrix, label_scores, stance_matrix
from iraqcoal_nlp.model.card import score_table

GOLD = [("against", ["attack"]), ("none", []), ("favor", ["attack", "suspension"]), ("none", [])]
SAID = [("against", ["attack"]), ("against", []), ("none", ["suspension", "handover"]), ("none", [])]


def predictions(gold, said, *, seed: int = 1, n_documents: int = 40) -> Predictions:
    """Put labels side by side, with probabilities that mostly agree with what was said."""
    random = np.random.default_rng(seed)
    rows = [
        Annotation(id=str(i), doc_id=f"d{i % n_documents}", text="نص", stance=stance, events=events)
        for i, (stance, events) in enumerate(gold)
    ]
    stances, events = stance_matrix(stance for stance, _ in said), event_matrix(events for _, events in said)
    stance_probs = random.dirichlet([1, 1, 1], len(said)) * 0.6 + 0.4 * stances
    return Predictions.of(
        rows,
        stances=stances,
        events=events,
        stance_probs=stance_probs,
        event_probs=np.clip(0.5 * random.random(events.shape) + 0.5 * events, 0, 1),
        abstained=stance_probs.max(axis=1) < 0.5,
    )


def random_labels(n: int, *, seed: int):
    """Draw gold labels, and answers of which three in five repeat them."""
    random = np.random.default_rng(seed)

    def draw():
        return (str(random.choice(STANCES, p=[0.2, 0.3, 0.5])), [e for e in EVENTS if random.random() < 0.25])

    gold = [draw() for _ in range(n)]
    return gold, [pair if random.random() < 0.6 else draw() for pair in gold]


def test_f1_per_label_and_macro():
    scores = score_predictions(predictions(GOLD, SAID))
    stance, events = scores["stance"], scores["events"]
    assert [round(label["f1"], 3) for label in stance["labels"].values()] == [0.0, 0.667, 0.5]
    assert [round(label["f1"], 3) for label in events["labels"].values()] == [0.667, 1.0, 0.0, 0.0]
    assert stance["macro_f1"] == pytest.approx((2 / 3 + 0.5) / 3, abs=1e-4)
    assert events["labels"]["attack"]["support"] == 2
    assert events["labels"]["handover"]["average_precision"] is None  # no gold: there is no such curve
    assert stance["confusion"] == [[0, 0, 1], [0, 1, 0], [0, 1, 1]]


def test_the_table_of_the_card_shows_them():
    table = score_table({"ours": score_predictions(predictions(GOLD, SAID))})
    assert table.splitlines()[2] == "| ours | **.389** | .000 | .667 | .500 | **.417** | .667 | 1.000 | .000 | .000 |"


@pytest.mark.parametrize("seed", range(5))
def test_they_equal_those_of_scikit_learn(seed):
    gold, said = random_labels(200, seed=seed)
    found = predictions(gold, said, seed=seed)
    scores = score_predictions(found)
    stances, guesses = [stance for stance, _ in gold], [stance for stance, _ in said]
    options = {"labels": list(STANCES), "average": None, "zero_division": 0}
    for name, score in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        labels = [label[name] for label in scores["stance"]["labels"].values()]
        assert labels == pytest.approx(score(stances, guesses, **options), abs=1e-4)
        labels = [label[name] for label in scores["events"]["labels"].values()]
        assert labels == pytest.approx(score(found.events.gold, found.events.predicted, average=None), abs=1e-4)
        assert scores["events"][f"macro_{name}"] == pytest.approx(np.mean(labels), abs=1e-4)
    assert scores["stance"]["mcc"] == pytest.approx(sk.matthews_corrcoef(stances, guesses), abs=1e-4)
    assert scores["stance"]["confusion"] == sk.confusion_matrix(stances, guesses, labels=STANCES).tolist()
    micro = sk.f1_score(found.events.gold, found.events.predicted, average="micro")
    assert scores["events"]["micro_f1"] == pytest.approx(micro, abs=1e-4)
    for head in (found.stance, found.events):
        areas = sk.average_precision_score(head.gold, head.probs, average=None)
        entry = scores["stance" if head is found.stance else "events"]
        assert [label["average_precision"] for label in entry["labels"].values()] == pytest.approx(areas, abs=1e-4)
        assert entry["average_precision"] == pytest.approx(np.mean(areas), abs=1e-4)
    squares = [
        sk.brier_score_loss(yes, probs) for yes, probs in zip(found.events.gold.T, found.events.probs.T, strict=True)
    ]
    assert scores["events"]["brier"] == pytest.approx(np.mean(squares), abs=1e-4)
    squares = [
        sk.brier_score_loss(yes, probs) for yes, probs in zip(found.stance.gold.T, found.stance.probs.T, strict=True)
    ]
    assert scores["stance"]["brier"] == pytest.approx(np.sum(squares), abs=1e-4)


def test_one_stance_alone_has_no_correlation():
    scores = score_predictions(predictions([("none", [])] * 5, [("none", [])] * 5))
    assert scores["stance"]["mcc"] == 0.0
    assert scores["stance"]["labels"]["none"]["f1"] == 1.0


def test_the_order_of_rows_changes_nothing():
    gold, said = random_labels(120, seed=7)
    one = predictions(gold, said)
    order = np.random.default_rng(3).permutation(len(gold))
    rows = [
        Annotation(id=str(i), doc_id=one.stance.documents[i], text="نص", stance=gold[i][0], events=tuple(gold[i][1]))
        for i in order
    ]
    other = Predictions.of(
        rows,
        stances=one.stance.predicted[order],
        events=one.events.predicted[order],
        stance_probs=one.stance.probs[order],
        event_probs=one.events.probs[order],
        abstained=one.abstained[order],
    )
    assert score_predictions(one) == score_predictions(other)


def test_a_row_counts_for_the_heads_that_were_judged():
    gold = [("against", None), (None, ("attack",)), (None, None), ("none", ())]
    scores = score_predictions(predictions(gold, [("against", ["attack"]), ("none", []), ("none", []), ("none", [])]))
    assert (scores["n_sentences"], scores["stance"]["n_sentences"], scores["events"]["n_sentences"]) == (3, 2, 2)
    assert scores["stance"]["labels"]["against"]["f1"] == 1.0
    assert scores["events"]["labels"]["attack"]["recall"] == 0.0
    only_stance = score_predictions(predictions([("against", None)] * 3, [("against", [])] * 3))
    assert "events" not in only_stance


def test_pooled_parts_score_like_the_whole():
    gold, said = random_labels(90, seed=5)
    whole = predictions(gold, said, n_documents=9)
    parts = []
    for third in range(3):
        mine = [i for i in range(90) if i % 3 == third]  # documents go round in nines: none is divided
        rows = [
            Annotation(id=str(i), doc_id=f"d{i % 9}", text="نص", stance=gold[i][0], events=tuple(gold[i][1]))
            for i in mine
        ]
        parts.append(
            Predictions.of(
                rows,
                stances=whole.stance.predicted[mine],
                events=whole.events.predicted[mine],
                stance_probs=whole.stance.probs[mine],
                event_probs=whole.events.probs[mine],
                abstained=whole.abstained[mine],
            )
        )
    assert score_predictions(pool(parts)) == score_predictions(whole)


def test_scores_are_plain_json_of_six_places():
    gold, said = random_labels(60, seed=2)
    found = predictions(gold, said)
    for record in (score_predictions(found), compare_predictions(found, predictions(gold, gold))):
        assert json.loads(json.dumps(record)) == record
        numbers = [part for part in json.dumps(record).replace(",", " ").split() if "." in part]
        assert max(len(part.strip("]}").split(".")[1]) for part in numbers) == 6


def test_matrices_keep_their_width_without_rows():
    assert stance_matrix([]).shape == (0, 3)
    assert event_matrix([]).shape == (0, 4)
    assert label_scores(event_matrix([["attack"]]), event_matrix([[]]), EVENTS)["attack"].recall == 0.0
