"""The night's page: what it says, that it says it on odd nights too, and that no content becomes markup."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain.transcript import Segment, Transcript
from evaluation.report import figures, verdict
from evaluation.report.cases import case, excerpt
from evaluation.report.content import (
    Change,
    NightLine,
    Report,
    answers,
    fixed_cases,
    lead,
    shown_transcripts,
    worst_regressions,
)
from evaluation.report.curve import LABEL_HEIGHT, curve
from evaluation.report.markdown import summary
from evaluation.report.measures import measures
from evaluation.report.page import render
from evaluation.report.slices import reviewers, slices
from registry.gate import SMALL, Evidence, decide
from tests.made_up_night import bootstrap, report

VOID = {"meta", "link", "br", "circle", "rect", "path", "line", "polyline"}
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=https://evil.example/x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></svg><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "\u202eelttit \x00\x1b[31m \ud800",
    "]]> --> <!-- &lt;b&gt; &#x3c;script&#x3e;",
)


class Page(HTMLParser):
    """Tags and attributes in order, and the text; fails where tags don't nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1] == "style"):
            self.text += data

    def words(self) -> str:
        return " ".join(self.text.split())


@pytest.fixture(scope="module")
def night() -> Report:
    return report()


@pytest.fixture(scope="module")
def page(night: Report) -> Page:
    return Page(render(night))


def told(decision: dict[str, Any], night: Report) -> str:
    return Page(render(replace(night, decisions=(decision,)))).words()


def change(effect: float, transcript: int = 1, **fields: Any) -> Change:
    row = {"transcript": transcript, "part": "fresh", "channel": f"c{transcript}", "external_id": "x", "kind": "edit"}
    return Change(row | {"f1": 50.0} | fields, row | {"f1": 50.0 + effect} | fields)


def sides(reference: list[float], champion: list[float], candidate: list[float]) -> Change:
    def listed(starts: list[float]) -> str:
        return json.dumps([{"start": start, "title": f"at {start:g}"} for start in starts])

    found = change(-10.0, precision_5s=50.0, reference=listed(reference))
    return Change(found.old | {"prediction": listed(champion)}, found.new | {"prediction": listed(candidate)})


# What the page says.


def test_the_page_has_its_parts_in_order(page: Page):
    wanted = (
        "Promoted: the candidate is the new champion",
        "Effect on F1, candidate − champion",
        "90 % interval",
        "What comes next",
        "What must not get worse",
        "Known error of the preset small",
        "From Day-0 to tonight",
        "Boundaries and titles apart",
        "Slices",
        "Worst regressions",
        "Fixed cases",
        "Who reviewed",
        "Data and lineage",
        "How to read this page",
        "Known limits",
    )
    verdict, contents, sections = page.words().partition("Day-0 to tonightBoundaries")
    words = verdict + sections.partition("Known limits")[2]
    assert contents
    places = [words.find(part) for part in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_the_page_gives_the_measured_numbers(night: Report, page: Page):
    primary = night.evaluation["contenders"][0]["primary"]
    words = page.words()
    assert f"{figures.number(primary['effect'], True)} points; " in words
    assert figures.interval(primary["low"], primary["high"], True) in words
    assert f"{primary['n']} fresh items from {primary['clusters']} clusters" in words
    assert figures.share(night.evaluation["accepted"], night.evaluation["fresh_items"]) in page.text
    for facts in night.facts.items():
        assert " ".join(facts) in words or all(fact in words for fact in facts)


def test_every_guardrail_of_the_gate_is_in_the_table(night: Report, page: Page):
    found = verdict.read(night.decisions[0], night.evaluation)
    assert {rail.name for rail in found.guardrails} == set(verdict.GUARDRAILS.values())
    assert {rail.status for rail in found.guardrails} == {"passed", "not evaluable"}
    assert all(rail.name in page.words() for rail in found.guardrails)


def test_a_gate_that_saw_nothing_is_read_as_well(night: Report):
    nothing = Evidence(slices_of_nothing(), ())
    decision = decide(nothing, SMALL).as_json() | {"name": "candidate", "model": "m", "promoted": False}
    found = verdict.read(decision, night.evaluation)
    assert {rail.status for rail in found.guardrails} == {"not evaluable"}
    assert any("is required, but was not measured" in finding for finding in found.findings)


def slices_of_nothing() -> Any:
    from evaluation.statistics import compare

    return compare([], [], [], 1)


@pytest.mark.parametrize(
    ("fields", "title", "next_step"),
    [
        ({"verdict": "promote", "promoted": False}, "passed the gate and waits for the release owner", "owner’s word"),
        ({"verdict": "reject"}, "the candidate was rejected", "more items would not change"),
        ({"verdict": "inconclusive", "needs": 23}, "too small to tell from none", "About 23 more fresh items."),
        ({"verdict": "underpowered", "needs": 1}, "too few items to judge by", "About 1 more fresh item."),
        ({"verdict": "blocked"}, "the evidence can’t be judged", "Mending what the findings name"),
        ({"verdict": "reject", "promoted": True}, "against the gate’s verdict (rejected)", "rollback"),
    ],
)
def test_each_verdict_in_words(night: Report, fields: dict[str, Any], title: str, next_step: str):
    decision = {**night.decisions[0], "promoted": False, "needs": None, **fields}
    words = told(decision, night)
    assert title in words
    assert next_step in words


def test_the_challenger_that_won_leads_and_the_candidate_is_mentioned(night: Report):
    candidate = {**night.decisions[0], "verdict": "reject", "promoted": False}
    challenger = {**night.decisions[0], "name": "challenger"}
    assert lead((candidate, challenger)) is challenger
    words = Page(render(replace(night, decisions=(candidate, challenger)))).words()
    assert "Promoted: the challenger is the new champion" in words
    assert "Also decided tonight: Not promoted: the candidate was rejected" in words


# Odd nights.


def test_the_first_night_has_no_numbers_and_no_zeros():
    words = Page(render(bootstrap())).words()
    assert "The first night: nothing to compare yet" in words
    assert "No night has a score yet." in words
    assert "0.0" not in words


@pytest.mark.parametrize("nights", [1, 2, 30])
def test_any_number_of_nights_has_a_row_each(nights: int):
    many = report(nights)
    page = Page(render(many))
    assert all(line.label in page.words() for line in many.nights)
    assert page.tags.count("polyline") >= (0 if nights == 1 else 4)


def test_missing_values_are_dashes_with_a_reason(night: Report):
    means = {name: dict.fromkeys(mean) | {"n": 3} for name, mean in night.evaluation["means"].items()}
    means["champion"]["f1"] = math.nan
    lines = (replace(night.nights[-1], means=means),)
    html = render(replace(night, nights=lines, evaluation=night.evaluation | {"means": means}))
    assert 'title="not defined for any of these items"><span aria-hidden="true">–</span>' in html
    assert "nan" not in Page(html).words().lower().split()


def test_a_report_of_nothing_at_all_renders():
    empty = Report((), {}, (), [], {}, {})
    assert "No candidate tonight" in Page(render(empty)).words()
    assert summary(empty).startswith("## No candidate tonight")


def test_until_the_first_promotion_day0_answers_for_the_champion(night: Report):
    items = [row for row in night.items if row["name"] != "champion"]
    assert answers(items, "champion") == answers(night.items, "day0")
    assert worst_regressions(items, "champion", "candidate")
    assert "The champion is still Day-0" in Page(render(replace(night, items=items))).words()


# Hostile content.


def test_the_page_asks_for_nothing_and_runs_nothing(page: Page):
    assert not {"script", "iframe", "object", "embed", "form", "base", "img"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("href", "src", "srcset", "action", "xlink:href"):
            assert value.startswith("#") or (tag, value) == ("link", "data:,")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("meta", "content", policy) in page.attributes


def test_the_stylesheet_asks_for_nothing(night: Report):
    assert not re.search(r"url\(|@import|https?:", render(night))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_content_becomes_markup(night: Report, payload: str):
    plain, hostile = (render(tainted(night, text)) for text in ("harmless words, as ever", payload))
    hostile.encode()
    assert Page(hostile).tags == Page(plain).tags
    names = [(tag, name) for tag, name, _ in Page(plain).attributes]
    assert [(tag, name) for tag, name, _ in Page(hostile).attributes] == names
    shown = re.sub("[\x00-\x08\x1b\ud800]", "\ufffd", payload)
    assert " ".join(shown.split()) in Page(hostile).words()
    prose = re.sub(r"`[^`\n]*`", "", summary(tainted(night, payload)))
    prose.encode()
    assert not re.search("<|://", prose)


def tainted(night: Report, text: str) -> Report:
    """Every string that comes from outside is `text`."""
    chapters = {"reference": retitled, "prediction": retitled}
    items = [
        row
        | {"external_id": text, "channel": text, "reviewer": text, "problems": [text]}
        | {key: change(row[key], text) for key, change in chapters.items()}
        for row in night.items
    ]
    excerpts = {
        number: replace(found, segments=tuple(replace(s, text=text, speaker=text) for s in found.segments))
        for number, found in night.excerpts.items()
    }
    lines = tuple(replace(line, label=text[:20]) for line in night.nights)
    facts = dict.fromkeys(night.facts, text)
    decision = {**night.decisions[0], "reasons": ["It is better.", f"anchor: passed, {text}", text]}
    return replace(night, items=items, excerpts=excerpts, nights=lines, facts=facts, decisions=(decision,))


def retitled(chapters: str, text: str) -> str:
    return json.dumps([{"start": row["start"], "title": text} for row in json.loads(chapters)])


@pytest.fixture(scope="module")
def small(night: Report) -> Report:
    shown = [found.new["transcript"] for found in worst_regressions(night.items, "champion", "candidate", 1)]
    return replace(night, items=[row for row in night.items if row["transcript"] in shown])


@given(text=st.text(max_size=60))
@settings(max_examples=20, deadline=None)
def test_any_text_leaves_the_page_as_it_is(small: Report, text: str):
    assert Page(render(tainted(small, f"x{text}"))).tags == Page(render(tainted(small, "plain"))).tags


# Which items are shown, and how.


def test_worst_and_fixed_are_ordered_and_never_the_wrong_way_round(night: Report):
    worst = worst_regressions(night.items, "champion", "candidate")
    fixed = fixed_cases(night.items, "champion", "candidate")
    effects = [found.effect for found in worst]
    assert len(worst) == 5
    assert effects == sorted(effects)
    assert effects[-1] < 0
    assert all(found.effect > 0 for found in fixed)
    assert worst_regressions(night.items, "candidate", "candidate") == []
    shown = {found.new["transcript"] for found in (*worst, *fixed)}
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
    parts = {found.name.partition(":")[0]: found for found in slices(changes, {})["Part"]}
    assert parts["Fresh"].low is not None
    assert not parts["Fresh"].why
    assert parts["Anchor"].effect == 1.0
    assert (parts["Anchor"].low, parts["Anchor"].why) == (None, "not evaluable: fewer than 20 items")
    assert (parts["Retention"].n, parts["Retention"].effect) == (0, None)


def test_channels_beyond_the_largest_are_counted_together():
    changes = [change(1.0, at, channel=f"channel {at % 10}") for at in range(40)]
    channels = slices(changes, {})["Fresh items, by channel"]
    assert channels[-1].name == "4 other channels"
    assert sum(found.n for found in channels) == 40


def test_the_gates_own_interval_is_shown_for_a_part():
    changes = [change(5.0 + at % 3, at) for at in range(25)]
    part = slices(changes, {"fresh": {"n": 25, "low": 1.25, "high": 9.75}})["Part"][0]
    assert (part.low, part.high) == (1.25, 9.75)


def test_the_best_of_a_row_is_marked_unless_all_read_the_same():
    rows = measures({"day0": {"f1": 50.01, "count_error": 1.0}, "champion": {"f1": 50.04}, "candidate": {"f1": 50.0}})
    f1, count_error = rows["Boundaries"][0], rows["Boundaries"][-1]
    assert f1.best == (False, False, False)
    assert count_error.best == (False, False, False)
    better = measures({"day0": {"count_error": 2.0}, "champion": {"count_error": 1.0}})["Boundaries"][-1]
    assert better.best == (False, True, False)


def test_reviewers_are_counted_once_an_item(night: Report):
    found = reviewers(night.items)
    assert sum(edits + accepts for _, edits, accepts in found) == night.evaluation["fresh_items"]
    assert sum(accepts for _, _, accepts in found) == night.evaluation["accepted"]


# The curve.

scores = st.one_of(st.none(), st.floats(0, 100), st.just(math.nan))


@given(st.lists(st.tuples(scores, scores, scores), min_size=1, max_size=40), st.floats(0, 100))
def test_the_curve_stays_inside_its_frame(nights, floor):
    lines = [
        NightLine(f"n{at}", "promote", 1, 1, {name: {"n": 1, "f1": f1} for name, f1 in zip(names(), row, strict=True)})
        for at, row in enumerate(nights)
    ]
    drawn = curve(lines, floor, 360, 300)
    if drawn is None:
        assert all(figures.is_missing(value) for row in nights for value in row)
        return
    points = [point for series in drawn.series for point in series.points]
    assert len(points) == sum(not figures.is_missing(value) for row in nights for value in row)
    assert all(34 <= point.x <= drawn.right and 0 <= point.y <= drawn.height for point in points)
    places = [tag.y for tag in drawn.tags]
    assert all(after - before >= LABEL_HEIGHT - 0.01 for before, after in pairwise(places))
    assert drawn.width <= 361


def names() -> tuple[str, ...]:
    return ("day0", "champion", "candidate")


def test_a_night_without_a_score_is_a_gap():
    lines = [NightLine(str(at), "x", 1, 1, {"day0": {"n": 1, "f1": None if at == 2 else 50.0}}) for at in range(5)]
    drawn = curve(lines, None, 1000, 380)
    assert drawn is not None
    assert [line.count(",") for line in drawn.series[0].lines] == [2, 2]


# Numbers and Markdown.


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
    assert len(text.splitlines()) < 60


def test_the_summary_makes_no_mention_link_or_markup(night: Report):
    text = summary(tainted(night, "@all see #12, [x](https://evil.example) `a` | www.evil.example <b>"))
    prose = re.sub(r"`[^`\n]*`", "", text)
    assert not re.search(r"@all|#12|https://|www\.evil|<b>|(?<!\\)\[x", prose)
