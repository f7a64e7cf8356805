"""Places: the gazetteer is well formed, and its names are found in context and nowhere else."""

from __future__ import annotations

import pytest

from iraqcoal_nlp import find_mentions
from iraqcoal_nlp.text.attribution.gazetteer import NEEDS, load_gazetteer
from iraqcoal_nlp.text.folding import fold

# ISO 3166-2:IQ, all of it.
CODES = {
    *("IQ-AN", "IQ-AR", "IQ-BA", "IQ-BB", "IQ-BG", "IQ-DA", "IQ-DI", "IQ-DQ", "IQ-KA", "IQ-KI", "IQ-KR", "IQ-MA"),
    *("IQ-MU", "IQ-NA", "IQ-NI", "IQ-QA", "IQ-SD", "IQ-SU", "IQ-WA"),
}
PLACES = load_gazetteer().places


def found(text):
    return [(place.text, place.place.latin) for place in find_mentions(text).places]


def test_every_entry_is_well_formed():
    assert len(PLACES) >= 300
    assert {place.province for place in PLACES} == CODES
    designators = load_gazetteer().designators
    names = [(fold(name).text, place.kind, place.needs) for place in PLACES for name in (place.name, *place.variants)]
    assert len(names) == len(set(names)), "two entries, or two variants of one, are the same after folding"
    for place in PLACES:
        assert place.kind in designators
        assert place.needs in NEEDS
        assert place.latin.isascii()
        if place.latitude is not None:  # within Iraq
            assert 29.0 <= place.latitude <= 37.4
            assert 38.7 <= place.longitude <= 48.6


def test_every_name_is_found_behind_a_designator_of_its_kind():
    designators = load_gazetteer().designators
    for place in PLACES:
        for name in (place.name, *place.variants):
            designator = min(designators[place.kind])
            (mention,) = find_mentions(f"وصلت القوات إلى {designator} {name}.").places
            assert fold(mention.text).text in (fold(f"{designator} {name}").text, fold(name).text)
            assert mention.place.kind == place.kind
            assert mention.place.province == place.province or mention.place.name == place.name


@pytest.mark.parametrize(
    "spelling",
    [
        "قاعدة عين الأسد",
        "قاعده عين الاسد",
        "قاعدةُ عَينِ الأسدِ",
        "قـاعدة عيـن الأسد",
        "قاعدة «عين الأسد»",
        "قاعدة\u00a0عين الأسد",
    ],
)
def test_spelling_does_not_matter(spelling):
    assert found(f"سقطت صواريخ على {spelling} غربي البلاد") == [(spelling, "Ain al-Asad Air Base")]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("انفجار بالموصل", ["الموصل"]),
        ("وللموصل", ["لموصل"]),  # the article's alef is lost with ل
        ("وكركوك وبغداد", ["كركوك", "بغداد"]),
        ("قاعدتي عين الأسد وحرير في إربيل", ["قاعدتي عين الأسد", "حرير", "إربيل"]),
        ("محافظات الأنبار وصلاح الدين ونينوى", ["محافظات الأنبار", "صلاح الدين", "نينوى"]),
        ("معسكر (بسماية) وموقع بسماية", ["معسكر (بسماية)", "موقع بسماية"]),
        ("سجن أبو غريب", ["سجن أبو غريب"]),  # the longest wins, and the kind is the prison's
        ("قاعدة K-1 وقاعدة كي وان", ["قاعدة K-1", "قاعدة كي وان"]),
        ("في أربيل وبغداد", ["أربيل", "بغداد"]),
    ],
)
def test_prefixes_designators_and_joined_names(text, mentions):
    assert [mention for mention, _ in found(text)] == mentions


def test_the_designator_decides_between_places_of_one_name():
    assert found("قضاء بلد")[0][1] == "Balad"
    assert found("قاعدة بلد الجوية")[0][1] == "Balad Air Base"
    kinds = [place.place.kind for place in find_mentions("مدينة كركوك ومحافظة كركوك ومطار كركوك").places]
    assert kinds == ["city", "province", "airport"]


@pytest.mark.parametrize(
    "text",
    [
        "عاد إلى بلده في بلد آخر",  # بلد: a country
        "قال الأسد إن دمشق ترفض",  # الأسد: a person
        "أسلحة حديثة وأجهزة حديثة في حديثه",  # modern; his talk
        "الوضع القائم والقائم بالأعمال",  # القائم: standing
        "قتل أبو بكر البغدادي",
        "الدورة الثالثة والحي القديم",
        "المملكة الأردنية الهاشمية",
        "أغلقت الرياض سفارتها، وغادر عنه الوفد",  # the capital; عنه is about him, not Anah
        "سكان الكوت ديفوار",
        "بغداديات والموصلي والكركوكية",  # inside other words
    ],
)
def test_near_misses_are_no_places(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "بغداد أمرت قواتها بعدم التعاون",
        "بغداد تستدعي السفير",
        "العلاقة بين بغداد والتحالف الدولي",
        "محادثات واشنطن وبغداد",
        "حليفان وثيقان لبغداد",
        "طالبت بغداد بالانسحاب",
        "إعلان بغداد أن القوات باقية",
        "بغداد اليوم: انفجار",
    ],
)
def test_a_capital_that_stands_for_its_government_is_no_place(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["بغداد - قال التحالف", "من بغداد", "وصوله لبغداد", "بين بغداد والموصل", "انفجار في بغداد اليوم"]
)
def test_the_same_name_as_a_place(text):
    assert "بغداد" in [mention for mention, _ in found(text)]
