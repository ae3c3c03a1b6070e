"""What people do to the record by hand: settle disputes, appoint each other, and see who reviews how well."""

from __future__ import annotations

from dataclasses import dataclass

from errata.database.store import Store
from errata.domain.chapter import Chapters
from errata.domain.correction import Conflict
from errata.domain.names import check_name
from errata.domain.recording_end import EndedChapters, before_end
from errata.domain.reviewer import Reviewer, ReviewerRole
from errata.errors import BadInput
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
        if isinstance(decision, str):
            added = store.corrections.adjudicate(transcript, store.corrections.find(decision), by)
        else:
            right = before_end_of(store, transcript, external_id, decision).chapters
            added = store.corrections.adjudicate(transcript, right, by)
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
    with workspace.record.read() as store:
        return store.reviewers.all(store.watermark())


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
