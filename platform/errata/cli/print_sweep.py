"""What `errata sweep` prints for people, and its page has in tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from errata.cli.output import number, print_table, say_wrapped
from errata.errors import BadInput
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.documents.scored_cell import ScoredCell
    from errata.loop.sweep import Sweep, SweepCell

COLUMNS = ("chunk", "frames/s", "frames", "places", "words", "most", "fits", "pixels")
NOTES = (
    "words: tokens of what is said in a chunk, the median and the most; fits: chunks that hold both",
    "pixels: of the frames that fit beside the most words, at a token for 28 x 28 pixels of two frames",
)
SCORED_COLUMNS = ("chunk", "frames/s", "examples", "F1 by chunk", "F1 by talk", "CPU s")
SCORED_NOTES = (
    "Those alone are trained for of which all chunks fit; –: the training diverged",
    "F1 by talk: of the words of all its descriptions at once, the same whatever the chunks' length",
    "F1 by chunk: of longer chunks it is of more words, so that it compares rates alone",
)


def print_sweep(sweep: Sweep) -> None:
    for name in dict.fromkeys(cell.model for cell in sweep.cells):
        cells = [cell for cell in sweep.cells if cell.model == name]
        print_table(f"{name}: {cells[0].budget:,} tokens", COLUMNS, [sweep_row(cell) for cell in cells])
    say_wrapped(f"Counted on {counted(sweep.talks, 'talk')}, {sweep.hours:,.1f} hours.")
    for note in NOTES:
        say_wrapped(note)
    if sweep.scored:
        _print_scored(sweep)


def _print_scored(sweep: Sweep) -> None:
    for name in dict.fromkeys(cell.model for cell in sweep.scored):
        cells = [cell for cell in sweep.scored if cell.model == name]
        title = f"{name}, after {counted(cells[0].steps, 'step')}: {counted(cells[0].talks, 'talk')} of role dev"
        print_table(title, SCORED_COLUMNS, [scored_row(cell) for cell in cells])
    for note in SCORED_NOTES:
        say_wrapped(note)


def check_page_name(path: Path) -> None:
    """Raises BadInput, before anything is counted, for a file that is no page by its name."""
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise BadInput(f"{path} is no page by its name; name a file that ends with .html")


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


def scored_row(cell: ScoredCell) -> tuple[str, ...]:
    return (
        f"{cell.seconds:g} s",
        f"{cell.rate:g}",
        f"{cell.examples:,}",
        number(cell.f1),
        number(cell.talk_f1),
        f"{cell.cpu_seconds:,.0f}",
    )
