"""The documentation does what it shows: every code block of README and docs/ runs, those of a page in one folder.

Python runs as it stands, with the names of the page's earlier blocks; ``bash`` in a shell that has ``iraqcoal`` and
``python``. ``toml`` is a recipe, and the next blocks find it under its name; ``json`` is JSON. A block of ``text`` is
what the block before it prints: the line ``…`` stands for the rest, and behind a shell's block decimals may differ, as
they do between machines.

A comment in front of a block changes that, and does not show on the page:

- ``<!-- test: skip REASON -->``: it cannot run here, for one of :data:`REASONS`. pytest lists them at its end.
- ``<!-- test: slow -->``: it trains, or takes more than some seconds.
- ``<!-- test: first COMMAND -->``: what the reader has done before.
- ``<!-- ci: NAME -->``: ``.ci/run`` runs it, from a fresh clone.
"""

import contextlib
import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass

import pytest

from conftest import ATTACK, ROOT, SEEDS
from iraqcoal_nlp.training.recipe import TrainRecipe

REASONS = (
    "makes an environment and installs into it",
    "needs a model hub",
    "needs a cluster",
    "needs Spark",
    "takes minutes",
)
MADE = "leaderboard.md"  # by a command that stands on top of it and trains for minutes or hours
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.name != MADE)]
BLOCK = re.compile(
    r"(?P<marks>(?:^<!-- [^\n]*-->\n+)*)^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
MARK = re.compile(r"<!-- (test|ci): (\w+) ?(.*?) -->")


@dataclass(frozen=True, kw_only=True)
class Block:
    page: str
    line: int
    language: str
    code: str
    first: tuple[str, ...]
    skip: str
    slow: bool
    shown: str

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks_of(path):
    """Return the blocks of a page, in order; those of output are kept with the block that prints them."""
    page, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    blocks, after = [], -1
    for found in BLOCK.finditer(text):
        code = re.sub(f"^{found['indent']}", "", found["code"], flags=re.MULTILINE)
        if found["language"] == "text" and blocks and not text[after : found.start()].strip():
            blocks[-1] = Block(**{**vars(blocks[-1]), "shown": code})
            continue
        after = found.end()
        marks = [mark.groups() for mark in MARK.finditer(found["marks"])]
        skip = [
            rest if kind == "test" else "CI runs it" for kind, word, rest in marks if kind == "ci" or word == "skip"
        ]
        blocks.append(
            Block(
                page=page,
                line=text.count("\n", 0, found.start("language")) + 1,
                language=found["language"],
                code=code,
                first=tuple(rest for kind, word, rest in marks if (kind, word) == ("test", "first")),
                skip=skip[0] if skip else "",
                slow=("test", "slow", "") in marks,
                shown="",
            )
        )
        unknown = [word for kind, word, _ in marks if kind == "test" and word not in ("skip", "slow", "first")]
        assert not unknown, f"{blocks[-1]}: unknown mark {unknown}"
    return blocks


BLOCKS = {page: blocks_of(page) for page in PAGES}
ALL = [block for blocks in BLOCKS.values() for block in blocks]


class Desk:
    """A reader's folder, with the inputs that the pages speak of, and what the blocks so far have made."""

    def __init__(self, folder):
        self.folder = folder
        self.names = {}
        self.done = set()
        for name in ("seeds", "examples", "scripts"):
            (folder / name).symlink_to(ROOT / name)
        for name in ("articles", "archive"):
            shutil.copytree(SEEDS / "articles", folder / name)
        shutil.copy(sorted((SEEDS / "articles").iterdir())[0], folder / "article.txt")
        shutil.copy(ROOT / "examples/annotations.csv", folder)
        table = io.StringIO()
        csv.writer(table).writerows([("id", "body"), ("more-1", ATTACK)])
        (folder / "more.csv").write_text(table.getvalue(), "utf-8")
        (folder / "more").mkdir()
        (folder / "more/first.csv.gz").write_bytes(gzip.compress(table.getvalue().encode()))
        facts = {"date": "2020-07-26", "source": "وكالة", "url": "https://example.org/1", "title": "عنوان"}
        for name in ("articles.jsonl", "news.jsonl"):
            (folder / name).write_text(json.dumps({"doc_id": "a", "text": ATTACK} | facts), "utf-8")
        choice = {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["none"]}}
        task = {"id": 1, "data": {"text": ATTACK}, "annotations": [{"completed_by": 1, "result": [choice]}]}
        (folder / "export.json").write_text(json.dumps([task]), "utf-8")
        programs = folder / ".bin"
        programs.mkdir()
        for name, module in (("iraqcoal", "-m iraqcoal_nlp "), ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n', "utf-8")
            program.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "COLUMNS": "80",
        }

    def run(self, block):
        """Run a block once; return what it prints."""
        self.done.add(block)
        for command in block.first:
            self.shell(command, block)
        if block.language == "bash":
            return self.shell(block.code, block)
        if block.language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(block.code, str(block), "exec"), self.names)
            return printed.getvalue()
        if block.language == "toml":
            path = self.folder / f"{tomllib.loads(block.code)['name']}.toml"
            path.write_text(block.code, "utf-8")
            TrainRecipe.from_toml(path)
        elif block.language == "json":
            json.loads(block.code)
        else:
            assert block.language == "text", f"{block}: name the block's language"
        return ""

    def shell(self, code, block):
        """Run shell code, which must end well; return its output."""
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{block} ended with {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    return defaultdict(lambda: Desk(tmp_path_factory.mktemp("desk")))


def _case(block):
    marks = [pytest.mark.skip(reason=f"{block}: {block.skip}")] if block.skip else []
    return pytest.param(block, id=str(block), marks=[*marks, *([pytest.mark.slow] if block.slow else [])])


@pytest.mark.parametrize("block", [_case(block) for block in ALL])
def test_a_block_runs_and_prints_what_is_shown(block, desks, monkeypatch):
    desk = desks[block.page]
    monkeypatch.chdir(desk.folder)
    page = BLOCKS[ROOT / block.page]
    for earlier in page[: page.index(block)]:  # where only some tests run
        if earlier not in desk.done and not earlier.skip and earlier.slow <= block.slow:
            desk.run(earlier)
    printed = desk.run(block)
    if block.shown:
        expected, given = (_lines(text, exact=block.language == "python") for text in (block.shown, printed))
        if expected[-1] == "…":
            expected, given = expected[:-1], given[: len(expected) - 1]
        assert given == expected


def _lines(text, *, exact):
    return [line if exact else re.sub(r"\d+\.\d+", "0.0", line.rstrip()) for line in text.strip("\n").splitlines()]


def test_blocks_are_left_out_for_a_known_reason_only():
    given = {str(block): block.skip for block in ALL if block.skip}
    unknown = {block: reason for block, reason in given.items() if not reason.startswith((*REASONS, "CI runs it"))}
    assert not unknown
    assert all(any(reason.startswith(known) for reason in given.values()) for known in REASONS), "a reason nobody needs"


def test_pages_have_blocks_and_blocks_are_found():
    fences = sum(len(re.findall(r"^ *```\w", page.read_text("utf-8"), re.MULTILINE)) for page in PAGES)
    assert fences == len(ALL) + sum(bool(block.shown) for block in ALL)
