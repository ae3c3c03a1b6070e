"""The night in a few lines of Markdown, for a pull request."""

from __future__ import annotations

import html
import re
from typing import Any

from evaluation.report import verdict
from evaluation.report.content import Report, lead, worst_regressions
from evaluation.report.figures import DASH, interval, is_missing, number, plural, printable, share, typographic
from evaluation.report.measures import NAMES, models

COLUMNS = {"f1": "F1", "precision_5s": "Precision 5\u00a0s", "recall_5s": "Recall 5\u00a0s", "title_f1": "Title F1"}
SHOWN = 3


def summary(report: Report) -> str:
    """Whatever an id or a reason contains, it makes no link, mention or markup."""
    title, sentence = verdict.headline(report)
    decision = lead(report.decisions)
    blocks = [f"## {inert(title)}"]
    blocks += _decided(verdict.read(decision, report.evaluation)) if decision else [inert(sentence)]
    blocks += [_means(report.evaluation), _limits(report.evaluation)]
    if decision:
        blocks.append(_regressions(report, decision["name"]))
    blocks.append("\n".join(f"- {inert(name)}: {code(fact)}" for name, fact in report.facts.items()))
    return "\n\n".join(block for block in blocks if block) + "\n"


def inert(text: str) -> str:
    """Prose on one line, in which Markdown and HTML mean nothing; a space without width keeps links from being made."""
    line = html.escape(" ".join(printable(typographic(text)).split()), quote=False)
    apart = re.sub(r"(@|:(?=//)|www(?=\.)|#(?=\d))", "\\1\u200b", line)
    return re.sub(r"([\\`*_\[\]|#~])", r"\\\1", apart)


def code(text: str) -> str:
    """A code span: mentions, issue numbers and addresses stay plain text in it, in tables as well."""
    return "`" + (" ".join(printable(text).split()).replace("`", "’").replace("|", "¦") or DASH) + "`"


def _decided(found: verdict.Verdict) -> list[str]:
    primary = found.primary
    effect = (
        f"**{number(primary.get('effect'), signed=True)} points of F1** "
        f"(90\u00a0% interval {interval(primary.get('low'), primary.get('high'), signed=True)}) on "
        f"{plural(primary.get('n', 0), 'fresh item')} from {plural(primary.get('clusters', 0), 'cluster')}."
    )
    rows = [f"| {inert(rail.name)} | {rail.status} | {inert(rail.detail)} |" for rail in found.guardrails]
    table = "\n".join(["| Guardrail | Result | Measured |", "|---|---|---|", *rows]) if rows else ""
    heading = "What comes next" if found.promoted else "What would change it"
    return [
        effect,
        *map(inert, found.findings),
        f"{heading}: {inert(found.next_step)}",
        table,
        inert(found.known_error),
    ]


def _means(evaluation: dict[str, Any]) -> str:
    means = {name: mean for name, mean in evaluation.get("means", {}).items() if mean.get("n")}
    if not means:
        return ""
    lines = ["| Model | Items | " + " | ".join(COLUMNS.values()) + " |", "|---|" + "--:|" * (len(COLUMNS) + 1)]
    for name in (name for name in models(means) if name in means):
        values = " | ".join(_value(means[name], key) for key in COLUMNS)
        lines.append(f"| {NAMES[name]} | {means[name]['n']} | {values} |")
    return "\n".join(lines)


def _value(mean: dict[str, Any], key: str) -> str:
    spread = "" if key != "f1" or is_missing(mean.get("low")) else f" ({interval(mean['low'], mean['high'])})"
    return number(mean.get(key)) + spread


def _limits(evaluation: dict[str, Any]) -> str:
    items, accepted = evaluation.get("fresh_items", 0), evaluation.get("accepted", 0)
    return (
        f"{accepted} of {plural(items, 'fresh item')} ({share(accepted, items)}) were accepted unchanged."
        if items
        else ""
    )


def _regressions(report: Report, contender: str) -> str:
    worst = worst_regressions(report.items, "champion", contender, SHOWN)
    named = [f"{code(change.new['external_id'])} ({number(change.effect, signed=True)})" for change in worst]
    return f"Worst regressions: {', '.join(named)}." if named else f"The {contender} lost F1 on no item."
