"""What a version in MLflow shows of the gate's decision."""

from __future__ import annotations

from dataclasses import replace

from errata.database.corrections import SourceCount
from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.guardrail import GuardrailResult
from errata.documents.stage_reports import MixtureReport
from errata.inference.artefact import Card
from errata.loop.registering import evidence_tags
from evaluation.statistics.paired import compare
from registry.papers.model_facts import BaseModel, ModelFacts, Training, Verdict
from registry.papers.version_page import version_page
from tests.made_up_decision import RESULT

GAIN = compare([52.0, 61.0, 57.0, 66.0], [50.0, 55.0, 56.0, 60.0], ["a", "b", "c", "d"], seed=1)
NOTHING = compare([], [], [], seed=1)
SHOWN = replace(RESULT, name="vintage_day-1", decides=False)
FACTS = ModelFacts(
    identity="c" * 64,
    source="c" * 64,
    target=None,
    card=Card("inline", 512),
    files={},
    base=BaseModel("b" * 64, "hub", "some/base", "", "apache-2.0"),
    training=Training(
        night="day-2",
        snapshot="5" * 64,
        watermark=41,
        sources={"team *one*": SourceCount(talks=3, corrections=4)},
        kept=3,
        mixture=MixtureReport(new=2, replayed=1, examples=3, tokens=4500, labels=90, left_out=0),
        packages={},
    ),
    verdict=None,
    parity=None,
    errata="1.0",
)


def entry(comparison: Comparison, *rails: GuardrailResult) -> OutcomeDecision:
    decision = Decision("promote", cause="better", comparison=comparison, guardrails=rails or (RESULT,))
    return OutcomeDecision("candidate", "c" * 64, promoted=True, evidence="f" * 64, decision=decision)


def page(*rails: GuardrailResult) -> str:
    verdict = Verdict("day-2", "f" * 64, entry(GAIN, *rails).decision, None, None)
    return version_page(replace(FACTS, verdict=verdict), "#/report")


def test_a_version_shows_reason_interval_and_guardrails() -> None:
    tags = evidence_tags(entry(GAIN), GAIN)
    assert tags["errata.verdict"] == "promote" and tags["errata.evidence"] == "f" * 64
    assert tags["errata.reason"] == "It is better on fresh items."
    assert tags["errata.interval"] == f"{GAIN.low:+.1f} to {GAIN.high:+.1f} (90 %)"
    assert tags["errata.guardrails"] == "anchor passed"
    lines = page().splitlines()
    assert lines[0] == "promote: It is better on fresh items."
    assert any(line.startswith("- anchor: passed, +0.3 points of F1 and at worst -0.6") for line in lines)
    assert lines[-1] == "[Report of the night](#/report)"


def test_a_version_shows_what_it_was_trained_on_and_whose_words_are_no_marks() -> None:
    trained = next(line for line in page().splitlines() if "Trained on" in line)
    assert "corrections up to watermark 41, on the night day-2" in trained
    assert "2 rows that were new to it and 1 that it had seen, 4,500 tokens" in trained
    assert r"team \*one\* (3)" in trained and "snapshot `5555555555555555`" in trained
    assert "- **Base:** some/base, licence apache-2.0" in page()


def test_day_0_says_what_it_is() -> None:
    day0 = replace(FACTS, source="b" * 64, identity="b" * 64, training=None)
    assert version_page(day0).startswith("Day-0, as `errata init` was given it") and "Report" not in version_page(day0)


def test_what_is_not_known_is_left_empty() -> None:
    tags = evidence_tags(entry(NOTHING), NOTHING)
    assert [tags[f"errata.{name}"] for name in ("effect", "interval", "p_value")] == ["", "", ""]


def test_a_guardrail_that_is_only_shown_stands_on_the_page_alone() -> None:
    assert evidence_tags(entry(GAIN, RESULT, SHOWN), GAIN)["errata.guardrails"] == "anchor passed"
    assert "vintage_day-1" in page(RESULT, SHOWN)
