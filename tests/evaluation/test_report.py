"""The night's page: what it says, that it says it on odd nights too, and that no content becomes markup."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.documents.alias_check import AliasCheck, AliasFinding, HandMove, MovedAlias
from errata.documents.certificate import Certificate, RunningCost
from errata.documents.comparison import NOTHING
from errata.documents.decision import OutcomeDecision, TargetOutcome, leading_decision
from errata.documents.drift import DriftMeasure, DriftReport
from errata.documents.engine_agreement import AnswerAgreement
from errata.documents.evidence import Evidence
from errata.documents.metric_values import ModelMean
from errata.documents.parity import Parity
from errata.documents.scored_items import rows_of
from errata.wording.certificate_sentences import certificate_facts
from evaluation.report import figures
from evaluation.report.content import Report, worst_regressions
from evaluation.report.markdown import summary
from evaluation.report.page import render
from evaluation.report.report_document import as_json
from evaluation.report.verdict import GUARDRAILS, contender_verdict
from registry.gate import decide
from registry.policy import SMALL
from tests.made_up_night import bootstrap, of_nothing, report
from tests.made_up_report import Page, full_report, tainted

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=https://evil.example/x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></svg><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "\u202eelttit \x00\x1b[31m \ud800",
    "]]> --> <!-- &lt;b&gt; &#x3c;script&#x3e;",
)


@pytest.fixture(scope="module")
def night() -> Report:
    return full_report()


@pytest.fixture(scope="module")
def page(night: Report) -> Page:
    return Page(render(night))


def words_of(entry: OutcomeDecision, night: Report) -> str:
    return Page(render(replace(night, decisions=(entry,)))).words()


# What the page says.


def test_the_page_has_its_parts_in_order(page: Page):
    wanted = (
        "Promoted: the candidate is the new champion",
        "Candidate − champion, F1",
        "90 % interval",
        "What comes next",
        "From Day-0 to tonight",
        "How it was decided",
        "What must not get worse",
        "Known error of the preset small",
        "Boundaries and titles apart",
        "Slices",
        "Kept of earlier nights",
        "Judges",
        "Worst regressions",
        "Fixed cases",
        "Loss on what the candidate was trained on",
        "Who reviewed",
        "What the night took",
        "Scored on so far, tonight included",
        "Data and lineage",
        "Glossary",
        "Known limits",
    )
    verdict, contents, sections = page.words().partition("The decisionDay-0 to tonightBoundaries")
    words = verdict + sections.partition("Known limits")[2]
    assert contents
    places = [words.find(part) for part in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_the_page_gives_the_measured_numbers(night: Report, page: Page):
    primary = night.evaluation.contenders[0].primary
    words = page.words()
    assert f"{figures.number(primary.effect, True)} points; " in words
    assert figures.interval(primary.low, primary.high, True) in words
    assert f"{primary.n} fresh items from {primary.clusters} clusters" in words
    assert figures.share(night.evaluation.accepted, night.evaluation.fresh_items) in page.text
    for facts in night.facts.items():
        assert " ".join(facts) in words or all(fact in words for fact in facts)


def test_every_guardrail_of_the_gate_is_in_the_table(night: Report, page: Page):
    found = contender_verdict(night.decisions[0], night.primary("candidate"))
    decide_on_the_model = {limit.name for limit in SMALL.limits if limit.decides and not limit.target}
    assert {rail.key for rail in found.guardrails} == decide_on_the_model
    assert not GUARDRAILS.keys() & {rail.name for rail in found.guardrails}, "each has a name for people"
    assert {rail.status for rail in found.guardrails} == {"passed", "not evaluable"}
    assert all(rail.name in page.words() for rail in found.guardrails)


def test_each_export_is_said_to_ship_or_to_be_held_back(night: Report) -> None:
    held = TargetOutcome("gguf", "held back", unbuilt="gguf is not installed; install it")
    entry = night.decisions[0]
    decision = replace(entry.decision, verdict="promote", targets=(*entry.decision.targets, held))
    told = replace(night, decisions=(replace(entry, promoted=True, decision=decision),))
    words = Page(render(told)).words()
    assert "Exports, each shipped or held back on its own" in words and "device✓ ships" in words
    assert "gguf✗ held backgguf is not installed; install it" in words
    assert "The gguf export is held back: there is none (gguf is not installed; install it)." in words
    lines = summary(told).splitlines()
    assert "| Export gguf, on its own | held back | gguf is not installed; install it |" in lines
    assert any(line.startswith("| Export device, on its own | ships | ") for line in lines)
    assert len(lines) < 60
    rejected = replace(entry, promoted=False, decision=replace(decision, verdict="reject", cause="worse"))
    words = Page(render(replace(night, decisions=(rejected,)))).words()
    assert "device✓ passed" in words and "The gguf export is held back" not in words


def test_a_certificate_is_a_column_of_the_page_and_a_line_of_the_summary(night: Report) -> None:
    cost = RunningCost(runtime="llama.cpp", talks=3, tokens=4_000, seconds=2.0, memory=310_000_000)
    [rail] = [rail for rail in night.decisions[0].decision.guardrails if rail.name == "parity_server"]
    certificate = Certificate(
        night="2026-03-04", target="gguf", model="5" * 64, source="c" * 64, status="ships", guardrails=(rail,),
        parity=Parity(model="5" * 64, size=5_200_000, f1=NOTHING, agreement=AnswerAgreement(97.0, 99.4, None)),
        prompts=12, same_prompts=11, cost=cost, source_cost=replace(cost, runtime="transformers", seconds=4.0),
    )  # fmt: skip
    told = replace(night, files=replace(night.files, certificates=(certificate,)))
    words = Page(render(told)).words()
    assert "Each export against the model that it was made from, run by itself" in words
    for fact in (
        "Run byllama.cpp", "Prompts of the same token ids11 of 12", "Answers alike to the letter97.0",
        "Chapter starts alike99.4", "at worst +0.0 where −0.5 is allowed, on 104 talks", "5.2",
        "2,000 tokens a second; the model itself 1,000 tokens a second",
    ):  # fmt: skip
        assert fact in words, fact
    [line] = [line for line in summary(told).splitlines() if line.startswith("- Export gguf, ")]
    assert "prompts of the same token ids: 11 of 12" in line
    assert as_json(told)["certificates"][0]["cost"]["memory"] == 310_000_000
    untimed = replace(certificate, cost=replace(cost, seconds=0.0), parity=replace(certificate.parity, agreement=None))
    assert certificate_facts(untimed)["Speed"].startswith("not measured; the model itself 1,000")


def test_a_gate_that_saw_nothing_is_read_as_well(night: Report):
    nothing = Evidence(slices_of_nothing(), ())
    entry = OutcomeDecision("candidate", "m", False, "", decide(nothing, SMALL))
    found = contender_verdict(entry, night.primary("candidate"))
    assert {rail.status for rail in found.guardrails} == {"not evaluable"}
    assert any("is required, but was not measured" in finding for finding in found.findings)


def slices_of_nothing() -> Any:
    from evaluation.statistics.paired import compare

    return compare([], [], [], 1)


@pytest.mark.parametrize(
    ("fields", "title", "next_step"),
    [
        ({"verdict": "promote", "promoted": False}, "passed the gate and waits for the release owner", "owner’s word"),
        ({"verdict": "reject"}, "the candidate was rejected", "more items would not change"),
        ({"verdict": "inconclusive", "needs": 23}, "too small to tell from none", "About 23 more fresh items, with"),
        ({"verdict": "underpowered", "needs": 1}, "too few items to judge by", "About 1 more fresh item, with"),
        ({"verdict": "blocked"}, "the evidence can’t be judged", "Mending what the findings name"),
        ({"verdict": "reject", "promoted": True}, "against the gate’s verdict (rejected)", "rollback"),
    ],
)
def test_each_verdict_in_words(night: Report, fields: dict[str, Any], title: str, next_step: str):
    entry = replace(night.decisions[0], promoted=fields.pop("promoted", False))
    words = words_of(replace(entry, decision=replace(entry.decision, **{"needs": None, **fields})), night)
    assert title in words
    assert next_step in words


def test_who_was_tested_leads_and_who_was_not_is_said_to_be_untested(night: Report):
    entry = night.decisions[0]
    untested = replace(entry.decision, verdict="inconclusive", cause="place taken", needs=None)
    candidate = replace(entry, promoted=False, decision=untested)
    waiting = replace(entry.decision, verdict="underpowered", cause="waits")
    challenger = replace(entry, name="challenger", promoted=False, decision=waiting)
    assert leading_decision((candidate, challenger)) is challenger
    words = Page(render(replace(night, decisions=(candidate, challenger)))).words()
    assert "Not promoted yet: the challenger gathers evidence" in words
    assert "Not tested: another candidate waits for its decision" in words
    assert "too small to tell from none" not in words


def test_the_challenger_that_won_leads_and_the_candidate_is_mentioned(night: Report):
    entry = night.decisions[0]
    candidate = replace(entry, promoted=False, decision=replace(entry.decision, verdict="reject"))
    challenger = replace(entry, name="challenger")
    assert leading_decision((candidate, challenger)) is challenger
    words = Page(render(replace(night, decisions=(candidate, challenger)))).words()
    assert "Promoted: the challenger is the new champion" in words
    assert "Also decided tonight: Not promoted: the candidate was rejected" in words


def test_whoever_another_beat_waits_for_nobody(night: Report):
    """Only one is promoted a night, and none waits: what was measured was measured against the former champion."""
    challenger = replace(night.decisions[0], name="challenger", promoted=False)
    words = Page(render(replace(night, decisions=(night.decisions[0], challenger)))).words()
    assert "Also decided tonight: Not promoted: the challenger passed the gate as well" in words
    assert "Nothing tonight: the candidate is champion now" in words
    assert "waits for the release owner" not in words and "The release owner’s word." not in words
    late = replace(challenger, decision=replace(challenger.decision, verdict="underpowered", needs=9))
    words = Page(render(replace(night, decisions=(night.decisions[0], late)))).words()
    assert "Nothing tonight: the candidate is champion now" in words and "9 more fresh items" not in words


# Worse than equal chapters.


def test_what_is_wrong_with_an_alias_stands_above_everything(night: Report):
    moved = MovedAlias("champion", "a" * 64, "b" * 64, "7")
    check = AliasCheck(
        {"champion": "a" * 64},
        (AliasFinding("server", "c" * 64, "files", "models/cc/<b>x</b> is missing"),),
        (HandMove(moved, why_not="nobody answers for it"), HandMove(moved, adopted_by="olga")),
    )
    found = replace(night, files=replace(night.files, aliases=check))
    page, lines = Page(render(found)).text, summary(found)
    for text in (page, lines):
        assert "champion is version 7 (bbbbbbbbbbbbbbbb) in MLflow" in text and "approved by olga" in text
        assert "it was not adopted: nobody answers for it" in text and "cccccccccccccccc is not whole" in text
    assert as_json(found)["aliases"]["findings"][0]["kind"] == "files"


def test_what_has_drifted_stands_above_everything(night: Report):
    def measured(p_value: float) -> DriftReport:
        measure = DriftMeasure("channels", "PSI", 100, 200, 0.9, 0.1, 0.1, p_value, 0.0017)
        return DriftReport("c" * 64, "2026-03-01T00:00:00+00:00", "training data", 100, 200, (measure,))

    found, calm = (replace(night, files=replace(night.files, drift=measured(p_value))) for p_value in (0.001, 0.5))
    sentence = "the mix of channels has drifted from that of the talks that the champion was trained on"
    for text in (Page(render(found)).text, summary(found)):
        assert sentence in text
    assert sentence not in summary(calm) and as_json(found)["drift"]["measures"][0]["name"] == "channels"


def test_a_champion_below_equal_chapters_is_an_alarm_above_everything(night: Report):
    f1 = night.evaluation.means["candidate"].f1
    low = replace(night, evaluation=replace(night.evaluation, equal_split_f1=(f1 or 0) + 2))
    page, text = render(low), summary(low)
    assert page.index("Alarm: the candidate that was promoted is worse than equal chapters") < page.index("<main>")
    assert text.splitlines()[4].startswith("**Alarm: the candidate that was promoted is worse")
    assert as_json(low)["equal_split_alarm"]["name"] == "candidate"
    stays = replace(low, nights=(replace(low.nights[-1], promoted=""),))
    assert "Alarm: the champion is worse than equal chapters" in render(stays)
    for quiet in (render(night), summary(night)):
        assert "Alarm: " not in quiet and 'class="alarm"' not in quiet


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
    means = {name: ModelMean(n=3, f1=math.nan if name == "champion" else None) for name in night.evaluation.means}
    lines = (replace(night.nights[-1], means=means),)
    html = render(replace(night, nights=lines, evaluation=replace(night.evaluation, means=means)))
    assert 'title="not defined for any of these items"><span aria-hidden="true">–</span>' in html
    assert "nan" not in Page(html).words().lower().split()


def test_a_report_of_nothing_at_all_renders():
    assert "No candidate tonight" in Page(render(of_nothing())).words()
    assert summary(of_nothing()).startswith("## No candidate tonight")


def test_until_the_first_promotion_day0_answers_for_the_champion(night: Report):
    items = [row for row in night.items if row.name != "champion"]
    assert rows_of(items, "champion") == rows_of(night.items, "day0")
    assert worst_regressions(items, "candidate")
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


@pytest.fixture(scope="module")
def small(night: Report) -> Report:
    shown = [found.new.transcript for found in worst_regressions(night.items, "candidate", 1)]
    return replace(night, items=[row for row in night.items if row.transcript in shown])


@pytest.fixture(scope="module")
def plain_tags(small: Report) -> list[str]:
    return Page(render(tainted(small, "plain"))).tags


@given(text=st.text(max_size=60))
@settings(max_examples=20)
def test_any_text_leaves_the_page_as_it_is(small: Report, plain_tags: list[str], text: str):
    assert Page(render(tainted(small, f"x{text}"))).tags == plain_tags
