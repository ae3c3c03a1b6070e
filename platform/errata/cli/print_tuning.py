"""What `errata tune` prints for people: scores, and a held-out talk's chapters beside the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import number, print_table, say, say_whole, say_wrapped, with_interval
from errata.cli.print_comparison import SHOWN
from errata.cli.print_import import print_import, print_refusals
from errata.domain.clock import clock
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.chapter import Chapters
    from errata.loop.tune import HeldOutTalk, Tuning


def print_tuning(tuning: Tuning) -> None:
    for report in (tuning.imported, tuning.held_out):
        if report is not None:
            print_import(report)
            print_refusals(report)
    mixture, loss, result = tuning.mixture, tuning.training.loss, tuning.comparison
    examples, steps = counted(mixture.examples, "example"), counted(tuning.training.steps, "step")
    say_wrapped(
        f"trained on {examples} ({mixture.tokens:,} tokens, {mixture.labels:,} of them learnt), {steps}: "
        f"loss {loss[0]:.3f} to {loss[-1]:.3f}"
    )
    say_wrapped(f"scored on {counted(result.items, 'held-out talk')}, 90 % intervals, by cluster")
    rows = []
    for name in SHOWN:
        if metric := result.metrics.get(name):
            gain = with_interval(metric.difference.effect, metric.difference.low, metric.difference.high)
            rows.append((name, number(metric.a.mean), number(metric.b.mean), gain))
    print_table("means, in percent", ("metric", "tuned", "before", "gain"), rows)
    say_wrapped(f"equal chapters of the right number: F1 {number(result.equal_split_f1)}")
    if tuning.talks:
        print_beside(tuning.talks[0])
    say_whole(f"model    {tuning.folder}")


def print_beside(talk: HeldOutTalk) -> None:
    """The right chapters beside the tuned model's, a line for each start that either has."""
    right, tuned = _titles(talk.right), _titles(talk.after)
    say(f"\na held-out talk: {talk.transcript.external_id}  {talk.transcript.title}")
    rows = []
    for start in sorted({*right, *tuned}):
        place = clock(start) if talk.transcript.unit == "seconds" else str(start)
        rows.append((place, right.get(start, ""), tuned.get(start, "")))
    print_table("", ("start", "right", "tuned"), rows)


def _titles(chapters: Chapters) -> dict[int, str]:
    return {int(chapter.start): chapter.title or "–" for chapter in chapters}
