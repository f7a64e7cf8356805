"""Measure the report of a large run: ``python scripts/benchmark_report.py [--sentences 50000] [--keep report.html]``.

Makes up a scored file (sentences of the seed gold in random order, with random labels, dates and sources), builds its
report, opens it in headless Chromium, and prints a Markdown table. The medians are over ``--repeat`` loads.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chromium import Chromium, Page, find_chromium
from iraqcoal_nlp import EVENTS, STANCES
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.report.build import build_report

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [f"{kind} {name}" for kind in ("وكالة", "صحيفة", "موقع") for name in ("الشمال", "النهر", "المدينة", "الصباح")]
PER_ARTICLE = 25
DAYS = 730

# A new view by its address; done when the next picture is due.
VIEW = """new Promise(done => {{
    const started = performance.now();
    const shown = () => requestAnimationFrame(() => done(performance.now() - started));
    addEventListener("hashchange", shown, {{once: true}});
    location.hash = {view};
}})"""
VIEWS = {
    "one event": "event=attack",
    "first search": "q=القوات الأميركية",
    "another search": "q=الصواريخ",
    "least probability": "min=80",
    "last page": "page=100000",
}


def made_up_rows(n_sentences: int) -> Iterator[dict[str, Any]]:
    """Yield rows as `iraqcoal score` writes them; always the same ones."""
    generator = random.Random(13)
    texts = [row.text for row in read_annotations(ROOT / "seeds/gold.jsonl")]
    for number in range(n_sentences):
        article, sent_id = divmod(number, PER_ARTICLE)
        if sent_id == 0:
            day = date(2019, 7, 1) + timedelta(days=min(generator.randrange(DAYS), generator.randrange(DAYS)))
            facts = {"date": day.isoformat(), "source": generator.choice(SOURCES[: 1 + generator.randrange(12)])}
            start = 0
        text = f"{generator.choice(texts)} ({number})"  # no two alike: nothing in the file can be shared
        stance = generator.choices(STANCES, (10, 15, 75))[0]
        best = generator.uniform(0.4, 0.99)
        events = [event for event in EVENTS if generator.random() < 0.12]
        yield {
            "doc_id": f"article-{article}",
            "sent_id": sent_id,
            "start": start,
            "end": start + len(text),
            "text": text,
            "stance": stance,
            "stance_probs": {label: best if label == stance else (1 - best) / 2 for label in STANCES},
            "events": events,
            "event_probs": {event: generator.uniform(0.5, 1) if event in events else 0.02 for event in EVENTS},
            "abstained": best < 0.45,
            "truncated": False,
            "flags": [],
            "model": "made-up@0",
            "title": f"خبر رقم {article}",
            **facts,
        }
        start += len(text) + 1


def load_seconds(page: Page) -> float:
    """Return the time from the request to the end of loading, when all scripts have run."""
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")) / 1000


def main() -> int:
    """Read the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="also keep the report here")
    args = parser.parse_args()
    program = find_chromium()
    if program is None:
        print("error: no Chromium on the path; name one with CHROMIUM=/path/to/it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        scored, out = Path(folder, "rows.jsonl"), args.keep or Path(folder, "report.html")
        with scored.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in made_up_rows(args.sentences))
        started = time.perf_counter()
        built = build_report(scored, out, overwrite=True)
        rows = [
            ("sentences, articles", f"{built.sentences:,}, {built.articles:,}"),
            ("scored file (MB)", f"{scored.stat().st_size / 1e6:.1f}"),
            ("report (MB)", f"{out.stat().st_size / 1e6:.1f}"),
            ("build it (s)", f"{time.perf_counter() - started:.1f}"),
        ]
        with Chromium(program) as browser:
            page = browser.open(out.resolve().as_uri())
            loads = []
            for _ in range(args.repeat):
                page.go(out.resolve().as_uri())
                loads.append(load_seconds(page))
            rows.append(("open it, until it can be used (s)", f"{statistics.median(loads):.2f}"))
            for name, view in VIEWS.items():
                seconds = page.evaluate(VIEW.format(view=json.dumps(view))) / 1000
                rows.append((f"change the view: {name} (s)", f"{seconds:.2f}"))
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            rows.append(("memory of the page's script (MB)", f"{heap:.0f}"))
            rows.append(("elements on the page", f"{page.evaluate('document.querySelectorAll(`*`).length'):,}"))
            faults = page.faults()
    print("| what | measured |\n| --- | ---: |")
    print("\n".join(f"| {name} | {figure} |" for name, figure in rows))
    if faults:
        print(f"error: the console says {faults}", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
