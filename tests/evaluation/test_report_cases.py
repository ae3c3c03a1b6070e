"""Which items a night's report shows and how, and its tables of slices, measures and reviewers."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.documents.comparison import NOTHING
from errata.documents.scored_items import ScoredItemRow
from errata.domain.transcript import Segment, Transcript
from evaluation.metrics.score import LOW_IS_GOOD, VideoScore
from evaluation.report.cases import case, excerpt
from evaluation.report.content import (
    Change,
    Report,
    fixed_cases,
    shown_transcripts,
    tonights_items,
    worst_regressions,
)
from evaluation.report.measures import GROUPS, OTHER, measures
from evaluation.report.page import render
from evaluation.report.slices import reviewers, slices
from tests.made_up_night import report
from tests.made_up_report import full_report, tainted


@pytest.fixture(scope="module")
def night() -> Report:
    return report()


def change(effect: float, transcript: int = 1, **fields: Any) -> Change:
    row = ScoredItemRow(
        night="n",
        part="fresh",
        name="",
        model="m",
        transcript=transcript,
        external_id="x",
        channel=f"c{transcript}",
        correction=1,
        kind="edit",
        reviewer="ann",
        f1=50.0,
        equal_split_f1=20.0,
        reference="[]",
        prediction="[]",
    )
    return Change(replace(row, **fields), replace(row, f1=50.0 + effect, **fields))


def sides(reference: list[float], champion: list[float], candidate: list[float]) -> Change:
    def listed(starts: list[float]) -> str:
        return json.dumps([{"start": start, "title": f"at {start:g}"} for start in starts])

    found = change(-10.0, precision_5s=50.0, reference=listed(reference))
    old, new = replace(found.old, prediction=listed(champion)), replace(found.new, prediction=listed(candidate))
    return Change(old, new)


def test_worst_and_fixed_are_ordered_and_never_the_wrong_way_round(night: Report):
    worst = worst_regressions(night.items, "candidate")
    fixed = fixed_cases(night.items, "candidate")
    effects = [found.effect for found in worst]
    assert len(worst) == 5
    assert effects == sorted(effects)
    assert effects[-1] < 0
    assert all(found.effect > 0 for found in fixed)
    assert worst_regressions(night.items, "champion") == []
    shown = {found.new.transcript for found in (*worst, *fixed)}
    assert set(shown_transcripts(night.items, night.decisions)) == shown


def test_borders_are_right_wrong_or_missed():
    found = case(sides([0, 60, 120], [0, 63, 120], [0, 90]), None)
    rows = {border.at: (border.champion.state, border.contender.state) for border in found.borders}
    assert rows == {
        0: ("right", "right"),
        60: ("right", "missed"),
        90: ("none", "wrong"),
        120: ("right", "missed"),
    }
    moved = next(border for border in found.borders if border.at == 60)
    assert moved.champion.place == "00:01:03"
    assert not found.has_text


def test_two_borders_near_one_right_one_are_not_both_right():
    found = case(sides([0, 60], [0, 60], [0, 58, 62]), None)
    assert [border.contender.state for border in found.borders] == ["right", "right", "wrong"]


def test_a_border_that_is_exactly_right_is_not_taken_for_one_nearby():
    found = case(sides([0, 60, 64], [0, 64], [0, 62]), None)
    assert [(border.at, border.champion.state, border.champion.place) for border in found.borders] == [
        (0, "right", ""),
        (60, "missed", ""),
        (64, "right", ""),
    ]
    assert [border.contender.state for border in found.borders] == ["right", "right", "missed"]


@given(*[st.lists(st.integers(0, 400).map(float), unique=True).map(sorted)] * 3)
def test_every_border_of_every_side_is_in_exactly_one_row(reference, champion, candidate):
    borders = case(sides(reference, champion, candidate), None).borders
    assert [border.at for border in borders] == sorted({border.at for border in borders})
    assert sum(border.reference is not None for border in borders) == len(reference)
    for name, starts in (("champion", champion), ("contender", candidate)):
        titles = [getattr(border, name).title for border in borders if getattr(border, name).title]
        assert sorted(titles) == sorted(f"at {start:g}" for start in starts)


def test_the_excerpt_holds_the_segments_around_a_wrong_border():
    segments = tuple(Segment(at * 10.0, at * 10.0 + 9, f"line {at}", "Ana") for at in range(30))
    transcript = Transcript("x", segments, 300.0)
    found = case(sides([0, 100], [0, 100], [0, 200]), transcript)
    assert [line.text for line in found.lines] == [f"line {at}" for at in (8, 9, 10, 11, 12, 18, 19, 20, 21, 22)]
    assert [line.text for line in found.lines if line.after_gap] == ["line 8", "line 18"]
    assert [len(line.borders) for line in found.lines] == [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    assert excerpt(transcript, found.borders, ()) == ()


def test_text_without_times_is_placed_by_words():
    transcript = Transcript("x", (Segment(0, 9, "a"), Segment(1200, 1300, "b")), 1300, unit="words")
    found = case(sides([0, 1200], [0, 1200], [0]), transcript)
    assert [border.place for border in found.borders] == ["word 0", "word 1\u202f200"]


def test_long_tables_are_folded_and_long_text_is_cut(night: Report):
    starts = [float(at) for at in range(0, 2000, 100)]
    assert case(sides(starts, starts, [0.0]), None).long
    endless = tainted(night, "word " * 2000)
    assert len(render(endless)) < 400_000


# Slices, measures and reviewers.


def test_small_slices_are_shown_but_not_evaluable():
    changes = [change(5.0 + at % 3, at) for at in range(25)] + [change(1.0, at, part="anchor") for at in range(19)]
    parts = {found.name.partition(":")[0]: found for found in slices(changes, {}, {})["Part"]}
    assert parts["Fresh"].low is not None
    assert not parts["Fresh"].why
    assert parts["Anchor"].effect == 1.0
    assert (parts["Anchor"].low, parts["Anchor"].why) == (None, "fewer than 20 items")
    assert (parts["Retention"].n, parts["Retention"].effect) == (0, None)


def test_channels_beyond_the_largest_are_counted_together():
    changes = [change(1.0, at, channel=f"channel {at % 10}") for at in range(40)]
    channels = slices(changes, {}, {})["Fresh items, by channel"]
    assert channels[-1].name == "4 other channels"
    assert sum(found.n for found in channels) == 40


def test_the_gates_own_interval_is_shown_for_a_part():
    changes = [change(5.0 + at % 3, at) for at in range(25)]
    part = slices(changes, {"fresh": replace(NOTHING, n=25, low=1.25, high=9.75)}, {})["Part"][0]
    assert (part.low, part.high) == (1.25, 9.75)


def test_the_best_of_a_row_is_marked_unless_all_read_the_same():
    rows = measures({"day0": {"f1": 50.01, "count_error": 1.0}, "champion": {"f1": 50.04}, "candidate": {"f1": 50.0}})
    f1, count_error = rows["Overlap of chapters"][0], rows["Segmentation"][0]
    assert f1.best == (False, False, False)
    assert count_error.best == (False, False, False)


@pytest.mark.parametrize("key", ["f1", *sorted(LOW_IS_GOOD)])
def test_the_best_is_the_least_where_less_is_better(key: str):
    [[row]] = measures({"day0": {key: 2.0}, "champion": {key: 1.0}, "candidate": {}}).values()
    assert row.lower_is_better == (key in LOW_IS_GOOD)
    assert row.best == ((False, True, False) if row.lower_is_better else (True, False, False))


def test_every_score_has_a_place_and_an_unknown_one_is_not_hidden():
    named = {key for rows in GROUPS.values() for key in rows}
    assert named == {*(field.name for field in fields(VideoScore)), "parsable"}
    rows = measures({"day0": {"novelty": 7.0}})
    assert {group: [row.title for row in found] for group, found in rows.items()} == {OTHER: ["novelty"]}


def test_less_is_better_is_said_in_the_table():
    page = render(full_report(1))
    assert page.count("less is better</span>") == len(LOW_IS_GOOD)


def test_reviewers_are_counted_once_an_item():
    night = full_report()
    found = reviewers(tonights_items(night))
    assert sum(one.edited + one.accepted for one in found) == night.evaluation.fresh_items
    assert sum(one.accepted for one in found) == night.evaluation.accepted
    assert [one.edited + one.accepted for one in found] == sorted(
        (one.edited + one.accepted for one in found), reverse=True
    )


def test_fresh_items_of_earlier_nights_are_not_tonights():
    night = full_report()
    first = night.items[0]
    older, missed = replace(first, transcript=10_000, correction=900), replace(first, transcript=10_001)
    night = replace(night, items=[*night.items, older, missed])
    assert len(tonights_items(night)) == night.evaluation.fresh_items
