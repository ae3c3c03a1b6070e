"""Which night it is: its row in the record, whose watermarks it keeps, and the document that tells the stages."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import chain

from errata.database.store import Store
from errata.database.tables import NightRow
from errata.documents.night import CandidateKind, Night, check_label, label_day
from errata.documents.outcome import Outcome
from errata.documents.params import UNKNOWN_GATE, GateParams
from errata.domain.vector_shard import shards_digest
from errata.errors import BadInput, NotFound, Refused
from errata.inference.artefact import Card, model_folder
from errata.loop.candidate_start import candidate_starts
from errata.loop.code_hash import code_hash
from errata.operations.suspect_inbox import open_suspects
from errata.progress import note
from errata.workspace import Workspace
from registry.policy import preset


def begin_night(workspace: Workspace, label: str) -> NightRow:
    """The night's row, with the watermarks that it keeps however often it is run; one that was skipped begins anew once
    corrections wait.

    Raises Refused where another night was begun and not finished, BadInput for a label that can't be a new night's.
    """
    with workspace.record.write() as store:
        # what last night was scored on is what this one may train on
        trained, newest = store.nights.last_gate_watermark(), store.labels.newest()
        row = store.nights.find(label)
        if row is not None:
            if row.verdict != "skipped" or newest <= trained:
                return row
            store.nights.drop_skipped(label)
        check_label(label)
        _check_order(store.nights.all(), label)
        return store.nights.begin(label, trained, max(trained, newest))


def _check_order(nights: Sequence[NightRow], label: str) -> None:
    """One night after another, and none dated before one that has been: reports show them in the order they ran in."""
    day = label_day(label)
    for other in nights:
        if not other.finished:
            raise Refused(
                f"the night {other.label} was not finished; finish it: errata nightly --date {shlex.quote(other.label)}"
            )
        earlier = label_day(other.label)
        if day and earlier and earlier > day and other.verdict != "skipped":
            raise BadInput(
                f"the night {other.label} has been, so that {label} can't be a new one; take a later day, or a name "
                "that is no day"
            )


def skip_night(workspace: Workspace, label: str) -> Outcome:
    """Finishes a night that has no new corrections, and so nothing to score on."""
    outcome = Outcome(night=label, verdict="skipped", reason="nothing new")
    with workspace.record.write() as store:
        store.nights.finish(outcome)
    return outcome


def plan_night(workspace: Workspace, row: NightRow, kind: CandidateKind | None = None) -> Night:
    """What the stages are told: the watermarks, who is compared, and what candidates go on from; `kind` says so for a
    night that begins with it.

    Raises NotFound without a Day-0 model, and BadInput for parameters that can't be used.
    """
    gate = _gate_params(workspace, row.label)
    with workspace.record.read() as store:
        day0, champion = store.aliases.model_of("day0"), store.aliases.model_of("champion")
        challenger, before = store.aliases.model_of("challenger") or "", store.nights.last_scored()
        held, vectors = _held_corrections(workspace, store, row), store.videos.all_vectors()
    if day0 is None or champion is None:
        raise NotFound(f"{workspace.root} has no Day-0 model; run errata init {shlex.quote(str(workspace.root))}")
    gate_before = before.outcome.gate_params if before else UNKNOWN_GATE
    if challenger and _is_retested(gate_before, gate):
        note(
            f"the challenger {challenger[:16]} gathered its evidence for another test than the gate's now: it is let go"
        )
        challenger = ""
    place_taken = bool(challenger) and preset(gate).holds_one
    starts = candidate_starts(workspace, row.label, kind, place_taken, is_day0=champion == day0)
    return Night(
        label=row.label,
        training_watermark=row.training_watermark,
        gate_watermark=row.gate_watermark,
        day0=day0,
        champion=champion,
        champion_watermark=_training_watermark(workspace, champion),
        challenger=challenger,
        challenger_watermark=_training_watermark(workspace, challenger) if challenger else 0,
        code=code_hash(),
        gate=gate,
        gate_before=gate_before,
        start=starts[0],
        starts=starts if len(starts) > 1 else (),
        held=held,
        vectors=shards_digest(chain.from_iterable(vectors.values())),
    )


def _held_corrections(workspace: Workspace, store: Store, row: NightRow) -> tuple[int, ...]:
    """What earlier nights suspected and nobody has decided by the training watermark, if such labels are to wait."""
    curate = workspace.params().curate
    if curate is None or curate.suspects == "keep":
        return ()
    suspected = open_suspects(workspace.nights, store, row.training_watermark, besides=row.label)
    return tuple(sorted(entry.suspect.correction for entry in suspected))


def _is_retested(before: GateParams, gate: GateParams) -> bool:
    """Whether a challenger that waited until now would be tested on items by which it was chosen to wait, or by a test
    that was chosen when they had been seen."""
    return before != UNKNOWN_GATE and not gate.tests_as(before)


def _gate_params(workspace: Workspace, label: str) -> GateParams:
    """As they were when the night began: whoever has seen scores of it may not choose by which preset it is judged.

    Raises BadInput for a gate that isn't there, before hours are spent.
    """
    params = workspace.params().gate
    first = _gate_on_disk(workspace, label) or params
    preset(first)
    with workspace.record.write() as store:
        begun = store.nights.keep_gate(label, first)
    if begun != params:
        note(
            f"params.yaml has another gate by now; the night {label} began with the preset {begun.preset} and keeps it"
        )
    return begun


def _gate_on_disk(workspace: Workspace, label: str) -> GateParams | None:
    """Of a night that an older Errata began, whose record doesn't have it; None also where that file says nothing."""
    try:
        night = Night.read(workspace.root)
    except (NotFound, BadInput):  # the first night, or a file that somebody damaged: it is about to be written anew
        return None
    return night.gate if night.label == label and night.gate != UNKNOWN_GATE else None


def _training_watermark(workspace: Workspace, identity: str) -> int:
    return Card.read(model_folder(identity, workspace.models)).training_watermark
