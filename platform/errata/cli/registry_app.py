"""`errata registry`: MLflow, held against the record."""

from __future__ import annotations

from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import show
from errata.errors import Unavailable

registry = typer.Typer(help="Hold MLflow's aliases and files against the record.", no_args_is_help=True)


@registry.command("fsck")
def registry_fsck_command(
    workspace: InWorkspace = HERE,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="First mend what can be: tell MLflow again what the record says, give back the files that it or this "
            "machine has lost.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check each alias: its version in MLflow, each file's SHA-256 there and here, and evidence that says `promote`."""
    from errata.cli.print_registry import print_alias_check
    from errata.loop.registry_check import check_registry, repair_registry

    place = find(workspace)
    check = repair_registry(place) if repair else check_registry(place)
    show(check, as_json, print_alias_check)
    if check.findings:
        raise typer.Exit(4)  # after what was found has been shown whole
    if check.mlflow_problem:
        raise Unavailable(check.mlflow_problem)
