"""What people do to the record by hand: settle disputes, appoint each other, and see who reviews how well."""

from __future__ import annotations

from dataclasses import dataclass, replace

from errata.database.store import Store
from errata.domain.audit_draw import AuditDraw
from errata.domain.chapter import Chapters
from errata.domain.correction import Conflict
from errata.domain.names import check_name
from errata.domain.recording_end import EndedChapters, before_end
from errata.domain.reviewer import AuditRecord, Reviewer, ReviewerRole
from errata.errors import BadInput, NotFound
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Adjudication:
    adjudication: int
    """Its number in the record."""
    new: bool
    """False where the same was decided before."""
    transcript: int
    external_id: str
    by: str
    chose: int | None
    """The correction that was right; None where the right chapters were given."""
    chapters: Chapters
    conflicts_left: int


def conflicts(workspace: Workspace) -> list[Conflict]:
    """The transcripts on which reviewers differ now, with what each side stands by."""
    with workspace.record.read() as store:
        return list(store.conflicts.all())


def adjudicate(workspace: Workspace, external_id: str, decision: str | Chapters, by: str) -> Adjudication:
    """Records what a disputed transcript's chapters are: those of the correction that `decision` names, or itself.

    Raises BadInput where chapters can't be the transcript's, Refused where `by` may not.
    """
    require(by, "by")
    with workspace.record.write() as store:
        transcript = store.conflicts.version_in_question(external_id)
        named = store.corrections.find(decision) if isinstance(decision, str) else decision
        return _adjudicate(store, transcript, named, by)


def adjudicate_transcript(workspace: Workspace, transcript: int, decision: int | Chapters, by: str) -> Adjudication:
    """The same of a transcript, and a correction, by its number: two versions under one id may be in conflict at once.
    That `by` may, their key has said.

    Raises NotFound where nobody differs on it: somebody else may have decided it by now.
    """
    require(by, "by")
    with workspace.record.write() as store:
        if transcript not in store.conflicts.transcripts():
            raise NotFound(f"nobody differs on transcript {transcript} now; the inbox lists those on which people do")
        return _adjudicate(store, transcript, decision, by, with_key=True)


def _adjudicate(
    store: Store, transcript: int, decision: int | Chapters, by: str, *, with_key: bool = False
) -> Adjudication:
    external_id = store.transcripts.external_id_of(transcript)
    right = decision
    if not isinstance(right, int):
        right = before_end_of(store, transcript, external_id, right).chapters
    added = store.corrections.adjudicate(transcript, right, by, with_key=with_key)
    event = store.corrections.read(added.seq)
    return Adjudication(
        adjudication=added.seq,
        new=added.new,
        transcript=transcript,
        external_id=external_id,
        by=by,
        chose=event.supersedes,
        chapters=event.chapters,
        conflicts_left=len(store.conflicts.transcripts()),
    )


def before_end_of(store: Store, transcript: int, external_id: str, chapters: Chapters) -> EndedChapters:
    """Raises BadInput where a chapter starts after the transcript's end."""
    unit = store.transcripts.unit_of(transcript)
    return before_end(chapters, store.transcripts.duration_of(transcript), unit, external_id)


def reviewers(workspace: Workspace) -> list[Reviewer]:
    """With what audits say of each: talks drawn by chance that two people reviewed, see `AuditDraw`."""
    audits = AuditDraw(workspace.params().review.audit_share)
    with workspace.record.read() as store:
        upto = store.watermark()
        records = store.double_reviews.audit_records(upto, audits)
        everybody = store.reviewers.all(upto)
    return [replace(reviewer, audits=records.get(reviewer.name, AuditRecord())) for reviewer in everybody]


def appoint(workspace: Workspace, name: str, role: ReviewerRole, by: str) -> None:
    """Gives a reviewer a role. Raises Refused where `by` may not."""
    require(by, "by")
    check_name(by, "the name of who appoints")
    check_name(name, "the name of whom to appoint")
    with workspace.record.write() as store:
        store.reviewers.appoint(name, role, by)


def require(value: str, name: str) -> None:
    """Raises BadInput where nothing is said."""
    if not value.strip():
        raise BadInput(f"{name} is empty; the record keeps who asked for this and why")
