"""The name of a model, and what every model can do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from iraqcoal_nlp.benchmark.rows import Examples
from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.inference.calibration import Floats
from iraqcoal_nlp.model.identity import encoder_id
from iraqcoal_nlp.model.locate import locate_model
from iraqcoal_nlp.model.store import ModelFolder

BASELINES = ("majority", "keyword", "tfidf-logreg", "tfidf-svm")
ENCODER, FOLDER = "encoder:", "model:"
SEEDED = ("tfidf-svm", ENCODER)
"""Models that chance has a part in; of the others one run says all."""


class BenchmarkModel(Protocol):
    """What every model can do, whatever it is made of."""

    @property
    def thresholds(self) -> Mapping[str, Sequence[float]]:
        """By question of which any number of labels is true: probability from which each is given."""
        ...

    def fit(self, train: Examples, dev: Examples) -> None:
        """Learn from ``train``, and choose settings on ``dev``."""
        ...

    def predict_proba(self, rows: Examples) -> dict[str, Floats]:
        """Return by question each label's probability. *Shape:* ``(n_rows, n_labels)``."""
        ...

    def save(self, folder: Path) -> None:
        """Write all that :meth:`load` needs; nothing is pickled."""
        ...

    def load(self, folder: Path) -> None:
        """Take up what :meth:`save` has written."""
        ...

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned, or phrases that were written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model as it was named."""

    name: str

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            RecipeError: No model is named so.
        """
        if self.name not in BASELINES and not self._named:
            raise RecipeError(
                f"unknown model {self.name!r}: use {', '.join(BASELINES)}, {ENCODER}… or {FOLDER}…, a name or folder"
            )

    @property
    def kind(self) -> str:
        """One of :data:`BASELINES`, :data:`ENCODER` or :data:`FOLDER`."""
        return self.name if self.name in BASELINES else self.name[: self.name.index(":") + 1]

    @property
    def where(self) -> str:
        """Name or folder after the colon; empty for a baseline."""
        return self.name.removeprefix(self.kind) if self.kind not in BASELINES else ""

    @property
    def seeded(self) -> bool:
        """Whether another seed may give another result."""
        return self.kind in SEEDED

    @property
    def is_trained(self) -> bool:
        """Whether it learns from the task's rows."""
        return self.kind != FOLDER

    def facts(self, recipe: str) -> dict[str, Any]:
        """Return what makes the model what it is, hashes included: it changes when a result may.

        Args:
            recipe: Name or file of the recipe of encoders.

        Raises:
            IraqCoalError: A folder or recipe cannot be read.
        """
        if self.kind == "keyword":
            rules = files("iraqcoal_nlp.evaluation.baselines").joinpath("keywords.toml").read_bytes()
            return {"rules_sha256": hashlib.sha256(rules).hexdigest()}
        if self.kind == FOLDER:
            return {"model_id": ModelFolder.open(locate_model(self.where)).model_id}
        if self.kind == ENCODER:
            settings = recipe_for(self.where, recipe)
            told = json.loads(json.dumps(asdict(replace(settings, encoder=self.where))))
            return {"recipe": told, "encoder": encoder_id(self.where, settings.revision)}
        return {}

    @property
    def _named(self) -> bool:
        return any(self.name.startswith(kind) and len(self.name) > len(kind) for kind in (ENCODER, FOLDER))


def recipe_for(encoder: str, recipe: str) -> Any:  # noqa: ANN401 - a TrainRecipe
    """Return a recipe, given by name or file, with this encoder."""
    from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe  # noqa: PLC0415

    settings = TrainRecipe.from_toml(locate_recipe(recipe))
    return replace(settings, name="benchmark", encoder=encoder, encoder_name="", encoder_licence="")
