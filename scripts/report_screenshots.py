"""Make the pictures of docs/report.md: ``python scripts/report_screenshots.py [--out docs/images]``.

Classifies the five seed articles with the shipped model, builds their report with reasons, and photographs it in
headless Chromium. The picture of time and sources is of made-up rows: the seed articles carry neither.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import iraqcoal_nlp as iq
from benchmark_report import made_up_rows
from chromium import Chromium, find_chromium
from iraqcoal_nlp.inference.classifier import ArticleClassifier
from iraqcoal_nlp.report.build import build_report

ROOT = Path(__file__).resolve().parents[1]
OPEN_DETAILS = (
    "document.querySelectorAll('.sentence[data-events~=attack][data-events~=suspension] .more')[0].click();"
    "document.querySelector('#results').scrollIntoView()"
)
TO_TIMELINE = "document.querySelector('#timeline-card').scrollIntoView()"
# Name, which report, view, width, height, dark, what to do first.
PICTURES = (
    ("report-ar", "seeds", "", 1280, 900, False, ""),
    ("report-en-dark", "seeds", "lang=en", 1280, 900, True, ""),
    ("report-why", "seeds", "event=attack", 1280, 900, False, OPEN_DETAILS),
    ("report-phone", "seeds", "", 390, 844, False, ""),
    ("report-phone-why", "seeds", "event=attack", 390, 844, True, OPEN_DETAILS),
    ("report-timeline", "made-up", "lang=en", 1280, 900, False, TO_TIMELINE),
)


def seed_rows(classifier: ArticleClassifier) -> list[str]:
    """Return scored rows of the seed articles; the first line of each serves as its headline."""
    lines = []
    for path in sorted((ROOT / "seeds/articles").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        facts = {"title": text.strip().splitlines()[0]}
        result = classifier.classify(text, doc_id=path.stem)
        lines += [json.dumps(sentence.to_dict() | facts, ensure_ascii=False) for sentence in result.sentences]
    return lines


def main() -> int:
    """Read the arguments and make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images")
    args = parser.parse_args()
    program = find_chromium()
    if program is None:
        print("error: no Chromium on the path; name one with CHROMIUM=/path/to/it", file=sys.stderr)
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    classifier = iq.load()
    with tempfile.TemporaryDirectory() as folder:
        reports = {}
        made_up = [json.dumps(row, ensure_ascii=False) for row in made_up_rows(5000)]
        for name, rows, explainer in (("seeds", seed_rows(classifier), classifier), ("made-up", made_up, None)):
            scored, reports[name] = Path(folder, f"{name}.jsonl"), Path(folder, f"{name}.html")
            scored.write_text("\n".join(rows), encoding="utf-8")
            build_report(scored, reports[name], explainer=explainer)
        with Chromium(program) as browser:
            for name, report, view, width, height, dark, action in PICTURES:
                address = f"{reports[report].as_uri()}#{view}"
                page = browser.open(address, width=width, height=height, dark=dark)
                page.evaluate(action)
                path = args.out / f"{name}.png"
                page.screenshot(path)
                print(f"{path}: {path.stat().st_size / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
