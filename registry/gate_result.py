"""From a night's scores to decisions: each contender's evidence, put to the gate and written down."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision
from errata.documents.document import RESTORE, read_document
from errata.documents.evaluation import ContenderScores
from errata.documents.evidence import Evidence, Fault, JudgeSay
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.file_names import EVALUATION, ITEMS, judging_file
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.documents.parity import Parity, ParityReport
from errata.domain.hashing import sha256
from errata.errors import BadInput
from registry.evidence import write_evidence
from registry.gate import decide
from registry.guardrail import point_comparison
from registry.history import GateHistory
from registry.judged import judge_consistency, missing_answers, powered_comparison
from registry.policy import PRESETS, Policy
from registry.slice_alarms import slice_alarms


@dataclass(frozen=True)
class GateResult:
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


@dataclass(frozen=True)
class GateInput:
    """All that was measured of a contender."""

    contender: ContenderScores
    parity: Mapping[str, Parity]
    """Of what would ship, by target, as the night that made it measured it."""
    judging: Judging | None = None
    """What judges said of it, where any were asked."""

    @property
    def panel(self) -> Judging | None:
        """The same where the judges have a say."""
        return self.judging if self.judging and self.judging.say else None

    def comparisons(self) -> Iterator[tuple[str, Comparison]]:
        """Every guardrail that was measured; a preset takes those that it has a limit for."""
        yield from self.contender.all_guardrails.items()
        for target, export in self.parity.items():
            yield f"parity_{target}", export.f1
            if export.footprint:
                yield "latency", export.footprint.latency
                yield "size", export.footprint.size
        server = self.parity.get("server")
        if server and server.agreement:
            yield "starts_server", point_comparison(server.agreement.starts, 100.0, server.f1.n)
        if self.panel:
            yield "judge_consistency", judge_consistency(self.panel)

    def files(self) -> tuple[str, ...]:
        """What the decision rests on, in the night's folder."""
        return (ITEMS, EVALUATION, judging_file(self.contender.name)) if self.panel else (ITEMS, EVALUATION)


def run_gate(
    night: Night, measured: GateInput, policy: Policy, folder: Path, history: GateHistory | None = None
) -> GateResult:
    """Puts a contender to the gate.

    The evidence record goes to `folder`, where the files are that it rests on. `history` holds the tests spent before,
    see `GateHistory.of`; the next contender of the night is judged after `history.after(result.model,
    result.decision.test)`.
    """
    history, contender, parity = history or GateHistory(), measured.contender, measured.parity
    evidence = _evidence(measured, policy, history.nights(contender.model) + 1)
    exports = {target: export.model for target, export in parity.items()}
    decision = decide(evidence, policy, history)
    record = EvidenceRecord(
        night=night.label,
        candidate=contender.model,
        champion=night.champion,
        day0=night.day0,
        exports=exports,
        training_watermark=contender.watermark,
        gate_watermark=night.gate_watermark,
        policy=policy.name,
        gate=evidence,
        decision=decision,
        scores={name: sha256((folder / name).read_bytes()) for name in measured.files()},
        parity=dict(parity),
    )
    path, digest = write_evidence(folder, record)
    first_come = policy.year is not None
    return GateResult(contender.name, contender.model, evidence, decision, path, digest, exports, first_come)


def _evidence(measured: GateInput, policy: Policy, nights: int) -> Evidence:
    primary, comparisons = measured.contender.primary, dict(measured.comparisons())
    faults = [Fault("reported", detail=fault) for fault in measured.contender.faults]
    faults += missing_answers(measured.judging) if measured.judging else ()
    for name in comparisons:
        # A misspelt name would else pass in silence: no preset has a limit for it, so none would ask for it.
        if not any(preset.limit(name) for preset in PRESETS.values()):
            faults.append(Fault("unknown guardrail", name))
    judge: JudgeSay | None
    try:
        powered, judge = powered_comparison(measured.panel, primary)
    except BadInput as error:
        powered, judge = None, None
        faults.append(Fault("reported", "the judge's evidence", f"{error}."))
    limited = {name: comparison for name, comparison in comparisons.items() if policy.limit(name)}
    return Evidence(
        primary=primary,
        guardrails=tuple(policy.guardrail(name, comparison) for name, comparison in limited.items()),
        faults=tuple(faults),
        powered=powered,
        judge=judge,
        alarms=tuple(slice_alarms(limited, policy)),
        nights=nights,
    )


def winner_of(results: Sequence[GateResult]) -> GateResult | None:
    """Of those that may be promoted, the one whose gain is surest."""
    promotable = [result for result in results if result.decision.verdict == "promote"]
    return max(promotable, key=_lower_bound, default=None)


def next_challenger(results: Sequence[GateResult]) -> GateResult | None:
    """Of those that the gate could not decide on, the one that gathers evidence as challenger: whose gain is surest, or
    who waits already, where first come is first served.

    When another is promoted, nobody waits: the comparison was with a champion that is no more. Nor does one whose test
    is spent, or whose time is up. A challenger that is blocked tonight keeps its place, and the evidence that it has
    gathered, unless a newcomer wants it: what was missing (a judge that did not answer) may be there tomorrow.
    """
    if winner_of(results) is not None:
        return None
    open_results = [result for result in results if not result.decision.final]
    undecided = [result for result in open_results if result.decision.verdict in ("inconclusive", "underpowered")]
    challengers = [result for result in open_results if result.name == "challenger"]
    blocked = [result for result in challengers if result.decision.verdict == "blocked"]
    return max(undecided or blocked, key=lambda result: (_came_first(result), _lower_bound(result)), default=None)


def _came_first(result: GateResult) -> bool:
    return result.first_come and result.name == "challenger"


def _lower_bound(result: GateResult) -> float:
    """Of the gain over the champion: the higher, the surer it is."""
    low = result.evidence.primary.low
    return -math.inf if low is None else low


def read_parity(path: Path) -> dict[str, Parity]:
    """`parity.json`, by target; nothing where a night exported nothing."""
    return read_document(ParityReport, path, RESTORE).exports if path.exists() else {}
