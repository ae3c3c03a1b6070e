"""Numbers as they are read, and the night in Markdown."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from errata.documents.guardrail import GuardrailResult
from evaluation.report import figures
from evaluation.report.content import Report
from evaluation.report.markdown import summary
from tests.made_up_decision import RESULT
from tests.made_up_report import full_report, tainted


@pytest.fixture(scope="module")
def night() -> Report:
    return full_report()


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [(None, False, "–"), (math.nan, True, "–"), (-3.14, False, "−3.1"), (2.0, True, "+2.0"), (-0.04, True, "0.0")],
)
def test_numbers_as_read(value: float | None, signed: bool, text: str):
    assert figures.number(value, signed) == text


def test_minus_signs_are_true_but_dates_and_ids_keep_hyphens():
    assert figures.typographic("at worst -3.0 on 2026-03-04, talk-12; -m") == "at worst −3.0 on 2026-03-04, talk-12; -m"


def test_the_summary_names_the_verdict_and_its_numbers(night: Report):
    text = summary(night, "The whole report: `nights/x/report.html`")
    primary = night.evaluation.contenders[0].primary
    assert text.startswith("## Promoted: the candidate is the new champion\n")
    assert f"**{figures.number(primary.effect, True)} points of F1**" in text
    assert text.count("\n| ") >= 8
    assert text.endswith("The whole report: `nights/x/report.html`\n")


def rejected(night: Report, *guardrails: GuardrailResult) -> Report:
    entry = night.decisions[0]
    decision = replace(entry.decision, verdict="reject", cause="better, but harmful", guardrails=guardrails)
    return replace(night, decisions=(replace(entry, promoted=False, decision=decision),))


def test_the_summary_is_short_whatever_was_measured(night: Report):
    failed = replace(RESULT, status="failed", n=200, effect=-9.0, bound=-9.9)
    text = summary(rejected(night, *(replace(failed, name=f"slice_{at}") for at in range(30))))
    assert len(text.splitlines()) < 60
    assert "17 more guardrails" in text


def test_guardrails_that_fail_come_first(night: Report):
    parsable = replace(RESULT, name="parsable", n=104, effect=0.0, bound=0.0, margin=0.5, unit="percentage points")
    text = summary(rejected(night, parsable, replace(RESULT, status="failed", effect=-4.0, bound=-5.3)))
    assert text.index("| Anchor") < text.index("| Parsable")
    assert "Fails by 2.3 points of F1: at worst −5.3, and −3.0 is allowed; measured −4.0 on 26 items." in text


def test_the_summary_says_who_reviewed_what_was_spent_and_on_which_data(night: Report):
    text = summary(night)
    assert "Reviewed by 3 people: 41 edited, 23 accepted." in text
    assert "Trained for 320 steps on 95\u202f556 tokens." in text
    assert "Judges of the candidate: 2 of 3 judges, of 2 families, have a say. 192 calls." in text
    assert f"manifest.json `{'ab' * 8}`, dvc.lock `{'cd' * 8}`" in text


def test_the_summary_makes_no_mention_link_or_markup(night: Report):
    text = summary(tainted(night, "@all see #12, [x](https://evil.example) `a` | www.evil.example <b>"))
    prose = re.sub(r"`[^`\n]*`", "", text)
    assert not re.search(r"@all|#12|https://|www\.evil|<b>|(?<!\\)\[x", prose)
