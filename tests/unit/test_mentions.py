"""Laws that all mentions keep, and the field that scored rows get."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iraqcoal_nlp import InputError, find_mentions
from iraqcoal_nlp.data.mentions import add_mentions, published_day


@pytest.mark.parametrize("day", [float("nan"), 20200105, "أمس", "1441-05-09"])
def test_what_is_no_day_of_an_article_is_refused(day):
    with pytest.raises(ValueError, match="is not a day as YYYY-MM-DD"):
        find_mentions("قال الوزير أمس", article_date=day)
    with pytest.raises(TypeError, match="a text must be a string, not NoneType"):
        find_mentions(None)


PIECES = st.sampled_from(
    [
        *(
            "قال",
            "وأضاف",
            "طالب",
            "نقلت",
            "بحسب",
            "وفقا",
            "للمتحدث",
            "المتحدث",
            "باسم",
            "التحالف",
            "الدولي",
            "أن",
            "إن",
        ),
        *("بغداد", "وبغداد", "قاعدة", "عين", "الأسد", "بلد", "محافظة", "الأنبار", "للموصل", "K", "كي", "وان", "ﻻ"),
        *("اليوم", "أمس", "الأحد", "الماضي", "٥", "2020", "كانون", "الثاني", "يناير", "آب", "قبل", "يومين", "عام"),
        *(" ", " ", " ", " ", "، ", ": ", '"', "«", "»", "(", ")", "/", "-", ".", "\n", "ـ", "\u200f", "َ", "\u00a0"),
    ]
)


def hold_laws(text: str, offset: int, day: datetime.date | None) -> None:
    mentions = find_mentions(text, offset=offset, article_date=day)
    article = " " * offset + text
    for kind in (mentions.speakers, mentions.places, mentions.dates):
        for mention in kind:
            assert article[mention.start : mention.end] == mention.text
            assert mention.text.strip() == mention.text != ""
        for first, second in pairwise(kind):
            assert first.end <= second.start
    for speaker in mentions.speakers:
        assert speaker.cue in text
    for date in mentions.dates:
        assert (date.value is None) != (
            date.note in ("written", "counted", "nearest_year", "last_weekday", "weekday_over_word")
        )
    assert not (mentions.continues and mentions.speakers)
    assert mentions == find_mentions(text, offset=offset, article_date=day)
    json.dumps(mentions.to_dict())


@given(
    st.lists(PIECES, max_size=40).map("".join),
    st.integers(0, 50),
    st.none() | st.dates(datetime.date(1990, 1, 1), datetime.date(2090, 1, 1)),
)
def test_laws_hold_for_news_like_text(text, offset, day):
    hold_laws(text, offset, day)


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_laws_hold_for_any_text(text):
    hold_laws(text, 3, datetime.date(2020, 1, 5))


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "ا",
            " ",
            '"',
            "(",
            "5/",
            "1-",
            "2020 ",
            "و",
            "قال ",
            "قال التحالف ",
            "بحسب ",
            "وفقا للمتحدث ",
            "بغداد ",
            "قاعدة ",
            "عين ",
        ),
        *("الأحد ", "5 يناير ", "من العام ", "سي", "َ", "ـ", "المتحدث باسم ", "في ", "، "),
    ],
)
def test_hostile_text_is_read_in_linear_time(unit):
    # A pattern that goes back to where it began would need hours for this many characters.
    find_mentions(f"بغداد {unit * 20_000} انسحبت", article_date="2020-01-05")


def row(text, **extra):
    return {"doc_id": "d", "sent_id": 0, "start": 10, "end": 10 + len(text), "text": text, "stance": "none", **extra}


def write(path, rows):
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")


def read(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_rows_get_one_field_and_keep_the_rest(tmp_path):
    rows = [
        row("قال نائب أمس إن القوات في بغداد", date="2020-01-05T10:00:00Z", tags=["ب"]),
        row("سقط صاروخ أمس", date=""),
    ]
    write(tmp_path / "rows.jsonl", rows)
    report = add_mentions(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    assert (report.rows, report.errors, dict(report.counts)) == (
        2, [], {"speakers": 1, "places": 1, "dates": 2, "resolved": 1, "continues": 0, "undated": 1},
    )  # fmt: skip
    first, second = read(tmp_path / "out.jsonl")
    assert [{key: value for key, value in given.items() if key != "mentions"} for given in (first, second)] == rows
    mentions = first["mentions"]
    assert (mentions["speakers"][0]["start"], mentions["speakers"][0]["text"]) == (14, "نائب")
    assert (mentions["places"][0]["latin"], mentions["places"][0]["province"]) == ("Baghdad", "IQ-BG")
    assert mentions["dates"][0]["value"] == "2020-01-04"
    assert second["mentions"]["dates"][0]["value"] is None
    add_mentions(tmp_path / "out.jsonl", tmp_path / "again.jsonl")
    assert read(tmp_path / "again.jsonl") == [first, second]


def test_an_input_column_of_the_same_name_is_kept(tmp_path):
    write(tmp_path / "rows.jsonl", [row("في بغداد", mentions=7)])
    add_mentions(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    (given,) = read(tmp_path / "out.jsonl")
    assert given["input_mentions"] == 7
    assert given["mentions"]["places"][0]["text"] == "بغداد"


def test_columns_of_ones_own_are_kept_whatever_their_names(tmp_path):
    write(tmp_path / "rows.jsonl", [row("في بغداد", mentions="x", input_mentions="y")])
    add_mentions(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    (given,) = read(tmp_path / "out.jsonl")
    assert (given["input_mentions"], given["input_input_mentions"]) == ("y", "x")


def test_a_number_that_is_none_becomes_null(tmp_path):
    told = json.dumps(row("في بغداد", reads=0)).replace('"reads": 0', '"reads": [1e999, NaN, 1.5]')
    (tmp_path / "rows.jsonl").write_text(told + "\n", "utf-8")
    add_mentions(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    (given,) = read(tmp_path / "out.jsonl")
    assert given["reads"] == [None, None, 1.5]


def test_bad_rows_are_named_and_the_others_written(tmp_path):
    path, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    good = json.dumps(row("في بغداد"), ensure_ascii=False)
    path.write_text(f'{good}\n{{"text": "ب"}}\nno json\n{{"text": 3, "start": 0}}\n', "utf-8")
    report = add_mentions(path, out)
    assert [error.row for error in report.errors] == [2, 3, 4]
    assert str(report.errors[0]) == f"{path}:2: is no row of `iraqcoal score`: it needs a 'text' and its 'start'"
    assert len(read(out)) == 1


@pytest.mark.parametrize(
    ("rows", "reason"), [("{}\n", r"rows\.jsonl:1: is no row"), ("", r"rows\.jsonl: holds no row")]
)
def test_nothing_is_written_if_no_row_is_good(tmp_path, rows, reason):
    (tmp_path / "rows.jsonl").write_text(rows, "utf-8")
    with pytest.raises(InputError, match=reason):
        add_mentions(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("scored", "out", "reason"),
    [
        ("none.jsonl", "out.jsonl", "no such file"),
        ("rows.csv", "out.jsonl", "they need rows in .jsonl"),
        ("rows.jsonl", "out.csv", "they need rows in .jsonl"),
        ("rows.jsonl", "rows.jsonl", "is both input and output"),
        ("rows.jsonl", "old.jsonl", "exists already"),
        ("rows.jsonl", "no/out.jsonl", "its folder does not exist"),
        ("rows.jsonl", "folder.jsonl", "is a folder"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, scored, out, reason):
    write(tmp_path / "rows.jsonl", [row("في بغداد")])
    (tmp_path / "rows.csv").write_text("text\n", "utf-8")
    (tmp_path / "old.jsonl").write_text("old", "utf-8")
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(InputError, match=reason) as caught:
        add_mentions(tmp_path / scored, tmp_path / out)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "old.jsonl").read_text("utf-8") == "old"


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2020-01-05", "2020-01-05"),
        ("٢٠٢٠-٠١-٠٥ 10:00", "2020-01-05"),
        ("5/1/2020", None),
        ("2020-02-30", None),
        ("2020-01-055", None),
        (None, None),
        ("1850-01-05", None),
        (20200105, "2020-01-05"),
    ],
)
def test_only_a_certain_day_counts(value, day):
    assert str(published_day(value)) == str(day)


def test_the_command_says_what_it_found(tmp_path):
    write(tmp_path / "rows.jsonl", [row("قال نائب أمس إن القوات في بغداد", day="2020-01-05")])
    write(tmp_path / "vague.jsonl", [row("سقط صاروخ أمس", التاريخ=day) for day in ("5/1/2020", "", "2020-01-05")])
    (tmp_path / "bad.jsonl").write_text('{"text": 1}\n', "utf-8")

    def run(scored, out, *options):
        command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", "mentions"]
        command += [str(tmp_path / scored), "--out", str(tmp_path / out), *options]
        done = subprocess.run(command, capture_output=True, check=False)
        return done.returncode, done.stderr.decode()

    code, errors = run("rows.jsonl", "out.jsonl", "--date-column", "day")
    assert code == 0
    assert "1 speakers" in errors
    assert "1 dates (1 resolved)" in errors
    assert run("rows.jsonl", "out.jsonl")[0] == 2
    code, errors = run("rows.jsonl", "none.jsonl", "--date-column", "nope")
    assert (code, "rows.jsonl: has no column 'nope' but 'day'" in errors) == (2, True)
    assert not (tmp_path / "none.jsonl").exists()
    assert "1 sentences without a day in 'date': أمس and its kin" in run("rows.jsonl", "undated.jsonl")[1]
    errors = run("vague.jsonl", "vaguer.jsonl", "--date-column", "التاريخ")[1]
    without = "2 sentences without a day in 'التاريخ' (1 not understood, such as '5/1/2020': use YYYY-MM-DD)"
    assert f"{without}: أمس and its kin stay unresolved" in errors
    assert run("bad.jsonl", "new.jsonl")[0] == 2
    assert not (tmp_path / "new.jsonl").exists()
