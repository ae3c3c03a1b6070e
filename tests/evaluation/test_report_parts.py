"""What a night cost, where its data came from, its slices, and who judged."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from errata.documents.judging import NOTHING as UNKNOWN
from errata.documents.judging import ReviewerAgreement, SayReason
from errata.documents.stage_reports import NightTiming, TrainingLog
from evaluation.report.content import Fact, NightFiles, Report
from evaluation.report.cost_facts import cost
from evaluation.report.figures import count
from evaluation.report.lineage_facts import lineage
from evaluation.report.markdown import summary
from evaluation.report.page import render
from evaluation.report.report_document import as_json, contender_slices, report_document
from evaluation.report.slices import reach
from tests.made_up_night import bootstrap, report
from tests.made_up_report import Page, full_report, judges


@pytest.fixture(scope="module")
def night() -> Report:
    return full_report()


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
    assert Fact("Mix", "Of these, altered copies: line dropout", 9) in told
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
