"""The page: one HTML file that needs nothing else, whatever the transcripts, titles and reviewers' names contain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from errata.domain.names import printable
from errata.wording.alias_sentences import alias_check_sentences
from errata.wording.calibration_sentences import calibration_sentences
from errata.wording.certificate_sentences import certificate_facts
from errata.wording.drift_sentences import drift_sentences
from errata.wording.glossary import GLOSSARY
from errata.wording.judging_sentences import (
    better_sentence,
    floor_sentence,
    judge_sentences,
    panel_sentence,
    rates_sentence,
    unlabelled_sentence,
)
from errata.wording.night_sentences import alarm_sentence, gate_change_sentence, seeds_sentence
from evaluation.report import figures
from evaluation.report.answer_words import WORDS, terms
from evaluation.report.cases import case
from evaluation.report.content import Fact, Report, fixed_cases, worst_regressions
from evaluation.report.continual_tables import worst_vintage_row
from evaluation.report.curve import curve
from evaluation.report.lead import dateline
from evaluation.report.loss_curve import loss_curve
from evaluation.report.measures import NAMES
from evaluation.report.prospects import ignores_judges
from evaluation.report.reliability_diagram import reliability_diagram
from evaluation.report.report_document import report_document
from evaluation.report.slices import reach
from evaluation.report.verdict import word

CURVES = {"wide": (1080.0, 380.0), "narrow": (360.0, 300.0)}
LOSSES = {"wide": (760.0, 240.0), "narrow": (360.0, 220.0)}
RELIABILITIES = {"wide": (520.0, 440.0), "narrow": (340.0, 340.0)}
"""Width and height: a page has both drawings, and shows the one that its reader's window has room for."""


def render(report: Report) -> str:
    """HTML that a browser shows under `default-src 'none'; style-src 'unsafe-inline'; img-src data:`."""
    return _environment().get_template("page.html.j2").render(**_content(report))


def _content(report: Report) -> dict[str, Any]:
    document, items = report_document(report), report.items
    contender = document.verdict.name if document.verdict else "candidate"
    worst, fixed = worst_regressions(items, contender), fixed_cases(items, contender)
    return {
        "report": report,
        "document": document,
        "night": document.night,
        "dateline": dateline(report),
        "title": document.title,
        "verdict": document.verdict,
        "rails": {rail.key: rail for rail in document.verdict.guardrails} if document.verdict else {},
        "curves": {name: curve(report.nights, document.equal_split_f1, *size) for name, size in CURVES.items()},
        "losses": {name: loss_curve(document.loss, *size) for name, size in LOSSES.items()},
        "reliabilities": {
            name: reliability_diagram(document.calibration, *size) for name, size in RELIABILITIES.items()
        },
        "waited": any("challenger" in line.means for line in report.nights),
        "names": NAMES,
        "models": document.models,
        "means": report.evaluation.means,
        "day0_is_champion": not any(row.name == "champion" for row in items) and bool(items),
        "contender": contender,
        "words": WORDS[report.task],
        "of_chapters": report.task == "chapters",
        "glossary": terms(report.task, GLOSSARY),
        "ignores_judges": ignores_judges(document.verdict) if document.verdict else "",
        "reach": reach(row for rows in document.slices.values() for row in rows),
        "worst": [case(change, report.excerpts.get(change.new.transcript), report.task) for change in worst],
        "fixed": [case(change, report.excerpts.get(change.new.transcript), report.task) for change in fixed],
        "worst_vintage": worst_vintage_row(document.continual.vintages) if document.continual else None,
    }


def anchor(term: str) -> str:
    """Where the page explains a term of the glossary."""
    return "term-" + "-".join(re.findall(r"\w+", term))


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
        "two": figures.two,
        "interval": figures.interval,
        "count": figures.count,
        "typographic": figures.typographic,
        "word": word,
        "anchor": anchor,
        "short": figures.short,
        "grouped": _groups,
        "alarm_sentence": alarm_sentence,
        "alias_check_sentences": alias_check_sentences,
        "drift_sentences": drift_sentences,
        "calibration_sentences": calibration_sentences,
        "certificate_facts": certificate_facts,
        "gate_change_sentence": gate_change_sentence,
        "seeds_sentence": seeds_sentence,
        "better_sentence": better_sentence,
        "floor_sentence": floor_sentence,
        "judge_sentences": judge_sentences,
        "panel_sentence": panel_sentence,
        "rates_sentence": rates_sentence,
        "unlabelled_sentence": unlabelled_sentence,
    }
    environment.tests["missing"] = figures.is_missing
    environment.globals |= {"plural": figures.plural, "share": figures.share}
    return environment


def _groups(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.group, []).append(fact)
    return groups


def _printable(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
