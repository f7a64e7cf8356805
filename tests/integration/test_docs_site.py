"""The built documentation: whole, without the network, and Arabic as Arabic is written."""

import functools
import html
import http.server
import importlib.util
import os
import re
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import typer.main

import iraqcoal_nlp as iq
from conftest import ROOT
from iraqcoal_nlp.cli.main import app
from iraqcoal_nlp.codebook import check_events, check_stance

ARABIC_FROM_THE_LEFT = r"""[...document.querySelectorAll("td, bdi")].filter(part => {
  const words = part.cloneNode(true);
  words.querySelectorAll("code").forEach(quoted => quoted.remove());
  const first = words.textContent.match(/\p{L}/u);
  return first && /\p{Script=Arabic}/u.test(first[0]) && getComputedStyle(part).direction != "rtl";
}).map(part => part.textContent)"""


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_public_name_is_in_the_reference(site):
    page = (site / "api/python.html").read_text("utf-8")
    assert [name for name in iq.__all__ if f'id="iraqcoal_nlp.{name}"' not in page] == []


def test_every_command_is_in_the_reference_with_its_options(site):
    page = html.unescape((site / "api/commands.html").read_text("utf-8"))
    for name, command in typer.main.get_command(app).commands.items():
        assert f"iraqcoal {name}" in page
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        assert [option for option in options if option not in page] == []


def test_roles_of_docstrings_are_gone(site):
    pages = [page.read_text("utf-8") for page in (site / "api").glob("*.html")]
    assert not [role for page in pages for role in re.findall(r":(?:class|data|func|meth|mod):", page)]


def test_results_of_benchmarks_find_their_place(tmp_path):
    (tmp_path / "benchmarks/seeds").mkdir(parents=True)
    for name in ("README.md", "seeds/leaderboard.md"):
        (tmp_path / "benchmarks" / name).write_text("# Title\n", "utf-8")
    config = SimpleNamespace(docs_dir=str(tmp_path), nav=["index.md", {"Train": ["training.md", "benchmark.md"]}])
    script("docs_pages").on_config(config)
    expected = ["benchmarks/README.md", {"Leaderboard: seeds": "benchmarks/seeds/leaderboard.md"}]
    assert config.nav[1]["Train"] == ["training.md", "benchmark.md", {"Benchmarks": expected}]


def test_a_date_behind_arabic_keeps_its_order():
    shown = script("docs_pages").on_page_content("<p>أمس</p><pre><code>('أمس. غدا', '2020-07-25')</code></pre>")
    assert shown == "<p>أمس</p><pre><code>('<bdi>أمس. غدا</bdi>', '2020-07-25')</code></pre>"


def test_a_pipe_in_a_cell_is_a_pipe():
    shown = script("docs_pages").on_page_content(r"<td>joined with <code>\|</code></td><pre><code>a \| b</code></pre>")
    assert shown == r"<td>joined with <code>|</code></td><pre><code>a \| b</code></pre>"


def test_examples_of_the_guide_carry_labels_of_the_codebook():
    page = (ROOT / "docs/labels.md").read_text("utf-8")
    tables = re.findall(r"^\| sentence \| (.*) \|\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    seen = set()
    for header, body in tables:
        names = [name.strip(" `") for name in header.split("|")]
        for row in body.splitlines():
            text, *cells = (cell.strip() for cell in row.strip("|").split("|"))
            facts = dict(zip(names, (cell.replace("`", "") for cell in cells), strict=True))
            assert text not in seen
            seen.add(text)
            if "stance" in facts:
                check_stance(facts["stance"])
            if "events" in facts and facts["events"] != "none":
                check_events(facts["events"].split(", "))
            for event in set(names) - {"stance", "events", "why"}:
                check_events([event])
                assert facts[event] in ("yes", "no")
    assert len(seen) > 30


@pytest.mark.browser
def test_pages_load_nothing_from_elsewhere_and_fit_a_phone(site):
    chromium = script("chromium")
    program = chromium.find_chromium()
    if program is None:
        pytest.skip("no Chromium on the path, and none named by CHROMIUM")
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    names = sorted(page.relative_to(site).as_posix() for page in site.rglob("*.html") if page.name != "404.html")
    assert len(names) > 15
    try:
        with chromium.Chromium(program) as browser:
            page = browser.open(address, width=390, height=844, dark=True)
            for name in names:
                page.go(address + name)
                assert page.evaluate("document.documentElement.scrollWidth") == 390, name
                assert page.evaluate(ARABIC_FROM_THE_LEFT) == [], name
            assert page.faults() == []
            assert [request for request in page.requests() if not request.startswith(address)] == []
    finally:
        server.shutdown()
        server.server_close()
