"""The command that counts what chunks of recordings take of a model's context."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import show
from errata.cli.panels import LOOP

if TYPE_CHECKING:
    from errata.loop.sweep import Sweep, SweepGrid
    from errata.workspace import Workspace

sweeping = typer.Typer()

SECONDS = (60.0, 300.0, 1200.0)
RATES = (0.1, 0.5, 1.0)


@sweeping.command("sweep", rich_help_panel=LOOP)
def sweep_command(
    workspace: InWorkspace = HERE,
    model: Annotated[
        list[str] | None,
        typer.Option(help="An alias, an identity, a folder or a .gguf file; again for others. Default: the champion."),
    ] = None,
    seconds: Annotated[
        list[float] | None, typer.Option(help="A chunk's length; again for others. Default: 60, 300 and 1200.")
    ] = None,
    rate: Annotated[
        list[float] | None, typer.Option(help="Frames a second; again for others. Default: 0.1, 0.5 and 1.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(help="Tokens that a chunk may take. Default: each model's context.")
    ] = None,
    places: Annotated[
        int | None, typer.Option(help="Of a frame. Default: what the model's own senses take, or 1.")
    ] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Also train each that fits, from Day-0 by default, and score it on dev.")
    ] = False,
    steps: Annotated[int, typer.Option(min=1, help="With --score: of each training.")] = 50,
    out: Annotated[Path | None, typer.Option(metavar="FILE.html", help="A page to write, with a chart.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count what chunks of the record's talks take, with frames beside them: which lengths and rates fit a model?"""
    from errata.cli.print_sweep import check_page_name, print_sweep
    from errata.loop.sweep import SweepGrid, sweep

    grid = SweepGrid(
        tuple(model or ("day0" if score else "champion",)),
        tuple(seconds or SECONDS),
        tuple(rate or RATES),
        budget,
        places,
    )
    place = find(workspace)
    if out is not None:
        check_page_name(out)
    found = _scored(place, grid, steps) if score else sweep(place, grid)
    if out is not None:
        from errata.cli.sweep_page import write_sweep_page  # with the service's pages: half a second

        write_sweep_page(found, out)
    show(found, as_json, print_sweep)


def _scored(workspace: Workspace, grid: SweepGrid, steps: int) -> Sweep:
    from errata.loop.score_cells import check_scorable, score_cells  # with torch
    from errata.loop.sweep import sweep

    check_scorable(workspace, grid)
    found = sweep(workspace, grid)
    return replace(found, scored=tuple(score_cells(workspace, found.cells, steps)))
