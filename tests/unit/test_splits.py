"""Splits: nothing leaks, and nothing moves without reason."""

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.duplicates import near_duplicates
from iraqcoal_nlp.data.splits import drop_leaks, split_by_document

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
