"""Recipes: each that comes along can be used, keeps what a team wrote, and a slip is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from errata.documents.file_names import PARAMS
from errata.documents.params import read_params
from errata.errors import BadInput, NotFound
from errata.project_files import project_file
from errata.tasks.templates import CHATS, TEMPLATES
from retrain.recipe import RECIPES, find_recipe, recipes, use_recipe

MINE = """\
about: mine
model: me/mine
template: indexed
context: 512
params:
  train: {rank: 4}
"""


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / PARAMS
    path.write_text(project_file(PARAMS).read_text())
    return path


@pytest.mark.parametrize("name", [path.stem for path in sorted(RECIPES.glob("*.yaml"))])
def test_each_recipe_gives_parameters_that_are_read(name: str, params: Path) -> None:
    recipe = find_recipe(name)
    changes = use_recipe(recipe, params)
    train = read_params(params).train
    for parameter, value in recipe.params["train"].items():
        assert getattr(train, parameter) == value
    assert recipe.template in CHATS or (recipe.template in TEMPLATES and recipe.context >= 512)
    assert use_recipe(recipe, params) == [], "a second time nothing changes"
    assert len({change.name for change in changes}) == len(changes)


def test_the_models_that_are_promised_have_one() -> None:
    promised = {"gemma-3-270m", "qwen2.5-0.5b", "llama-3.2-1b", "tinyllama-1.1b", "llama-3.1-8b", "errata-tiny"}
    assert {recipe.name for recipe in recipes()} == {*promised, "two-encoders"}


def test_the_embedded_models_recipe_is_what_a_workspace_begins_with(params: Path) -> None:
    assert use_recipe(find_recipe("errata-tiny"), params) == []


def test_nothing_else_in_the_file_changes(params: Path) -> None:
    before = params.read_text().splitlines()
    changes = use_recipe(find_recipe("gemma-3-270m"), params)
    after = params.read_text().splitlines()
    differing = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(differing) == len(changes) > 3
    for old, new in differing:
        assert old.partition("#")[2] == new.partition("#")[2], "its comment stays"
    said = {change.name: (change.before, change.after) for change in changes}
    assert said["train.learning_rate"] == (3e-3, 4e-4)
    assert "learning_rate: 4.0e-4" in params.read_text()


def test_a_parameter_that_an_older_file_lacks_is_added(params: Path, tmp_path: Path) -> None:
    params.write_text("".join(line for line in params.open() if "max_steps" not in line))
    changes = use_recipe(find_recipe("gemma-3-270m"), params)
    assert read_params(params).train.max_steps == 160
    assert next(change for change in changes if change.name == "train.max_steps").before is None


def test_a_recipe_of_ones_own_is_a_file(params: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    (change,) = use_recipe(find_recipe(str(tmp_path / "mine.yaml")), params)
    assert (change.name, change.before, change.after) == ("train.rank", 16, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINE.replace("rank", "rnak"), r"mine can't be used: .*train has no parameter 'rnak' \(do you mean rank\?\)"),
        (MINE.replace("rank: 4", "rank: no"), r"mine can't be used: .*train.rank is 'no'"),
        (MINE.replace("train:", "trian:"), r"no group 'trian', of which the recipe mine sets a part"),
        (MINE + "modle: x\n", r"has a field 'modle' \(do you mean model\?\), which is none"),
        (MINE.replace("about: mine\n", ""), r"lacks 'about'"),
        (MINE.replace("512", "long"), r"the context 'long', which is no number"),
        (MINE.replace("{rank: 4}", "4"), r"no groups of parameters"),
        ("- 1\n", r"holds no fields"),
        ("a: [\n", r"isn't YAML"),
    ],
)
def test_a_slip_is_one_sentence_and_changes_nothing(text: str, said: str, params: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    before = params.read_text()
    with pytest.raises(BadInput, match=said) as refused:
        use_recipe(find_recipe(str(tmp_path / "mine.yaml")), params)
    assert "\n" not in str(refused.value) and params.read_text() == before


def test_a_name_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"no recipe 'gemma'; choose one of errata-tiny, gemma-3-270m"):
        find_recipe("gemma")
    with pytest.raises(NotFound, match=r"can't be read"):
        find_recipe("nowhere.yaml")
