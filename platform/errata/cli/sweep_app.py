"""The command that counts what chunks of recordings take of a model's context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import number, print_table, say_wrapped, show
from errata.cli.panels import LOOP
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.loop.sweep import Sweep, SweepCell

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
    as_json: AsJson = False,
) -> None:
    """Count what chunks of the record's talks take, with frames beside them: which lengths and rates fit a model?"""
    from errata.loop.sweep import SweepGrid, sweep

    grid = SweepGrid(tuple(model or ("champion",)), tuple(seconds or SECONDS), tuple(rate or RATES), budget, places)
    show(sweep(find(workspace), grid), as_json, _print_sweep)


def _print_sweep(sweep: Sweep) -> None:
    columns = ("chunk", "frames/s", "frames", "places", "words", "most", "fits", "pixels")
    for name in dict.fromkeys(cell.model for cell in sweep.cells):
        cells = [cell for cell in sweep.cells if cell.model == name]
        print_table(f"{name}: {cells[0].budget:,} tokens", columns, [_row(cell) for cell in cells])
    say_wrapped(f"Counted on {counted(sweep.talks, 'talk')}, {sweep.hours:,.1f} hours.")
    say_wrapped("words: tokens of what is said in a chunk, the median and the most; fits: chunks that hold both")
    say_wrapped("pixels: of the frames that fit beside the most words, at a token for 28 x 28 pixels of two frames")


def _row(cell: SweepCell) -> tuple[str, ...]:
    picture = "–" if cell.picture is None else f"{cell.picture[0]} x {cell.picture[1]}"
    return (
        f"{cell.seconds:g} s",
        f"{cell.rate:g}",
        f"{cell.frames:,}",
        f"{cell.frame_tokens:,}",
        f"{cell.words:,.0f}",
        f"{cell.most_words:,}",
        f"{number(cell.fits, 'z.0f')} %",
        picture,
    )
