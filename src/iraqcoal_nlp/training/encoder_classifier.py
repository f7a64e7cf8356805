"""A fine-tuned encoder with one head, as a scikit-learn classifier: any labels, texts or pairs of texts.

It is the network of :mod:`iraqcoal_nlp.model.modeling` with other labels: one label per text goes to the softmax head,
several to the sigmoid head; the other head stays as it was made. For stance and events, which share one encoder, see
:mod:`iraqcoal_nlp.training.run`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from datasets import Dataset
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor
from transformers import set_seed

from iraqcoal_nlp.data.outputs import write_whole
from iraqcoal_nlp.errors import ModelFolderError, RecipeError
from iraqcoal_nlp.evaluation.baselines.text_input import Texts, tag_as_text, text_columns
from iraqcoal_nlp.inference.calibration import Floats, sigmoid, softmax
from iraqcoal_nlp.model.batching import length_batches, pad
from iraqcoal_nlp.model.configuration import IraqCoalConfig
from iraqcoal_nlp.model.encoder import encoder_pipeline, load_encoder_config
from iraqcoal_nlp.model.identity import encoder_id
from iraqcoal_nlp.model.loading import load_config, load_network
from iraqcoal_nlp.model.modeling import IraqCoalForSentenceClassification
from iraqcoal_nlp.model.store import TOKENIZER
from iraqcoal_nlp.model.tokenizing import as_utf8, read_tokenizer
from iraqcoal_nlp.text.normalize import build_normalizer
from iraqcoal_nlp.training.encoders import check_length, inverse_sqrt, own_encoder, own_model, public_name
from iraqcoal_nlp.training.optimization import finish, prepare
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe
from iraqcoal_nlp.training.recipe_trainer import run_trainer

CLASSES = "classes.json"

_IDLE = ("unused",)
_STANCE, _EVENTS = "stance", "events"


class EncoderClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fine-tunes an encoder by a recipe with ``transformers.Trainer``, and keeps the last epoch.

    What a recipe says of several seeds, of the choice of epochs, of a query, of spelling noise and of a student is
    passed over, as are its heads.

    Args:
        recipe: A recipe, the name of one of the package, or its file.
        encoder: Overrides the recipe's: a folder, a hub name, or a model of ours, whose heads are then left behind.
        random_state: Seed of the head, the dropout and the order of rows.
        checkpoints: Folder in which a killed run is taken up again, each recipe, seed and training set in a folder of
            its own, which goes when the run ends; ``None``: none are kept.
    """

    def __init__(
        self,
        recipe: TrainRecipe | str = "benchmark",
        *,
        encoder: str | None = None,
        random_state: int = 13,
        checkpoints: Path | None = None,
    ) -> None:
        self.recipe = recipe
        self.encoder = encoder
        self.random_state = random_state
        self.checkpoints = checkpoints

    def fit(self, X: Texts, y: npt.ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from texts and their labels.

        Raises:
            ModelFolderError: The encoder cannot be found or read.
            RecipeError: The recipe cannot be read, asks for what the encoder has not, or trains nothing.
        """
        labels = np.asarray(y)
        self.several_ = labels.ndim == 2
        if self.several_:
            self.classes_ = np.arange(labels.shape[1])
            targets: list[Any] = labels.astype(float).tolist()
            counts: list[int] = []
        else:
            self.classes_, places = np.unique(labels, return_inverse=True)
            targets, counts = places.tolist(), np.bincount(places).tolist()
        recipe = self._settings()
        if not recipe.epochs:
            raise RecipeError("epochs is 0: the head would stay untrained; use a number above it")
        set_seed(self.random_state)
        self._read_by(_load_pipeline(recipe), recipe)
        network = _build(recipe, [str(label) for label in self.classes_], counts, several=self.several_)
        prepare(network, recipe)
        encodings = self._encode(X)
        head = "event_labels" if self.several_ else "stance_labels"
        rows = Dataset.from_dict(
            {
                "input_ids": [encoding.ids for encoding in encodings],
                "type_ids": [encoding.type_ids for encoding in encodings],
                "length": [len(encoding.ids) for encoding in encodings],
                head: targets,
            }
        )
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) if self.checkpoints is None else self.checkpoints / self._run_id(recipe, X, labels)
            self.network_ = run_trainer(
                recipe, network, rows, _Collator(network), folder, seed=self.random_state, labels=[head]
            )
        finish(self.network_, recipe)
        self.network_.train(mode=False)
        if self.checkpoints is not None:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # it holds other things
                self.checkpoints.rmdir()
        return self

    def predict_proba(self, X: Texts) -> Floats:  # noqa: N803
        """Return the probability of each class. *Shape:* ``(n, n_classes)``."""
        check_is_fitted(self)
        encodings = self._encode(X)
        logits = np.empty((len(encodings), len(self.classes_)), dtype=np.float32)
        collate, device = _Collator(self.network_), self.network_.device
        with torch.inference_mode():
            for batch in length_batches([len(encoding.ids) for encoding in encodings]):
                rows = [{"input_ids": encodings[place].ids, "type_ids": encodings[place].type_ids} for place in batch]
                output = self.network_(**{name: tensor.to(device) for name, tensor in collate(rows).items()})
                found = output.event_logits if self.several_ else output.stance_logits
                logits[batch] = found.float().cpu().numpy()
        return sigmoid(logits) if self.several_ else softmax(logits)

    def predict(self, X: Texts) -> npt.NDArray[Any]:  # noqa: N803
        """Return the likeliest class of each text, or of several labels those more likely than not."""
        probs = self.predict_proba(X)
        return (probs >= 0.5).astype(int) if self.several_ else self.classes_[probs.argmax(axis=1)]

    def save(self, folder: Path) -> None:
        """Write network, tokenizer and classes: safetensors and JSON."""
        check_is_fitted(self)
        folder.mkdir(parents=True, exist_ok=True)
        self.network_.save_pretrained(folder)
        self.pipeline_.save(str(folder / TOKENIZER))
        recipe = self._settings()
        told = {
            "classes": self.classes_.tolist(),
            "several": self.several_,
            "normalizer": recipe.normalizer,
            "max_length": recipe.max_length,
        }
        write_whole(folder / CLASSES, [json.dumps(told, ensure_ascii=False, indent=2), "\n"])

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what :meth:`save` has written.

        Raises:
            ModelFolderError: A file is missing or damaged.
        """
        try:
            told: Mapping[str, Any] = json.loads((folder / CLASSES).read_text("utf-8"))
            network = load_network(folder)
            recipe = TrainRecipe(
                name="encoder",
                encoder=str(folder),
                normalizer=tuple(told["normalizer"]),
                max_length=told["max_length"],
            )
            model = cls(recipe)
            model.classes_, model.several_ = np.array(told["classes"]), told["several"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFolderError(f"{folder}: cannot be opened as a fine-tuned encoder ({error})") from None
        model.network_ = network.to(torch.device("cuda" if torch.cuda.is_available() else "cpu")).train(mode=False)  # type: ignore[arg-type]  # wrapped signature
        model._read_by(read_tokenizer(folder / TOKENIZER), recipe)
        return model

    @property
    def n_parameters(self) -> int:
        """Weights of the network, heads included."""
        check_is_fitted(self)
        return int(self.network_.num_parameters())

    def _settings(self) -> TrainRecipe:
        """Return the recipe, with one head that learns."""
        recipe = self.recipe
        if isinstance(recipe, str):
            recipe = TrainRecipe.from_toml(locate_recipe(recipe))
        if self.encoder is not None:
            recipe = replace(recipe, encoder=self.encoder, encoder_name="")
        several = getattr(self, "several_", False)
        return replace(recipe, heads=(_EVENTS,) if several else (_STANCE,))

    def _run_id(self, recipe: TrainRecipe, texts: Texts, labels: npt.NDArray[Any]) -> str:
        """Return 16 hexadecimal digits that stand for all that changes a run's result."""
        encoder = encoder_id(recipe.encoder, recipe.revision)
        told = [repr(recipe.as_learned()), encoder, self.random_state, text_columns(texts), labels.tolist()]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def _read_by(self, pipeline: Any, recipe: TrainRecipe) -> None:  # noqa: ANN401 - a `tokenizers` pipeline
        pipeline.no_padding()
        pipeline.enable_truncation(recipe.max_length)
        self.pipeline_, self.normalize_ = pipeline, build_normalizer(recipe.normalizer)

    def _encode(self, texts: Texts) -> list[Any]:
        """Return encodings of the normalized texts or pairs, cut to the recipe's length."""
        columns = [[as_utf8(self.normalize_(text)) for text in column] for column in text_columns(texts)]
        rows = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        return list(self.pipeline_.encode_batch(rows))

    def __sklearn_tags__(self) -> Tags:
        return tag_as_text(super().__sklearn_tags__())


class _Collator:
    """Pads a batch to its longest row."""

    def __init__(self, network: IraqCoalForSentenceClassification) -> None:
        config = network.config.encoder_config
        self._pad_id = config.pad_token_id or 0
        self._segments = getattr(config, "type_vocab_size", 0) > 1

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Return ids, mask and segments, *shape* ``(batch_size, seq_len)``, and labels if the rows have them."""
        ids, mask = pad([item["input_ids"] for item in items], self._pad_id)
        batch = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        if self._segments:
            batch["token_type_ids"] = torch.from_numpy(pad([item["type_ids"] for item in items], 0)[0])
        for head in ("stance_labels", "event_labels"):
            if head in items[0]:
                batch[head] = torch.tensor([item[head] for item in items])
        return batch


def _load_pipeline(recipe: TrainRecipe) -> Any:  # noqa: ANN401 - a `tokenizers` pipeline
    folder = own_model(recipe)
    if folder is not None:
        check_length(recipe, load_config(folder.path).encoder_config)
        return read_tokenizer(folder.path / TOKENIZER)
    check_length(recipe, load_encoder_config(recipe.encoder, revision=recipe.revision))
    return encoder_pipeline(recipe.encoder, revision=recipe.revision)


def _build(
    recipe: TrainRecipe, labels: Sequence[str], counts: Sequence[int], *, several: bool
) -> IraqCoalForSentenceClassification:
    """Return the encoder with a new head for the labels."""
    folder = own_model(recipe)
    ours = None if folder is None else own_encoder(recipe, folder)
    config = load_encoder_config(recipe.encoder, revision=recipe.revision) if ours is None else ours.config
    config.dtype = torch.float32  # half-precision files would otherwise give a half-precision network
    config._name_or_path = public_name(recipe)
    weighted = recipe.stance_weighting == "inverse_sqrt" and not several
    settings = IraqCoalConfig(
        config,
        pooling=recipe.pooling,
        head_dropout=recipe.head_dropout,
        stances=_IDLE if several else tuple(labels),
        events=tuple(labels) if several else _IDLE,
        stance_weights=inverse_sqrt(counts) if weighted else None,
        event_loss_weight=recipe.event_loss_weight,
        label_smoothing=recipe.label_smoothing,
        focal_gamma=recipe.focal_gamma,
    )
    if ours is None:
        return IraqCoalForSentenceClassification.from_encoder(recipe.encoder, settings, revision=recipe.revision)
    network = IraqCoalForSentenceClassification(settings)
    network.encoder.load_state_dict(ours.state_dict())
    return network
