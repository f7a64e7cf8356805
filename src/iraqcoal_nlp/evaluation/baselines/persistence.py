"""Fitted scikit-learn estimators on disk, without pickle (needs skops).

A ``.skops`` file is an archive of JSON and arrays. It is opened only if every type in it is one of scikit-learn's own
or of :data:`TRUSTED`, so that no file can run code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile

import skops.io

from iraqcoal_nlp.errors import ModelFolderError

TRUSTED = (
    "iraqcoal_nlp.evaluation.baselines.keyword.KeywordClassifier",
    "iraqcoal_nlp.evaluation.baselines.tfidf.TfidfClassifier",
    "iraqcoal_nlp.evaluation.baselines.tfidf.TfidfFeatures",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.multiclass._ConstantPredictor",
)
"""Types that may be opened, beside those that skops trusts itself."""


def save_estimator(estimator: Any, path: Path) -> None:  # noqa: ANN401 - any estimator
    """Write a fitted estimator as ``.skops``."""
    skops.io.dump(estimator, path, compression=ZIP_DEFLATED)


def load_estimator(path: Path) -> Any:  # noqa: ANN401 - as above
    """Open an estimator.

    Raises:
        ModelFolderError: The file is missing or damaged, or holds a type that is not trusted.
    """
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
        if unknown:
            raise ModelFolderError(f"{path}: was not opened: it holds {unknown[0]}, which no baseline of ours does")
        return skops.io.load(path, trusted=list(TRUSTED))
    except (OSError, BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ModelFolderError(f"{path}: cannot be read as an estimator ({error})") from None
