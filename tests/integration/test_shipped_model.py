"""The model in the box: what README promises of it."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets import Dataset

import iraqcoal_nlp as iq
from conftest import ATTACK, DEMAND, HANDOVER, ROOT, SEEDS
from iraqcoal_nlp.codebook import HEADS
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.evaluation.measure import score_predictions
from iraqcoal_nlp.evaluation.predictions import predict

LONG = "، ".join([ATTACK] * 30) + "، و" + DEMAND


def labels(result):
    return result.stance, result.events


def probabilities(result):
    return [*result.stance_probs.values(), *result.event_probs.values()]


def test_the_sentences_of_readme(classifier):
    demand, handover = classifier.classify_sentences([DEMAND, HANDOVER])
    assert labels(demand) == ("against", ("withdrawal_demand",))
    assert handover.events == ("handover",)


def test_scoring_needs_neither_torch_nor_transformers():
    code = f"""
        import sys
        for name in ("torch", "transformers", "datasets", "sklearn", "evaluate", "pandas"):
            sys.modules[name] = None  # any import of it fails
        import iraqcoal_nlp as iq
        assert iq.load().classify({DEMAND!r}).events == ("withdrawal_demand",)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_quality_on_the_seed_gold(classifier):
    scores = score_predictions(predict(classifier, read_annotations(SEEDS / "gold.jsonl")))
    assert min(label["f1"] for label in scores["events"]["labels"].values()) >= 0.5
    published = json.loads((ROOT / "models/iraqcoal-mini/evaluation.json").read_text("utf-8"))["scores"]["seed gold"]
    for head in HEADS:
        assert scores[head]["macro_f1"] == pytest.approx(published[head]["macro_f1"], abs=0.02)


def test_int8_agrees_with_torch_on_the_seed_gold(classifier, gold_rows):
    reference = json.loads((ROOT / "tests/model/mini_torch_reference.json").read_text("utf-8"))
    assert reference["model"] == classifier.model_id
    rows = {row["id"]: row["text"] for row in gold_rows if not row["boilerplate"]}
    results = dict(zip(rows, classifier.classify_sentences(list(rows.values())), strict=True))
    assert set(reference["rows"]) == set(rows)
    decisions, differences = [], []
    for row_id, expected in reference["rows"].items():
        found = results[row_id]
        decisions.append(found.stance == expected["stance"])
        decisions += [(event in found.events) == (event in expected["events"]) for event in iq.EVENTS]
        differences.append(np.abs(np.array(probabilities(found)) - np.array(expected["probs"])))
    assert np.mean(decisions) >= 0.99
    assert np.mean(differences) <= 0.02


def test_neighbours_order_and_threads_never_change_a_score(classifier, sentences):
    together = classifier.classify_sentences(sentences)
    backwards = classifier.classify_sentences(sentences[::-1])[::-1]
    assert [probabilities(r) for r in together] == [probabilities(r) for r in backwards]
    for index in (0, 50, 100):
        assert probabilities(classifier.classify_sentences([sentences[index]])[0]) == probabilities(together[index])
    one_thread = iq.load(threads=1).classify_sentences(iter(sentences[:40]))
    assert [probabilities(r) for r in one_thread] == [probabilities(r) for r in together[:40]]


def test_offsets_point_into_the_article(classifier):
    for path in sorted((SEEDS / "articles").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        result = classifier.classify(text, doc_id=path.stem)
        assert result.sentences
        for number, sentence in enumerate(result.sentences):
            assert text[sentence.start : sentence.end] == sentence.text
            assert (sentence.doc_id, sentence.sent_id, sentence.model) == (path.stem, number, classifier.model_id)
            assert sum(sentence.stance_probs.values()) == pytest.approx(1.0, abs=1e-5)
            assert all(0.0 <= p <= 1.0 for p in probabilities(sentence))


def test_a_stream_gives_the_same_as_single_calls(classifier):
    texts = [path.read_text(encoding="utf-8") for path in sorted((SEEDS / "articles").glob("*.txt"))] * 3
    stream = classifier.classify_articles(text for text in texts)
    for index, (text, result) in enumerate(zip(texts, stream, strict=True)):
        assert result == classifier.classify(text, doc_id=str(index))


def test_a_long_sentence_is_read_to_its_end_and_flagged(classifier):
    long, short = classifier.classify_sentences([LONG, ATTACK])
    assert long.truncated
    assert not short.truncated
    assert "withdrawal_demand" in long.events
    assert long.stance == "against"
    assert long.text == LONG


@pytest.mark.parametrize(
    "text", ["The coalition suspended training in Iraq.", "😀😀", "1234", "", "<unk>", "ــــ", "﷼ 50"]
)
def test_what_is_not_arabic_is_flagged_and_not_judged(classifier, text):
    (result,) = classifier.classify_sentences([text])
    assert labels(result) == ("none", ())
    assert result.abstained
    assert result.flags == ("not_arabic",)


@pytest.mark.parametrize("text", ["", "   \n", "😀😀😀", "* * *", "التعليقات مغلقة."])
def test_an_article_without_a_sentence_has_an_empty_result(classifier, text):
    result = classifier.classify(text)
    assert (result.sentences, result.stance, result.events) == ((), "none", ())


def test_what_is_not_a_text_is_refused(classifier):
    with pytest.raises(TypeError, match="takes a list"):
        classifier.classify_sentences(DEMAND)
    with pytest.raises(TypeError, match="takes a stream"):
        next(classifier.classify_articles(DEMAND))
    with pytest.raises(TypeError, match="takes a list of sentences; for one text use classify"):
        classifier.probabilities(DEMAND)
    with pytest.raises(TypeError, match="results of classify_sentences; for one text use explain"):
        classifier.explain_sentences(DEMAND)
    with pytest.raises(TypeError, match="results of classify_sentences, not a list of str"):
        classifier.explain_sentences([DEMAND])
    for wrong in (None, b"x", 3):
        with pytest.raises(TypeError, match="must be a string"):
            classifier.classify(wrong)
        with pytest.raises(TypeError, match="must be a string"):
            classifier.classify_sentences([wrong])


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"doc_id": ["1"], "النص": [DEMAND]}),
        pa.table({"text": [DEMAND]}),
        Dataset.from_dict({"text": [DEMAND]}),
        {"a": DEMAND},
    ],
    ids=lambda table: type(table).__name__,
)
def test_the_names_of_columns_are_no_texts(classifier, table):
    calls = [
        lambda: list(classifier.classify_articles(table)),
        lambda: classifier.classify_sentences(table),
        lambda: classifier.probabilities(table),
        lambda: classifier.explain_sentences(table),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=rf"not a {type(table).__name__}: give one column, such as df\['text'\]"):
            call()


def test_a_column_is_a_list_of_texts(classifier):
    expected = classifier.classify_sentences([DEMAND, HANDOVER])
    frame = pd.DataFrame({"النص": [DEMAND, HANDOVER]}, index=["columns", "column_names"])
    for column in (frame["النص"], frame["النص"].to_numpy(), Dataset.from_pandas(frame)["النص"]):
        assert classifier.classify_sentences(column) == expected


@pytest.mark.parametrize("empty", [float("nan"), None, pd.NA, pd.NaT, iq.Article(doc_id="a", text=float("nan"))])
def test_an_empty_cell_is_named_by_its_place_and_loses_no_result(classifier, empty):
    message = r"text 3 \(index 2\): must be a string, not \w+; drop empty cells first, such as with df.dropna"
    results = []
    with pytest.raises(TypeError, match=message):
        results.extend(classifier.classify_articles(iter([DEMAND, HANDOVER, empty, ATTACK])))
    assert [(result.doc_id, result.events) for result in results] == [
        ("0", ("withdrawal_demand",)),
        ("1", ("handover",)),
    ]
    if not isinstance(empty, iq.Article):
        for call in (classifier.classify_sentences, classifier.probabilities):
            with pytest.raises(TypeError, match=message):
                call([DEMAND, HANDOVER, empty])


def test_only_an_empty_cell_is_to_be_dropped(classifier):
    with pytest.raises(TypeError, match=r"^text 1 \(index 0\): must be a string, not dict$"):
        classifier.classify_sentences([{"text": DEMAND}])


def test_half_a_surrogate_pair_is_scored(classifier):
    (result,) = classifier.classify_sentences([f"{DEMAND} \ud83d"])
    assert result.events == ("withdrawal_demand",)


def test_an_engine_that_cannot_run_there_is_refused():
    with pytest.raises(ValueError, match="runs on the CPU, not on 'cuda'"):
        iq.load(backend="onnx", device="cuda")
    with pytest.raises(ValueError, match="computes in the numbers of its graph"):
        iq.load(backend="onnx", dtype="bfloat16")
    with pytest.raises(ValueError, match="unknown dtype 'int4'"):
        iq.load(dtype="int4")
    with pytest.raises(ValueError, match="neither can be below 0"):
        iq.load(threads=-1)


def test_results_become_frames_and_json(classifier):
    result = classifier.classify(f"{DEMAND}. {HANDOVER}.")
    frame = result.to_frame()
    assert list(frame["events"]) == ["withdrawal_demand", "handover"]
    empty = classifier.classify("").to_frame()
    assert list(empty.columns) == list(frame.columns)
    joined = pd.concat([empty, frame])  # a frame without rows spoils no type
    typed = ["sent_id", "start", "end", "prob_favor", "abstained", "truncated"]
    assert joined[typed].dtypes.tolist() == frame[typed].dtypes.tolist()
    assert len(joined[~joined["abstained"]].nlargest(1, "prob_favor")) == 1
    assert json.loads(json.dumps(result.to_dict(), ensure_ascii=False))["event_counts"]["handover"] == 1


def test_the_folder_is_small_and_names_its_encoder():
    folder = ROOT / "models" / "iraqcoal-mini"
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 40 * 2**20
    card = (folder / "README.md").read_text("utf-8")
    assert "multilingual-e5-small" in card
    assert "MIT" in card
