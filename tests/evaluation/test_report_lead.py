"""The report's first lines, for somebody who reads no statistics."""

from __future__ import annotations

from dataclasses import replace

import pytest

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.decision import Wager
from errata.documents.metric_values import ModelMean
from errata.wording.glossary import GLOSSARY
from evaluation.report.content import InService, Report
from evaluation.report.lead import dateline, lead
from evaluation.report.markdown import summary
from evaluation.report.page import anchor, render
from evaluation.report.verdict import contender_verdict
from tests.made_up_night import report
from tests.made_up_report import Page

DAY0 = InService(model="d" * 64, is_day0=True, since="", exports=())
LATER = InService(model="c" * 64, is_day0=False, since="2026-02-11", exports=("server", "device"))


@pytest.fixture(scope="module")
def night() -> Report:
    return replace(report(3), workspace="Träger eins", ended_on="2026-03-05", in_service=DAY0)


def sentences(night: Report, primary: Comparison, promoted: bool = False) -> str:
    entry = replace(night.decisions[0], promoted=promoted)
    return " ".join(lead(night, contender_verdict(entry, primary)))


@pytest.mark.parametrize(
    ("effect", "low", "high", "said"),
    [
        (
            3.4,
            0.6,
            6.2,
            "scored 3.4 points of F1 better than the champion on 124 talks that people reviewed; 0.6 to",
        ),
        (-3.4, -6.2, -0.6, "scored 3.4 points of F1 worse than the champion on 124 talks that people reviewed; 0.6 to"),
        (
            1.2,
            -2.0,
            4.4,
            "1.2 points of F1 better than the champion on 124 talks that people reviewed, but",
        ),
        (1.2, -2.0, 4.4, "anything from 2.0 worse to 4.4 better is plausible"),
        (1.2, None, None, "too few to tell that from chance"),
    ],
)
def test_better_or_worse_by_how_much(
    night: Report, effect: float, low: float | None, high: float | None, said: str
) -> None:
    assert said in sentences(night, replace(NOTHING, n=124, effect=effect, low=low, high=high))


def test_what_is_live_is_said_of_each_kind(night: Report) -> None:
    some = replace(NOTHING, n=9, effect=1.0, low=0.5, high=1.5)
    assert "Live, as before: Day-0, the model that this workspace began with." in sentences(night, some)
    later = replace(night, in_service=LATER)
    assert "Live, as before: the champion of night 2026-02-11, on server and device too." in sentences(later, some)
    assert "It is live since this night, on server and device too." in sentences(later, some, promoted=True)


def test_a_champion_is_compared_with_the_beginning(night: Report) -> None:
    means = {"day0": ModelMean(n=40, f1=50.0), "champion": ModelMean(n=40, f1=61.25)}
    nights = (replace(night.nights[-1], promoted=""),)
    later = replace(night, nights=nights, in_service=LATER, evaluation=replace(night.evaluation, means=means))
    assert "it scores 61.2 of 100 where Day-0 scores 50.0: 11.2 points better than at the beginning" in " ".join(
        lead(later, None)
    )
    assert len(lead(replace(later, in_service=DAY0), None)) == 1


def test_the_page_and_the_summary_begin_with_night_day_and_workspace(night: Report) -> None:
    assert dateline(night) == f"Night {night.evaluation.night} · 5 March 2026 · workspace Träger eins"
    assert dateline(replace(night, ended_on=night.evaluation.night)).count("2026") == 1
    assert dateline(night) in Page(render(night)).words()
    assert summary(night).splitlines()[2] == dateline(night)


def test_nothing_compared_is_not_points_on_no_items(night: Report) -> None:
    contender = replace(night.evaluation.contenders[0], primary=NOTHING)
    nothing = replace(night, evaluation=replace(night.evaluation, contenders=(contender,)))
    words = Page(render(nothing)).words()
    assert "Nothing was compared: no fresh item was answered by both." in words
    for text in (words, summary(nothing)):
        assert "– points" not in text and "on 0 " not in text


def test_what_is_linked_is_explained(night: Report) -> None:
    attributes = Page(render(night)).attributes
    links = {value[1:] for _, name, value in attributes if name == "href" and value.startswith("#")}
    assert links <= {value for _, name, value in attributes if name == "id"}
    assert {"term-champion", "term-fresh", "term-F1", "term-90-interval"} <= links
    assert len({anchor(term) for term in GLOSSARY}) == len(GLOSSARY)


def test_the_p_that_is_shown_first_is_that_of_the_test_that_decides(night: Report) -> None:
    entry, wager = night.decisions[0], Wager(wealth=73.0, worse=0.1, p_value=0.014, night=1, begun=1)
    bet = replace(night, decisions=(replace(entry, decision=replace(entry.decision, wager=wager, test=None)),))
    assert night.primary(entry.name).p_value != 0.014
    assert "one-sided p = 0.014" in render(bet)
