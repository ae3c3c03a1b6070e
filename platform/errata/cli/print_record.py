"""What the commands that look after the record print for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from errata.cli.output import as_json, print_table, say, say_wrapped, with_interval
from errata.domain.clock import clock
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.correction import Conflict, Side
    from errata.domain.reviewer import Reviewer
    from errata.files import JsonObject
    from errata.loop.forget import Deletion
    from errata.loop.lineage import ModelUse, TagResult
    from errata.loop.retract import Retraction
    from errata.loop.workspace_check import WorkspaceCheck

REPAIRED = {
    "signed": "transcripts signed anew",
    "entered": "transcripts entered in the index of twins",
    "linked": "twins linked",
    "conflicts": "conflicts entered in their index",
}
"""What a repair may do, in words."""


def print_conflicts(conflicts: Sequence[Conflict]) -> None:
    columns = ("correction", "reviewer", "kind", "on", "chapters")
    for conflict in conflicts:
        print_table(f"{conflict.external_id}  {conflict.title}", columns, [_side(side) for side in conflict.sides])
    count = counted(len(conflicts), "transcript is", "transcripts are")
    say(f"{count} in conflict; settle one: errata adjudicate TRANSCRIPT --choose CORRECTION --by NAME")


def _side(side: Side) -> tuple[str, ...]:
    lines = "\n".join(f"{clock(chapter.start)} {chapter.title}" for chapter in side.chapters)
    return str(side.correction), side.reviewer, side.kind, side.reviewed_on[:16].replace("T", " "), lines or "–"


def retraction_json(result: Retraction) -> JsonObject:
    return {**as_json(result), "mlflow": _tag_sentence(result.mlflow)}


def print_retraction(result: Retraction) -> None:
    again = "" if result.new else " (it was already)"
    say(f"correction {result.correction} of {result.external_id} is retracted{again}; no label uses it from now on")
    for shard in result.snapshots:
        say(f"snapshot  {shard.sha256[:16]}  watermarks {shard.after} to {shard.upto}")
    for night in result.nights:
        uses = [name for name, used in (("trained", night.trained), ("scored", night.scored)) if used]
        say(f"night     {night.night}  {' and '.join(uses)} on it")
    _print_models(result.models)
    say_wrapped(f"MLflow    {_tag_sentence(result.mlflow)}", 10)


def _print_models(models: Sequence[ModelUse]) -> None:
    for model in models:
        names = ", ".join(model.aliases) or "no alias"
        say(f"model     {model.model[:16]}  {model.form}, of the night {model.night or '–'}, {names}")
    if not models:
        say("model     none learnt from it")


def _tag_sentence(result: TagResult) -> str:
    if result.problem:
        return f"not told ({result.problem})"
    if not result.tagged and not result.missing:
        return "no version is concerned"
    missing = ", ".join(model[:16] for model in result.missing)
    versions = counted(result.tagged, "version has", "versions have")
    return f"{versions} the tag {result.tag}" + (f"; not registered: {missing}" if missing else "")


def print_reviewers(reviewers: Sequence[Reviewer]) -> None:
    columns = ("reviewer", "role", "corrections", "agreed", "trust [90 %]", "probation", "audits", "on audits [90 %]")
    print_table("reviewers", columns, [_reviewer(reviewer) for reviewer in reviewers])


def _reviewer(reviewer: Reviewer) -> tuple[str, ...]:
    agreement, trust, audited = reviewer.agreement, reviewer.agreement.trust(), reviewer.audits.trust()
    return (
        reviewer.name,
        reviewer.role,
        str(reviewer.corrections),
        f"{agreement.agreed}/{agreement.items}",
        with_interval(trust.mean, trust.low, trust.high, ".2f"),
        "yes" if reviewer.probation else "no",
        str(reviewer.audits.items),
        with_interval(audited.mean, audited.low, audited.high, ".2f") if reviewer.audits.items else "–",
    )


def deletion_json(result: Deletion) -> JsonObject:
    rest = {**as_json(result), "mlflow": _tag_sentence(result.mlflow)}
    return {**rest.pop("tombstone"), **rest}


def print_deletion(result: Deletion) -> None:
    tombstone = result.tombstone
    say(f"forgotten: tombstone {tombstone.seq}, asked for by {tombstone.by} on {tombstone.at:%Y-%m-%d}")
    for place, count in tombstone.removed.items():
        say(f"  {place:<16} {count if isinstance(count, int) else ', '.join(count) or '–'}")
    for twin in result.twins:
        say_wrapped(f"twin      {twin} says the same or nearly, and was kept; forget it too if it is meant", 10)
    _print_models(result.models)
    say_wrapped(f"MLflow    {_tag_sentence(result.mlflow)}", 10)
    if result.models:
        say_wrapped(
            "What these models learnt can't be taken out of their weights; train anew from Day-0 to be without it.", 2
        )


def check_json(check: WorkspaceCheck) -> JsonObject:
    """`repaired` and `restored` stand there where a repair was asked for."""
    repaired = {} if check.repaired is None else {"repaired": check.repaired, "restored": check.restored}
    return {**as_json(check.findings), "recordings": check.recordings, "alone": check.alone, **repaired}


def print_check(check: WorkspaceCheck) -> None:
    if check.repaired is not None:
        for name, words in REPAIRED.items():
            say(f"{words:<42} {len(getattr(check.repaired, name))}")
        for model in check.restored:
            say(f"{'a model taken from MLflow':<42} {model[:16]}")
    findings = check.findings
    for line in (*findings.problems, *findings.quarantined):
        say_wrapped(line)
    counts = f"{counted(len(findings.problems), 'problem')}, {len(findings.quarantined)} quarantined"
    recordings = f", {counted(check.recordings, 'recording')}" if check.recordings else ""
    say(f"{counted(findings.transcripts, 'transcript')}{recordings}, {counts}")
    if check.alone:
        say_wrapped(f"{counted(check.alone, 'recording lies', 'recordings lie')} on this machine's disks alone")
