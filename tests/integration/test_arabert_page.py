"""What docs/arabert.md says of preprocessing is what happens."""

import warnings

import pytest

from conftest import ROOT
from iraqcoal_nlp.text.normalize import ARABERT_V1, build_normalizer

PAGE = (ROOT / "docs" / "arabert.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("| written |")[2].partition("\n\n")[0].splitlines()[2:]
EXAMPLES = [[cell.strip() for cell in row.strip("|").split("|")] for row in TABLE]


@pytest.mark.parametrize(("written", "package", "ours"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_of_preprocessing_are_true(written, package, ours):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its source has invalid escape sequences
        from arabert.preprocess import ArabertPreprocessor
    assert ArabertPreprocessor("bert-base-arabertv02").preprocess(written) == package
    assert build_normalizer(ARABERT_V1)(written) == ours


def test_every_recipe_that_is_named_ships():
    named = {part.split("`")[0] for part in PAGE.split("`") if part.endswith(".toml")}
    assert {"arabert.toml", "camelbert.toml", "marbert.toml"} <= named
    assert all((ROOT / "models" / "recipes" / name).is_file() for name in named)
