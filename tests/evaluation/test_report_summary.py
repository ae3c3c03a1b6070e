"""Numbers as they are read, and the night in Markdown."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from evaluation.report import figures
from evaluation.report.content import Report
from evaluation.report.markdown import summary
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
    text = summary(night)
    primary = night.evaluation["contenders"][0]["primary"]
    assert text.startswith("## Promoted: the candidate is the new champion\n")
    assert f"**{figures.number(primary['effect'], True)} points of F1**" in text
    assert text.count("\n| ") >= 8
    assert text.endswith("[The whole report](report.html)\n")


def test_the_summary_is_short_whatever_was_measured(night: Report):
    rails = [
        f"slice_{at}: failed, -9.0 points of F1 and at worst -9.9 on 200 items; -3.0 is allowed." for at in range(30)
    ]
    reasons = ["It fails.", "Detectable: nothing.", *rails, "Known error of the preset annual: none."]
    decision = {**night.decisions[0], "verdict": "reject", "promoted": False, "reasons": reasons}
    text = summary(replace(night, decisions=(decision,)))
    assert len(text.splitlines()) < 60
    assert "12 more guardrails" in text


def test_guardrails_that_fail_come_first(night: Report):
    reasons = [
        "It fails.",
        "parsable: passed, +0.0 percentage points and at worst +0.0 on 104 items; -0.5 is allowed.",
        "anchor: failed, -4.0 points of F1 and at worst -5.3 on 26 items; -3.0 is allowed.",
    ]
    decision = {**night.decisions[0], "verdict": "reject", "promoted": False, "reasons": reasons}
    text = summary(replace(night, decisions=(decision,)))
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
    prose = re.sub(r"`[^`\n]*`", "", text.replace("[The whole report](report.html)", ""))
    assert not re.search(r"@all|#12|https://|www\.evil|<b>|(?<!\\)\[x", prose)
