"""A toy task that a tiny model learns in seconds."""

from __future__ import annotations

from pathlib import Path

from iraqcoal_nlp.data.annotations import Annotation
from iraqcoal_nlp.data.splits import Splits
from iraqcoal_nlp.text.normalize import ARABERT_V1
from iraqcoal_nlp.training.recipe import TrainRecipe

PLACES = ["بسماية", "التاجي", "بلد", "كركوك", "الموصل", "القيارة", "سبايكر", "الحبانية", "بغداد", "أربيل"]


def toy_rows() -> list[Annotation]:
    """Sentences so regular that a tiny model learns them."""
    patterns = [
        ("سلم التحالف الدولي معسكر {} إلى القوات العراقية", "none", ("handover",)),
        ("طالب البرلمان العراقي بإخراج القوات الأجنبية من {}", "against", ("withdrawal_demand",)),
        ("استهدفت صواريخ قاعدة {} مساء السبت", "none", ("attack",)),
        ("نحيي قوات التحالف في {} ونشكر دعمها", "favor", ()),
        ("أوقف التحالف مهام التدريب في {}", "none", ("suspension",)),
    ]
    return [
        Annotation(id=f"{i}-{j}", doc_id=f"d{i}-{j}", text=f"{pattern.format(place)} {j}", stance=stance, events=events)
        for i, (pattern, stance, events) in enumerate(patterns)
        for j, place in enumerate(PLACES * 3)
    ]


def toy_splits() -> Splits:
    """Half of the rows to train, a quarter each to choose and to measure."""
    rows = toy_rows()
    return Splits(train=tuple(rows[::4] + rows[1::4]), dev=tuple(rows[2::4]), test=tuple(rows[3::4]))


def toy_recipe(encoder: Path) -> TrainRecipe:
    """Ten epochs of a tiny encoder, in fp32."""
    return TrainRecipe(
        name="toy", encoder=str(encoder), normalizer=ARABERT_V1, max_length=64, learning_rate=5e-3,
        head_learning_rate=5e-3, epochs=10.0, batch_size=8, precision="fp32",
    )  # fmt: skip
