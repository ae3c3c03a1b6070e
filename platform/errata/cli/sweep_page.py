"""A sweep as a page: for each model what its chunks take against their length, a line a rate, beside the budget.

The charts are the dashboard's, with its styles in the page itself, so that the file can be sent to somebody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from errata.cli.print_sweep import COLUMNS, NOTES, SCORED_COLUMNS, SCORED_NOTES, scored_row, sweep_row
from errata.documents.scored_cell import ScoredCell
from errata.domain.names import printable
from errata.errors import BadInput
from errata.files import write_atomically
from errata.loop.sweep import Sweep, SweepCell
from errata.service.line_chart import LABEL_TAGS, ChartLine, ChartValue, LineChart, ValueAxis, line_chart
from errata.service.pages import STATIC, environment
from errata.wording.counts import counted

WIDE, NARROW = 1040.0, 340.0
SERIES = 6
"""Markers that the charts have; more rates begin with the first again, and are told apart by their names."""
TOKENS = ValueAxis(form=",.0f", logarithmic=True)


@dataclass(frozen=True, slots=True)
class SweepFigure:
    """What is shown of one model, or of those that went on from it."""

    model: str
    amount: int
    """The budget, or the steps that were trained."""
    wide: LineChart | None
    narrow: LineChart | None
    lines: Sequence[ChartLine]
    rows: Sequence[Sequence[str]]


def write_sweep_page(sweep: Sweep, path: Path) -> None:
    """Raises BadInput where the file can't be written."""
    try:
        write_atomically(path, sweep_page(sweep))
    except OSError as error:
        raise BadInput(f"{path} can't be written ({error.strerror}); name another file") from error


def sweep_page(sweep: Sweep) -> str:
    styles = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("errata.css", "dashboard.css"))
    text = (
        environment()
        .get_template("sweep.html")
        .render(
            styles=Markup(styles),  # noqa: S704  # our own file
            talks=counted(sweep.talks, "talk"),
            hours=f"{sweep.hours:,.1f}",
            figures=list(_figures(sweep.cells)),
            columns=COLUMNS,
            notes=NOTES,
            scored=list(_scored_figures(sweep.scored)),
            scored_columns=SCORED_COLUMNS,
            scored_notes=SCORED_NOTES,
        )
    )
    return printable(text)


def _figures(cells: Sequence[SweepCell]) -> Iterator[SweepFigure]:
    for model, own in groupby(cells, key=lambda cell: cell.model):
        found = list(own)
        lengths = sorted({cell.seconds for cell in found})
        rows = [sweep_row(cell) for cell in found]
        yield _figure(model, found[0].budget, chart_lines(found, lengths), lengths, rows, TOKENS)


def _figure(
    model: str,
    amount: int,
    lines: Sequence[ChartLine],
    lengths: Sequence[float],
    rows: Sequence[Sequence[str]],
    axis: ValueAxis,
) -> SweepFigure:
    places = [f"{seconds:g} s" for seconds in lengths]
    wide = line_chart(lines, places, (), WIDE, LABEL_TAGS, axis)
    return SweepFigure(model, amount, wide, line_chart(lines, places, (), NARROW, 0, axis), lines, rows)


def chart_lines(cells: Sequence[SweepCell], lengths: Sequence[float]) -> list[ChartLine]:
    """One model's: a line a rate over the chunks' lengths, and the budget."""
    rates = sorted({cell.rate for cell in cells})
    at = {(cell.rate, cell.seconds): cell for cell in cells}
    lines = [
        ChartLine(f"series{number % SERIES + 1}", f"{rate:g} a second", [_tokens(at[rate, each]) for each in lengths])
        for number, rate in enumerate(rates)
    ]
    budget = cells[0].budget
    limit = ChartValue(budget, None, None, f"budget: {budget:,} tokens")
    return [*lines, ChartLine("floor", "Budget", [limit] * len(lengths))]


def _tokens(cell: SweepCell) -> ChartValue:
    """Of a chunk of which as much is said as of most, up to the one of which most is."""
    usual, most = cell.words + cell.frame_tokens, cell.most_words + cell.frame_tokens
    title = f"{cell.seconds:g} s, {cell.rate:g} frames a second: {usual:,.0f} tokens, {most:,} at most"
    return ChartValue(usual, usual, most, title)


def _scored_figures(scored: Sequence[ScoredCell]) -> Iterator[SweepFigure]:
    for model, own in groupby(scored, key=lambda cell: cell.model):
        found = list(own)
        lengths = sorted({cell.seconds for cell in found})
        rows = [scored_row(cell) for cell in found]
        yield _figure(model, found[0].steps, scored_lines(found, lengths), lengths, rows, ValueAxis())


def scored_lines(scored: Sequence[ScoredCell], lengths: Sequence[float]) -> list[ChartLine]:
    """A line a rate over the chunks' lengths, with a gap where chunks didn't fit, or a training diverged."""
    rates = sorted({cell.rate for cell in scored})
    at = {(cell.rate, cell.seconds): cell for cell in scored}
    return [
        ChartLine(f"series{number % SERIES + 1}", f"{rate:g} a second", [_f1(at.get((rate, each))) for each in lengths])
        for number, rate in enumerate(rates)
    ]


def _f1(cell: ScoredCell | None) -> ChartValue | None:
    """Of whole talks, which compares lengths."""
    if cell is None or cell.talk_f1 is None:
        return None
    title = f"{cell.seconds:g} s, {cell.rate:g} frames a second: F1 {cell.talk_f1:.1f}"
    return ChartValue(cell.talk_f1, None, None, title)
