"""Make the shipped folder from a finished run: ``python scripts/ship.py runs/mini/model models/iraqcoal-mini``.

Torch weights stay behind (they are needed only to train further). What they say of the seed gold is written to
``tests/model/mini_torch_reference.json``, so that a test can compare the int8 graph with them for ever.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import iraqcoal_nlp as iq
from iraqcoal_nlp.data.annotations import read_annotations
from iraqcoal_nlp.data.files import check_file
from iraqcoal_nlp.model.store import SAFETENSORS, ModelFolder, write_manifest


def main() -> int:
    """Read the arguments, copy, and write the reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="model folder of the run")
    parser.add_argument("shipped", type=Path, help="folder to write")
    parser.add_argument("--licence", type=Path, default=Path("models/LICENSE.encoder"), help="the encoder's licence")
    parser.add_argument("--gold", type=Path, default=Path("seeds/gold.jsonl"))
    parser.add_argument("--reference", type=Path, default=Path("tests/model/mini_torch_reference.json"))
    args = parser.parse_args()
    try:
        listed = ModelFolder.open(args.run).listed  # nothing else is copied: a run's folder holds texts of others
        gold = read_annotations(args.gold)
        check_file(args.licence, of_folder="the licence in it")
        run, shipped = args.run.resolve(), args.shipped.resolve()
        if run.is_relative_to(shipped) or shipped.is_relative_to(run):
            raise iq.InputError("is the run itself, or one holds the other: name another folder", path=args.shipped)
        if args.shipped.exists():
            ModelFolder.open(args.shipped)  # what is replaced must be a model
        results = iq.load(args.run, backend="torch", device="cpu").classify_sentences([row.text for row in gold])
    except iq.IraqCoalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if args.shipped.exists():
        shutil.rmtree(args.shipped)  # a file of the model before would be listed and shipped with the others
    args.shipped.mkdir(parents=True)
    for name in listed - {SAFETENSORS}:
        shutil.copyfile(args.run / name, args.shipped / name)
    shutil.copyfile(args.licence, args.shipped / "LICENSE.encoder")
    write_manifest(args.shipped)
    rows = {
        row.id: {
            "stance": result.stance,
            "events": list(result.events),
            "probs": [*result.stance_probs.values(), *result.event_probs.values()],
        }
        for row, result in zip(gold, results, strict=True)
    }
    reference = {"model": iq.load(args.shipped).model_id, "rows": rows}
    args.reference.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
    print(f"{reference['model']} in {args.shipped}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
