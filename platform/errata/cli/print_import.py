"""What an import says for people: what came in on stdout, why the rest did not on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from errata.cli.output import say_whole
from errata.cli.print_adjustments import adjustment_sentences
from errata.domain.names import meant, printable
from errata.terminal import folded
from errata.wording.counts import counted
from errata.wording.joined_sentences import joined_sentence

if TYPE_CHECKING:
    from errata.operations.importing import ImportReport, Shown
    from errata.operations.refusals import Refusal, RefusedRow

SHOWN: dict[Shown, str] = {
    "blind": "blind",
    "drafted": "of a draft",
    "unknown": "whose draft isn't known",
}
"""How new corrections were made, for all that is known."""
MOST_REASONS = 10


def print_import(report: ImportReport, until: str | None = None) -> None:
    """`until` is the day up to which reviews were asked for, where one was named."""
    drafts = ", ".join(f"{report.shown[name]} {words}" for name, words in SHOWN.items() if name in report.shown)
    new = f"{report.new} new" + (f" ({drafts})" if drafts else "")
    left_out = "".join(f"; {count} {why}" for why, count in sorted(report.left_out.items()))
    counts = f"{report.duplicate} known already, {report.rejected} rejected"
    say_whole(folded(f"{report.read} read: {new}, {counts}{left_out}", 2))
    for sentence in adjustment_sentences(report.adjustments):
        say_whole(folded(sentence, 2))
    for name, count in report.unread.items():
        say_whole(folded(f"in {counted(count, 'review')} {_unread_field(name)}", 2))
    if until and report.undated:
        undated = counted(report.undated, "new correction has no day and was", "new corrections have no day and were")
        say_whole(folded(f"{undated} taken, made by {until} or not", 2))
    if report.joined and report.joined.talks:
        say_whole(folded(joined_sentence(report.joined), 2))


def _unread_field(name: str) -> str:
    from errata.formats.reviews_jsonl import OPTIONAL

    return f"the field {name!r} is none that a review has{meant(name, OPTIONAL)}: not read"


def print_refusals(report: ImportReport) -> None:
    """Nothing where no row was refused."""
    if not report.rejected:
        return
    lines = [f"errata: {counted(report.rejected, 'row was', 'rows were')} rejected:"]
    for refusal in report.reasons[:MOST_REASONS]:
        lines += _refusal_lines(refusal)
    more = len(report.reasons) - MOST_REASONS
    if more > 0:
        lines.append(f"and for {counted(more, 'more reason')}, which stand there")
    lines.append(folded(f"mend {report.rejects_file} and import it, or mend what it names", 2))
    sys.stderr.write(printable("\n".join(lines)) + "\n")


def _refusal_lines(refusal: Refusal) -> list[str]:
    rows = [_row(row, refusal.count > 1) for row in refusal.examples]
    more = refusal.count - len(rows)
    places = "; ".join(rows) + (f"; and {more} more" if more else "")
    return [
        folded(f"  {refusal.count}× {refusal.reason}", 5),
        folded(f"     ({places})", 6),
    ]


def _row(row: RefusedRow, with_names: bool) -> str:
    place = f"line {row.row}" if isinstance(row.row, int) else row.row
    names = [name for name in row.names if name != row.row]
    return f"{place}: {', '.join(names)}" if with_names and names else place
