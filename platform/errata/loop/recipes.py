"""Recipes as the command line uses them."""

from __future__ import annotations

from errata.documents.file_names import PARAMS
from errata.workspace import Workspace
from retrain.recipe import NamedRecipe, ParamChange, find_recipe, recipes, use_recipe

__all__ = ["NamedRecipe", "ParamChange", "recipes", "use_in_workspace"]


def use_in_workspace(workspace: Workspace, name: str) -> list[ParamChange]:
    """Writes a recipe's values into the workspace's parameters; what changed. Raises as `find_recipe` does."""
    return use_recipe(find_recipe(name), workspace.root / PARAMS)
