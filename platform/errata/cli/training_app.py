"""`errata recipe`, and what can be looked at before a training: `preflight`, `inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import print_table, say, say_wrapped, show
from errata.cli.panels import LOOP

training = typer.Typer()
recipe = typer.Typer(help="Parameters that are known to suit a model.", no_args_is_help=True)
training.add_typer(recipe, name="recipe", rich_help_panel=LOOP)


@recipe.command("list")
def recipe_list_command(as_json: AsJson = False) -> None:
    """Which recipes there are."""
    from errata.loop.recipes import NamedRecipe, recipes

    def print_all(recipes: list[NamedRecipe]) -> None:
        for recipe in recipes:
            train = recipe.params.get("train", {})
            say(recipe.name)
            say_wrapped(f"  {recipe.about}.", 2)
            say_wrapped(f"  {recipe.model}, {train.get('method')}, {recipe.template}, {recipe.context} tokens", 2)

    show(recipes(), as_json, print_all)


@recipe.command("use")
def recipe_use_command(
    name: Annotated[str, typer.Argument(help="A recipe's name, or a file of one's own (.yaml).")],
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Write a recipe's values into the workspace's params.yaml, whose comments stay, and say what changed."""
    from errata.loop.recipes import ParamChange, use_in_workspace

    def print_changes(changes: list[ParamChange]) -> None:
        rows = [(change.name, _value(change.before), _value(change.after)) for change in changes]
        if rows:
            print_table("", ("parameter", "before", "now"), rows)
        else:
            say("params.yaml says so already")

    show(use_in_workspace(find(workspace), name), as_json, print_changes)


def _value(value: object) -> str:
    return "–" if value is None else str(value)
