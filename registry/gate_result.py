"""From a night's scores to decisions: each contender's evidence, put to the gate and written down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision
from errata.documents.evaluation import ContenderScores
from errata.documents.evidence import Evidence, Fault, JudgeSay
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.file_names import EVALUATION, ITEMS, judging_file
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.documents.parity import Parity
from errata.domain.hashing import sha256
from errata.errors import BadInput
from registry.evidence import write_evidence
from registry.export.targets import EXPORT_TARGETS
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
    """Of what would ship, by target."""
    judging: Judging | None = None
    """What judges said of it, where any were asked."""
    unbuilt: Mapping[str, str] = field(default_factory=dict)
    """By target of which no export could be made, why."""

    @property
    def panel(self) -> Judging | None:
        """The same where the judges have a say."""
        return self.judging if self.judging and self.judging.say else None

    def comparisons(self) -> Iterator[tuple[str, Comparison]]:
        """Every guardrail that was measured; a preset takes those that it has a limit for."""
        yield from self.contender.all_guardrails.items()
        for target, export in self.parity.items():
            yield from export_comparisons(target, export)
            if export.footprint:
                yield "latency", export.footprint.latency
                yield "size", export.footprint.size
        if self.panel:
            yield "judge_consistency", judge_consistency(self.panel)

    def files(self) -> tuple[str, ...]:
        """What the decision rests on, in the night's folder."""
        return (ITEMS, EVALUATION, judging_file(self.contender.name)) if self.panel else (ITEMS, EVALUATION)


def export_comparisons(target: str, export: Parity) -> Iterator[tuple[str, Comparison]]:
    """The guardrails of one export that were measured."""
    yield f"parity_{target}", export.f1
    if export.agreement and target in EXPORT_TARGETS and EXPORT_TARGETS[target].starts is not None:
        yield f"starts_{target}", point_comparison(export.agreement.starts, 100.0, export.f1.n)


@dataclass(frozen=True)
class _PendingDecision:
    """What the gate makes of a contender before it has seen the night's others."""

    measured: GateInput
    evidence: Evidence
    decision: Decision


def run_gates(
    night: Night, contenders: Iterable[GateInput], policy: Policy, folder: Path, history: GateHistory
) -> list[GateResult]:
    """Puts a night's contenders to the gate, in turn; at most one ends as `promote`.

    The evidence records go to `folder`, where the files are that they rest on. `history` holds the tests spent before,
    see `GateHistory.of`.
    """
    pending, tonight = list[_PendingDecision](), history
    for measured in contenders:
        model = measured.contender.model
        evidence = _evidence(measured, policy, history.nights(model) + 1, night.challenger not in ("", model))
        evidence = replace(evidence, begins=model not in history.begun)
        decision = decide(evidence, policy, tonight.beside(model))
        pending.append(_PendingDecision(measured, evidence, decision))
        # Whichever of them is promoted in the end: no level may count on a discovery that was none, and what was seen
        # of it is no past effect yet.
        unpromoted = decision.test and replace(decision.test, discovery=False)
        tonight = tonight.after(model, replace(decision, test=unpromoted, comparison=None))
    return [_write_result(night, entry, policy, folder) for entry in _one_promotion(pending, policy, history)]


def _one_promotion(pending: Sequence[_PendingDecision], policy: Policy, history: GateHistory) -> list[_PendingDecision]:
    """One promotion, one discovery: of two that passed, the one whose gain is surer is promoted.

    The other's test is spent, at the level that it had, and earns nothing; nor may it wait, as it was compared with a
    champion that is no more.
    """
    passed = [entry for entry in pending if entry.decision.verdict == "promote"]
    winner = max(passed, key=lambda entry: _lower_bound(entry.evidence), default=None)
    entries = []
    for entry in pending:
        decision, test = entry.decision, entry.decision.test
        if test is not None and policy.year is not None:
            year = policy.year
            test = history.enter(test.p_value, test.level, entry is winner, year.fdr, year.wealth)
        if decision.verdict == "promote" and entry is not winner:
            decision = replace(decision, verdict="reject", cause="another is surer", final=True)
        decision = replace(decision, test=test)
        entries.append(replace(entry, decision=decision))
        history = history.after(entry.measured.contender.model, decision)
    return entries


def _write_result(night: Night, entry: _PendingDecision, policy: Policy, folder: Path) -> GateResult:
    contender, parity = entry.measured.contender, entry.measured.parity
    exports = {target: export.model for target, export in parity.items()}
    record = EvidenceRecord(
        night=night.label,
        candidate=contender.model,
        champion=night.champion,
        day0=night.day0,
        exports=exports,
        training_watermark=contender.watermark,
        gate_watermark=night.gate_watermark,
        policy=policy.name,
        gate=entry.evidence,
        decision=entry.decision,
        scores={name: sha256((folder / name).read_bytes()) for name in entry.measured.files()},
        parity=dict(parity),
        gate_params=night.gate,
        gate_change=night.gate_change,
    )
    path, digest = write_evidence(folder, record)
    return GateResult(
        name=contender.name,
        model=contender.model,
        evidence=entry.evidence,
        decision=entry.decision,
        record=path,
        sha256=digest,
        exports=exports,
        first_come=policy.holds_one,
    )


def _evidence(measured: GateInput, policy: Policy, nights: int, place_taken: bool) -> Evidence:
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
        place_taken=place_taken,
        unbuilt=dict(measured.unbuilt),
    )


def winner_of(results: Sequence[GateResult]) -> GateResult | None:
    """The one that is to be promoted, if any is."""
    return next((result for result in results if result.decision.verdict == "promote"), None)


def next_challenger(results: Sequence[GateResult]) -> GateResult | None:
    """Of those that the gate could not decide on, the one that gathers evidence as challenger: whose gain is surest, or
    who waits already, where first come is first served.

    When another is promoted, nobody waits: the comparison was with a champion that is no more. Nor does one whose test
    is spent, or whose time is up. Who is blocked tonight has the place, the challenger first, unless one that could be
    judged wants it: what was missing (a judge that did not answer) may be there tomorrow, and it keeps its evidence.
    """
    if winner_of(results) is not None:
        return None
    open_results = [result for result in results if not result.decision.final]
    undecided = [result for result in open_results if result.decision.verdict in ("inconclusive", "underpowered")]
    if undecided:
        return max(undecided, key=lambda result: (_came_first(result), _lower_bound(result.evidence)))
    blocked = [result for result in open_results if result.decision.verdict == "blocked"]
    return max(blocked, key=lambda result: result.name == "challenger", default=None)


def _came_first(result: GateResult) -> bool:
    return result.first_come and result.name == "challenger"


def _lower_bound(evidence: Evidence) -> float:
    """Of the gain over the champion: the higher, the surer it is."""
    low = evidence.primary.low
    return -math.inf if low is None else low
