"""`errata recipe`, and what can be looked at before a training: `preflight`, `inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import number, print_table, say, say_wrapped, show
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


@training.command("preflight", rich_help_panel=LOOP)
def preflight_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """What a training on all that was corrected until now would learn and cost, and what speaks against it."""
    from errata.documents.preflight import Preflight
    from errata.loop.coming_training import coming_training
    from errata.wording.preflight_sentences import fault_sentence, preflight_lines

    def print_report(report: Preflight) -> None:
        for line in preflight_lines(report):
            say_wrapped(f"  {line}", 4)
        for fault in report.faults:
            say_wrapped(f"✗ {fault_sentence(fault)}", 4)
        if not report.faults:
            say("nothing speaks against it")

    report = coming_training(find(workspace))
    show(report, as_json, print_report)
    if report.faults:
        raise typer.Exit(1)


@training.command("inspect", rich_help_panel=LOOP)
def inspect_command(
    row: Annotated[int, typer.Argument(help="The row's number in the last night's mixture, from 1.")],
    workspace: InWorkspace = HERE,
    whole: Annotated[bool, typer.Option("--whole", help="Show all that is read, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a training row token by token: what is read, what is learnt, and how much it weighs."""
    from errata.cli.print_inspection import print_inspection
    from errata.loop.row_inspection import inspect_mixture

    inspected = inspect_mixture(find(workspace), row)
    show(inspected, as_json, lambda row: print_inspection(row, whole))


@training.command("learning-rates", rich_help_panel=LOOP)
def learning_rates_command(
    workspace: InWorkspace = HERE,
    rate: Annotated[
        list[float] | None, typer.Option(help="Try this one; again for others. Default: ¼ to 4 times the present one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the last night's rows by several learning rates, and score each on the talks of role dev."""
    from errata.documents.learning_rates import LearningRateSearch
    from errata.loop.learning_rates import search_learning_rates

    def print_search(search: LearningRateSearch) -> None:
        best = search.best
        rows = [
            (f"{run.rate:g}" + (" *" if run is best else ""), number(run.f1), number(run.title_f1))
            for run in search.runs
        ]
        print_table(f"{search.of}, {search.items} talks of role dev", ("learning rate", "F1", "title F1"), rows)
        if best is not None:
            say_wrapped(f"* is best; params.yaml has {search.present:g}. – diverged")

    show(search_learning_rates(find(workspace), rate or ()), as_json, print_search)


def _value(value: object) -> str:
    return "–" if value is None else str(value)
