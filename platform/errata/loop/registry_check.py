"""Whether each alias holds: the record's model is a version in MLflow, whole there and here, on sound evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from errata.database.shipping import ALIASES
from errata.database.tables import MoveRow
from errata.documents.alias_check import AliasCheck, AliasFinding
from errata.errors import ErrataError, NotFound, Unavailable
from errata.inference.artefact import model_folder
from errata.loop.hand_moves import settle_hand_moves, tell_mlflow_if_there
from errata.loop.lease import loop_lease
from errata.loop.model_files import broken_models, restore_models
from errata.loop.moved_aliases import moved_aliases
from errata.loop.registering import register_missing
from errata.progress import note
from errata.wording.alias_sentences import alias_check_sentences, place_in_mlflow
from errata.workspace import Workspace
from registry.alias_evidence import check_alias_evidence
from registry.models import ModelRegistry


def check_registry(workspace: Workspace) -> AliasCheck:
    """Changes nothing. Where MLflow is away, says so, and what could be found without it."""
    with workspace.record.read() as store:
        moves = {move.alias: move for move in store.aliases.moves()}
    meant = {alias: moves[alias] for alias in ALIASES if alias in moves and moves[alias].model}
    findings = [*_file_findings(workspace), *_evidence_findings(workspace, meant)]
    problem = ""
    try:
        findings += _mlflow_findings(workspace, meant)
    except (NotFound, Unavailable) as error:
        problem = str(error)
    return AliasCheck({alias: move.model for alias, move in meant.items()}, tuple(findings), mlflow_problem=problem)


def repair_registry(workspace: Workspace) -> AliasCheck:
    """What is wrong once all that can be mended was: files that MLflow or we have are given back to the other, what it
    lost is registered, what somebody moved is settled, and it is told again what the record says.

    Raises Unavailable while another command holds the loop.
    """
    with loop_lease(workspace.record):
        hand_moves = settle_hand_moves(workspace)
        restore_models(workspace)
        try:
            _mend_mlflow(workspace)
        except (NotFound, Unavailable) as problem:
            note(str(problem))
        hand_moves += tell_mlflow_if_there(workspace)
        return replace(check_registry(workspace), hand_moves=hand_moves)


def _mend_mlflow(workspace: Workspace) -> None:
    registry = ModelRegistry.of(workspace)
    with suppress(NotFound):  # a store that is gone is made anew
        registry.mlflow.check_reachable()
    for finding in check_registry(workspace).findings:
        if finding.kind == "registered files":
            with suppress(NotFound):  # ours is broken as well: the check that follows says both
                registry.restore_files(model_folder(finding.model, workspace.models), finding.model)
    register_missing(workspace)


def _file_findings(workspace: Workspace) -> Iterator[AliasFinding]:
    for broken in broken_models(workspace):
        yield AliasFinding(broken.use, broken.model, "files", broken.problem)


def _evidence_findings(workspace: Workspace, meant: Mapping[str, MoveRow]) -> Iterator[AliasFinding]:
    """Day-0 needs none, neither as what all is measured against nor as the champion that it was first."""
    day0 = meant["day0"].model if "day0" in meant else ""
    for alias, move in meant.items():
        if alias == "day0" or (move.evidence is None and move.model == day0):
            continue
        try:
            _check_evidence(workspace, move)
        except ErrataError as problem:
            yield AliasFinding(alias, move.model, "evidence", str(problem))


def _check_evidence(workspace: Workspace, move: MoveRow) -> None:
    if move.evidence is None:
        raise NotFound("it was moved without; `errata rollback`, or promote again on a night's record")
    found = next(workspace.nights.glob(f"*/{move.evidence}.json"), None)
    if found is None:
        raise NotFound(
            f"{move.evidence[:16]}….json is gone from {workspace.nights}; take it from that night's run in MLflow"
        )
    check_alias_evidence(move.alias, move.model, found)


def _mlflow_findings(workspace: Workspace, meant: Mapping[str, MoveRow]) -> list[AliasFinding]:
    findings = [
        AliasFinding(moved.alias, moved.model, "moved", place_in_mlflow(moved)) for moved in moved_aliases(workspace)
    ]
    registry = ModelRegistry.of(workspace)
    of_model = {move.model: alias for alias, move in reversed(list(meant.items()))}
    for model, alias in of_model.items():
        if not registry.has(model):
            findings.append(AliasFinding(alias, model, "not registered"))
            continue
        try:
            registry.check_files(model)
        except NotFound as problem:
            findings.append(AliasFinding(alias, model, "registered files", str(problem)))
    in_mlflow, moved = registry.aliases(), {finding.of for finding in findings if finding.kind == "moved"}
    for alias, move in meant.items():
        if alias not in moved and in_mlflow.get(alias, ("", ""))[1] != move.model:
            findings.append(AliasFinding(alias, move.model, "not told"))
    return findings


def note_findings(check: AliasCheck) -> None:
    """What is wrong with what ships is no reason for a night to fail: it is said, and its report says it too."""
    for sentence in alias_check_sentences(check):
        note(sentence)
