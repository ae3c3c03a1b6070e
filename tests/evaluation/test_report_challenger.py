"""A night on which an earlier candidate, the challenger, is judged beside tonight's candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from errata.documents.judging import Unlabelled, UnlabelledReason
from evaluation.report.content import Fact, Report
from evaluation.report.continual_tables import continual
from evaluation.report.curve import curve
from evaluation.report.lineage_facts import lineage
from evaluation.report.markdown import summary
from evaluation.report.page import render
from tests.made_up_night import report
from tests.made_up_report import Page, full_report, taught


@pytest.fixture(scope="module")
def night() -> Report:
    """The challenger is promoted, on fresh items of earlier nights too."""
    full = full_report()
    [entry], [scores] = full.decisions, full.evaluation.contenders
    challenger = replace(entry, name="challenger", model="challenger" * 6)
    undecided = replace(entry.decision, verdict="underpowered", cause="target not detectable")
    candidate = replace(entry, promoted=False, decision=undecided)
    waited = replace(scores, name="challenger", primary=replace(scores.primary, n=126))
    means = {**full.evaluation.means, "challenger": replace(full.evaluation.means["candidate"], f1=99.0)}
    rows = [replace(row, name="challenger") for row in full.items if row.name == "candidate"]
    return replace(
        full,
        decisions=(candidate, challenger),
        nights=(*full.nights[:-1], replace(full.nights[-1], means=means, promoted="challenger")),
        evaluation=replace(full.evaluation, contenders=(scores, waited), means=means),
        items=[*full.items, *rows],
    )


def test_both_verdicts_say_whose_they_are(night: Report):
    assert (
        "Also decided tonight: Not promoted: too few items to judge by (the candidate)" in Page(render(night)).words()
    )
    text = summary(night)
    assert "Also decided, of the candidate: Not promoted: too few items to judge by; **+" in text
    assert f"- Model: challenger `{('challenger' * 6)[:16]}` against champion `{'91ab' * 4}`." in text
    assert len(text.splitlines()) < 60


def test_items_of_earlier_nights_are_told_from_tonights(night: Report):
    tonight = f"{night.evaluation.fresh_items - night.evaluation.accepted} of them tonight’s"
    assert f"{tonight}, the others of earlier nights" in Page(render(night)).words()
    assert f", {tonight}." in summary(night)
    assert "of them tonight’s" not in summary(full_report()) + Page(render(full_report())).words()


def test_whoever_was_promoted_is_on_the_curve_and_in_its_table(night: Report):
    drawn = curve(night.nights, None, 1080, 380)
    assert drawn is not None
    assert [point.title.partition(":")[0] for series in drawn.series[3:] for point in series.points] == [
        "2026-03-04, Challenger"
    ]
    assert "Challenger 99.0" in [tag.text for tag in drawn.tags]
    assert "Challenger 99.0" in drawn.summary
    words = Page(render(night)).words()
    assert "CandidateChallengerVerdict" in words.replace(" ", "") and "▲ promotedthe challenger" in words
    plain = full_report()
    alone = curve(plain.nights, None, 1080, 380)
    assert alone is not None and "Challenger" not in alone.summary + "".join(tag.text for tag in alone.tags)
    assert "CandidateVerdict" in Page(render(plain)).words().replace(" ", "")


def test_each_contender_is_in_the_lineage_once(night: Report):
    models = [fact for fact in lineage(night) if fact.group == "Models"]
    assert [fact.name for fact in models] == ["Day-0", "Champion", "Challenger", "Candidate"]
    assert Fact("Models", "Candidate", "candidate" * 8) in models


def test_a_model_is_ticked_for_what_it_was_trained_on_itself():
    made = replace(taught(report(1).evaluation.contenders[0], 3), name="challenger")
    assert made.continual is not None
    day0, first, *others = made.continual.rows
    rows = (day0, replace(first, model=day0.model), *others)  # the first night promoted nobody
    made = replace(made, continual=replace(made.continual, rows=rows))
    found = continual(made, {day0.model: frozenset(), rows[-1].model: frozenset({"2026-02-01"})})
    assert found is not None
    assert [[cell.taught for cell in row.cells] for row in found.heat] == [
        [False, False, False],
        [False, False, False],
        [True, True, False],  # of this one nothing else is known
        [True, False, False],
    ]


def test_judges_with_a_say_are_not_said_to_have_decided_where_the_preset_is_deaf():
    page = Page(render(full_report())).words()
    assert "The judges have a say. 2 of 3 judges, of 2 families, have a say. The preset small decides" in page


def test_no_paragraph_is_held_to_one_line():
    """Of the class `sub` no line is broken: a sentence of it makes a phone scroll sideways."""
    full = full_report()
    why = UnlabelledReason("preset ignores judges", preset="small")
    judging = replace(full.files.judges["candidate"], unlabelled=Unlabelled(why=why))
    html = render(replace(full, files=replace(full.files, judges={"candidate": judging})))
    assert (
        "Talks that nobody has reviewed: The preset small decides without judges." in html
        and '<p class="sub"' not in html
    )
