"""The dashboard's pages that only show: nights, models, reviewers, and a night's report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from errata.documents.file_names import REPORT_PAGE
from errata.operations.draft_quality import NEWEST, draft_quality
from errata.operations.night_reports import night_report
from errata.operations.queue_health import queue_health
from errata.operations.reviewer_work import reviewer_work
from errata.operations.status import LoopStatus, loop_status
from errata.operations.waiting_challenger import waiting_challenger
from errata.service.bar_chart import bar_chart
from errata.service.identity import Identity, needs
from errata.service.line_chart import LABEL_TAGS, line_chart
from errata.service.night_curve import CURVE_NAMES, curve_lines
from errata.service.pages import page
from errata.service.service_state import state
from errata.wording.approval_sentences import verdict_words
from errata.wording.canary_sentences import canary_sentence
from errata.wording.drift_sentences import drift_sentences
from errata.wording.gate_sentences import causes
from errata.wording.night_sentences import alarm_sentence
from errata.workspace import Workspace

router = APIRouter(prefix="/dashboard", include_in_schema=False)
Team = Annotated[Identity, Depends(needs("reviewer"))]
"""Whoever reviews or decides may see how it goes."""
WIDE, NARROW = 1040.0, 340.0
"""Units of the two drawings of a chart: a page has both, and shows the one that its window has room for."""
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A report has its own styles and no script. Sandboxed it is of no origin, so nothing in it could reach the session."""


@router.get("")
def overview(request: Request, _: Team) -> Response:
    workspace = state(request).workspace
    status = loop_status(workspace)
    with workspace.record.read() as store:
        nights = store.nights.means()
    lines, labels = curve_lines(nights), [night.label for night in nights]
    states = {promotion.night: promotion.state for promotion in status.promotions}
    promoted = {night.label for night in nights if night.promoted or states.get(night.label) == "promoted"}
    promotions = [number for number, night in enumerate(nights) if night.label in promoted]
    challenger = waiting_challenger(workspace)
    health = queue_health(workspace, datetime.now(UTC))
    return page(
        request,
        "dashboard_overview.html",
        {
            "status": status,
            "alarms": list(_alarms(status)),
            "curve_lines": lines,
            "wide": line_chart(lines, labels, promotions, WIDE, LABEL_TAGS),
            "narrow": line_chart(lines, labels, promotions, NARROW, 0),
            "curve_names": CURVE_NAMES,
            "means": {night.label: night for night in nights},
            "verdicts": {night.label: verdict_words(night.verdict, states.get(night.label)) for night in status.nights},
            "proposed": [promotion for promotion in status.promotions if promotion.state == "waiting"],
            "reports": _reports(workspace, status),
            "challenger": challenger,
            "reason": causes(challenger.decision)[0] if challenger and challenger.decision else "",
            "health": health,
            "bars": bar_chart(health.days),
        },
    )


def _alarms(status: LoopStatus) -> Iterator[str]:
    """What `errata status` alarms of."""
    if status.equal_split_alarm:
        yield alarm_sentence(status.equal_split_alarm)
    if status.drift:
        yield from drift_sentences(status.drift)
    if status.canary and status.canary.canary.has_returned:
        yield canary_sentence(status.canary.canary, status.canary.counts, status.canary.evidence)


def _reports(workspace: Workspace, status: LoopStatus) -> set[str]:
    """The nights that have one."""
    return {night.label for night in status.nights if (workspace.nights / night.label / REPORT_PAGE).is_file()}


@router.get("/models")
def models(request: Request, _: Team) -> Response:
    versions = draft_quality(state(request).workspace)
    return page(request, "dashboard_models.html", {"versions": versions, "newest": NEWEST})


@router.get("/reviewers")
def reviewers(request: Request, _: Team) -> Response:
    return page(request, "dashboard_reviewers.html", {"reviewers": reviewer_work(state(request).workspace)})


@router.get("/nights/{night}/report")
def report(request: Request, night: str, _: Team) -> Response:
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(night_report(state(request).workspace, night), media_type="text/html", headers=headers)
