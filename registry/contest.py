"""From a night's scores to decisions: each contender's evidence, put to the gate and written down."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.documents.comparison import Comparison
from errata.documents.file_names import judging_file
from errata.documents.night import Night
from errata.domain.hashing import sha256
from errata.errors import BadInput
from registry.evidence import EvidenceRecord, write_evidence
from registry.gate import PRESETS, Decision, Evidence, History, Policy, decide
from registry.judged import judge_consistency, powered_comparison
from registry.share import against
from registry.slices import alarms


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
    first_come: bool = False
    """Whether who waits already goes on waiting, whatever the newcomers' results: to choose by results would bias the
    one test."""


def judge(
    night: Night,
    contender: dict[str, Any],
    parity: dict[str, Any],
    policy: Policy,
    folder: Path,
    history: History | None = None,
) -> Contest:
    """Puts one of `evaluation.json`'s contenders to the gate.

    The evidence record goes to `folder`, where `items.parquet` is. `parity` is `parity.json` of the night that made the
    contender: what would ship, by target. `history` holds the tests spent before, see `History.of`; the next contender
    of the night is judged after `history.after(contest.model, contest.decision.test)`.
    """
    history = history or History()
    evidence = _evidence(contender, parity, policy, history.nights(contender["model"]) + 1)
    exports = {target: found["model"] for target, found in parity.items()}
    decision = decide(evidence, policy, history)
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
        scores={name: sha256((folder / name).read_bytes()) for name in _files(contender)},
        parity=parity,
    )
    path, digest = write_evidence(folder, record)
    first_come = policy.year is not None
    return Contest(contender["name"], contender["model"], evidence, decision, path, digest, exports, first_come)


def _files(contender: dict[str, Any]) -> tuple[str, ...]:
    """What the decision rests on, in the night's folder."""
    scored = ("items.parquet", "evaluation.json")
    return (*scored, judging_file(contender["name"])) if contender.get("judged") else scored


def _evidence(contender: dict[str, Any], parity: dict[str, Any], policy: Policy, nights: int) -> Evidence:
    primary, faults = Comparison(**contender["primary"]), list(contender.get("faults", ()))
    measured = dict(_measured(contender, parity))
    known = {name: found for name, found in measured.items() if policy.limit(name)}
    faults += [
        f"{name} is no guardrail that a preset knows; mend the evaluation's names."
        for name in measured
        if not any(other.limit(name) for other in PRESETS.values())
    ]
    try:
        powered, notes = powered_comparison(contender.get("judged"), primary)
    except BadInput as error:
        powered, notes = None, ()
        faults.append(f"{error}.")
    return Evidence(
        primary=primary,
        guardrails=tuple(policy.guardrail(name, found) for name, found in known.items()),
        faults=tuple(faults),
        powered=powered,
        notes=(*notes, *alarms(known, policy)),
        nights=nights,
    )


def _measured(contender: dict[str, Any], parity: dict[str, Any]) -> Iterator[tuple[str, Comparison]]:
    """Every guardrail that was measured; a preset takes those that it has a limit for."""
    for name, values in {**contender["guardrails"], **contender.get("more_guardrails", {})}.items():
        yield name, Comparison(**values)
    for target, found in parity.items():
        yield f"parity_{target}", Comparison(**found["f1"])
        for name, values in found.get("footprint", {}).items():
            yield name, Comparison(**values)
    server = parity.get("server", {})
    if "agreement" in server:
        yield "starts_server", against(server["agreement"]["starts"], 100.0, server["f1"]["n"])
    if contender.get("judged"):
        yield "judge_consistency", judge_consistency(contender["judged"])


def chosen(contests: Sequence[Contest]) -> Contest | None:
    """Of those that may be promoted, the one whose gain is surest."""
    able = [contest for contest in contests if contest.decision.verdict == "promote"]
    return max(able, key=_surest, default=None)


def waiting(contests: Sequence[Contest]) -> Contest | None:
    """Of those that the gate could not decide on, the one that gathers evidence as challenger: whose gain is surest, or
    who waits already, where first come is first served.

    When another is promoted, nobody waits: the comparison was with a champion that is no more. Nor does one whose test
    is spent, or whose time is up. A challenger that is blocked tonight keeps its place, and the evidence that it has
    gathered, unless a newcomer wants it: what was missing (a judge that did not answer) may be there tomorrow.
    """
    if chosen(contests) is not None:
        return None
    undecided = [
        contest
        for contest in contests
        if contest.decision.verdict in ("inconclusive", "underpowered") and not contest.decision.final
    ]
    held_up = [
        contest
        for contest in contests
        if contest.name == "challenger" and contest.decision.verdict == "blocked" and not contest.decision.final
    ]
    return max(undecided or held_up, key=lambda contest: (_before(contest), _surest(contest)), default=None)


def _before(contest: Contest) -> bool:
    return contest.first_come and contest.name == "challenger"


def _surest(contest: Contest) -> float:
    low = contest.evidence.primary.low
    return -math.inf if low is None else low


def read_parity(path: Path) -> dict[str, Any]:
    """`parity.json`, or nothing where a night exported nothing."""
    return dict(json.loads(path.read_text())) if path.exists() else {}
