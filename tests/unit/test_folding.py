"""Folding: one spelling, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iraqcoal_nlp.text.folding import fold


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("أربيل إربيل اربيل آربيل", "اربيل اربيل اربيل اربيل"),
        ("القاعدةُ الكُبرى", "القاعده الكبري"),
        ("على علي", "على علي"),  # the preposition is never the name
        ("بغـــداد", "بغداد"),
        ("ﻻ", "لا"),
        ("٢٠٢٠ ۲۰۲۰", "2020 2020"),
        ("دهۆك گەرميان", "دهوك كهرميان"),
        ("قاعدة\u00a0 \tK-1", "قاعده k-1"),
        ("سطر\nسطر", "سطر\nسطر"),
    ],
)
def test_spellings_become_one(raw, folded):
    assert fold(raw).text == folded


def test_spans_lead_back_to_the_raw_text_with_its_marks():
    raw = "في بَغْدادَ، ﻻ"
    folded = fold(raw)
    start = folded.text.index("بغداد")
    assert raw[slice(*folded.span(start, start + 5))] == "بَغْدادَ"
    start = folded.text.index("لا")
    assert raw[slice(*folded.span(start, start + 2))] == "ﻻ"


@given(st.text(st.characters(exclude_categories=()), max_size=60))
@example("0\u0730")  # a mark that folding keeps is no part of the word
def test_every_folded_character_has_an_origin(raw):
    folded = fold(raw)
    assert len(folded.origins) == len(folded.text)
    assert list(folded.origins) == sorted(folded.origins)
    for word in folded.words():
        start, end = folded.span(word.start, word.end)
        assert 0 <= start < end <= len(raw)
        assert fold(raw[start:end]).text.strip() == word.text or raw[start] in "ىﻻﻷﻹﻵ" or "ى" in raw[start:end]


@pytest.mark.parametrize(
    ("text", "inside", "closed"),
    [
        ("وكالة «رويترز» قالت", "وكاله «رويترز", "وكاله «رويترز»"),
        ("معسكر (بسماية).", "معسكر (بسمايه", "معسكر (بسمايه)"),
        ('حركة "حماس" الفلسطينية" قالت', 'حركه "حماس" الفلسطينيه', 'حركه "حماس" الفلسطينيه'),
        ("بغداد) قالت", "بغداد", "بغداد"),
    ],
)
def test_a_mark_is_closed_that_was_opened(text, inside, closed):
    folded = fold(text)
    assert folded.text.startswith(inside)
    assert folded.text[: folded.closed(0, len(inside))] == closed
