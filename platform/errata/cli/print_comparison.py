"""What `errata compare` prints for people."""

from __future__ import annotations

from typing import Any

from errata.cli.output import percent, print_table, say

SHOWN = ("f1", "precision", "recall", "tiou", "soda_d", "cider", "title_f1", "count_error", "recall_5s", "parsable")


def print_comparison(found: dict[str, Any]) -> None:
    say(f"A  {_name(found['a'])}\nB  {_name(found['b'])}")
    say(f"{found['items']} items of {found['on']}, 90 % intervals, by cluster")
    rows = [(name, *_metric_row(found["metrics"][name])) for name in SHOWN if name in found["metrics"]]
    print_table("means, in percent", ("metric", "A", "B", "A minus B", "p", "detectable"), rows)
    say("cider reaches 1,000; count_error is in chapters, and less is better; p is one-sided, of A being better")
    slices = [(f"{kind}: {name}", *_slice_row(one)) for kind, by in found["slices"].items() for name, one in by.items()]
    if slices:
        print_table("F1 by slice, in percent", ("slice", "items", "A", "B", "A minus B", "p"), slices)
    for title, key in (("A lost most", "regressions"), ("A gained most", "fixes")):
        if found[key]:
            values = [(one["external_id"], one["a_f1"], one["b_f1"], one["difference"]) for one in found[key]]
            shown = [(name, *(f"{value:z.1f}" for value in of)) for name, *of in values]
            print_table(title, ("transcript", "A", "B", "A minus B"), shown)
    problems = " and ".join(f"{found['problems'][side]} of {side.upper()}’s" for side in ("a", "b"))
    say(f"answers that could not be read whole, or are missing: {problems} {found['items']}")


def _name(side: dict[str, Any]) -> str:
    given, model = side["given"], side["model"][:16]
    return model if side["model"].startswith(given) else f"{given} ({model})"


def _metric_row(metric: dict[str, Any]) -> tuple[str, ...]:
    """An interval for the difference alone, so that a row fits 80 columns; `--json` has those of A and of B."""
    gap = metric["difference"]
    return (
        *(percent(metric[side]["mean"]) for side in ("a", "b")),
        _interval(gap["effect"], gap["low"], gap["high"]),
        _p(gap["p_value"]),
        percent(gap["mde"]),
    )


def _slice_row(gap: dict[str, Any]) -> tuple[str, ...]:
    values = (percent(gap["mean_new"]), percent(gap["mean_old"]), _interval(gap["effect"], gap["low"], gap["high"]))
    return (str(gap["n"]), *values, _p(gap["p_value"]))


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    return percent(value) if low is None or high is None else f"{value:z.1f} [{low:z.1f}, {high:z.1f}]"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.2g}"
