"""Recipes: every shipped one parses, every mistake is one clear line."""

from pathlib import Path

import pytest

from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.training.recipe import TrainRecipe

RECIPES = sorted((Path(__file__).resolve().parents[2] / "models" / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_parses(path):
    assert TrainRecipe.from_toml(path).encoder


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("learning_rat = 1", "unknown setting 'learning_rat': known are "),
        ("epochs = 'three'", "setting 'epochs' is 'three': it must be float"),
        ("batch_size = true", "setting 'batch_size' is True: it must be int"),
        ("normalizer = 'news'", "it must be a list of strings"),
        ("normalizer = ['news.v7']", r"normalizer 'news\.v7' is unknown"),
        ("pooling = 'max'", "pooling is 'max': use one of mean, cls"),
        ("epochs = 0", "use a number above 0"),
        ("warmup_ratio = 1.0", "from 0 to below 1"),
        ("epochs = ", "not TOML"),
    ],
)
def test_a_mistake_names_file_and_setting(tmp_path, line, reason):
    path = tmp_path / "r.toml"
    path.write_text(f"name = 'x'\nencoder = 'y'\n{line}\n", "utf-8")
    with pytest.raises(RecipeError, match=reason) as caught:
        TrainRecipe.from_toml(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_missing_is_named(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("name = 'x'", "utf-8")
    with pytest.raises(RecipeError, match="setting 'encoder' is missing"):
        TrainRecipe.from_toml(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        TrainRecipe.from_toml(tmp_path / "none.toml")
