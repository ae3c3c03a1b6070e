"""What `errata replay` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import number, print_table, say_wrapped, with_interval
from errata.cli.print_comparison import model_name
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.loop.traffic_replay import ReplayReport


def print_replay(report: ReplayReport) -> None:
    talks, gap = counted(report.talks, "talk"), report.f1
    say_wrapped(f"{model_name(report.model)} on {talks} of the recorded {report.of}")
    rows = [
        ("borders that both have, in percent", str(report.talks), number(report.agreement)),
        ("the same chapters", str(report.talks), str(report.identical)),
        ("not readable whole, or missing", str(report.talks), str(report.problems)),
    ]
    if gap is not None:
        rows += [
            ("F1 of the recorded answers", str(gap.n), number(gap.mean_old)),
            ("F1 of the replayed ones", str(gap.n), number(gap.mean_new)),
            ("replayed minus recorded [90 %]", str(gap.n), with_interval(gap.effect, gap.low, gap.high)),
        ]
    if report.seconds is not None:
        asked = str(report.seconds.answers)
        rows += [
            ("seconds an answer, median", asked, number(report.seconds.median, ".2f")),
            ("seconds an answer, 95th percentile", asked, number(report.seconds.most, ".2f")),
        ]
    print_table("replay", ("", "talks", ""), rows)
    if gap is not None:
        say_wrapped("labels that were made from a recorded answer lean towards it; a night's gate allows for that")
    if report.not_scored:
        say_wrapped(
            f"{counted(report.not_scored, 'reviewed talk')} not scored: held out, for the next night's test, disputed, "
            "or seen by the model"
        )
