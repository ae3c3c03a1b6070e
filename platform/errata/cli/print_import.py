"""What an import says for people: what came in on stdout, why the rest did not on stderr."""

from __future__ import annotations

import sys
from textwrap import fill
from typing import TYPE_CHECKING

from errata.cli.output import say
from errata.cli.print_adjustments import adjustment_sentences
from errata.domain.names import printable

if TYPE_CHECKING:
    from errata.operations.importing import ImportReport, Shown
    from errata.operations.refusals import Refusal, RefusedRow

SHOWN: dict[Shown, str] = {
    "blind": "blind",
    "drafted": "of a draft",
    "unknown": "without word of a draft",
}
"""How new corrections were made, for all that is known."""
MOST_REASONS = 10
WIDTH = 80


def print_import(report: ImportReport) -> None:
    drafts = ", ".join(f"{report.shown[name]} {words}" for name, words in SHOWN.items() if name in report.shown)
    new = f"{report.new} new" + (f" ({drafts})" if drafts else "")
    left_out = "".join(f"; {count} {why}" for why, count in sorted(report.left_out.items()))
    say(_wrapped(f"{report.read} read: {new}, {report.duplicate} known already, {report.rejected} rejected{left_out}"))
    for sentence in adjustment_sentences(report.adjustments):
        say(_wrapped(sentence))


def print_refusals(report: ImportReport) -> None:
    """Nothing where no row was refused."""
    if not report.rejected:
        return
    lines = [f"errata: {'1 row was' if report.rejected == 1 else f'{report.rejected} rows were'} rejected:"]
    for refusal in report.reasons[:MOST_REASONS]:
        lines += _refusal_lines(refusal)
    more = len(report.reasons) - MOST_REASONS
    if more > 0:
        lines.append(_wrapped(f"and for {more} more {'reason' if more == 1 else 'reasons'}, which stand there"))
    lines.append(_wrapped(f"mend {report.rejects_file} and import it, or mend what it names"))
    sys.stderr.write(printable("\n".join(lines)) + "\n")


def _refusal_lines(refusal: Refusal) -> list[str]:
    rows = [_row(row, refusal.count > 1) for row in refusal.examples]
    more = refusal.count - len(rows)
    places = "; ".join(rows) + (f"; and {more} more" if more else "")
    return [
        _wrapped(f"{refusal.count}× {refusal.reason}", "  ", "     "),
        _wrapped(f"({places})", "     ", "      "),
    ]


def _row(row: RefusedRow, with_names: bool) -> str:
    place = f"line {row.row}" if isinstance(row.row, int) else row.row
    names = [name for name in row.names if name != row.row]
    return f"{place}: {', '.join(names)}" if with_names and names else place


def _wrapped(text: str, first: str = "", other: str = "  ") -> str:
    """A path stays whole, so that it can be copied."""
    return fill(
        text, WIDTH, initial_indent=first, subsequent_indent=other, break_long_words=False, break_on_hyphens=False
    )
