"""The night in a few lines of Markdown, for a pull request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from errata.documents.decision import leading_decision
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import MANIFEST, PIPELINE_LOCK
from errata.documents.metric_values import ModelMean
from errata.domain.names import printable
from errata.domain.task_name import TaskName
from errata.wording.alias_sentences import alias_check_sentences
from errata.wording.calibration_sentences import calibration_sentences
from errata.wording.certificate_sentences import certificate_sentence
from errata.wording.drift_sentences import drift_sentences
from errata.wording.judging_sentences import panel_sentence
from errata.wording.night_sentences import alarm_sentence, gate_change_sentence
from evaluation.report.content import NightFiles, Report, tonights_items, worst_regressions
from evaluation.report.figures import DASH, count, interval, is_missing, number, plural, share, typographic
from evaluation.report.lead import dateline, lead
from evaluation.report.measures import NAMES, models
from evaluation.report.prospects import prospects
from evaluation.report.slices import reviewers
from evaluation.report.verdict import ContenderVerdict, headline, leading_verdict, other_verdicts

COLUMNS: dict[TaskName, dict[str, str]] = {
    "chapters": {
        "f1": "F1",
        "precision_5s": "Precision 5\u00a0s",
        "recall_5s": "Recall 5\u00a0s",
        "title_f1": "Title F1",
    },
    "chat": {"f1": "F1 of words", "distinct_2": "Different pairs of words", "perplexity": "LM-PPL"},
    "description": {"f1": "F1 of words", "distinct_2": "Different pairs of words"},
}
SHOWN = 3
RAILS = 13
"""Guardrails that are listed at most; those that are only shown are left out first, then those that passed."""
PROSPECTS = 8
_ORDER = {"failed": 0, "not evaluable": 1, "passed": 2}


def summary(report: Report, whole_report: str = "") -> str:
    """Whatever an id or a reason contains, it makes no link, mention or markup; under 60 lines. `whole_report` is
    Markdown that says where that is: whoever writes the summary knows where it will be read."""
    title, sentence = headline(report)
    verdict = leading_verdict(report)
    blocks = [f"## {inert(title)}", inert(dateline(report))]
    if report.equal_split_alarm:
        blocks.append(f"**{inert(alarm_sentence(report.equal_split_alarm))}**")
    if report.gate_change:
        blocks.append(inert(gate_change_sentence(report.gate_change)))
    if report.files.aliases:
        blocks += [f"**{inert(sentence)}**" for sentence in alias_check_sentences(report.files.aliases)]
    if report.files.drift:
        blocks += [f"**{inert(sentence)}**" for sentence in drift_sentences(report.files.drift)]
    blocks.append(" ".join(map(inert, lead(report, verdict))))
    blocks += _decision(verdict, report) if verdict else [inert(sentence)]
    blocks += [
        _others(report),
        _means(report.evaluation.means, COLUMNS[report.task]),
        _accepted_share(report.evaluation),
    ]
    if verdict:
        blocks.append(_regressions(report, verdict.name))
    blocks += [_sources(report), whole_report]
    return "\n\n".join(block for block in blocks if block) + "\n"


def inert(text: str) -> str:
    """Prose on one line, in which Markdown and HTML mean nothing; a space without width keeps links from being made."""
    line = html.escape(" ".join(printable(typographic(text)).split()), quote=False)
    apart = re.sub(r"(@|:(?=//)|www(?=\.)|#(?=\d))", "\\1\u200b", line)
    return re.sub(r"([\\`*_\[\]|#~])", r"\\\1", apart)


def code(text: str) -> str:
    """A code span: mentions, issue numbers and addresses stay plain text in it, in tables as well."""
    return "`" + (" ".join(printable(text).split()).replace("`", "’").replace("|", "¦") or DASH) + "`"


def _decision(verdict: ContenderVerdict, report: Report) -> list[str]:
    clusters = plural(verdict.primary.clusters, "cluster")
    effect = f"{_effect(verdict)} from {clusters}{_earlier(verdict, report)}." if verdict.primary.n else ""
    heading = "What comes next" if verdict.promoted else "What would change it"
    first, *rest = prospects(verdict, report.evaluation.deciding_items, report.judging(verdict.name))
    listed = [f"- {inert(prospect.subject)}: {inert(prospect.text)}" for prospect in rest[:PROSPECTS]]
    return [
        effect,
        " ".join(map(inert, (*verdict.findings, *verdict.beside))),
        _guardrails(verdict),
        "\n".join([f"{heading}: {inert(first.text)}", *([""] if listed else []), *listed]),
        inert(verdict.known_error),
    ]


def _effect(verdict: ContenderVerdict) -> str:
    primary = verdict.primary
    if not primary.n:
        return "nothing was compared"
    spread = interval(primary.low, primary.high, signed=True)
    gain = f"**{number(primary.effect, signed=True)} points of F1**"
    return f"{gain} (90\u00a0% interval {spread}) on {plural(primary.n, 'fresh item')}"


def _earlier(verdict: ContenderVerdict, report: Report) -> str:
    """Whoever waited was scored on fresh items of earlier nights too."""
    tonight = report.evaluation.deciding_items
    return f", {count(tonight)} of them tonight’s" if verdict.primary.n > tonight else ""


def _others(report: Report) -> str:
    lines = [
        f"Also decided, of the {verdict.name}: {inert(verdict.title)}; {_effect(verdict)}."
        for verdict in other_verdicts(report)
    ]
    return "\n".join(lines)


def _guardrails(verdict: ContenderVerdict) -> str:
    rails = sorted(verdict.guardrails, key=lambda rail: (not rail.decides, _ORDER.get(rail.status, 0)))
    rows = [f"| {inert(rail.name)} | {rail.status} | {inert(rail.detail)} |" for rail in rails[:RAILS]]
    for export in verdict.exports:
        detail = export.unbuilt or " ".join(rail.detail for rail in export.guardrails)
        rows.append(f"| Export {inert(export.target)}, on its own | {export.status} | {inert(detail)} |")
    if len(rails) > RAILS:
        rows.append(f"| {plural(len(rails) - RAILS, 'more guardrail')} | | in the report |")
    return "\n".join(["| Guardrail | Result | Measured |", "|---|---|---|", *rows]) if rows else ""


def _means(means: Mapping[str, ModelMean], columns: Mapping[str, str]) -> str:
    scored = [name for name in models(means) if name in means and means[name].n]
    if not scored:
        return ""
    lines = ["| Model | Items | " + " | ".join(columns.values()) + " |", "|---|" + "--:|" * (len(columns) + 1)]
    for name in scored:
        values = " | ".join(_value(means[name], key) for key in columns)
        lines.append(f"| {NAMES[name]} | {means[name].n} | {values} |")
    return "\n".join(lines)


def _value(mean: ModelMean, key: str) -> str:
    spread = "" if key != "f1" or is_missing(mean.low) else f" ({interval(mean.low, mean.high)})"
    return number(getattr(mean, key)) + spread


def _accepted_share(evaluation: Evaluation) -> str:
    items, accepted = evaluation.fresh_items, evaluation.accepted
    if not items:
        return ""
    return f"{accepted} of {plural(items, 'fresh item')} ({share(accepted, items)}) were accepted unchanged."


def _regressions(report: Report, contender: str) -> str:
    worst = worst_regressions(report.items, contender, SHOWN)
    named = [f"{code(change.new.external_id)} ({number(change.effect, signed=True)})" for change in worst]
    return f"Worst regressions: {', '.join(named)}." if named else f"The {contender} lost F1 on no item."


def _sources(report: Report) -> str:
    """Who reviewed, what was spent, and by what the data is found again, a line each."""
    lines = [
        *_reviews(report),
        *_confidence(report),
        *_certificates(report),
        *_training(report.files),
        *_judges(report.files),
        *_lineage(report),
    ]
    facts = [f"{inert(name)} {code(fact)}" for name, fact in report.facts.items()]
    if facts:
        lines.append(", ".join(facts))
    return "\n".join(f"- {line}" for line in lines)


def _reviews(report: Report) -> Iterator[str]:
    people = reviewers(tonights_items(report))
    if people:
        edited, accepted = sum(person.edited for person in people), sum(person.accepted for person in people)
        yield f"Reviewed by {plural(len(people), 'person', 'people')}: {edited} edited, {accepted} accepted."


def _confidence(report: Report) -> Iterator[str]:
    if report.calibration:
        yield f"How sure the model is: {inert(' '.join(calibration_sentences(report.calibration)))}"


def _certificates(report: Report) -> Iterator[str]:
    for certificate in report.files.certificates:
        yield f"Export {inert(certificate.target)}, {inert(certificate_sentence(certificate))}."


def _training(files: NightFiles) -> Iterator[str]:
    if files.training and files.training.steps:
        tokens = f" on {count(files.mixture.tokens)} tokens" if files.mixture else ""
        yield f"Trained for {plural(files.training.steps, 'step')}{tokens}."


def _judges(files: NightFiles) -> Iterator[str]:
    for name, judging in files.judges.items():
        yield f"Judges of the {inert(name)}: {inert(panel_sentence(judging))} {plural(judging.calls, 'call')}."


def _lineage(report: Report) -> Iterator[str]:
    entry, night, sha256 = leading_decision(report.decisions), report.files.night, report.files.sha256
    if entry:
        against = f" against champion {code(night.champion[:16])}" if night and night.champion else ""
        yield f"Model: {inert(entry.name)} {code(entry.model[:16])}{against}."
    if night:
        marks = f"watermarks {code(str(night.training_watermark))}, {code(str(night.gate_watermark))}"
        hashes = [f"{file} {code(sha256[file][:16])}" for file in (MANIFEST, PIPELINE_LOCK) if file in sha256]
        yield f"Data: {', '.join([marks, *hashes])}."
