"""Recipes: every shipped one parses, every mistake is one clear line."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from iraqcoal_nlp.errors import RecipeError
from iraqcoal_nlp.training import recipe
from iraqcoal_nlp.training.recipe import TrainRecipe, locate_recipe

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
        ("pooling = 'median'", "pooling is 'median': use one of mean, cls, max, mean_max"),
        ("epochs = 0", "epochs is 0: use a number above 0, or set student_layers"),
        ("epochs = -1", "use 0 or a number above it"),
        ("warmup_ratio = 1.0", "from 0 to below 1"),
        ("seeds = 13", "it must be a list of whole numbers"),
        ("seeds = [1, true]", "it must be a list of whole numbers"),
        ("seeds = [1, 1]", "use one or more different whole numbers"),
        ("heads = ['sentiment']", "use one or both of stance, events"),
        ("heads = []", "use one or both of stance, events"),
        ("layer_decay = 1.5", "use a number above 0, up to 1"),
        ("freeze_layers = -1", "use 0 or a number above it"),
        ("r_drop = -1", "use 0 or a number above it"),
        ("embedding_noise = -5", "use 0 or a number above it"),
        ("spelling_noise = 1.1", "use a number from 0 to 1"),
        ("ema_decay = 1.0", "from 0 to below 1"),
        ("target_query = 3", "setting 'target_query' is 3: it must be str"),
        ("seed_choice = 'mean'", "use one of best, average"),
        ("epochs = ", "not TOML"),
    ],
)
def test_a_mistake_names_file_and_setting(tmp_path, line, reason):
    path = tmp_path / "r.toml"
    path.write_text(f"name = 'x'\nencoder = 'y'\n{line}\n", "utf-8")
    with pytest.raises(RecipeError, match=reason) as caught:
        TrainRecipe.from_toml(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_recipe_of_the_package_is_found_by_its_name_and_others_by_their_path(tmp_path):
    assert locate_recipe("arabert").name == "arabert.toml"
    (tmp_path / "mine.toml").write_text("name = 'x'", "utf-8")
    assert locate_recipe(str(tmp_path / "mine.toml")) == tmp_path / "mine.toml"
    with pytest.raises(RecipeError, match=r"bert: no such recipe file; those .* are arabert, "):
        locate_recipe("bert")


def test_every_setting_says_what_it_does():
    source = inspect.getsource(recipe)
    for field in fields(TrainRecipe):
        assert re.search(rf'^    {field.name}: .*\n    """', source, re.MULTILINE), field.name


@pytest.mark.parametrize("name", ["", "ن" * 101, "two\nlines", "نموذج\u200f"])
def test_a_name_that_no_model_can_have_is_told_before_the_training(name):
    with pytest.raises(RecipeError, match="use a line of 1 to 100 characters"):
        TrainRecipe(name=name, encoder="x")


def test_what_is_missing_is_named(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("name = 'x'", "utf-8")
    with pytest.raises(RecipeError, match="setting 'encoder' is missing"):
        TrainRecipe.from_toml(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        TrainRecipe.from_toml(tmp_path / "none.toml")
