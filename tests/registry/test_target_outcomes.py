"""Each export ships or is held back on its own, and never more than its model."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from errata.documents.decision import Decision, TargetOutcome
from errata.documents.evidence import Evidence
from errata.documents.params import TARGETS, GateParams, Target
from errata.wording.gate_sentences import findings, reasons
from registry.export.targets import EXPORT_TARGETS
from registry.gate import decide
from registry.policy import ANNUAL, PRESETS, SEQUENTIAL, SMALL, Policy, preset
from tests.made_up_gate import many
from tests.registry.test_gate import BETTER, TOO_FEW, WORSE, evidence, lost


def outcomes(decision: Decision) -> dict[str, str]:
    """Of two targets; the others are as well measured as these."""
    return {each.target: each.status for each in decision.targets if each.target in ("device", "gguf")}


def outcome(decision: Decision, target: str) -> TargetOutcome:
    return next(each for each in decision.targets if each.target == target)


def test_the_table_has_what_params_yaml_may_name_and_the_base_first() -> None:
    assert tuple(EXPORT_TARGETS) == TARGETS == get_args(Target)
    assert [target.name for target in EXPORT_TARGETS.values() if target.is_base] == ["server"] == [TARGETS[0]]


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_every_target_has_a_limit_in_every_preset(policy: Policy) -> None:
    for target in EXPORT_TARGETS.values():
        limit = policy.limit(f"parity_{target.name}")
        assert limit is not None and limit.margin == target.margin and limit.decides
        assert (limit.target, limit.required) == (("", True) if target.is_base else (target.name, False))


def test_a_bad_device_export_holds_back_the_device_alone() -> None:
    decision = decide(evidence(parity_device=lost(1.1)), SMALL)
    assert (decision.verdict, decision.cause) == ("promote", "better")
    assert outcomes(decision) == {"device": "held back", "gguf": "ships"}
    assert "parity_device" not in {rail.name for rail in decision.guardrails}
    [held] = decision.held_targets
    assert [rail.name for rail in held.guardrails] == ["parity_device"]
    told = (
        "The device export is held back: it fails parity_device, with -1.1 points of F1 and at worst -1.1 where -1.0 "
        "is allowed. The alias device stays where it was; `errata promote champion --target device` makes and scores "
        "the export anew."
    )
    assert told in findings(decision, with_comparison=False) and told in reasons(decision)
    assert "parity_device: failed, -1.1 points of F1 and at worst -1.1 on 30 items; -1.0 is allowed." in reasons(
        decision
    )


def test_an_export_that_can_t_be_told_yet_is_held_back_until_it_is_waived() -> None:
    case = evidence(parity_device=TOO_FEW)
    decision = decide(case, SMALL)
    assert decision.verdict == "promote", "before, the whole model waited for it"
    assert outcomes(decision) == {"device": "not evaluable", "gguf": "ships"}
    assert any("19 items can’t tell yet whether it passes parity_device" in reason for reason in reasons(decision))
    waived = decide(case, preset(GateParams("small", waive=("parity_device",))))
    assert outcomes(waived) == {"device": "ships", "gguf": "ships"}
    harmful = evidence(parity_device=lost(9.0))
    assert outcomes(decide(harmful, preset(GateParams("small", waive=("parity_device",)))))["device"] == "held back"


def test_an_export_that_could_not_be_made_is_held_back() -> None:
    case = dataclasses.replace(evidence(without=("parity_gguf",)), unbuilt={"gguf": "gguf is not installed"})
    decision = decide(case, SMALL)
    assert decision.verdict == "promote" and outcomes(decision) == {"device": "ships", "gguf": "held back"}
    assert outcome(decision, "gguf").unbuilt == "gguf is not installed"
    assert any("there is none (gguf is not installed). The alias gguf stays" in each for each in reasons(decision))


def test_the_base_decides_on_the_model() -> None:
    failed = decide(evidence(parity_server=lost(0.6)), SMALL)
    assert (failed.verdict, failed.cause) == ("reject", "better, but harmful")
    unknown = decide(evidence(parity_server=TOO_FEW), SMALL)
    assert (unknown.verdict, unknown.cause) == ("underpowered", "guardrails not evaluable")


def test_of_a_model_that_is_not_promoted_no_sentence_says_that_an_export_is_held_back() -> None:
    decision = decide(evidence(WORSE, parity_device=lost(9.0)), SMALL)
    assert decision.verdict == "reject" and outcomes(decision)["device"] == "held back"
    assert not any("held back" in reason for reason in reasons(decision))


def test_an_export_changes_no_verdict_of_a_bet_or_a_test_either() -> None:
    """In the presets that wait, an export that fails surely would else let its model go."""
    for policy in (SEQUENTIAL, ANNUAL):
        comparisons = {limit.name: many(0.0, spread=0.0) for limit in policy.limits if not limit.name.endswith("_*")}
        decisions = [
            decide(_measured(policy, comparisons | device), policy) for device in ({}, {"parity_device": many(-5.0)})
        ]
        assert decisions[0].verdict == decisions[1].verdict == "promote"
        assert decisions[0].wager == decisions[1].wager and decisions[0].test == decisions[1].test
        assert [outcome(decision, "device").status for decision in decisions] == ["ships", "held back"]


def _measured(policy: Policy, comparisons: dict[str, dict[str, Any]]) -> Evidence:
    from errata.documents.comparison import Comparison

    guardrails = tuple(policy.guardrail(name, Comparison(**values)) for name, values in comparisons.items())
    return Evidence(Comparison(**many(6.0)), guardrails)


def test_better_evidence_of_one_export_never_helps_another() -> None:
    both = decide(evidence(BETTER, parity_device=lost(2.0), parity_gguf=lost(2.0)), SMALL)
    assert outcomes(both) == {"device": "held back", "gguf": "held back"}
    assert outcomes(decide(evidence(BETTER, parity_device=lost(2.0)), SMALL)) == {
        "device": "held back",
        "gguf": "ships",
    }
