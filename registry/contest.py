"""From a night's scores to decisions: each contender's evidence, put to the gate and written down."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.domain.hashing import sha256
from errata.night import Night
from evaluation.statistics import Comparison
from registry.evidence import EvidenceRecord, write_evidence
from registry.gate import Decision, Evidence, Policy, decide


@dataclass(frozen=True)
class Contest:
    """A contender and what the gate made of it."""

    name: str
    """`candidate` or `challenger`."""
    model: str
    evidence: Evidence
    decision: Decision
    record: Path
    """The evidence record."""
    sha256: str
    exports: dict[str, str]
    """Identities of the artefacts that would ship, by target."""


def judge(night: Night, contender: dict[str, Any], parity: dict[str, Any], policy: Policy, folder: Path) -> Contest:
    """Puts one of `evaluation.json`'s contenders to the gate.

    The evidence record goes to `folder`, where `items.parquet` is. `parity` is `parity.json` of the night that made the
    contender: what would ship, by target.
    """
    evidence = _evidence(contender, parity, policy)
    exports = {target: found["model"] for target, found in parity.items()}
    decision = decide(evidence, policy)
    record = EvidenceRecord(
        night=night.label,
        candidate=contender["model"],
        champion=night.champion,
        day0=night.day0,
        exports=exports,
        training_watermark=contender["watermark"],
        gate_watermark=night.gate_watermark,
        policy=policy.name,
        gate=evidence,
        decision=decision,
        scores={name: sha256((folder / name).read_bytes()) for name in ("items.parquet", "evaluation.json")},
        parity=parity,
    )
    path, digest = write_evidence(folder, record)
    return Contest(contender["name"], contender["model"], evidence, decision, path, digest, exports)


def _evidence(contender: dict[str, Any], parity: dict[str, Any], policy: Policy) -> Evidence:
    measured = {**contender["guardrails"], **{f"parity_{target}": found["f1"] for target, found in parity.items()}}
    return Evidence(
        primary=Comparison(**contender["primary"]),
        guardrails=tuple(policy.guardrail(name, Comparison(**values)) for name, values in measured.items()),
    )


def chosen(contests: Sequence[Contest]) -> Contest | None:
    """Of those that may be promoted, the one whose gain is surest."""
    able = [contest for contest in contests if contest.decision.verdict == "promote"]
    return max(able, key=_surest, default=None)


def waiting(contests: Sequence[Contest]) -> Contest | None:
    """Of those that the gate could not decide on, the one whose gain is surest: it gathers evidence as challenger.

    When another is promoted, nobody waits: the comparison was with a champion that is no more.
    """
    if chosen(contests) is not None:
        return None
    undecided = [contest for contest in contests if contest.decision.verdict in ("inconclusive", "underpowered")]
    return max(undecided, key=_surest, default=None)


def _surest(contest: Contest) -> float:
    low = contest.evidence.primary.low
    return -math.inf if low is None else low


def read_parity(path: Path) -> dict[str, Any]:
    """`parity.json`, or nothing where a night exported nothing."""
    return dict(json.loads(path.read_text())) if path.exists() else {}
