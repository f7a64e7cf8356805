"""The model card, made from what a run has written down in ``evaluation.json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from iraqcoal_nlp.codebook import EVENTS, HEADS, STANCES

LABELS = {"stance": STANCES, "events": EVENTS}
"""Labels by head."""

_POOLINGS = {
    "mean": "mean-pooled",
    "cls": "first-token",
    "max": "max-pooled",
    "mean_max": "mean- and max-pooled",
}


_FITTED = {
    HEADS: "Dev rows fit temperatures, thresholds and the abstention level",
    ("stance",): "Dev rows fit the stance's temperature and abstention level, and nothing of the events",
    ("events",): "Dev rows fit the events' temperature and thresholds, and nothing of the stance",
    (): "Dev rows were too few to fit temperatures and thresholds",
}
"""What dev rows decided, by the heads whose settings they fit."""


def fill_card(evaluation: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Args:
        evaluation: The content of a model folder's ``evaluation.json``.

    Raises:
        KeyError: Something that the card tells is missing.
    """
    recipe, settings = evaluation["recipe"], evaluation["settings"]
    query = settings.get("target_query", "")  # figures of older runs have none
    seeds, student = evaluation["seeds"], evaluation.get("student")
    thresholds = ", ".join(
        f"{event} {value:.2f}" for event, value in zip(EVENTS, settings["event_thresholds"], strict=True)
    )
    scored = any(run["kept_epoch"] is not None for run in seeds)
    choices = [f"the epoch of {len(seeds)} seeds" if len(seeds) > 1 else "the epoch"] * (
        scored and recipe["epoch_choice"] == "best"
    )
    choices += ["the seed"] * (scored and len(seeds) > 1 and recipe["seed_choice"] == "best" and student is None)
    facts = {
        "name": recipe["name"],
        "encoder": recipe["encoder"],
        "encoder_licence": recipe["encoder_licence"] or "see the encoder's own card",
        # The library's own licence is not the weights': those follow the encoder's and the data's.
        "licence_tag": {"MIT": "mit", "Apache-2.0": "apache-2.0"}.get(recipe["encoder_licence"], "other"),
        "pooling": _POOLINGS[recipe["pooling"]],
        "query": f", after the query “{query}”" if query else "",
        "version": evaluation["library"],
        "sources": evaluation["sources"],
        "fitted": _FITTED[tuple(evaluation.get("fitted", HEADS))],  # figures of older runs have none: both were
        "and_more": f", and chose {' and '.join(choices)}" if choices else "",
        "data_table": _data_table(evaluation["data"]),
        "student": "" if student is None else _student(student, recipe),
        "seeds_table": _seeds_table(seeds, "in the model" if student is None else "teaches"),
        "stance_temperature": settings["stance_temperature"],
        "events_temperature": settings["events_temperature"],
        "thresholds": thresholds,
        "abstain_below": settings["abstain_below"],
        "quality_tables": "\n\n".join(quality_table(name, entry) for name, entry in evaluation["scores"].items())
        or "Not measured: no rows were held out.",
        "data_note": recipe["data_note"],
        "checklist_table": _checklist_table(evaluation["checklist"]),
    }
    template = Template(files("iraqcoal_nlp.model").joinpath("card.md").read_text(encoding="utf-8"))
    return template.substitute(facts)


def score_table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a Markdown table of F1 per label, one row per model or set.

    Args:
        scores: What :func:`iraqcoal_nlp.evaluation.measure.measure` says, by the name in the first column.
    """
    rows = []
    for name, entry in scores.items():
        cells = [name]
        for head in HEADS:
            if head in entry:
                cells.append(f"**{figure(entry[head]['macro_f1'])}**")
                cells += [figure(entry[head]["labels"][label]["f1"]) for label in LABELS[head]]
            else:  # nobody judged it
                cells += [""] * (1 + len(LABELS[head]))
        rows.append(cells)
    return markdown_table(["", "stance", *STANCES, "events", *EVENTS], rows)


def quality_table(name: str, entry: Mapping[str, Any]) -> str:
    """Return the scores of one set: per label with intervals, then each head's calibration.

    Args:
        name: The set.
        entry: What :func:`iraqcoal_nlp.evaluation.measure.measure` says of it.
    """
    rows = []
    judged = [head for head in HEADS if head in entry]
    for head in judged:
        scores = entry[head]
        macro = [figure(scores["macro_precision"]), figure(scores["macro_recall"]), f"**{figure(scores['macro_f1'])}**"]
        rows.append([f"**{head}**, macro", *macro, _interval(scores), _optional(scores, "average_precision"), ""])
        for label in LABELS[head]:
            s = scores["labels"][label]
            figures = [figure(s[key]) for key in ("precision", "recall", "f1")]
            rows.append([label, *figures, _interval(s), _optional(s, "average_precision"), str(s["support"])])
    table = markdown_table(["", "precision", "recall", "F1", "95 %", "AP", "sentences"], rows)
    title = f"{name[0].upper()}{name[1:]}, {entry['n_sentences']:,} sentences of {entry['n_documents']:,} documents"
    calibration = "; ".join(
        f"{head}: expected calibration error (15 bins) {figure(entry[head]['calibration_error'])}, Brier score "
        f"{figure(entry[head]['brier'])}"
        for head in judged
    )
    correlation = f" Stance: Matthews correlation {figure(entry['stance']['mcc'])}." if "stance" in judged else ""
    legend = "intervals: bootstrap over documents; AP: average precision"
    return f"{title} ({legend}):\n\n{table}\n\n{calibration}.{correlation}"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is set to the right, and a cell may hold ``|``."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    escaped = ((cell.replace("|", "\\|") for cell in cells) for cells in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in escaped)


def figure(value: float) -> str:
    """Return a score to three places, without the zero before the point."""
    return f"{value:.3f}".removeprefix("0")


def _data_table(data: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [
            name,
            f"{part['rows']:,}",
            *(f"{part['labels'][label]:,}" for label in (*STANCES, *EVENTS)),
            part["sha256"][:12],
        ]
        for name, part in data.items()
    ]
    return markdown_table(["", "rows", *STANCES, *EVENTS, "sha256"], rows)


def _student(student: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Say what a student has learned from; ends with an empty line."""
    taught = "the networks of these seeds" if len(recipe["seeds"]) > 1 else "the network of this seed"
    if recipe["lexical_share"]:
        taught += f" and, with a share of {recipe['lexical_share']:.2f}, of tf-idf"
    sha256 = f" (sha256 {student['sha256'][:12]})" if student["unlabelled"] else ""
    lines = [
        f"The model is a student of {student['layers']} layers: on the training rows and {student['unlabelled']:,} "
        f"sentences without labels{sha256} it has learned the answers of {taught} (knowledge distillation: Hinton et "
        "al., 2015)."
    ]
    if recipe.get("student_label_epochs"):  # models from before that setting lack it
        lines.append("Then it went on with the training rows alone.")
    if student["dev"]:
        lines.append(
            "On the dev rows its macro-F1 is "
            + " / ".join(f"{head} {figure(value)}" for head, value in student["dev"].items())
            + ", before rounding to int8."
        )
    return " ".join(lines) + "\n\n"


def _seeds_table(seeds: Sequence[Mapping[str, Any]], last: str) -> str:
    rows = []
    for run in seeds:
        score = run["epochs"].get(str(run["kept_epoch"]), None)
        figures = [_optional(score or {}, f"{head}_macro_f1") for head in HEADS]
        collapsed = " and ".join(score["collapsed"]) if score else ""
        fate = f"{collapsed} collapsed" if collapsed else "sound" if score else ""
        kept = "last" if run["kept_epoch"] is None else str(run["kept_epoch"])
        rows.append([str(run["seed"]), kept, *figures, fate, "yes" if run["used"] else "no"])
    return markdown_table(["seed", "epoch kept", "dev stance", "dev events", "", last], rows)


def _checklist_table(capabilities: Sequence[Mapping[str, Any]]) -> str:
    if not capabilities:
        return "The behavioural tests were not run."
    passed, total = (sum(row[key] for row in capabilities) for key in ("passed", "total"))
    rows = [[row["capability"], f"{row['passed']} of {row['total']}"] for row in capabilities]
    table = markdown_table(["behaviour", "passed"], rows)
    source = "Behavioural tests after CheckList (Ribeiro et al., 2020), `seeds/checklist.jsonl`"
    return f"{source}: {passed} of {total} pass.\n\n{table}"


def _interval(scores: Mapping[str, Any]) -> str:
    """Return the bootstrap interval, if it was measured."""
    return "-".join(figure(end) for end in scores["interval"]) if scores.get("interval") else ""


def _optional(scores: Mapping[str, Any], key: str) -> str:
    return figure(scores[key]) if scores.get(key) is not None else ""
