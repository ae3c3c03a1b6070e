"""What was found of the aliases, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from errata.documents.alias_check import AliasCheck, AliasFinding, HandMove, MovedAlias

REPAIR = "errata registry fsck --repair"


def moved_alias_sentence(moved: MovedAlias) -> str:
    """Of an alias that MLflow has otherwise than the record, and nobody has settled yet."""
    return (
        f"{_moved(moved)} The record decides, and says {moved.model[:16] or 'none'}. The next night settles it, as "
        f"release.hand_moves in params.yaml says, and so does {REPAIR}."
    )


def hand_move_sentence(move: HandMove) -> str:
    """Of one that is settled."""
    if move.adopted_by:
        return f"{_moved(move.moved)} It is adopted, approved by {move.adopted_by}."
    why = f"; it was not adopted: {move.why_not}" if move.why_not else ""
    return f"{_moved(move.moved)} It is put back to {move.moved.model[:16] or 'none'}, as the record says{why}."


def alias_check_sentences(check: AliasCheck) -> Iterator[str]:
    """All that is wrong, or was and is settled; none where all is well."""
    yield from map(hand_move_sentence, check.hand_moves)
    yield from map(finding_sentence, check.findings)
    if check.mlflow_problem:
        yield f"What MLflow has could not be checked: {check.mlflow_problem}"


def finding_sentence(finding: AliasFinding) -> str:
    of = f"{finding.of} {finding.model[:16]}"
    match finding.kind:
        case "moved":
            recorded = finding.model[:16] or "none"
            return f"{finding.of} is {finding.detail} in MLflow, and {recorded} by the record; {REPAIR} settles it."
        case "not told":
            return f"{of}: MLflow has not been told of it; {REPAIR}, or the next night, tells it."
        case "not registered":
            return f"{of}: MLflow has no version of it any more; {REPAIR} registers it again."
        case "registered files":
            return f"{of}: MLflow's copy is not whole: {finding.detail}; {REPAIR} writes it again, where ours is."
        case "files":
            remedy = f"{REPAIR} takes it from MLflow; else restore it from a backup, or roll back."
            return f"{of} is not whole: {finding.detail}; {remedy}"
        case "evidence":
            return f"{of} has no evidence: {finding.detail}."


def place_in_mlflow(moved: MovedAlias) -> str:
    return f"version {moved.version} ({moved.in_mlflow[:16] or 'none of Errata’s'})" if moved.version else "gone"


def _moved(moved: MovedAlias) -> str:
    return f"{moved.alias} is {place_in_mlflow(moved)} in MLflow, where somebody moved it."
