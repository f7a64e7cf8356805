"""Measure a student's teachers, each and together: ``python scripts/teachers.py DATA_ROOT RUN``.

RUN is the folder of a run of several seeds (``scripts/train.py``), or of the teachers of several students
(``scripts/ablate.py``). tf-idf is fitted anew, on the rows that the networks learned from. Thresholds of events are
chosen on the dev rows for each alike; of networks nothing is calibrated. ``--student MODEL`` adds a finished model as
it ships, alone and with tf-idf beside it: what a lexical branch would add in scoring.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ablate import DEV, cell
from iraqcoal_nlp import IraqCoalError, load
from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.errors import InputError
from iraqcoal_nlp.evaluation.measure import score_predictions
from iraqcoal_nlp.evaluation.predictions import Predictions, result_probs
from iraqcoal_nlp.evaluation.scores import event_matrix
from iraqcoal_nlp.inference.calibration import Floats, sigmoid, softmax
from iraqcoal_nlp.inference.thresholds import best_thresholds
from iraqcoal_nlp.model.backends.torch import TorchBackend
from iraqcoal_nlp.model.card import markdown_table
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.training.data import HELD_OUT
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer, training_windows
from iraqcoal_nlp.training.finetune import load_finished
from iraqcoal_nlp.training.lexical import lexical_labels
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from iraqcoal_nlp.training.seeds import mean_weights
from train import ROOT, read_data

Answers = tuple[Floats, Floats]
"""Probabilities of the stances and of the events, a row per sentence."""


def networks(recipe: TrainRecipe, run: Path) -> Iterator[tuple[str, IraqCoalForSentenceClassification]]:
    """Yield the networks of a run by name, then the one of their mean weights."""
    model, states = build_model(recipe, []), []
    for folder in sorted(run.glob("seed-*")):
        try:
            finished = load_finished(model, folder)
        except RuntimeError as error:  # torch's own for weights of another shape
            reason = str(error).strip().splitlines()[-1].strip()
            raise InputError(f"is not a network of this recipe ({reason})", path=folder) from None
        if finished:
            states.append({name: value.clone() for name, value in model.state_dict().items()})
            yield folder.name, model.train(mode=False)
    if not states:
        raise InputError("holds no network that has finished its training", path=run)
    if len(states) > 1:
        model.load_state_dict(mean_weights(states))
        yield "mean of their weights", model


def joined(answers: Sequence[Answers], shares: Sequence[float]) -> Answers:
    """Return the mean of what several say, by their shares."""
    stance, events = (np.average(parts, axis=0, weights=shares) for parts in zip(*answers, strict=True))
    return stance, events


def measured(sets: dict[str, Sequence[Annotation]], answers: Answers) -> list[str]:
    """Return a table's cells: macro-F1 of both heads on each set."""
    ends = np.cumsum([len(rows) for rows in sets.values()])[:-1]
    parts = dict(zip(sets, zip(*(np.split(part, ends) for part in answers), strict=True), strict=True))
    judged = [place for place, row in enumerate(sets[DEV]) if row.events is not None]
    gold = event_matrix(sets[DEV][place].events or () for place in judged)
    thresholds = best_thresholds(parts[DEV][1][judged], gold)
    cells = []
    for name, rows in sets.items():
        stance, events = parts[name]
        said = Predictions.of_probabilities(rows, stance, events, thresholds)
        cells.append(cell(score_predictions(said), interval=name == HELD_OUT))
    return cells


def main() -> int:
    """Read the arguments, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT")
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--recipe", default=str(ROOT / "models/recipes/mini.toml"), help="that of RUN")
    parser.add_argument("--share", type=float, default=1 / 3, help="share of tf-idf beside the networks")
    parser.add_argument("--student", type=Path, help="folder of a finished model")
    args = parser.parse_args()
    try:
        recipe = TrainRecipe.from_toml(locate_recipe(args.recipe))
        recipe = replace(recipe, encoder=str(args.root / "encoder"))
        data = read_data(args.root, seed=recipe.split_seed)
        sets = {DEV: data.dev_rows(), **data.test_sets()}
        texts = [row.text for rows in sets.values() for row in rows]
        windows = training_windows(recipe, load_tokenizer(recipe), texts)
        said: dict[str, Answers] = {}
        for name, network in networks(recipe, args.run):
            stance, events = TorchBackend(network).logits(windows)
            said[name] = softmax(stance.astype(np.float64)), sigmoid(events.astype(np.float64))
        alone = [answers for name, answers in said.items() if name.startswith("seed-")]
        said["networks"] = joined(alone, [1.0] * len(alone))
        said["tf-idf"] = lexical_labels(data.training_rows(), texts)
        beside = ["networks"]
        if args.student is not None:
            said["student"] = result_probs(load(args.student).classify_sentences(texts))
            beside.append("student")
        for name in beside:
            said[f"{name} and tf-idf"] = joined([said[name], said["tf-idf"]], [1 - args.share, args.share])
    except IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(markdown_table(["", *sets], [[name, *measured(sets, answers)] for name, answers in said.items()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
