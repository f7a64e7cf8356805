"""Splits: nothing leaks, and nothing moves without reason."""

from dataclasses import replace

import pytest

from iraqcoal_nlp.data.annotations import Annotation, write_annotations
from iraqcoal_nlp.data.datasets import load_annotations
from iraqcoal_nlp.data.duplicates import find_copies, near_duplicates
from iraqcoal_nlp.data.splits import drop_leaks, group_documents, k_folds, split_by_document, split_rows
from iraqcoal_nlp.errors import InputError

BASE = "أعلن التحالف الدولي أمس الأحد وقف مهام التدريب والدعم للقوات العراقية بسبب تكرار الهجمات الصاروخية على القواعد"


def row(number: int, text: str, doc: str | None = None) -> Annotation:
    return Annotation(id=f"r{number}", doc_id=doc or f"d{number}", text=text, stance="none", events=())


def many(n: int) -> list[Annotation]:
    return [row(i, f"خبر رقم {i} عن موضوع {i * 7} في مدينة {i * 13} نقله مراسل {i * 17}") for i in range(n)]


def test_spelling_and_marks_do_not_hide_a_copy():
    copy = BASE.replace("أ", "ا").replace("الدولي", "الدولـــي") + "."
    assert near_duplicates([BASE, "لا علاقة لهذا الخبر بما سبق من أخبار العراق اليوم", copy]) == [(0, 2)]


def test_documents_and_near_duplicates_stay_on_one_side():
    rows = many(400)
    rows += [row(1000 + i, f"{BASE} {i}", doc=f"copy{i}") for i in range(6)]
    rows += [row(2000 + i, f"جملة منفردة {i} تماما عن غيرها {i * 31}", doc="d5") for i in range(5)]
    splits = split_by_document(rows, seed=1)
    sides = {r.id: name for name in ("train", "dev", "test") for r in getattr(splits, name)}
    assert len(sides) == len(rows)
    assert len({sides[f"r{1000 + i}"] for i in range(6)}) == 1
    assert {sides[f"r{2000 + i}"] for i in range(5)} == {sides["r5"]}


def test_the_split_depends_on_the_seed_and_not_on_the_order():
    rows = many(300)
    ids = lambda part: {r.id for r in part}  # noqa: E731
    one, two, other = (split_by_document(r, seed=s) for r, s in ((rows, 1), (rows[::-1], 1), (rows, 2)))
    assert ids(one.test) == ids(two.test)
    assert ids(one.test) != ids(other.test)
    assert 10 <= len(one.test) <= 60


def test_rows_like_a_held_out_sentence_are_dropped():
    rows = [row(1, BASE + " اليوم"), row(2, "توقفت رحلات الطيران إلى مطار بغداد الدولي منذ صباح أمس بسبب العاصفة")]
    assert [r.id for r in drop_leaks(rows, [row(9, BASE)])] == ["r2"]


def test_only_copies_of_others_are_found_and_the_nearest_is_named():
    near, nearest = f"{BASE} في بغداد والموصل والأنبار", f"{BASE} صباحا"
    texts = [f"{BASE} اليوم صباحا", "توقفت رحلات الطيران إلى مطار بغداد الدولي", BASE, "…"]
    assert find_copies(texts, [near, nearest, nearest, "…"]) == {0: 1, 2: 1}
    assert find_copies([BASE, BASE], []) == {}


def test_thousands_of_exact_copies_make_one_group_at_once():
    rows = [row(i, "التعليقات مغلقة على هذا الخبر") for i in range(3000)] + many(20)
    groups = group_documents(rows)
    assert len({groups[f"d{i}"] for i in range(20, 3000)}) == 1


def test_given_sides_are_kept_and_leaks_between_them_are_told(caplog):
    rows = [replace(r, split=("train", "dev", "test")[i % 3]) for i, r in enumerate(many(9))]
    splits = split_rows(rows, seed=1)
    assert [r.id for r in splits.dev] == ["r1", "r4", "r7"]
    assert (len(splits.train), len(splits.test), caplog.records) == (3, 3, [])
    rows += [replace(row(50, BASE, "e1"), split="train"), replace(row(51, f"{BASE} أمس", "e2"), split="test")]
    rows += [replace(row(52, "لا صلة بين هذه الجملة وما سبقها من الأخبار", "e1"), split="dev")]
    assert len(split_rows(rows, seed=1).test) == 4
    assert [record.getMessage() for record in caplog.records] == [
        "1 held-out rows nearly repeat a row of another given split; first: 'r51' (test) and 'r50' (train)",
        "1 documents have rows in several given splits; first: 'e1'",
    ]


def test_sides_for_some_rows_alone_are_refused():
    rows = [replace(r, split="train") for r in many(3)] + [row(9, BASE)]
    with pytest.raises(InputError, match="1 of 4 rows carry no split, first 'r9': give all of them one, or none"):
        split_rows(rows, seed=1)


def test_without_sides_rows_are_split_by_document():
    rows = many(100)
    assert split_rows(rows, seed=3, test=0.3) == split_by_document(rows, seed=3, test=0.3)


def test_every_row_is_tested_in_one_fold_and_no_group_is_torn():
    rows = many(97) + [row(200 + i, f"جملة منفردة {i} تماما عن غيرها {i * 31}", doc="d5") for i in range(12)]
    rows += [row(300 + i, f"{BASE} {i}", doc=f"copy{i}") for i in range(6)]
    folds = k_folds(rows, k=5, seed=7)
    groups = group_documents(rows)
    assert sorted(r.id for _, test in folds for r in test) == sorted(r.id for r in rows)
    for train, test in folds:
        assert [r for r in rows if r in train or r in test] == rows
        assert len(train) + len(test) == len(rows)
        assert not {groups[r.doc_id] for r in train} & {groups[r.doc_id] for r in test}
    sizes = sorted(len(test) for _, test in folds)
    assert sizes == [23] * 5  # 97 - 1 + 13 + 6 rows: the small groups even out the large ones


def test_folds_depend_on_the_seed_and_not_on_the_order():
    rows = many(60)
    ids = lambda folds: [{r.id for r in test} for _, test in folds]  # noqa: E731
    assert ids(k_folds(rows, k=4, seed=1)) == ids(k_folds(rows[::-1], k=4, seed=1))
    assert ids(k_folds(rows, k=4, seed=1)) != ids(k_folds(rows, k=4, seed=2))


def test_too_few_documents_for_the_folds_are_refused():
    with pytest.raises(InputError, match="2 groups of documents cannot make 3 folds"):
        k_folds(many(2), k=3, seed=1)
    with pytest.raises(ValueError, match="use at least 2"):
        k_folds(many(2), k=1, seed=1)


@pytest.mark.parametrize("given", [False, True])
def test_a_file_becomes_a_dataset_with_three_splits(tmp_path, given):
    rows = [replace(r, split=("train", "dev", "test")[i % 3] if given else None) for i, r in enumerate(many(60))]
    path = tmp_path / "rows.jsonl"
    write_annotations(rows, path)
    tables = load_annotations(path, seed=5)
    expected = split_rows(rows, seed=5)
    assert {name: table["id"][:] for name, table in tables.items()} == {
        name: [r.id for r in getattr(expected, name)] for name in ("train", "dev", "test")
    }
    write_annotations([*rows, replace(row(99, BASE), split="test" if not given else None)], path)
    with pytest.raises(InputError, match=r"rows\.jsonl: .* carry no split"):
        load_annotations(path, seed=5)
