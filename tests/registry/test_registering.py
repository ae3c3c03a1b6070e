"""What a version in MLflow shows of the gate's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from errata.database.corrections import SourceCount
from errata.database.tables import MoveRow
from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.guardrail import GuardrailResult
from errata.documents.stage_reports import MixtureReport
from errata.domain.pending_promotion import Approval, PendingPromotion
from errata.inference.artefact import Card
from errata.loop.registering import evidence_tags
from evaluation.statistics.paired import compare
from registry.papers.model_facts import BaseModel, ModelFacts, Training, Verdict
from registry.papers.release_history import SHOWN, ReleaseHistory
from registry.papers.version_page import version_page
from tests.made_up_decision import RESULT

GAIN = compare([52.0, 61.0, 57.0, 66.0], [50.0, 55.0, 56.0, 60.0], ["a", "b", "c", "d"], seed=1)
NOTHING = compare([], [], [], seed=1)
SHOWN_RAIL = replace(RESULT, name="vintage_day-1", decides=False)
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
UNMOVED = ReleaseHistory("c" * 64)


def entry(comparison: Comparison, *rails: GuardrailResult) -> OutcomeDecision:
    decision = Decision("promote", cause="better", comparison=comparison, guardrails=rails or (RESULT,))
    return OutcomeDecision("candidate", "c" * 64, promoted=True, evidence="f" * 64, decision=decision)


def page(*rails: GuardrailResult) -> str:
    verdict = Verdict("day-2", "f" * 64, entry(GAIN, *rails).decision, None, None)
    return version_page(replace(FACTS, verdict=verdict), UNMOVED, "#/report")


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


def test_talks_whose_source_nobody_named_are_said_to_be_that() -> None:
    assert FACTS.training
    training = replace(FACTS.training, sources={"": SourceCount(44, 44), "talks": SourceCount(2, 2)})
    text = version_page(replace(FACTS, training=training), UNMOVED)
    assert "by source: imported without a name for their source (44), talks (2);" in text


def moved(
    minute: int, alias: str, model: str, previous: str, by: str, reason: str, evidence: str = "f" * 64
) -> MoveRow:
    at = datetime(2026, 3, 1, 12, minute, tzinfo=UTC)
    return MoveRow(
        at=at, alias=alias, model=model, previous=previous, by=by, reason=reason, evidence=evidence, night="n1"
    )


def told(*moves: MoveRow, promotions: Sequence[PendingPromotion] = ()) -> str:
    history = ReleaseHistory.of("c" * 64, moves, promotions)
    return version_page(FACTS, replace(history, versions={"b" * 64: "1"}))


def test_a_page_says_who_decided_and_until_when() -> None:
    promoted = moved(1, "champion", "c" * 64, "b" * 64, "gate", "promote")
    text = told(promoted, moved(1, "server", "d" * 64, "", "gate", "promote"))
    assert "**champion** since 2026-03-01 12:01 UTC." in text and "server" not in text
    assert (
        "12:01 UTC: became `champion` in place of version 1 (`bbbbbbbbbbbbbbbb`), by decision of the gate, on" in text
    )
    assert "on the evidence `ffffffffffffffff` of the night n1; nobody's approval was asked for." in text
    back = told(promoted, moved(5, "champion", "b" * 64, "c" * 64, "olga", "rollback: titles *too* long"))
    assert "It was **champion** until 2026-03-01 12:05 UTC." in back
    assert (
        r"olga rolled back, and version 1 (`bbbbbbbbbbbbbbbb`) became `champion` in its place: titles \*too\* long."
        in back
    )


def test_a_page_says_who_approved_and_who_refused() -> None:
    ann, bob = (
        Approval(name, comment, "MLflow", approves, datetime(2026, 3, 1, 12, 1, tzinfo=UTC))
        for name, comment, approves in (("ann", "", True), ("bob", "too @long", False))
    )
    opened = datetime(2026, 3, 1, 12, tzinfo=UTC)
    waits = PendingPromotion(1, opened, "n1", "c" * 64, "b" * 64, "f" * 64, 2, "waiting", None, "", (ann,))
    assert "waits for approval by 1 more person: approved by ann on 2026-03-01, in MLflow." in told(promotions=[waits])
    rejected = replace(waits, state="rejected", settled=bob.at, approvals=(ann, bob))
    refused = told(promotions=[rejected])
    assert "is rejected: approved by ann on 2026-03-01, in MLflow; rejected by bob" in refused
    assert r"(too \@long)" in refused, "which MLflow's pages link to GitHub else"
    promotion = replace(waits, state="promoted", settled=ann.at, approvals=(ann,))
    text = told(moved(1, "champion", "c" * 64, "b" * 64, "ann", "promote"), promotions=[rejected, promotion])
    assert "(`bbbbbbbbbbbbbbbb`), approved by ann on 2026-03-01, in MLflow, on the evidence" in text
    assert "nobody's approval" not in text


def test_no_page_is_longer_than_mlflow_s_tables_hold() -> None:
    """However often it was moved, whoever said how much, and whatever the gate found."""
    moves = [moved(n, "champion", "c" * 64, "b" * 64, "olga", "rollback: " + "long " * 200) for n in range(SHOWN + 30)]
    findings = Verdict("n1", "f" * 64, entry(GAIN, *[SHOWN_RAIL] * 60).decision, None, None)
    facts = replace(FACTS, verdict=findings)
    text = version_page(facts, ReleaseHistory.of("c" * 64, moves, ()), "#/report")
    assert len(text) < 4_900 and "after 30 that `errata history` has" in text
    assert "… the report has the rest" in text and text.endswith("(#/report)")


def test_day_0_says_what_it_is() -> None:
    day0 = replace(FACTS, source="b" * 64, identity="b" * 64, training=None)
    page = version_page(day0, UNMOVED)
    assert page.startswith("Day-0, as `errata init` was given it") and "Report" not in page


def test_what_is_not_known_is_left_empty() -> None:
    tags = evidence_tags(entry(NOTHING), NOTHING)
    assert [tags[f"errata.{name}"] for name in ("effect", "interval", "p_value")] == ["", "", ""]


def test_a_guardrail_that_is_only_shown_stands_on_the_page_alone() -> None:
    assert evidence_tags(entry(GAIN, RESULT, SHOWN_RAIL), GAIN)["errata.guardrails"] == "anchor passed"
    assert "vintage_day-1" in page(RESULT, SHOWN_RAIL)
