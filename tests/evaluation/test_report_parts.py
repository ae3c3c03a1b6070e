"""What would change a verdict, what a night cost, where its data came from, what was kept, and who judged."""

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
from errata.documents.evaluation import ContenderScores
from errata.documents.evidence import Evidence
from errata.documents.guardrail import GuardrailResult
from errata.documents.judging import NOTHING as UNKNOWN
from errata.documents.judging import IntervalEstimate, Judging, ReviewerAgreement, SayReason
from errata.documents.outcome import Outcome
from errata.documents.stage_reports import NightTiming, TrainingLog
from errata.wording import gate_sentences
from evaluation.report import figures
from evaluation.report.content import Fact, NightFiles, Report
from evaluation.report.continual_tables import SHADES, continual, worst_vintage_row
from evaluation.report.cost_facts import cost
from evaluation.report.figures import count
from evaluation.report.lineage_facts import lineage
from evaluation.report.markdown import summary
from evaluation.report.page import render
from evaluation.report.prospects import prospects
from evaluation.report.report_document import as_json, contender_slices, report_document
from evaluation.report.slices import reach
from evaluation.report.verdict import ContenderVerdict, contender_verdict
from evaluation.statistics.paired import compare
from registry.gate import decide
from registry.policy import SEQUENTIAL, SMALL
from tests.made_up_decision import OLDER_PROMOTES, OLDER_WAITS, RESULT, older_outcome
from tests.made_up_night import bootstrap, report
from tests.made_up_report import Page, full_report, judges, taught


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


# What would change it.


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


OPEN = replace(RESULT, status="not evaluable")


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
    assert "about 50 more items would make it evaluable" in said(told)["Parity of the server’s artefact"]
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


# Cost, lineage and held-out items.


def test_the_cost_is_what_was_counted_and_nothing_else(night: Report):
    told = {(fact.group, fact.name): fact.value for fact in cost(night)}
    assert told["People", "Fresh labels scored tonight"] == 64
    assert told["Training", "Steps"] == 320
    assert told["Training", "Tokens in them, each time through"] == 95_556
    assert told["Items answered", "Candidate"] == 104
    assert told["Judges", "Calls"] == 192
    assert not any(group == "Machine" for group, _ in told), "an old night kept no times"
    timed = cost(replace(night, files=replace(night.files, timing=NightTiming(2, 150.4, 250.6))))
    assert [(fact.name, fact.value) for fact in timed if fact.group == "Machine"] == [
        ("Seconds", 150),
        ("Processor seconds", 251),
        ("Attempts", 2),
    ]


def test_a_night_that_trained_nothing_has_no_training_cost():
    groups = {fact.group for fact in cost(replace(bootstrap(), files=NightFiles(training=TrainingLog())))}
    assert groups == {"People"}
    page = Page(render(bootstrap())).words()
    assert "Loss on what" not in page and "Held-out items" not in page


def test_the_lineage_goes_from_the_record_to_the_candidate(night: Report):
    told = lineage(night)
    groups = list(dict.fromkeys(fact.group for fact in told))
    assert groups == ["Record", "Snapshot", "Curated", "Mix", "Models", "Scores", "Pipeline"]
    assert Fact("Snapshot", "Rows, replaced ones too", 212) in told
    assert Fact("Snapshot", "Manifest, SHA-256", "ab" * 32) in told
    assert Fact("Curated", "Left out: its leak group is held out", 93) in told
    assert Fact("Pipeline", "dvc.lock, SHA-256", "cd" * 32) in told
    words = Page(render(night)).words()
    for fact in told:
        shown = fact.value if isinstance(fact.value, str) else " ".join(count(fact.value).split())
        assert f"{fact.name}{shown}" in words


def test_an_old_night_without_sources_says_less():
    plain = report()
    assert [fact.group for fact in lineage(plain)] == ["Models"]
    words = Page(render(plain)).words()
    assert all(part not in words for part in ("Kept of earlier nights", "Canaries", "Scored on so far"))


def test_the_share_of_answers_that_could_be_read_is_a_metric(night: Report):
    fresh = [row.transcript for row in night.items if row.name == "candidate" and row.part == "fresh"]
    broken = fresh[:16]
    items = [
        replace(row, problems=("cut short",)) if row.name == "candidate" and row.transcript in broken else row
        for row in night.items
    ]
    told = as_json(replace(night, items=items))
    [row] = [row for row in told["measures"]["Answers"] if row["key"] == "parsable"]
    assert dict(zip(told["models"], row["values"], strict=True)) == {"day0": 100, "champion": 100, "candidate": 75}
    assert row["best"] == [True, True, False]
    assert "Answers" not in as_json(bootstrap())["measures"]


def test_why_nobody_contended_is_said():
    why = "12 training rows, and at least 20 are wanted (mix.least)"
    told = replace(bootstrap(), reason=why)
    assert f"Why nothing was trained: {why}." in Page(render(told)).words()
    assert f"Why nothing was trained: {why.replace('_', chr(92) + '_')}." in summary(told)
    assert "Why nothing" not in Page(render(bootstrap())).words()


# Slices.


def test_fresh_items_have_a_row_for_each_length_that_occurs(night: Report):
    lengths = ("short", "longer")
    items = [replace(row, length=lengths[row.transcript % 2]) for row in night.items]
    rows = as_json(replace(night, items=items))["slices"]["Fresh items, by length"]
    assert [row["name"] for row in rows] == ["Talks below 15 minutes", "Talks above an hour"]
    assert sum(row["n"] for row in rows) == night.evaluation.deciding_items == 41, "what was accepted decides nothing"


def test_a_slice_shows_the_gates_own_interval(night: Report):
    [scores] = night.evaluation.contenders
    gate = {"slice_short": replace(scores.primary, low=-1.25, high=2.5)}
    scores = replace(scores, more_guardrails={**scores.more_guardrails, **gate})
    items = [replace(row, length="short") for row in night.items]
    told = replace(night, items=items, evaluation=replace(night.evaluation, contenders=(scores,)))
    [row] = as_json(told)["slices"]["Fresh items, by length"]
    assert (row["low"], row["high"]) == (-1.25, 2.5)


def test_what_is_off_the_scale_is_not_drawn_on_it(night: Report):
    """A slice of three items may be 40 points off: at the border it would look like one that is there."""
    rows = [row for found in contender_slices(night, "candidate").values() for row in found if row.effect is not None]
    far = [row for row in rows if abs(row.effect or 0) > reach(rows)]
    svgs = re.findall(r'<svg class="bar".*?</svg>', render(night))
    assert far and len(svgs) == len(rows)
    assert sum("<path" in svg for svg in svgs) == len(far)
    places = [float(at) for svg in svgs for at in re.findall(r'(?:cx|x1|x2)="([^"]+)"', svg)]
    assert min(places) >= 4 and max(places) <= 140


# Continual learning.


def contender(vintages: int = 4, items: int = 20) -> ContenderScores:
    return taught(report(1).evaluation.contenders[0], vintages, items)


def test_a_row_is_a_model_and_a_column_a_vintage():
    found = continual(contender())
    assert found is not None
    assert [row.name for row in found.heat] == [
        "Day-0",
        "After vintage 1",
        "After vintage 2",
        "After vintage 3",
        "Tonight’s candidate",
    ]
    assert [[cell.taught for cell in row.cells].count(True) for row in found.heat] == [0, 1, 2, 3, 4]
    assert found.heat[-1].cells[0].score == 67.5
    shades = {cell.score: cell.shade for row in found.heat for cell in row.cells}
    assert shades[60.0] == 0 and shades[72.0] == SHADES - 1
    values = {measure.name: measure.value for measure in found.measures}
    assert values["ACC"] == pytest.approx(69.75)
    assert values["BWT"] == pytest.approx(-3.0)
    assert values["Forgetting"] == pytest.approx(3.0)


def test_each_measure_has_its_unit_and_says_whose_definition_it_is(night: Report):
    words = Page(render(night)).words()
    for shown in ("ACC69.8% mean F1 on all vintages", "BWT−3.0points backward transfer", "Forgetting+3.0points best"):
        assert shown.replace("% ", "%").replace("points ", "points") in words
    found = continual(contender())
    assert found is not None
    named = ("GEM", "GEM", "GEM", "Chaudhry", "Avalanche", "TRACE")
    assert all(name in measure.meaning for name, measure in zip(named, found.measures, strict=True))


def test_the_vintage_that_lost_most_is_the_harnesss_own():
    made = contender()
    found = continual(made)
    assert found is not None and made.continual is not None and made.continual.worst is not None
    worst = worst_vintage_row(found.vintages)
    assert worst is not None
    assert (f"vintage_{worst.night}", worst.effect) == (made.continual.worst.name, made.continual.worst.effect)


def test_all_vintages_together_are_the_forgetting_guardrail():
    made = contender()
    found = continual(made)
    assert found is not None and found.together is not None
    assert (found.together.items, found.together.of) == (80, 256)
    assert found.together.effect == made.more_guardrails["forgetting"].effect
    assert found.together.low is not None


def guarded(night: Report, *guardrails: GuardrailResult) -> Report:
    entry = night.decisions[0]
    return replace(night, decisions=(replace(entry, decision=replace(entry.decision, guardrails=guardrails)),))


def test_what_one_night_taught_is_told_in_its_own_table():
    rails = (replace(RESULT, name="vintage_2026-02-01 b", decides=False), replace(RESULT, name="forgetting"))
    night = guarded(full_report(1), *rails)
    found = contender_verdict(night.decisions[0], night.primary("candidate"))
    assert [(rail.name, rail.vintage, rail.decides) for rail in found.guardrails] == [
        ("Taught on 2026-02-01 b", True, False),
        ("Forgetting: what earlier nights taught", False, True),
    ]
    words = Page(render(night)).words()
    assert "Taught on 2026-02-01 b" not in words and "Forgetting: what earlier nights taught" in words


def test_the_table_of_vintages_says_what_the_gate_makes_of_each():
    """An interval alone would look evaluable where the gate says that it isn't."""
    failed = replace(RESULT, status="failed", effect=-9.0, bound=-11.0)
    html = render(
        guarded(
            full_report(1),
            replace(OPEN, name="vintage_2026-02-01", n=15, decides=False),
            replace(failed, name="vintage_2026-02-02", decides=False),
            replace(failed, name="forgetting"),
        )
    )
    rows = [Page(row).words() for row in re.findall("<tr.*?</tr>", html[html.index('aria-label="Vintages"') :], re.S)]
    assert rows[1].startswith("2026-02-01") and rows[1].endswith("○ not evaluableshown only")
    assert rows[2].startswith("2026-02-02") and rows[2].endswith("✗ failedshown only")
    assert rows[3].startswith("2026-02-03") and rows[3].endswith("the gate doesn’t look at it")
    assert rows[5].startswith("All together") and rows[5].endswith("✗ failed")


def test_small_vintages_are_not_evaluable():
    found = continual(contender(items=12))
    assert found is not None
    assert {vintage.why for vintage in found.vintages} == {"fewer than 20 items"}
    assert {vintage.low for vintage in found.vintages} == {None}
    assert worst_vintage_row(()) is None


def test_what_was_not_measured_is_a_dash():
    made = contender(2)
    assert made.continual is not None
    r = tuple((None, *row[1:]) if at == 1 else row for at, row in enumerate(made.continual.r))
    measures = {**made.continual.measures, "gem_fwt": None}
    made = replace(made, continual=replace(made.continual, r=r, measures=measures))
    night = full_report(1)
    html = render(replace(night, evaluation=replace(night.evaluation, contenders=(made,))))
    assert 'class="n hx"' in html
    assert 'title="not measured"' in html and 'title="too few nights to tell"' in html


def test_nothing_taught_is_nothing_shown():
    made = contender()
    assert made.continual is not None
    assert continual(None) is continual(replace(made, continual=None)) is None
    assert continual(replace(made, continual=replace(made.continual, vintages=(), rows=(), r=()))) is None


# Judges.


def test_the_panel_is_shown_as_the_judges_made_it(night: Report):
    found = report_document(night).judges
    assert found is not None
    assert [judge.say for judge in found.judges] == [True, True, False]
    assert found.verdict.wins + found.verdict.ties + found.verdict.losses == found.n == 30
    words = Page(render(night)).words()
    assert "The judges have a say. 2 of 3 judges, of 2 families, have a say." in words
    assert f"weighted kappa −{-(found.judges[2].agreement.kappa.value or 0):.2f}" in words


def test_judges_that_could_not_be_measured_are_shown_as_such():
    full, night = judges(), full_report(1)
    mute = replace(
        full.judges[0],
        say=None,
        unanswered=7,
        why=(SayReason("unanswered"),),
        differences=None,
        agreement=ReviewerAgreement(UNKNOWN, UNKNOWN, 0, 0),
    )
    written = replace(full, judges=(mute, *full.judges[1:]), say=False, why=SayReason("none able"), complete=False, n=0)
    words = Page(render(replace(night, files=replace(night.files, judges={"candidate": written})))).words()
    assert "The judges have no say. No judge has a say. Answers are missing." in words
    assert "can’t be told" in words and "7 questions that measure it have no answer." in words
    assert "was found better" not in words


def test_each_contender_has_its_own_judges(night: Report):
    challenger = replace(night.decisions[0], name="challenger")
    tired = replace(judges(), n=0, why=SayReason("text", text="Tired."))
    both = replace(night.files, judges={"candidate": judges(), "challenger": tired})
    told = replace(night, decisions=(challenger,), files=both)
    assert "Tired." in Page(render(told)).words()
    assert Fact("Judges", "Calls", 384) in cost(told)


def test_no_judges_is_no_table():
    night = full_report(1)
    assert 'id="judges"' not in render(replace(night, files=replace(night.files, judges={})))
