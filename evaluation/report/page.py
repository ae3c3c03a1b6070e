"""The page: one HTML file that needs nothing else, whatever the transcripts, titles and reviewers' names contain."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluation.report import figures, verdict
from evaluation.report.cases import case
from evaluation.report.content import Report, changes, fixed_cases, lead, worst_regressions
from evaluation.report.curve import curve
from evaluation.report.measures import NAMES, measures, models
from evaluation.report.slices import reach, reviewers, slices

WIDE, NARROW = (1080.0, 380.0), (360.0, 300.0)
LONGEST_TEXT = 400


def render(report: Report) -> str:
    """HTML that a browser shows under `default-src 'none'; style-src 'unsafe-inline'; img-src data:`."""
    return _environment().get_template("page.html.j2").render(**_content(report))


def _content(report: Report) -> dict[str, Any]:
    evaluation = report.evaluation
    decision = lead(report.decisions)
    title, sentence = verdict.headline(report)
    return {
        "report": report,
        "night": evaluation.get("night") or (report.nights[-1].label if report.nights else ""),
        "title": title,
        "sentence": sentence,
        "verdict": verdict.read(decision, evaluation) if decision else None,
        "others": [verdict.read(other, evaluation) for other in report.decisions if other is not decision],
        "curves": _curves(report),
        "names": NAMES,
        "models": models(evaluation.get("means", {})),
        "means": evaluation.get("means", {}),
        "measures": measures(evaluation.get("means", {})),
        "day0_is_champion": not any(row["name"] == "champion" for row in report.items) and bool(report.items),
        "reviewers": reviewers(report.items),
        **_items(report, decision["name"] if decision else "candidate"),
    }


def _curves(report: Report) -> dict[str, Any]:
    floor = report.evaluation.get("equal_split_f1")
    return {"wide": curve(report.nights, floor, *WIDE), "narrow": curve(report.nights, floor, *NARROW)}


def _items(report: Report, contender: str) -> dict[str, Any]:
    items, excerpts = report.items, report.excerpts
    worst, fixed = (pick(items, "champion", contender) for pick in (worst_regressions, fixed_cases))
    found = slices(changes(items, "champion", contender), _measured(report, contender))
    return {
        "contender": contender,
        "slices": found,
        "reach": reach(row for rows in found.values() for row in rows),
        "worst": [case(change, excerpts.get(change.new["transcript"])) for change in worst],
        "fixed": [case(change, excerpts.get(change.new["transcript"])) for change in fixed],
    }


def _measured(report: Report, contender: str) -> dict[str, dict[str, Any]]:
    contests = {contest["name"]: contest for contest in report.evaluation.get("contenders", [])}
    if contender not in contests:
        return {}
    return {"fresh": contests[contender]["primary"], "anchor": contests[contender]["guardrails"]["anchor"]}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": figures.number,
        "interval": figures.interval,
        "count": figures.count,
        "typographic": figures.typographic,
        "word": verdict.word,
        "short": _short,
    }
    environment.tests["missing"] = figures.is_missing
    environment.globals |= {"plural": figures.plural, "share": figures.share}
    return environment


def _printable(value: Any) -> Any:
    return figures.printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _short(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
