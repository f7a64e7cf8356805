"""What the report is made of: data that stays data, words in both languages, colours that can be read."""

import itertools
import json
import re
import tomllib
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.data.scored import FactColumns, ScoredRow
from iraqcoal_nlp.records import LabelExplanation, SentenceExplanation, SentenceResult, WordAttribution
from iraqcoal_nlp.report.page import embeddable, render_page
from iraqcoal_nlp.report.payload import build_payload

PARTS = files("iraqcoal_nlp.report").joinpath("page")


def part(ending):
    return "\n".join(file.read_text("utf-8") for file in PARTS.iterdir() if file.name.endswith(ending))


def row(text="قال", extra=None, **changes):
    facts = {
        "doc_id": "d", "sent_id": 0, "start": 0, "end": len(text), "text": text, "stance": "against",
        "stance_probs": {"favor": 0.01, "against": 0.9456, "none": 0.0444}, "events": ("attack", "withdrawal_demand"),
        "event_probs": {"attack": 0.9, "suspension": 0.0, "handover": 0.1, "withdrawal_demand": 1.0},
        "abstained": False, "flags": (), "model": "m@0",
    }  # fmt: skip
    return ScoredRow(sentence=SentenceResult(**facts | changes), extra=extra or {})


def payload(rows, explained=None):
    return build_payload(rows, FactColumns(), explained or {})


@pytest.mark.parametrize(
    "text", ["</script>", "<!-- <script>", "]]>", "&amp;", "a\u2028b\u2029c", "\x00\x1f\x7f", "؟😀"]
)
def test_data_ends_no_script_and_comes_back_whole(text):
    made = embeddable({text: [text, 1.5, None]})
    assert not set("<>&\u2028\u2029\x00") & set(made)
    assert json.loads(made) == {text: [text, 1.5, None]}


def test_the_page_holds_one_script_one_style_and_nothing_from_elsewhere():
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.addresses = [], []

        def handle_starttag(self, tag, attrs):
            self.tags.append((tag, dict(attrs).get("type")))
            self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
            assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    hostile = '"><script>alert(1)</script>'
    page = render_page(payload([row(hostile, {"title": hostile})]), language="ar", title=hostile)
    reader = Reader()
    reader.feed(page)
    assert [kind for tag, kind in reader.tags if tag == "script"] == ["application/json", None]
    assert [tag for tag, _ in reader.tags].count("style") == 1
    assert not {tag for tag, _ in reader.tags} & {"link", "img", "iframe", "object", "embed", "base"}
    assert all(address.startswith("#") for address in reader.addresses)
    assert "default-src &#39;none&#39;" in page
    assert "url(" not in part(".css")
    assert "@import" not in part(".css")


def test_no_script_of_ours_makes_html_of_strings():
    script = part(".js")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert sink not in script


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="unknown language 'fr': use one of ar, en"):
        render_page(payload([row()]), language="fr", title=None)


def test_columns_are_those_of_the_rows():
    made = payload(
        [
            row("ب", {"title": "t", "date": "٢٠٢٠/١/٥", "source": "s", "url": "https://example.org"}, sent_id=1),
            row("أ", {"title": "t", "date": "٢٠٢٠/١/٥", "source": "s", "url": "https://example.org"}, events=()),
            row("ج", {"date": "أمس", "url": "javascript:alert(1)"}, abstained=True, flags=("windowed", "not_arabic")),
        ]
    )
    assert made["articles"] == [
        {"id": "d", "title": "t", "date": "2020-01-05", "source": "s", "url": "https://example.org"},
        {"id": "d", "rawDate": "أمس"},
    ]
    table = made["rows"]
    assert table["text"] == ["أ", "ب", "ج"]  # sentences stand by their numbers
    assert table["article"] == [0, 0, 1]
    assert table["stance"] == [STANCES.index("against")] * 3
    assert table["events"] == [0, 0b1001, 0b1001]
    assert table["flags"] == [0, 0, 0b111]
    assert table["probs"][: len(STANCES) + len(EVENTS)] == [10, 946, 44, 900, 0, 100, 1000]
    assert (made["models"], made["bad_dates"], made["why"]) == (["m@0"], 1, {})
    assert payload([row(model=""), row(model="b@1")])["rows"]["model"] == [None, 0]


def test_reasons_are_the_strongest_words_in_text_order():
    weights = {"أ": 0.5, "ب": 10.0, "ج": -3.0, "د": -1.0, "ه": 2.0}
    words = tuple(
        WordAttribution(word=word, start=100 + 2 * place, end=101 + 2 * place, weight=weight)
        for place, (word, weight) in enumerate(weights.items())
    )
    scored = row(" ".join(weights), start=100, end=109)
    label = LabelExplanation(label="attack", probability=0.9, words=words)
    explained = SentenceExplanation(sentence=scored.sentence, labels=(label,))
    made = payload([row(sent_id=1), scored], {1: explained})
    assert made["why"] == {0: {len(STANCES): [(2, 3, 1000), (4, 5, -300), (8, 9, 200)]}}
    assert made["explained"] == 1


def test_every_word_of_the_interface_is_there_in_both_languages_and_used():
    words = tomllib.loads(part("words.toml"))
    assert all(set(entry) == {"ar", "en"} and all(entry.values()) for entry in words.values())
    assert all(re.search("[\u0620-\u064a]", entry["ar"]) for name, entry in words.items() if name != "language")
    sources = part(".js") + part(".html")
    asked = re.findall(r'(?:word|say)\("(\w+)"\)|data-word(?:-\w+)?="(\w+)"', sources)
    asked += [(name, "") for name in re.findall(r"words\.(\w+)", part(".html"))]
    named = {name for names in asked for name in names if name} | {*STANCES, *EVENTS}
    quoted = set(re.findall(r'"(\w+)"', sources)) | {"no_event"}
    assert named <= set(words)
    assert set(words) <= named | quoted


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour, paper, share):
    pairs = [(int(colour[at : at + 2], 16), int(paper[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(theme):
    """WCAG 2.2 AA: 4.5 for text, 3 for what only marks."""
    colours = {
        name: pair[theme]
        for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", part("colours.css"))
    }
    labels = [*STANCES, *EVENTS]
    for text, ground in itertools.product(("ink", "quiet", "accent"), ("paper", "card")):
        assert contrast(colours[text], colours[ground]) >= 4.5
    for label in labels:
        assert contrast(colours[label], colours["card"]) >= (3 if label == "none" else 4.5)
        assert contrast(colours["ink"], colours[f"{label}-tint"]) >= 4.5
        # Counts in the table of sources, and the strongest words of an explanation, stand on the label's own colour.
        assert contrast(colours["ink"], mixed(colours[label], colours["card"], 0.35)) >= 4.5
    assert contrast(colours["card"], colours["against"]) >= 4.5
    assert contrast(colours["ink"], colours["found"]) >= 4.5
    assert contrast(colours["control"], colours["card"]) >= 3
    assert contrast(colours["focus"], colours["paper"]) >= 3


def test_no_mix_of_colours_is_stronger_than_the_one_that_is_checked():
    assert int(re.search(r"MOST_HEAT = (\d+)", part(".js"))[1]) <= 35
    assert max(map(int, re.findall(r"--strength: (\d+)%", part(".css")))) <= 35
