"""What would change a verdict: how many items, nights and judges it lacks."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from random import Random
from typing import Any

import pytest

import evaluation.report.verdict as verdict_module
from errata.documents.comparison import NOTHING
from errata.documents.decision import Decision, OutcomeDecision, Wager
from errata.documents.document import from_json
from errata.documents.evidence import Evidence
from errata.documents.guardrail import GuardrailResult
from errata.documents.judging import IntervalEstimate, Judging
from errata.documents.outcome import Outcome
from errata.wording import gate_sentences
from evaluation.report import figures
from evaluation.report.content import Report
from evaluation.report.markdown import summary
from evaluation.report.page import render
from evaluation.report.prospects import prospects
from evaluation.report.verdict import ContenderVerdict, contender_verdict
from evaluation.statistics.paired import compare
from registry.gate import decide
from registry.policy import SEQUENTIAL, SMALL
from tests.made_up_decision import OLDER_PROMOTES, OLDER_WAITS, OPEN, RESULT, older_outcome
from tests.made_up_report import Page, full_report, judges


@pytest.fixture(scope="module")
def night() -> Report:
    return full_report()


def older(model: str, decision: dict[str, Any]) -> OutcomeDecision:
    """As it is read from an outcome that an older Errata wrote."""
    return from_json(Outcome, older_outcome(model, decision), "it", "mend it").decisions[0]


def decided(new: float, anchor: float | None = None, n: int = 60, spread: float = 20.0) -> ContenderVerdict:
    """The gate's own decision on made-up differences."""
    clusters = [str(at % 12) for at in range(n)]
    random = Random(1)
    drawn = [random.gauss(0, spread) for _ in range(n)]
    swing = [by - sum(drawn) / n for by in drawn]
    primary = compare([50 + new + by for by in swing], [50.0] * n, clusters, 1)
    comparisons = dict.fromkeys(REQUIRED, compare([50.0] * n, [50.0] * n, clusters, 1))
    if anchor is not None:
        comparisons["anchor"] = compare([50 + anchor + by / 20 for by in swing], [50.0] * n, clusters, 1)
    rails = [SMALL.guardrail(name, comparison) for name, comparison in comparisons.items()]
    found = decide(Evidence(primary, tuple(rails)), SMALL)
    return contender_verdict(OutcomeDecision("candidate", "m", found.verdict == "promote", "", found), primary)


REQUIRED = tuple(limit.name for limit in SMALL.limits if limit.required)


def said(found: ContenderVerdict, fresh: int = 50, judging: Judging | None = None) -> dict[str, str]:
    told = prospects(found, fresh, judging)
    return {
        subject: " ".join(one.text for one in told if one.subject == subject) for subject in (p.subject for p in told)
    }


def test_an_undecided_night_says_how_many_items_and_nights_it_takes():
    found = decided(1.5)
    assert found.verdict == "underpowered" and found.needs
    told = said(found)
    assert told["Next"] == f"About {found.needs} more fresh items: with so many, a gain of 2.0 points would show."
    assert re.findall(r"\d+", told["Fresh items"]) == ["60", *f"{found.primary.mde:.1f}".split("."), "80", "100"]
    assert f"is {math.ceil(found.needs / 50)} more nights; with twice the reviews a night" in told["Reviewers"]


def test_a_challenger_s_nights_are_held_against_the_items_that_it_lacks():
    wager = Wager(wealth=2.0, worse=0.1, p_value=0.02, night=3, begun=1)
    decision = Decision("underpowered", "waits", preset=SEQUENTIAL.as_preset(), needs=120, wager=wager)
    found = contender_verdict(OutcomeDecision("challenger", "m", False, "", decision), NOTHING)
    told = said(found, fresh=30)
    assert told["Next"] == (
        "About 120 more fresh items like these, if its gain stays what was measured. It has 2 nights left."
    )
    assert found.p_value == 0.02, "the test that decides, and not the comparison's own"
    assert told["Reviewers"].endswith("is 4 more nights, which it doesn’t have: 60 a night would do.")
    assert said(found, fresh=60)["Reviewers"].endswith("is 2 more nights: it has time enough.")


def test_a_guardrail_that_fails_is_named_with_by_how_much():
    found = decided(15.0, anchor=-6.0)
    assert found.verdict == "reject"
    [rail] = [rail for rail in found.guardrails if rail.status == "failed"]
    assert rail.worst is not None and rail.allowed == -3.0
    told = said(found)
    assert told[rail.name].startswith(f"Fails by {-3.0 - rail.worst:.1f} points of F1: at worst −{-rail.worst:.1f}")
    assert "A judge" not in told, "more items would not change a rejection"


def shown(rail: GuardrailResult) -> ContenderVerdict:
    """A night that is decided but for what `rail` leaves open."""
    return contender_verdict(
        OutcomeDecision("candidate", "m", True, "", Decision("promote", guardrails=(rail,))), NOTHING
    )


@pytest.mark.parametrize(
    ("rail", "lacks"),
    [
        (replace(OPEN, n=15, effect=None, bound=None), 5),
        (replace(OPEN, n=48, effect=0.0, bound=-6.0), 144),
        (replace(OPEN, n=300, effect=0.0, bound=-0.54, margin=0.5), 50),
        (replace(OPEN, effect=0.0, bound=None), None),
        (replace(OPEN, n=None, effect=None, bound=None), None),
        (replace(OPEN, effect=0.0, bound=-1.0, margin=0.0), None),
        (RESULT, None),
    ],
)
def test_what_would_make_a_guardrail_evaluable(rail: GuardrailResult, lacks: int | None):
    found = shown(rail)
    assert found.guardrails[0].lacks == lacks
    assert (found.guardrails[0].name in said(found)) == (lacks is not None)


def test_a_set_that_barely_misses_its_margin_is_told_how_many_more_it_needs():
    """To one decimal, 0.54 and 0.5 are the same: what is shown is reckoned from what was measured."""
    clusters = [str(at) for at in range(300)]
    draws = [random.gauss(0, 1) for random in [Random(5)] for _ in range(300)]
    swing = [draw - sum(draws) / 300 for draw in draws]
    unit = SMALL.guardrail("parity_server", compare(swing, [0.0] * 300, clusters, 1))
    assert unit.bound is not None
    wide = compare([by * 0.54 / -unit.bound for by in swing], [0.0] * 300, clusters, 1)
    rail = SMALL.guardrail("parity_server", wide)
    assert (rail.effect, rail.bound) == (pytest.approx(0), pytest.approx(-0.54))
    found = decide(Evidence(compare([], [], [], 1), (rail,)), SMALL)
    told = contender_verdict(OutcomeDecision("candidate", "m", False, "", found), NOTHING)
    assert "about 50 more items would make it evaluable" in said(told)["Parity of the server export"]
    assert told.guardrails[0].detail == (
        "300 items tell the difference to within 0.54 points of F1, and 0.50 is asked."
    )


def test_no_number_is_read_out_of_a_sentence(monkeypatch: pytest.MonkeyPatch):
    found = decide(Evidence(compare([], [], [], 1), (SMALL.guardrail("anchor", NOTHING),)), SMALL)
    entry = OutcomeDecision("candidate", "m", False, "", found)
    numbers = ("status", "decides", "vintage", "n", "effect", "worst", "allowed", "unit", "lacks")
    before = contender_verdict(entry, NOTHING)
    for name in ("_why_not_evaluable", "_cause", "_fault", "_detectable", "known_error", "guardrail_detail"):
        monkeypatch.setattr(gate_sentences, name, lambda *_: "Other words.")
    monkeypatch.setattr(verdict_module, "guardrail_detail", lambda *_: "Other words.")
    after = contender_verdict(entry, NOTHING)
    assert before.findings != after.findings
    assert (before.needs, before.look, before.preset) == (after.needs, after.look, after.preset)
    for old, new in zip(before.guardrails, after.guardrails, strict=True):
        assert [getattr(old, name) for name in numbers] == [getattr(new, name) for name in numbers]
    assert before.guardrails[0].detail != after.guardrails[0].detail
    assert said(before) == said(after)


def test_a_guardrail_that_is_only_shown_stands_in_nobodys_way():
    found = shown(
        replace(RESULT, name="latency", status="failed", effect=-20.0, bound=-25.0, margin=10.0, decides=False)
    )
    assert not found.guardrails[0].decides
    assert list(said(found)) == ["Next"]


def test_a_decision_of_an_older_version_is_shown_in_its_own_words(night: Report):
    entry = older("m" * 64, OLDER_PROMOTES)
    found = contender_verdict(entry, night.primary("candidate"))
    assert list(found.findings) == OLDER_PROMOTES["reasons"] and found.guardrails == ()
    words = Page(render(replace(night, decisions=(entry,)))).words()
    assert "Promoted: the candidate is the new champion" in words
    assert all(figures.typographic(" ".join(reason.split())) in words for reason in OLDER_PROMOTES["reasons"])
    assert "What must not get worse" not in words
    waits = older("m" * 64, OLDER_WAITS)
    assert "About 350 more fresh items" in summary(replace(night, decisions=(waits,)))


def test_what_a_judge_would_add_follows_from_its_correlation():
    found = decided(1.5)
    assert "a correlation of 0.6 makes the 60 items say as much as 94 at the most" in said(found)["A judge"]
    assert "The preset small decides without judges." in said(found)["A judge"]
    good, poor = (replace(judges(), differences=IntervalEstimate(60, 6, rho, None, None)) for rho in (0.8, 0.3))
    assert "correlation of 0.80; that makes the 60 items say as much as 167" in said(found, judging=good)["A judge"]
    assert "adds next to nothing" in said(found, judging=poor)["A judge"]


def test_a_preset_that_hears_judges_is_not_said_to_be_deaf():
    found = decided(1.5)
    assert found.look is not None
    hears = replace(found, hears_judges=True, look=replace(found.look, design_effect=2.0))
    told = said(hears)
    assert "decides without judges" not in told["A judge"]
    assert "say as much as 30 from as many channels" in told["Reviewers"]


def test_a_promotion_leaves_nothing_open_but_what_could_not_be_judged():
    found = decided(30.0, spread=5.0)
    assert found.promoted
    assert set(said(found)) == {"Next"}
