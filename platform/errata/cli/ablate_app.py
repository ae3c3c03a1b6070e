"""The command that says what each alteration of training rows buys, or each template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import show
from errata.cli.panels import LOOP
from errata.documents.params import alteration_names
from errata.errors import BadInput

ablate = typer.Typer()


@ablate.command("ablate", rich_help_panel=LOOP)
def ablate_command(
    workspace: InWorkspace = HERE,
    on: Annotated[
        Path | None, typer.Option(metavar="TALKS", help="Instead: talks with chapters, in folds, from Day-0.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="With --on: folds, which share no channel and no twin.")] = 5,
    alteration: Annotated[
        list[str] | None,
        typer.Option(help="Try this one; again for others. All but two that few templates see, by default."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(help="Instead of alterations: ask by this template, like borders+times; again for others."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each variant.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Train the last night's rows with and without each alteration, or by several templates: what does it buy?

    Scored on the talks of role dev, or, with --on, each fold by what the others teach. What was cut short goes on.
    """
    from errata.cli.print_ablation import print_ablation
    from errata.loop import ablate

    place = find(workspace)
    if alteration and template:
        raise BadInput("--alteration and --template are two questions; ask one at a time")
    names = alteration_names(alteration) if alteration else ablate.ALTERATIONS
    plan = ablate.AblationPlan(seeds, names, template or ())
    if on is None:
        show(ablate.ablate(place, plan), as_json, print_ablation)
    else:
        show(ablate.ablate_on(place, on, folds, plan), as_json, print_ablation)
