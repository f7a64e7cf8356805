"""The report in a browser: what a reader sees, does, and is safe from."""

import importlib.util
import json
import sys
from collections import Counter
from xml.etree import ElementTree

import pytest

from conftest import ROOT, SEEDS
from iraqcoal_nlp.codebook import EVENTS, STANCES
from iraqcoal_nlp.report.build import build_report

pytestmark = pytest.mark.browser

spec = importlib.util.spec_from_file_location("chromium", ROOT / "scripts" / "chromium.py")
chromium = importlib.util.module_from_spec(spec)
sys.modules["chromium"] = chromium
spec.loader.exec_module(chromium)

PROGRAM = chromium.find_chromium()
TEXTS = [
    "سقطت صواريخ على قاعدة عين الأسد في الأنبار",
    "علّق التحالف تدريب القوّات العراقية إلى إشعار آخر",
    "تسلّمت القوات العراقية معسكر بسماية من التحالف الدولي",
    "طالب البرلمان بإخراج القوات الأجنبية من البلاد ٢٠٢٠",
    "بحث الجانبان التعاون في مجال الطاقة",
]
LISTED = "[...document.querySelectorAll('.sentence:not(.outside) .text')].map(p => p.textContent)"


def made_up(n_rows, **changes):
    """Rows in all combinations of labels, in articles of four sentences."""
    rows = []
    for number in range(n_rows):
        stance = STANCES[number % 3]
        events = [event for place, event in enumerate(EVENTS) if (number // 3) >> place & 1 and number % 2]
        best = 0.45 + (number % 11) / 20
        article = number // 4
        rows.append(
            {
                "doc_id": f"doc-{article}", "sent_id": number % 4, "start": 0, "end": 10,
                "text": f"{TEXTS[number % 5]} #{number}", "stance": stance,
                "stance_probs": {label: best if label == stance else (1 - best) / 2 for label in STANCES},
                "events": events, "event_probs": {event: best if event in events else 0.1 for event in EVENTS},
                "abstained": best < 0.5, "truncated": False, "flags": [], "model": "made-up@0",
                "title": f"عنوان {article}", "date": f"2020-{1 + article % 12:02d}-{1 + article % 28:02d}",
                "source": f"وكالة {article % 3}",
            } | changes
        )  # fmt: skip
    return rows


def write_report(folder, rows, **options):
    scored = folder / "rows.jsonl"
    scored.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    build_report(scored, folder / "report.html", overwrite=True, **options)
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    if PROGRAM is None:
        pytest.skip("no Chromium on the path, and none named by CHROMIUM")
    with chromium.Chromium(PROGRAM) as running:
        yield running


@pytest.fixture(scope="module")
def rows():
    return made_up(90)


@pytest.fixture(scope="module")
def address(rows, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report"), rows)


@pytest.fixture
def page(browser, address):
    page = browser.open(address)
    yield page
    assert page.faults() == []
    assert page.requests() == [address]


def click(page, selector):
    page.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def shown(page):
    return page.evaluate(LISTED)


def direction(page, selector):
    return page.evaluate(f"getComputedStyle(document.querySelector({json.dumps(selector)})).direction")


def box(page, selector):
    return page.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")


def test_the_page_is_arabic_and_runs_from_right_to_left(page):
    assert page.evaluate("document.documentElement.lang + ' ' + document.documentElement.dir") == "ar rtl"
    assert direction(page, "main") == "rtl"
    assert box(page, ".filters")["left"] > box(page, "main")["right"]
    assert box(page, ".stance-mark")["left"] > box(page, ".sentence .text")["left"]
    fill, track = box(page, ".fill[data-label=favor]"), box(page, ".track")
    assert fill["right"] == pytest.approx(track["right"])  # bars grow from the right


def test_english_turns_the_page_but_not_the_sentences(page):
    click(page, "#language")
    assert page.evaluate("document.documentElement.lang + ' ' + document.documentElement.dir") == "en ltr"
    assert direction(page, "main") == "ltr"
    assert box(page, ".filters")["right"] < box(page, "main")["left"]
    assert direction(page, ".sentence .text") == "rtl"
    assert page.evaluate("document.title") == "The Coalition in the news"
    parts = ".masthead, .facts, fieldset, .field label, .overview h3, .bar-name, .pager, #clear, .labels"
    said = page.evaluate(f"[...document.querySelectorAll('{parts}')].map(part => part.textContent).join()")
    assert not any("\u0600" <= char <= "\u06ff" for char in said.replace("العربية", ""))


def test_the_counts_are_those_of_the_rows(page, rows):
    numbers = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.bar')].map(bar => "
        "[bar.dataset.label, Number(bar.querySelector('.bar-number bdi').textContent)]))"
    )
    stances, events = Counter(row["stance"] for row in rows), Counter(e for row in rows for e in row["events"])
    without = sum(not row["events"] for row in rows)
    assert numbers == {**stances, **events, "no_event": without}


VIEWS = {
    "event=attack": lambda row: "attack" in row["events"],
    "event=attack,handover": lambda row: {"attack", "handover"} & set(row["events"]),
    "event=no_event": lambda row: not row["events"],
    "stance=favor,against": lambda row: row["stance"] != "none",
    "stance=against&event=suspension": lambda row: row["stance"] == "against" and "suspension" in row["events"],
    "source=وكالة 1": lambda row: row["source"] == "وكالة 1",
    "event=attack&min=75": lambda row: "attack" in row["events"] and row["event_probs"]["attack"] >= 0.75,
    "stance=none&min=75": lambda row: row["stance"] == "none" and row["stance_probs"]["none"] >= 0.75,
    "min=75": lambda row: (
        any(row["event_probs"][event] >= 0.75 for event in row["events"])
        or (row["stance"] != "none" and row["stance_probs"][row["stance"]] >= 0.75)
    ),
    "uncertain=1": lambda row: row["abstained"],
    "from=2020-03-01&to=2020-06-30": lambda row: "2020-03-01" <= row["date"] <= "2020-06-30",
    "q=الاسد": lambda row: "الأسد" in row["text"],
    "q=القوات الاجنبيه": lambda row: "القوات الأجنبية" in row["text"],
    "q=تدريب القوات": lambda row: "تدريب القوّات" in row["text"],
    "q=2020": lambda row: "٢٠٢٠" in row["text"],
    "q=عنوان 3": lambda row: "3" in row["title"] or "3" in row["text"],
}


@pytest.mark.parametrize("view", VIEWS)
def test_each_filter_shows_just_the_rows_that_fit(browser, address, rows, view):
    expected = [row["text"] for row in rows if VIEWS[view](row)]
    assert 0 < len(expected) < len(rows)
    page = browser.open(f"{address}#{view}")
    assert shown(page) == expected
    assert str(len(expected)) in page.evaluate("document.querySelector('#match-count').textContent")
    assert page.faults() == []


def test_filters_work_by_keyboard_and_keep_the_focus(page, rows):
    page.evaluate("document.querySelector('#event-chips [data-label=handover]').focus()")
    page.press("Enter")
    assert shown(page) == [row["text"] for row in rows if "handover" in row["events"]]
    assert page.evaluate("document.activeElement.dataset.label + document.activeElement.ariaPressed") == "handovertrue"
    page.press(" ")
    assert len(shown(page)) == len(rows)
    page.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.type("معسكر")
    page.evaluate("new Promise(done => setTimeout(done, 400))")
    assert shown(page) == [row["text"] for row in rows if "معسكر" in row["text"]]
    assert page.evaluate("document.querySelector('mark').textContent") == "معسكر"
    assert "q=" in page.evaluate("location.hash")
    click(page, "#clear")
    assert (len(shown(page)), page.evaluate("location.hash")) == (len(rows), "")


def test_everything_is_reached_by_tab_in_the_order_of_reading(page):
    order = []
    for _ in range(16):
        page.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.label || 'other'"))
    assert order[:4] == ["other", "language", "theme", "print"]
    assert order.index("search") < order.index("favor") < order.index("attack") < order.index("minimum")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_hidden_sentences_of_an_article_can_be_shown(browser, address, rows):
    page = browser.open(f"{address}#event=attack")
    before = len(shown(page))
    click(page, ".gap")
    assert len(shown(page)) == before
    opened = page.evaluate("[...document.querySelectorAll('.outside .text')].map(p => p.textContent)")
    assert opened
    assert all("attack" not in row["events"] for row in rows if row["text"] in opened)


def test_details_come_when_asked_for(page, rows):
    assert page.evaluate("document.querySelectorAll('.meters').length") == 0
    click(page, ".more")
    assert page.evaluate("document.querySelector('.more').ariaExpanded") == "true"
    numbers = page.evaluate("[...document.querySelectorAll('.meters td bdi')].map(n => n.textContent)")
    probs = {**rows[0]["stance_probs"], **rows[0]["event_probs"]}
    assert [float(number) for number in numbers] == pytest.approx(list(probs.values()), abs=0.0051)
    click(page, ".more")
    assert page.evaluate("document.querySelector('.panel').hidden") is True


def test_reasons_mark_words_of_the_sentence(browser, classifier, tmp_path):
    text = "😀 طالب البرلمان العراقي بإخراج القوات الأجنبية من البلاد"  # the first sign is two units of JavaScript
    row = classifier.classify(text).sentences[0].to_dict()
    page = browser.open(write_report(tmp_path, [row, row | {"sent_id": 1}], explainer=classifier))
    click(page, ".more")
    strongest = page.evaluate("[...document.querySelectorAll('.level-4')].map(word => word.textContent)")
    assert not {"طالب", "بإخراج"}.isdisjoint(strongest)  # which of the two is the stronger is the model's affair
    assert set(strongest) <= set(row["text"].split())
    assert page.evaluate("document.querySelector('.reason .text').textContent") == row["text"]
    assert page.faults() == []


HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 1">',
    "<!--<script>",
    "]]><svg onload=window.hacked=1>",
    '" onmouseover="window.hacked=1" x="',
    "{{ 7 * 7 }} ${window.hacked = 1} \u2028\u2029\u202e\x00 &lt;b&gt;",
)


def test_a_hostile_article_cannot_run_code(browser, tmp_path):
    rows = [
        row | {"text": text, "doc_id": f"{text}{number}", "title": text, "source": text, "model": text,
               "url": address, "date": text}
        for number, (text, address, row) in enumerate(
            zip(HOSTILE, ["javascript:window.hacked=1", "data:text/html,<script>alert(1)</script>", " javascript:1",
                          "java\nscript:window.hacked=1", "https://example.org/<b>", "//[bad"], made_up(6), strict=True)
        )
    ]  # fmt: skip
    address = write_report(tmp_path, rows, title="</title><script>window.hacked = 1</script>")
    for view in ("", "#lang=en", "#q=<img", "#source=<img src=x onerror=alert(1)>&lang=<b>&event=<b>&page=-1&min=x"):
        page = browser.open(address + view)
        page.evaluate("document.querySelectorAll('.more').forEach(button => button.click())")
        assert page.evaluate("typeof window.hacked") == "undefined"
        assert page.evaluate("document.querySelectorAll('main img, main script, main svg[onload]').length") == 0
        links = page.evaluate("[...document.querySelectorAll('main a')].map(link => link.href)")
        assert all(link.startswith("https://example.org/") for link in links)
        assert page.faults() == []
        assert [request.split("#")[0] for request in page.requests()] == [address]
    page = browser.open(address)
    assert shown(page) == list(HOSTILE)
    assert page.evaluate("document.title") == "</title><script>window.hacked = 1</script>"


def test_the_content_policy_stops_what_the_escaping_might_miss(browser, address):
    page = browser.open(address)
    for attempt in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hacked = 1'}))",
    ):
        with pytest.raises(RuntimeError, match="Trusted"):
            page.evaluate(attempt)
    broken = page.evaluate(
        "new Promise(done => { addEventListener('securitypolicyviolation', event => done(event.violatedDirective));"
        "fetch('https://example.org/').catch(() => {}) })"
    )
    assert broken == "connect-src"
    assert page.evaluate("typeof window.hacked") == "undefined"


def test_pages_hold_every_row_once(browser, tmp_path):
    rows = made_up(250)
    page = browser.open(write_report(tmp_path, rows))
    seen = shown(page)
    assert len(seen) == 100
    for expected in (100, 50):
        click(page, "[data-page=next]")
        assert page.evaluate("document.activeElement.id") == "results"
        assert len(shown(page)) == expected
        seen += shown(page)
    assert page.evaluate("document.querySelector('[data-page=next]').disabled") is True
    assert seen == [row["text"] for row in rows]
    assert page.faults() == []


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_nothing_is_wider_than_the_screen(browser, address, language, width):
    page = browser.open(f"{address}#lang={language}", width=width)
    page.evaluate("document.querySelectorAll('.more, summary').forEach(button => button.click())")
    page.evaluate("document.querySelector('#filter-box').open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_colours_follow_the_device_until_the_reader_chooses(browser, address):
    light, dark = "rgb(250, 249, 246)", "rgb(20, 22, 26)"
    page = browser.open(address, dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == dark
    assert browser.open(address).evaluate(paper) == light
    page.evaluate("document.querySelector('#theme').value = 'light'")
    page.evaluate("document.querySelector('#theme').dispatchEvent(new Event('change'))")
    assert page.evaluate(paper) == light
    assert browser.open(f"{address}#theme=dark").evaluate(paper) == dark


def test_printing_takes_all_pages_and_leaves_the_controls(browser, tmp_path):
    page = browser.open(write_report(tmp_path, made_up(120)))
    page.prefer(medium="print", dark=True)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(page)) == 120
    assert page.evaluate("getComputedStyle(document.querySelector('.filters')).display") == "none"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(shown(page)) == 100


def test_rows_without_dates_and_sources_show_neither(browser, tmp_path):
    page = browser.open(write_report(tmp_path, made_up(9, date="", source=None, title="")))
    for hidden in ("#timeline-card", "#source-card", "#source-field", "#date-field"):
        assert page.evaluate(f"document.querySelector('{hidden}').hidden") is True
    assert page.evaluate("document.querySelector('article h3').textContent") == "doc-0"
    assert page.faults() == []


def test_time_is_counted_by_the_day_of_publication(browser, tmp_path):
    days = ["2019-12-31", "2020-01-01", "2020-01-01", "2020-02-29"]
    rows = [
        row | {"doc_id": str(number), "sent_id": 0, "date": day, "events": ["attack"], "stance": "none"}
        for number, (row, day) in enumerate(zip(made_up(4), days, strict=True))
    ]
    page = browser.open(write_report(tmp_path, rows) + "#lang=en")
    table = page.evaluate(
        "[...document.querySelectorAll('#timeline-table tbody tr')].map(line => "
        "[...line.children].map(cell => cell.textContent))"
    )
    attack = 3  # after the day and the two stances
    assert [(line[0], line[attack]) for line in table] == [
        ("31 December 2019", "1"), ("1 January 2020", "2"), ("29 February 2020", "1"),
    ]  # fmt: skip
    columns = "[...document.querySelectorAll('[data-label=attack] rect')].map(r => r.getBoundingClientRect().left)"
    places = page.evaluate(columns)
    assert places == sorted(places)
    click(page, "#language")
    places = page.evaluate(columns)
    assert places == sorted(places, reverse=True)  # in Arabic, time runs to the left


def test_the_chart_can_be_kept_as_a_picture(browser, address, tmp_path):
    browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    for language, word in (("ar", "هجوم"), ("en", "attack")):
        page = browser.open(f"{address}#lang={language}&event=attack")
        for kind in ("svg", "png"):
            click(page, f"#save-{kind}")
        for _ in range(100):
            saved = sorted(file.name for file in tmp_path.iterdir())
            if saved == ["timeline.png", "timeline.svg"]:
                break
            page.evaluate("new Promise(done => setTimeout(done, 50))")
        picture = ElementTree.fromstring((tmp_path / "timeline.svg").read_bytes())
        assert picture.attrib["direction"] == {"ar": "rtl", "en": "ltr"}[language]
        assert word in "".join(picture.itertext())
        assert "var(" not in (tmp_path / "timeline.svg").read_text("utf-8")
        image = (tmp_path / "timeline.png").read_bytes()
        assert image[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(image[16:20]) == 2 * int(picture.attrib["width"])
        assert page.faults() == []
        for file in tmp_path.iterdir():
            file.unlink()


def test_fifty_thousand_sentences_open_as_one_page_of_them(browser, tmp_path):
    page = browser.open(write_report(tmp_path, made_up(50_000)))
    assert len(shown(page)) == 100
    assert page.evaluate("document.querySelectorAll('*').length") < 6000
    assert "50,000" in page.evaluate("document.querySelector('#match-count').textContent")
    assert page.faults() == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_seed_articles_open_with_their_reasons(browser, classifier, tmp_path, width, dark):
    articles = [(path.stem, path.read_text("utf-8")) for path in sorted((SEEDS / "articles").glob("*.txt"))]
    results = [row for name, text in articles for row in classifier.classify(text, doc_id=name).sentences]
    address = write_report(tmp_path, [row.to_dict() for row in results], explainer=classifier, most_explained=3)
    page = browser.open(address, width=width, dark=dark)
    assert shown(page) == [row.text for row in results[:100]]
    page.evaluate("document.querySelectorAll('.more').forEach(button => button.click())")
    assert page.evaluate("document.querySelectorAll('.why').length") == 3
    assert page.evaluate("document.querySelectorAll('.why strong.for').length") > 3
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.faults() == []
