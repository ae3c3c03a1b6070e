"""The night as JSON, for programs: the same contents as the page, under a schema that is part of the project.

`schema.json` beside this file is `schema()` written down. A change that a reader could trip over gets a new name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from errata.documents.alias_check import AliasCheck
from errata.documents.calibration import Calibration
from errata.documents.certificate import Certificate
from errata.documents.drift import DriftReport
from errata.documents.equal_split import EqualSplitAlarm
from errata.documents.judging import Judging
from errata.documents.night import GateChange
from errata.documents.seed_spread import SeedSpread
from errata.domain.chapter import Chapters
from errata.domain.names import printable
from errata.files import JsonObject
from evaluation.report.content import (
    Change,
    Fact,
    InService,
    NightLine,
    Report,
    changes,
    fixed_cases,
    parsable_shares,
    tonights_items,
    worst_regressions,
)
from evaluation.report.continual_tables import Continual, continual
from evaluation.report.cost_facts import cost
from evaluation.report.figures import known
from evaluation.report.lead import lead
from evaluation.report.lineage_facts import lineage
from evaluation.report.measures import Measure, measures, metrics_by_model, models
from evaluation.report.prospects import Prospect, prospects
from evaluation.report.slices import ReviewerCounts, Slice, reviewers, slices
from evaluation.report.verdict import ContenderVerdict, headline, leading_verdict, other_verdicts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Name = Literal["errata-report-2"]
NAME: Name = "errata-report-2"


@dataclass(frozen=True)
class ReportedCase:
    """An item on which the contender lost or gained much."""

    transcript: int
    external_id: str
    part: str
    channel: str
    kind: str
    reviewer: str
    effect: float
    champion_f1: float
    contender_f1: float
    reference: Chapters
    champion: Chapters
    contender: Chapters


@dataclass(frozen=True)
class ReportDocument:
    schema: Name
    night: str
    workspace: str
    ended_on: str
    title: str
    sentence: str
    lead: tuple[str, ...]
    in_service: InService | None
    equal_split_alarm: EqualSplitAlarm | None
    gate_change: GateChange | None
    aliases: AliasCheck | None
    drift: DriftReport | None
    verdict: ContenderVerdict | None
    prospects: tuple[Prospect, ...]
    others: tuple[ContenderVerdict, ...]
    certificates: tuple[Certificate, ...]
    seeds: SeedSpread | None
    nights: tuple[NightLine, ...]
    fresh_items: int
    accepted: int
    equal_split_f1: float | None
    models: tuple[str, ...]
    measures: dict[str, tuple[Measure, ...]]
    slices: dict[str, tuple[Slice, ...]]
    calibration: Calibration | None
    continual: Continual | None
    judges: Judging | None
    regressions: tuple[ReportedCase, ...]
    fixed: tuple[ReportedCase, ...]
    reviewers: tuple[ReviewerCounts, ...]
    cost: tuple[Fact, ...]
    loss: tuple[float | None, ...]
    accesses: dict[str, int]
    lineage: tuple[Fact, ...]
    facts: dict[str, str]


def as_json(report: Report) -> JsonObject:
    """A JSON object that `schema()` describes; without NaN, and in characters that UTF-8 has."""
    cleaned: JsonObject = _clean(asdict(report_document(report)))
    return cleaned


def report_document(report: Report) -> ReportDocument:
    evaluation, verdict = report.evaluation, leading_verdict(report)
    title, sentence = headline(report)
    contender = verdict.name if verdict else "candidate"
    fresh, training = tonights_items(report), report.files.training
    metrics = metrics_by_model(evaluation.means, parsable_shares(report))
    return ReportDocument(
        schema=NAME,
        night=evaluation.night,
        workspace=report.workspace,
        ended_on=report.ended_on,
        title=title,
        sentence=sentence,
        lead=lead(report, verdict),
        in_service=report.in_service,
        equal_split_alarm=report.equal_split_alarm,
        gate_change=report.gate_change,
        aliases=report.files.aliases,
        drift=report.files.drift,
        verdict=verdict,
        prospects=prospects(verdict, evaluation.deciding_items, report.judging(contender)) if verdict else (),
        others=other_verdicts(report),
        certificates=tuple(report.files.certificates),
        seeds=report.files.seeds,
        nights=report.nights,
        fresh_items=evaluation.fresh_items,
        accepted=evaluation.accepted,
        equal_split_f1=evaluation.equal_split_f1,
        models=models(evaluation.means),
        measures=measures(metrics, report.task),
        slices=contender_slices(report, contender),
        calibration=report.calibration,
        continual=continual(evaluation.scores_of(contender), report.learnt),
        judges=report.judging(contender),
        regressions=tuple(map(_case, worst_regressions(report.items, contender))),
        fixed=tuple(map(_case, fixed_cases(report.items, contender))),
        reviewers=reviewers(fresh),
        cost=cost(report),
        loss=training.loss if training else (),
        accesses=report.accesses,
        lineage=lineage(report),
        facts=report.facts,
    )


def contender_slices(report: Report, contender: str) -> dict[str, tuple[Slice, ...]]:
    """With the gate's own comparisons, where it made them."""
    scores = report.evaluation.scores_of(contender)
    if scores is None:
        return slices(changes(report.items, contender), {}, {})
    labelled = scores.drafts.labelled if scores.drafts else scores.primary
    sources = scores.drafts.by_source if scores.drafts else {}
    return slices(changes(report.items, contender), {"fresh": labelled, **scores.all_guardrails}, sources)


def schema() -> JsonObject:
    """JSON Schema, draft 2020-12. Every object lists all that it holds, but for those that are tables by name."""
    from pydantic import TypeAdapter

    document = TypeAdapter(ReportDocument).json_schema(mode="serialization")
    for part in (document, *document["$defs"].values()):
        part["additionalProperties"] = False
    return {"$schema": DIALECT, "$id": NAME} | document


def _case(change: Change) -> ReportedCase:
    old, new = change.old, change.new
    return ReportedCase(
        transcript=new.transcript,
        external_id=new.external_id,
        part=new.part,
        channel=new.channel,
        kind=new.kind,
        reviewer=new.reviewer,
        effect=change.effect,
        champion_f1=old.f1,
        contender_f1=new.f1,
        reference=new.reference_chapters,
        champion=old.predicted_chapters,
        contender=new.predicted_chapters,
    )


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {printable(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return printable(value) if isinstance(value, str) else known(value)
