"""What `errata compare` and `errata holdout` print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import number, print_table, say, say_wrapped, with_interval
from errata.wording.counts import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from errata.database.holdout_log import LoggedAccess
    from errata.documents.comparison import Comparison
    from errata.loop.compare import ItemDifference, MetricComparison, ModelComparison
    from errata.loop.compared_models import ModelDescription
    from errata.loop.holdout_accesses import HoldoutAccesses

SHOWN = ("f1", "precision", "recall", "tiou", "soda_d", "cider", "title_f1", "count_error", "recall_5s", "parsable")


def print_comparison(result: ModelComparison) -> None:
    say(f"A  {model_name(result.a)}\nB  {model_name(result.b)}")
    say(f"{counted(result.items, 'item')} of {result.on}, 90 % intervals, by cluster")
    metrics = [(name, *_metric_row(result.metrics[name])) for name in SHOWN if name in result.metrics]
    print_table("means, in percent", ("metric", "A", "B", "A minus B", "p", "detectable"), metrics)
    say_wrapped(
        "cider reaches 1,000; count_error is in chapters, and less is better; p is one-sided, of A being better", 2
    )
    if result.equal_split_f1 is not None:
        say_wrapped(f"equal chapters of the right number: F1 {number(result.equal_split_f1)}")
    slices = []
    for kind, differences in result.slices.items():
        slices += [(f"{kind}: {name}", *_slice_row(difference)) for name, difference in differences.items()]
    if slices:
        print_table("F1 by slice, in percent", ("slice", "items", "A", "B", "A minus B", "p"), slices)
    _print_items("A lost most", result.regressions)
    _print_items("A gained most", result.fixes)
    problems = " and ".join(f"{result.problems[side]} of {side.upper()}’s" for side in ("a", "b"))
    say_wrapped(f"answers that could not be read whole, or are missing: {problems} {result.items}")


def _print_items(title: str, items: Sequence[ItemDifference]) -> None:
    if items:
        rows = [(item.external_id, number(item.a_f1), number(item.b_f1), number(item.difference)) for item in items]
        print_table(title, ("transcript", "A", "B", "A minus B"), rows)


def model_name(model: ModelDescription) -> str:
    identity = model.model[:16]
    return identity if model.model.startswith(model.given) else f"{model.given} ({identity})"


def _metric_row(metric: MetricComparison) -> tuple[str, ...]:
    gap = metric.difference
    return number(metric.a.mean), number(metric.b.mean), *_difference(gap), number(gap.mde)


def _slice_row(gap: Comparison) -> tuple[str, ...]:
    return str(gap.n), number(gap.mean_new), number(gap.mean_old), *_difference(gap)


def _difference(gap: Comparison) -> tuple[str, str]:
    """An interval for the difference alone, so that a row fits 80 columns; `--json` has those of A and of B."""
    return with_interval(gap.effect, gap.low, gap.high), _p(gap.p_value)


def _p(value: float | None) -> str:
    return "<0.001" if value is not None and value < 0.001 else number(value, ".2g")


def print_accesses(result: HoldoutAccesses) -> None:
    columns = ("#", "at (UTC)", "role", "items", "by", "why")
    print_table("accesses to held-out items", columns, [_access(logged) for logged in result.accesses])
    anchor, sealed = (result.counts[role] for role in ("anchor", "sealed"))
    looks, left = counted(anchor, "access", "accesses"), counted(result.sealed_left, "more time")
    say_wrapped(f"anchor: {looks}; sealed: {sealed}, {result.sealed_within_a_year} of them within the last year")
    say_wrapped(f"the sealed set may be opened {left} now, {result.sealed_a_year} within any year")


def _access(logged: LoggedAccess) -> tuple[str, ...]:
    access = logged.access
    return str(logged.seq), logged.at.isoformat()[:19], access.role, str(access.items), access.by, access.why
