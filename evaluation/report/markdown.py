"""The night in a few lines of Markdown, for a pull request."""

from __future__ import annotations

import html
import re
from typing import Any

from errata.documents.decision import leading_decision
from errata.wording.judging_sentences import panel_sentence
from evaluation.report.content import Report, tonight, worst_regressions
from evaluation.report.figures import DASH, count, interval, is_missing, number, plural, printable, share, typographic
from evaluation.report.measures import NAMES, models
from evaluation.report.prospects import prospects
from evaluation.report.slices import reviewers
from evaluation.report.verdict import ContenderVerdict, headline, leading_verdict, other_verdicts

COLUMNS = {"f1": "F1", "precision_5s": "Precision 5\u00a0s", "recall_5s": "Recall 5\u00a0s", "title_f1": "Title F1"}
SHOWN = 3
RAILS = 18
"""Guardrails that are listed at most; those that are only shown are left out first, then those that passed."""
PROSPECTS = 8
PAGE = "report.html"
_ORDER = {"failed": 0, "not evaluable": 1, "passed": 2}


def summary(report: Report) -> str:
    """Whatever an id or a reason contains, it makes no link, mention or markup; under 60 lines."""
    title, sentence = headline(report)
    verdict = leading_verdict(report)
    blocks = [f"## {inert(title)}"]
    blocks += _decided(verdict, report) if verdict else [inert(sentence)]
    blocks += [_others(report), _means(report.evaluation), _limits(report.evaluation)]
    if verdict:
        blocks.append(_regressions(report, verdict.name))
    blocks += [_sources(report), f"[The whole report]({PAGE})"]
    return "\n\n".join(block for block in blocks if block) + "\n"


def inert(text: str) -> str:
    """Prose on one line, in which Markdown and HTML mean nothing; a space without width keeps links from being made."""
    line = html.escape(" ".join(printable(typographic(text)).split()), quote=False)
    apart = re.sub(r"(@|:(?=//)|www(?=\.)|#(?=\d))", "\\1\u200b", line)
    return re.sub(r"([\\`*_\[\]|#~])", r"\\\1", apart)


def code(text: str) -> str:
    """A code span: mentions, issue numbers and addresses stay plain text in it, in tables as well."""
    return "`" + (" ".join(printable(text).split()).replace("`", "’").replace("|", "¦") or DASH) + "`"


def _decided(verdict: ContenderVerdict, report: Report) -> list[str]:
    effect = f"{_effect(verdict)} from {plural(verdict.primary.clusters, 'cluster')}{_earlier(verdict, report)}."
    heading = "What comes next" if verdict.promoted else "What would change it"
    first, *rest = prospects(verdict, len(tonight(report)), report.judging(verdict.name))
    listed = [f"- {inert(prospect.subject)}: {inert(prospect.text)}" for prospect in rest[:PROSPECTS]]
    return [
        effect,
        " ".join(map(inert, verdict.findings)),
        _guardrails(verdict),
        "\n".join([f"{heading}: {inert(first.text)}", *([""] if listed else []), *listed]),
        inert(verdict.known_error),
    ]


def _effect(verdict: ContenderVerdict) -> str:
    primary = verdict.primary
    spread = interval(primary.low, primary.high, signed=True)
    gain = f"**{number(primary.effect, signed=True)} points of F1**"
    return f"{gain} (90\u00a0% interval {spread}) on {plural(primary.n, 'fresh item')}"


def _earlier(verdict: ContenderVerdict, report: Report) -> str:
    """Whoever waited was scored on fresh items of earlier nights too."""
    fresh = report.evaluation.get("fresh_items", 0)
    return f", {count(fresh)} of them tonight’s" if verdict.primary.n > fresh else ""


def _others(report: Report) -> str:
    lines = [
        f"Also decided, of the {verdict.name}: {inert(verdict.title)}; {_effect(verdict)}."
        for verdict in other_verdicts(report)
    ]
    return "\n".join(lines)


def _guardrails(verdict: ContenderVerdict) -> str:
    rails = sorted(verdict.guardrails, key=lambda rail: (not rail.decides, _ORDER.get(rail.status, 0)))
    rows = [f"| {inert(rail.name)} | {rail.status} | {inert(rail.detail)} |" for rail in rails[:RAILS]]
    if len(rails) > RAILS:
        rows.append(f"| {plural(len(rails) - RAILS, 'more guardrail')} | | in the report |")
    return "\n".join(["| Guardrail | Result | Measured |", "|---|---|---|", *rows]) if rows else ""


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


def _sources(report: Report) -> str:
    """Who reviewed, what was spent, and by what the data is found again, a line each."""
    sources, people = report.sources, reviewers(tonight(report))
    lines = []
    if people:
        edited, accepted = sum(person.edited for person in people), sum(person.accepted for person in people)
        lines.append(f"Reviewed by {plural(len(people), 'person', 'people')}: {edited} edited, {accepted} accepted.")
    if sources.training.get("steps"):
        tokens = f" on {count(sources.mixed['tokens'])} tokens" if sources.mixed else ""
        lines.append(f"Trained for {plural(sources.training['steps'], 'step')}{tokens}.")
    for name, judging in sources.judges.items():
        lines.append(f"Judges of the {inert(name)}: {inert(panel_sentence(judging))} {plural(judging.calls, 'call')}.")
    entry = leading_decision(report.decisions)
    if entry:
        champion = sources.night.get("champion")
        against = f" against champion {code(champion[:16])}" if champion else ""
        lines.append(f"Model: {inert(entry.name)} {code(entry.model[:16])}{against}.")
    hashes = [
        f"{file} {code(sources.sha256[file][:16])}" for file in ("manifest.json", "dvc.lock") if file in sources.sha256
    ]
    if sources.night:
        training, gate = (str(sources.night[f"{name}_watermark"]) for name in ("training", "gate"))
        marks = f"watermarks {code(training)}, {code(gate)}"
        lines.append(f"Data: {', '.join([marks, *hashes])}.")
    if report.facts:
        lines.append(", ".join(f"{inert(name)} {code(fact)}" for name, fact in report.facts.items()))
    return "\n".join(f"- {line}" for line in lines)
