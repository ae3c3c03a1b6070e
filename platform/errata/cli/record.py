"""What people do to the record by hand: settle disputes, take corrections back, and see who reviews how well."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

from errata.cli.lease import held
from errata.cli.lineage import models_with, nights_with, snapshots_with, tag_models
from errata.cli.output import print_table, say
from errata.database.store import Store
from errata.domain.chapter import Chapters
from errata.domain.reviewer import REVIEWER_ROLES, ReviewerRole
from errata.domain.timestamps import clock
from errata.errors import BadInput
from errata.workspace import Workspace

REPAIRED = {
    "signed": "transcripts signed anew",
    "entered": "transcripts entered in the index of twins",
    "linked": "twins linked",
    "conflicts": "conflicts entered in their index",
}
"""What a repair may do, in words."""


def conflicts(workspace: Workspace) -> list[dict[str, Any]]:
    """The transcripts on which reviewers differ now, with what each side stands by."""
    with workspace.record.read() as store:
        return [conflict.as_json() for conflict in store.disputes()]


def print_conflicts(found: list[dict[str, Any]]) -> None:
    for conflict in found:
        rows = [
            (str(side["correction"]), side["reviewer"], side["kind"], side["reviewed_on"], _shown(side["chapters"]))
            for side in conflict["sides"]
        ]
        columns = ("correction", "reviewer", "kind", "on", "chapters")
        print_table(f"{conflict['external_id']}  {conflict['title']}", columns, rows)
    counted = "1 transcript is" if len(found) == 1 else f"{len(found)} transcripts are"
    say(f"{counted} in conflict; settle one: errata adjudicate TRANSCRIPT --choose CORRECTION --by NAME")


def _shown(chapters: list[dict[str, Any]]) -> str:
    return "\n".join(f"{clock(chapter['start'])} {chapter['title']}" for chapter in chapters) or "–"


def adjudicate(
    workspace: Workspace, transcript: str, choose: str | None, merge: Path | None, by: str
) -> dict[str, Any]:
    """Records what a disputed transcript's chapters are: one side's, or those of the file `merge`.

    Raises BadInput unless exactly one of the two is given.
    """
    if (choose is None) == (merge is None):
        raise BadInput("say either --choose CORRECTION or --merge FILE, and not both")
    _needs(by, "by")
    with workspace.record.write() as store:
        seq = store.version_in_question(transcript)
        if merge is not None:
            added = store.adjudicate(seq, _merged(merge, store, seq), by)
        else:
            added = store.adjudicate(seq, store.find_correction(choose or ""), by)
        event = store.event(added.seq)
        left = len(store.conflicts())
    chapters = [chapter.as_json() for chapter in event.chapters]
    facts = {"adjudication": added.seq, "new": added.new, "transcript": seq, "external_id": transcript, "by": by}
    return {**facts, "chose": event.supersedes, "chapters": chapters, "conflicts_left": left}


def print_adjudication(found: dict[str, Any]) -> None:
    say(f"{found['external_id']} is adjudicated by {found['by']}; {found['conflicts_left']} conflicts are left")


def _merged(path: Path, store: Store, transcript: int) -> Chapters:
    """The chapters of a JSON file, `[{"start": 0, "title": "…"}, …]`. Raises BadInput."""
    from errata.formats import fields
    from errata.formats.json_files import parse, read_text

    try:
        items = fields.listing(parse(read_text(path)), str(path))
    except json.JSONDecodeError as problem:
        raise BadInput(f"{path}, line {problem.lineno}: not JSON ({problem.msg}); mend it") from problem
    read = []
    for number, item in enumerate(items, start=1):
        what = f"{path}, chapter {number}"
        value = fields.mapping(item, what)
        read.append(fields.chapter(fields.time(value.get("start"), f"{what}'s start"), value.get("title"), what))
    duration = store.duration(transcript)
    late = next((chapter for chapter in read if chapter.start > duration), None)
    if late is not None or not read:
        told = (
            f"{late.title!r} starts at {late.start:g}, after the end ({duration:g})" if late else "it has no chapters"
        )
        raise BadInput(f"{path}: {told}; mend it")
    return fields.chapters(read, str(path))


def retract(workspace: Workspace, name: str, by: str, why: str) -> dict[str, Any]:
    """Takes a correction out of every label from now on, and names all that holds it already."""
    _needs(by, "by")
    _needs(why, "why")
    with workspace.record.write() as store:
        correction = store.find_correction(name)
        added = store.retract(correction, by, why)
        event = store.event(correction)
    with workspace.record.read() as store:
        nights = nights_with(store, event.transcript, correction)
        external_id = store.external_id(event.transcript)
    models = models_with(workspace, event.transcript, correction)
    return {
        "correction": correction,
        "identity": event.identity,
        "retraction": added.seq,
        "new": added.new,
        "transcript": event.transcript,
        "external_id": external_id,
        "reviewer": event.reviewer,
        "snapshots": snapshots_with(workspace, event.transcript, correction),
        "nights": nights,
        "models": models,
        "mlflow": tag_models(workspace, models, f"errata.retracted.{correction}", by),
    }


def print_retraction(found: dict[str, Any]) -> None:
    again = "" if found["new"] else " (it was already)"
    say(f"correction {found['correction']} of {found['external_id']} is retracted{again}; no label uses it from now on")
    for shard in found["snapshots"]:
        say(f"snapshot  {shard['sha256'][:16]}  watermarks {shard['after']} to {shard['upto']}")
    for night in found["nights"]:
        what = " and ".join(name for name in ("trained", "scored") if night[name])
        say(f"night     {night['night']}  {what} on it")
    print_models(found["models"])
    say(f"MLflow    {found['mlflow']}")


def print_models(models: list[dict[str, Any]]) -> None:
    for model in models:
        names = ", ".join(model["aliases"]) or "no alias"
        say(f"model     {model['model'][:16]}  {model['form']}, of the night {model['night'] or '–'}, {names}")
    if not models:
        say("model     none learnt from it")


def reviewers(workspace: Workspace) -> list[dict[str, Any]]:
    with workspace.record.read() as store:
        return [one.as_json() for one in store.reviewers.all(store.watermark())]


def appoint(workspace: Workspace, name: str, role: str, by: str) -> None:
    """Gives a reviewer a role. Raises BadInput for a role that is none, Refused where `by` may not."""
    wanted = next((known for known in REVIEWER_ROLES if known == role.replace("-", " ")), None)
    if wanted is None:
        raise BadInput(f"{role!r} is no role; give one of {', '.join(REVIEWER_ROLES)}")
    given: ReviewerRole = wanted
    _needs(by, "by")
    with workspace.record.write() as store:
        store.reviewers.appoint(name, given, by)


def print_reviewers(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            one["name"],
            one["role"],
            str(one["corrections"]),
            f"{one['agreed']}/{one['adjudicated']}",
            f"{one['trust']:.2f} [{one['low']:.2f}, {one['high']:.2f}]",
            "yes" if one["probation"] else "no",
        )
        for one in found
    ]
    columns = ("reviewer", "role", "corrections", "agreed", "trust [90 %]", "probation")
    print_table("reviewers", columns, rows)


def forget(workspace: Workspace, name: str, by: str, why: str) -> dict[str, Any]:
    """Removes a transcript and all that was said of it, here and in what was derived; see `errata.cli.forget`."""
    from errata.cli.forget import remove
    from errata.cli.lineage import models_that_saw

    _needs(by, "by")
    _needs(why, "why")
    with held(workspace.record):
        stone, twins = remove(workspace, name, by, why)
    models = models_that_saw(workspace, stone.hashes)
    told = tag_models(workspace, models, f"errata.forgotten.{stone.seq}", by)
    return {**stone.as_json(), "twins": twins, "models": models, "mlflow": told}


def print_forgotten(found: dict[str, Any]) -> None:
    say(f"forgotten: tombstone {found['seq']}, asked for by {found['by']} on {found['at'][:10]}")
    for place, count in found["removed"].items():
        say(f"  {place:<16} {count if isinstance(count, int) else ', '.join(count) or '–'}")
    for twin in found["twins"]:
        say(f"twin      {twin} says the same or nearly, and was kept; forget it too if it is meant")
    print_models(found["models"])
    say(f"MLflow    {found['mlflow']}")
    if found["models"]:
        say("What these models learnt can't be taken out of their weights; train anew from Day-0 to be without it.")


def check(workspace: Workspace, mend: bool) -> dict[str, Any]:
    """What `fsck` finds, after a repair where one is asked for."""
    from errata.database.fsck import fsck, repair

    done = [one.as_json() for one in repair(workspace.record, getpass.getuser())] if mend else []
    repaired = {"repaired": {name: [seq for one in done for seq in one[name]] for name in REPAIRED}} if mend else {}
    return {**fsck(workspace.record).as_json(), **repaired}


def print_findings(found: dict[str, Any]) -> None:
    for name, seqs in found.get("repaired", {}).items():
        say(f"{REPAIRED[name]:<42} {len(seqs)}")
    problems, quarantined = found["problems"], found["quarantined"]
    for line in (*problems, *quarantined):
        say(line)
    say(f"{found['transcripts']} transcripts, {len(problems)} problems, {len(quarantined)} quarantined")


def _needs(value: str, name: str) -> None:
    if not value.strip():
        raise BadInput(f"--{name} is empty; the record keeps who asked for this and why")
