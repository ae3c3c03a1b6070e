"""What `errata sweep` prints for people, and its page has in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import number, print_table, say_wrapped
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.loop.sweep import Sweep, SweepCell

COLUMNS = ("chunk", "frames/s", "frames", "places", "words", "most", "fits", "pixels")
NOTES = (
    "words: tokens of what is said in a chunk, the median and the most; fits: chunks that hold both",
    "pixels: of the frames that fit beside the most words, at a token for 28 x 28 pixels of two frames",
)


def print_sweep(sweep: Sweep) -> None:
    for name in dict.fromkeys(cell.model for cell in sweep.cells):
        cells = [cell for cell in sweep.cells if cell.model == name]
        print_table(f"{name}: {cells[0].budget:,} tokens", COLUMNS, [sweep_row(cell) for cell in cells])
    say_wrapped(f"Counted on {counted(sweep.talks, 'talk')}, {sweep.hours:,.1f} hours.")
    for note in NOTES:
        say_wrapped(note)


def sweep_row(cell: SweepCell) -> tuple[str, ...]:
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
