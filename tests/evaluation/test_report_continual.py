"""What was kept of earlier nights: the table of models and vintages, and its measures."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from errata.documents.evaluation import ContenderScores
from errata.documents.guardrail import GuardrailResult
from evaluation.report.content import Report
from evaluation.report.continual_tables import SHADES, continual, worst_vintage_row
from evaluation.report.page import render
from evaluation.report.verdict import contender_verdict
from tests.made_up_decision import OPEN, RESULT
from tests.made_up_night import report
from tests.made_up_report import Page, full_report, taught


@pytest.fixture(scope="module")
def night() -> Report:
    return full_report()


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
