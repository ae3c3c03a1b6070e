"""What people do to the record by hand: settle disputes, take corrections back, and see who reviews how well."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

from errata.database.store import Store
from errata.domain.chapter import Chapters
from errata.domain.reviewer import REVIEWER_ROLES, ReviewerRole
from errata.errors import BadInput
from errata.workspace import Workspace

REPAIRS = ("signed", "entered", "linked", "conflicts")
"""What a repair may do, see `errata.database.repairs`."""


def conflicts(workspace: Workspace) -> list[dict[str, Any]]:
    """The transcripts on which reviewers differ now, with what each side stands by."""
    with workspace.record.read() as store:
        return [conflict.as_json() for conflict in store.conflicts.all()]


def adjudicate(
    workspace: Workspace, transcript: str, choose: str | None, merge: Path | None, by: str
) -> dict[str, Any]:
    """Records what a disputed transcript's chapters are: one side's, or those of the file `merge`.

    Raises BadInput unless exactly one of the two is given.
    """
    if (choose is None) == (merge is None):
        raise BadInput("say either --choose CORRECTION or --merge FILE, and not both")
    require(by, "by")
    with workspace.record.write() as store:
        seq = store.conflicts.version_in_question(transcript)
        if merge is not None:
            added = store.corrections.adjudicate(seq, _merged(merge, store, seq), by)
        else:
            added = store.corrections.adjudicate(seq, store.corrections.find(choose or ""), by)
        event = store.corrections.read(added.seq)
        left = len(store.conflicts.transcripts())
    chapters = [chapter.as_json() for chapter in event.chapters]
    facts = {"adjudication": added.seq, "new": added.new, "transcript": seq, "external_id": transcript, "by": by}
    return {**facts, "chose": event.supersedes, "chapters": chapters, "conflicts_left": left}


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
    duration = store.transcripts.duration_of(transcript)
    late = next((chapter for chapter in read if chapter.start > duration), None)
    if late is not None or not read:
        told = (
            f"{late.title!r} starts at {late.start:g}, after the end ({duration:g})" if late else "it has no chapters"
        )
        raise BadInput(f"{path}: {told}; mend it")
    return fields.chapters(read, str(path))


def reviewers(workspace: Workspace) -> list[dict[str, Any]]:
    with workspace.record.read() as store:
        return [one.as_json() for one in store.reviewers.all(store.watermark())]


def appoint(workspace: Workspace, name: str, role: str, by: str) -> None:
    """Gives a reviewer a role. Raises BadInput for a role that is none, Refused where `by` may not."""
    wanted = next((known for known in REVIEWER_ROLES if known == role.replace("-", " ")), None)
    if wanted is None:
        raise BadInput(f"{role!r} is no role; give one of {', '.join(REVIEWER_ROLES)}")
    given: ReviewerRole = wanted
    require(by, "by")
    with workspace.record.write() as store:
        store.reviewers.appoint(name, given, by)


def check(workspace: Workspace, mend: bool) -> dict[str, Any]:
    """What `fsck` finds, after a repair where one is asked for."""
    from errata.database.fsck import fsck, repair

    done = [one.as_json() for one in repair(workspace.record, getpass.getuser())] if mend else []
    repaired = {"repaired": {name: [seq for one in done for seq in one[name]] for name in REPAIRS}} if mend else {}
    return {**fsck(workspace.record).as_json(), **repaired}


def require(value: str, name: str) -> None:
    if not value.strip():
        raise BadInput(f"--{name} is empty; the record keeps who asked for this and why")
