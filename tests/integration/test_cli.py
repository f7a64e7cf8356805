"""The program, as a user runs it: output, exit codes, one line per mistake."""

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import iraqcoal_nlp as iq
from conftest import ATTACK, DEMAND, ROOT, SEEDS

ARTICLE = f"{DEMAND}. {ATTACK}.\n"


def run(*arguments, stdin: bytes | None = None, cwd=None):
    environment = {**os.environ, "COLUMNS": "80", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=environment, check=False)
    output, errors = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in output + errors
    return done.returncode, output, errors


def rows_of(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_option_that_is_not_utf8_is_one_line_and_leaves_nothing(tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": DEMAND}), "utf-8")
    for option in ("--text-column", "--id-column"):
        code, _, errors = run("score", "in.jsonl", "--out", "rows.jsonl", option, "\udcc7", cwd=tmp_path)
        assert (code, errors) == (2, "iraqcoal: error: an option's value is not UTF-8: write it in UTF-8\n")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_classify_shows_labels_and_the_sentence():
    code, output, _ = run("classify", DEMAND)
    assert code == 0
    assert "against" in output
    assert "withdrawal_demand" in output
    assert max(map(len, output.splitlines())) <= 80
    assert "".join(DEMAND.split()) in "".join(output.split()).replace("withdrawal_demand", "")


def test_classify_tells_how_many_stances_are_too_uncertain_to_count():
    paths = sorted((SEEDS / "articles").glob("*.txt"))
    code, output, _ = run("classify", *paths)
    results = list(iq.load().classify_articles([path.read_text("utf-8") for path in paths]))
    uncertain = [sum(sentence.abstained for sentence in result.sentences) for result in results]
    assert (code, sum(uncertain) > 0) == (0, True)
    assert all(f"; {count} uncertain);" in output for count in uncertain if count)
    assert output.count(" uncertain);") == sum(count > 0 for count in uncertain)
    assert output.count("[uncertain]") == sum(uncertain)


@pytest.mark.parametrize("given", ["file", "stdin", "text"])
def test_classify_json_gives_contract_rows(tmp_path, given):
    (tmp_path / "a.txt").write_text(ARTICLE, "utf-8")
    argument = {"file": tmp_path / "a.txt", "stdin": "-", "text": ARTICLE}[given]
    code, output, _ = run("classify", argument, "--json", stdin=ARTICLE.encode())
    first, second = map(json.loads, output.splitlines())
    assert code == 0
    assert (first["events"], second["events"]) == (["withdrawal_demand"], ["attack"])
    assert ARTICLE[second["start"] : second["end"]] == second["text"]
    assert first["doc_id"] == {"file": "a", "stdin": "stdin", "text": "text-1"}[given]


def test_score_reads_a_folder_and_writes_both_formats(tmp_path):
    code, _, errors = run("score", SEEDS / "articles", "--out", tmp_path / "rows.jsonl")
    assert code == 0
    assert "114 sentences of 5 articles in 5 files" in errors
    rows = rows_of(tmp_path / "rows.jsonl")
    assert {row["doc_id"] for row in rows} == {path.stem for path in (SEEDS / "articles").glob("*.txt")}
    for row in rows:
        text = (SEEDS / "articles" / f"{row['doc_id']}.txt").read_text("utf-8")
        assert text[row["start"] : row["end"]] == row["text"]
    assert run("score", SEEDS / "articles", "--out", tmp_path / "rows.csv")[0] == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["text"], row["stance"], row["events"].split("|")) for row in table] == [
        (row["text"], row["stance"], row["events"] or [""]) for row in rows
    ]


def test_score_sentences_with_named_columns_and_passes_the_rest_through(tmp_path):
    (tmp_path / "in.csv").write_text(f'key,body,date\nk1,"{ARTICLE}",2020-01-05\n', "utf-8")
    out = tmp_path / "rows.jsonl"
    options = ("--unit", "sentence", "--text-column", "body", "--id-column", "key")
    assert run("score", tmp_path / "in.csv", "--out", out, *options)[0] == 0
    (row,) = rows_of(out)
    assert (row["doc_id"], row["text"], row["date"]) == ("k1", ARTICLE, "2020-01-05")
    assert {"attack", "withdrawal_demand"} == set(row["events"])


def test_bad_rows_are_listed_and_the_rest_is_scored(tmp_path):
    good, bad = tmp_path / "in.jsonl", tmp_path / "b.txt"
    good.write_text(f'{json.dumps({"text": ARTICLE})}\n{{"text": ""}}\n{{"text": "😀"}}\nno json\n', "utf-8")
    bad.write_bytes(ARTICLE.encode() + b"\xc7")
    out = tmp_path / "rows.jsonl"
    code, _, errors = run("score", good, bad, "--out", out)
    assert code == 1
    assert len(rows_of(out)) == 2
    listed = rows_of(tmp_path / "rows.jsonl.errors.jsonl")
    assert [(entry["source"], entry["row"]) for entry in listed] == [
        (str(good), 2), (str(good), 3), (str(good), 4), (str(bad), None),
    ]  # fmt: skip
    assert f"4 rows failed; they are listed in {out}.errors.jsonl" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("classify", "missing.txt"), "missing.txt: no such file or folder"),
        (("classify", "مقالات/"), "مقالات/: no such file or folder"),
        (("classify", "news.docx"), "news.docx: no such file or folder"),
        (("classify", "empty.txt"), "empty.txt: the text is empty"),
        (("classify", "broken.txt"), "broken.txt: not UTF-8"),
        (("classify", "emoji.txt"), "emoji.txt: holds no sentence"),
        (("classify", ""), "text 1: the text is empty"),
        (("classify", "good.txt", "--model", "nowhere"), "nowhere: no such model folder"),
        (("classify", "good.txt", "--backend", "jax"), "'jax' is not one of auto, onnx, torch"),
        (("score", "missing.csv", "--out", "o.jsonl"), "missing.csv: no such file or folder"),
        (("score", "good.txt", "--out", "o.xlsx"), "o.xlsx: unknown output type"),
        (("score", "good.jsonl", "--out", "old.jsonl"), "old.jsonl: exists already"),
        (("score", "good.jsonl", "--out", "good.jsonl", "--force"), "good.jsonl: is both input and output"),
        (("score", "good.txt", "--out", "folder.jsonl", "--force"), "folder.jsonl: is a folder"),
        (("score", "good.csv", "--out", "o.jsonl", "--id-column", "key"), "good.csv:1: has no column 'key'"),
        (("score", "good.txt", "--out", "o.jsonl", "--model", "../none"), "../none: no such model folder"),
        (("classify", "-", "-"), "give - only once"),
        (("score", "", "--out", "o.jsonl"), "an input is an empty string"),
        (("score", "-", "-", "--out", "o.jsonl"), "give - only once"),
        (("score", "-", "--out", "o.jsonl", "--resume"), "stdin: cannot be read again"),
        (("score", "-", "--out", "o.jsonl", "--stdin", "pdf"), "'pdf' is not one of .txt"),
        (("score", "good.txt", "--out", "o.jsonl", "--resume", "--force"), "use one of them"),
        (("score", "good.txt", "--out", "old.jsonl", "--resume"), "old.jsonl: exists already"),
        (("score", "good.txt", "--out", "o.jsonl", "--excel"), "--excel is for .csv"),
        (("score", "good.txt", "--out", "s3://bucket/o.jsonl"), "only --engine ray writes to an address"),
        (("score", "*.parquet", "--out", "o.jsonl"), "*.parquet: no file of a known type"),
        (("score", "good.txt", "--out", "o.jsonl", "--engine", "dask"), "'dask' is not one of local, ray"),
        (("score", "good.txt", "--out", "o.jsonl", "--backend", "onnx", "--device", "cuda"), "runs on the CPU, not on"),
        (("score", "good.txt", "--out", "o.jsonl", "--dtype", "int4"), "'int4' is not one of float32, bfloat16"),
        (("score", "good.txt", "--out", "o.jsonl", "--device", "cuda"), "it runs with backend 'onnx', on the CPU"),
        (("score", "good.txt", "--out", "-", "--excel"), "--out - prints JSON Lines"),
        (("classify", "good.jsonl", "--text-column", "body"), "good.jsonl:1: has no text in field 'body'"),
        (("score", "good.txt", "--out", "."), "is a folder: name a file"),
        (("classify", "good.txt", "--model", ""), "is no model folder"),
        (("classify", "good.txt", "--model", "folder.jsonl"), "folder.jsonl: is no model folder"),
        (("score", "empty.txt", "--out", "o.jsonl"), "empty.txt: the text is empty"),
        (("score", "good.txt", "--out", "no/o.jsonl"), "no/o.jsonl: its folder does not exist"),
        (("score", "good.txt", "--out", "o.jsonl", "--unit", "page"), "'page' is not one of article, sentence"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(tmp_path, arguments, message):
    (tmp_path / "good.txt").write_text(ARTICLE, "utf-8")
    (tmp_path / "good.jsonl").write_text(json.dumps({"text": ARTICLE}), "utf-8")
    (tmp_path / "good.csv").write_text(f'text\n"{ARTICLE}"\n', "utf-8")
    (tmp_path / "old.jsonl").write_text("old", "utf-8")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "broken.txt").write_bytes("التحالف".encode() + b"\xc7")
    (tmp_path / "emoji.txt").write_text("😀 😀", "utf-8")
    code, _, errors = run(*arguments, cwd=tmp_path)
    assert code == 2
    assert message in " ".join(errors.replace("│", " ").split())
    assert not (tmp_path / "o.jsonl").exists()
    assert (tmp_path / "old.jsonl").read_text("utf-8") == "old"
    assert json.loads((tmp_path / "good.jsonl").read_text("utf-8")) == {"text": ARTICLE}


def test_score_reads_standard_input_and_prints_rows():
    rows = "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate([ARTICLE, "", DEMAND]))
    code, output, errors = run("score", "-", "--out", "-", stdin=rows.encode())
    assert code == 1
    assert [json.loads(line)["doc_id"] for line in output.splitlines()] == ["0", "0", "2"]
    assert errors.splitlines()[0] == "iraqcoal: error: stdin:2: the text is empty"
    code, _, errors = run("score", "-", "--out", "-", stdin=f"{DEMAND}\n{{\n".encode())
    first, second = errors.splitlines()[:2]
    assert code == 2
    assert first.startswith("iraqcoal: error: stdin:1: not JSON (")
    assert first.endswith("): for plain text, give --stdin txt")
    assert second.endswith(")")
    packed = gzip.compress(f"key,body\nk,{DEMAND}\n".encode("cp1256"))
    options = ("--stdin", "csv.gz", "--text-column", "body", "--id-column", "key")
    code, output, errors = run("score", "-", "--out", "-", *options, stdin=packed)
    assert code == 0
    assert json.loads(output)["doc_id"] == "k"
    assert "articles by encoding: 1 windows-1256" in errors


def test_articles_with_tags_are_counted_at_the_end(tmp_path):
    rows = [
        {"id": 1, "text": f"<p>{DEMAND}</p>"},
        {"id": 2, "text": ATTACK},
        {"id": 3, "text": f"{ATTACK}<br>{DEMAND}"},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, _, errors = run("score", "in.jsonl", "--out", "rows.jsonl", cwd=tmp_path)
    assert code == 0
    assert errors.splitlines()[-1] == "2 articles hold HTML tags: take the text out first (docs/batch.md)"
    code, output, errors = run("classify", "--json", f"<p>{DEMAND}</p>", ATTACK)
    assert (code, len(output.splitlines())) == (0, 2)
    assert errors.splitlines() == ["1 article holds HTML tags: take the text out first (docs/batch.md)"]


def test_rows_name_their_source_when_asked(tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": DEMAND, "source": "وكالة", "input_row": 9}), "utf-8")
    assert run("score", "in.jsonl", "--out", "rows.jsonl", "--with-source", cwd=tmp_path)[0] == 0
    (row,) = rows_of(tmp_path / "rows.jsonl")
    assert (row["input_file"], row["input_row"], row["input_encoding"]) == ("in.jsonl", 1, "utf-8")
    assert (row["source"], row["input_input_row"]) == ("وكالة", 9)


def test_both_commands_show_an_error_alike(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": ""}', "utf-8")
    line = f"iraqcoal: error: {tmp_path / 'in.jsonl'}:1: the text is empty"
    assert line in run("classify", tmp_path / "in.jsonl")[2].splitlines()
    assert line in run("score", tmp_path / "in.jsonl", "--out", tmp_path / "rows.jsonl")[2].splitlines()


def test_what_json_and_names_can_hold_never_ends_a_run(tmp_path):
    rows = [
        f'{{"text": "{DEMAND}", "title": "x\\ud83d"}}',
        f'{{"text": "قال \\ud800 {DEMAND}", "id": "b\\udfff", "n": NaN}}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), "utf-8")
    (tmp_path / "خبر.txt".encode("cp1256").decode("utf-8", "surrogateescape")).write_text(ARTICLE, "utf-8")
    assert run("score", tmp_path, "--out", tmp_path / "rows.jsonl")[0] == 0
    first, second, *rest = rows_of(tmp_path / "rows.jsonl")
    assert (first["title"], second["doc_id"], second["n"]) == ("x\ufffd", "b\ufffd", None)
    assert second["text"].startswith("قال \ufffd طالب")
    assert len(rest) == 2
    assert run("score", tmp_path, "--out", tmp_path / "rows.jsonl", "--force")[0] == 0
    assert len(rows_of(tmp_path / "rows.jsonl")) == 4  # its own output is no input


def test_an_earlier_output_stays_where_nothing_could_be_scored_and_that_is_told(tmp_path):
    out = tmp_path / "صفوف.jsonl"
    (tmp_path / "a.txt").write_text(DEMAND, "utf-8")
    assert run("score", tmp_path / "a.txt", "--out", out)[0] == 0
    rows = out.read_bytes()
    (tmp_path / "a.txt").write_text("😀", "utf-8")
    said = "nothing could be scored, no rows were written"
    for name, stays in ((out.name, f"; the earlier {out} stays"), ("new.jsonl", "")):
        place = tmp_path / name
        code, _, errors = run("score", tmp_path / "a.txt", "--out", place, "--force")
        assert code == 2
        assert errors.splitlines()[0] == f"{place}: {said}{stays}"
        assert place.with_name(f"{name}.errors.jsonl").exists()
    assert out.read_bytes() == rows


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()"]
    shown = subprocess.Popen([*command, "classify", *[DEMAND] * 50], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert shown.stdout is not None
    shown.stdout.close()
    _, errors = shown.communicate()
    assert shown.returncode == 0
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_clear_line():
    command = [sys.executable, "-c", "from iraqcoal_nlp.cli.main import main; main()", "classify", DEMAND]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == ["iraqcoal: error: No space left on device"]


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder in which nobody can write")
def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "a.txt").write_text(DEMAND, "utf-8")
    code, _, errors = run("score", tmp_path / "a.txt", "--out", "/sys/kernel/rows.jsonl")
    assert code == 2
    (line,) = errors.splitlines()
    assert line.startswith("iraqcoal: error: /sys/kernel/rows.jsonl.part: ")


def test_english_is_flagged_not_judged():
    code, output, _ = run("classify", "The coalition left the base.", "--json")
    row = json.loads(output)
    assert code == 0
    assert (row["stance"], row["events"], row["abstained"], row["flags"]) == ("none", [], True, ["not_arabic"])


def test_a_five_megabyte_line_is_scored_whole(tmp_path):
    path = tmp_path / "line.txt"
    path.write_text("ا" * 5_000_000, "utf-8")
    code, output, _ = run("classify", path, "--json")
    row = json.loads(output)
    assert code == 0
    assert row["end"] - row["start"] == 5_000_000
    assert row["truncated"] is True


def test_doctor_finds_all_well():
    code, output, _ = run("doctor")
    assert code == 0
    assert output.splitlines()[-1] == "all well"


def test_help_and_version_are_short():
    assert run("--version")[1].startswith("iraqcoal-nlp ")
    for command in ((), ("classify",), ("score",), ("doctor",)):
        code, output, _ = run(*command, "--help")
        assert code == 0
        assert max(map(len, output.splitlines())) <= 80


def test_a_changed_model_folder_is_read_only_if_that_is_asked_for(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(ROOT / "models/iraqcoal-mini", folder)
    (folder / "README.md").write_text("my notes", "utf-8")
    code, _, errors = run("classify", DEMAND, "--model", folder)
    assert code == 2
    assert errors == (
        f"iraqcoal: error: {folder}/README.md: differs from the manifest (sha256); fetch the model again\n"
    )
    code, output, _ = run("classify", DEMAND, "--model", folder, "--no-verify")
    assert code == 0
    assert "withdrawal_demand" in output
