import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conftest import SEEDS
from iraqcoal_nlp.benchmark.rows import Example, decode_labels, encode_labels, label_counts, label_matrix, load_rows
from iraqcoal_nlp.benchmark.tasks import load_task
from iraqcoal_nlp.data.annotations import read_annotations, write_annotations
from iraqcoal_nlp.errors import InputError
from toy import PLACES, toy_rows

BINARY, PAIRS = load_task("un-binary.v1"), load_task("ans-stance.v1")
WORDS = ["اتفق", "بحث", "زار", "افتتح", "ناقش", "أعلن", "أكد", "رفض", "قصف", "هاجم"]


def un_rows(n=200):
    generator = random.Random(13)
    texts = dict.fromkeys(" ".join(generator.choices(WORDS + PLACES, k=9)) for _ in range(n))
    return [{"text": text, "label": str(int(number % 4 == 0))} for number, text in enumerate(texts)]


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def load(folder, rows, task=BINARY):
    write(folder / "un_conflict_binary.jsonl", rows)
    return load_rows(task, folder)


def texts(rows):
    return {row.text for row in rows}


def test_each_label_is_split_by_its_shares_and_nothing_stands_on_two_sides(tmp_path):
    data = load(tmp_path, un_rows())
    (question,) = BINARY.questions
    counts = [label_counts(part, question) for part in (data.train, data.dev, data.test)]
    for label in question.labels:
        total = sum(count[label] for count in counts)
        assert abs(counts[2][label] - 0.15 * total) <= 1
        assert abs(counts[1][label] - 0.15 * total) <= 1
    assert not texts(data.train) & texts(data.test)
    assert not texts(data.dev) & (texts(data.train) | texts(data.test))


def test_sides_do_not_depend_on_the_order_of_rows(tmp_path):
    rows = un_rows()
    first = load(tmp_path, rows)
    random.Random(7).shuffle(rows)
    again = load(tmp_path, rows)
    assert (first.train[0].text, first.sha256) == (again.train[0].text, again.sha256)


def test_single_texts_keep_the_sides_under_which_results_are_committed(tmp_path):
    assert load(tmp_path, un_rows()).sha256.startswith("306ec47a2860dfd4")


def paired_rows(n=60, per_text=4):
    """Return pairs of which several share their first text."""
    generator = random.Random(13)
    firsts = [" ".join(generator.choices(WORDS + PLACES, k=9)) for _ in range(n)]
    return [
        {"s1": first, "s2": f"{generator.choice(WORDS)} {place} {number}", "label": ("agree", "disagree")[place % 2]}
        for number, first in enumerate(firsts)
        for place in range(per_text)
    ]


def load_pairs(folder, rows):
    write(folder / "pairs.jsonl", rows)
    split = replace(BINARY.split, rule="stratified", dev=0.15, test=0.15)
    return load_rows(replace(PAIRS, files={"all": "pairs.jsonl"}, split=split), folder)


def test_sides_of_pairs_that_share_a_text_do_not_depend_on_the_order_of_rows(tmp_path):
    rows = paired_rows()
    first = load_pairs(tmp_path, rows)
    random.Random(7).shuffle(rows)
    again = load_pairs(tmp_path, rows)
    assert first.sha256 == again.sha256


def test_pairs_that_share_a_text_mostly_stay_on_one_side(tmp_path):
    rows = paired_rows()
    data = load_pairs(tmp_path, rows)
    assert len(data.train) > 0.6 * len(rows)  # what repeats a held-out text does not train
    assert not texts(data.train) & (texts(data.dev) | texts(data.test))


def test_another_split_seed_gives_other_sides(tmp_path):
    rows = un_rows()
    other = replace(BINARY, split=replace(BINARY.split, seed=14))
    assert texts(load(tmp_path, rows).test) != texts(load(tmp_path, rows, other).test)


def test_copies_are_dropped_before_the_split_and_near_copies_do_not_train(tmp_path):
    rows = un_rows()
    plain = load(tmp_path, rows)
    held_out = plain.test[0].text
    data = load(tmp_path, [*rows, *rows[:5], {"text": f"{held_out} أمس", "label": "0"}])
    assert data.notes[0] == "5 exact copies are dropped"
    near = [row for row in (*data.train, *data.test) if row.text.startswith(held_out)]
    assert len(near) < 2 or not {row.text for row in near} & texts(data.train)


def test_pairs_are_read_in_the_split_of_their_files(tmp_path):
    pair = {"s1": "هجوم على القاعدة", "s2": "لا هجوم على القاعدة", "label": "disagree"}
    for name in ("train", "dev", "test"):
        write(tmp_path / f"ans_stance_{name}.jsonl", [pair | {"s1": f"{pair['s1']} {name}"}])
    data = load_rows(PAIRS, tmp_path)
    assert data.test == (
        Example(
            document="ans_stance_test-1",
            text="هجوم على القاعدة test",
            second_text=pair["s2"],
            labels={"agreement": ("disagree",)},
        ),
    )


def test_a_missing_file_tells_what_it_is_and_where_it_is_published(tmp_path):
    with pytest.raises(InputError, match=r"no such file; un-binary\.v1 needs it .*keep_it_local.*Osorio") as caught:
        load_rows(BINARY, tmp_path)
    assert "un_conflict_binary.jsonl" in str(caught.value)
    with pytest.raises(InputError, match="give --data-root"):
        load_rows(BINARY, None)
    everything = replace(load_task("coalition.v1"), url="https://example.org", citation="Nobody (2024).")
    with pytest.raises(InputError, match=r"needs the annotation files \(.*\) published at https.*Nobody \(2024\)"):
        load_rows(everything, None)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "نص", "label": "2"}, "unknown label '2'"),
        ({"text": " ", "label": "1"}, "column 'text' holds no text"),
        ({"label": "1"}, "column 'text' holds no text"),
        ({"text": "نص"}, "unknown label ''"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, row, message):
    with pytest.raises(InputError, match=message) as caught:
        load(tmp_path, [*un_rows(5), row])
    assert "un_conflict_binary.jsonl:6:" in str(caught.value)


def test_the_seed_gold_measures_and_nothing_like_it_trains():
    data = load_rows(load_task("seeds.v1"), None)
    assert len(data.test) == 114
    assert not texts(data.train) & texts(data.test)
    assert len({row.document for row in data.test}) == 5


def test_annotations_of_ones_own_keep_their_split(tmp_path):
    rows = [
        replace(row, split=("train", "dev", "test")[number % 3])
        for number, row in enumerate(read_annotations(SEEDS / "gold.jsonl"))
    ]
    write_annotations(rows, tmp_path / "mine.jsonl")
    data = load_rows(load_task("coalition.v1"), tmp_path)
    assert texts(data.test) == {row.text for row in rows if row.split == "test"}
    assert texts(data.train) <= {row.text for row in rows if row.split == "train"}


def test_a_task_whose_training_rows_all_repeat_held_out_ones_says_so(tmp_path):
    rows = [replace(row, split="train" if number < 10 else "test") for number, row in enumerate(toy_rows()[:30])]
    write_annotations(rows, tmp_path / "mine.jsonl")
    with pytest.raises(InputError, match=r"no row is left for train .10 rows that nearly repeat"):
        load_rows(load_task("coalition.v1"), tmp_path)


def test_an_annotation_comes_back_as_it_was():
    for row in toy_rows()[:5]:
        assert Example.of(row).annotation(row.id) == row


def test_what_nobody_has_judged_has_no_label():
    rows = [Example(document="d", text="نص", labels={"stance": None, "events": ()})]
    stance, events = load_task("seeds.v1").questions
    assert [part.tolist() for part in label_matrix(rows, stance)] == [[[False] * 3], [False]]
    assert [part.tolist() for part in label_matrix(rows, events)] == [[[False] * 4], [True]]


@given(st.integers(1, 9).flatmap(lambda width: arrays(np.bool_, st.tuples(st.integers(0, 12), st.just(width)))))
def test_labels_survive_their_writing(labels):
    np.testing.assert_array_equal(decode_labels(encode_labels(labels), labels.shape[1]), labels)
