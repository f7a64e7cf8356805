"""What users may rely on."""

import json
import os
import subprocess
import sys

import pytest

import iraqcoal_nlp as iq
from conftest import DEMAND


def test_every_public_name_is_listed():
    values = {name: getattr(iq, name) for name in dir(iq) if not name.startswith("_")}
    defined = {name for name, value in values.items() if getattr(value, "__module__", "").startswith("iraqcoal_nlp")}
    assert defined | {"EVENTS", "STANCES", "__version__"} == set(iq.__all__)


def test_what_public_functions_return_is_public(classifier):
    public = {getattr(iq, name) for name in iq.__all__ if isinstance(getattr(iq, name), type)}
    article = f"قال مسؤول يوم 5 يناير 2020 في بغداد إنه {DEMAND}"
    (explained,) = classifier.explain(article)
    mentions = iq.find_mentions(article)
    parts = [mentions.speakers[0], mentions.places[0], mentions.places[0].place, mentions.dates[0]]
    returned = [classifier, classifier.classify(article), explained, explained.sentence]
    for value in (*returned, explained.labels[0], explained.labels[0].words[0], mentions, *parts):
        assert type(value) in public
    with pytest.raises(AttributeError, match="has no attribute 'Mention'"):
        iq.Mention  # noqa: B018


def test_importing_the_library_loads_nothing_heavy():
    code = "import iraqcoal_nlp, json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout))
    assert not loaded & {"torch", "transformers", "datasets", "sklearn", "numpy", "onnxruntime", "tokenizers", "rich"}


def test_nothing_is_noted_down_outside_of_our_files(tmp_path):
    """ONNX Runtime keeps a device id and a queue of events for its maker, unless told not to."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    code = "import iraqcoal_nlp as iq; iq.load().classify('سلم التحالف القاعدة')"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("model", ["no/such/folder", "nowhere", "owner/name"])
def test_a_model_that_cannot_be_found_is_one_clear_line(model):
    with pytest.raises(iq.ModelFolderError) as caught:
        iq.load(model)
    assert model in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_error_is_the_librarys_own():
    for error in (iq.InputError, iq.CodebookError, iq.ModelFolderError, iq.RecipeError):
        assert issubclass(error, iq.IraqCoalError)
