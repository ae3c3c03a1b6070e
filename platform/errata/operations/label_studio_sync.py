"""A Label Studio project in step with the record: what waits goes out as tasks, what annotators do comes in as events.

It can be broken off anywhere and goes on where it was. What goes out is noted before it goes; where nobody has heard
that it arrived, the project itself is asked before anything is sent again. What comes in is told by its content, so
that it may be read twice.

An annotation that is changed becomes a new correction, which supersedes its reviewer's older one. One that is deleted,
or turned into a skip, retracts it. A whole task that is deleted retracts nothing: whoever clears a finished project
takes nothing back that was said in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import uuid4

from errata.database.connections import Connection, FetchedReview
from errata.domain.hashing import content_hash
from errata.errors import BadInput, NotFound, Refused
from errata.files import JsonObject
from errata.formats import label_studio
from errata.formats.out_label_studio import label_config, task_json
from errata.formats.review_task import KEY, ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import DetectedFile, Rejected, SourceRow
from errata.operations.correcting import review_json
from errata.operations.drafting import draft_draw
from errata.operations.importing import ImportReport, add_corrections
from errata.operations.label_studio_client import LabelStudio
from errata.operations.review_tasks import check_media_url, waiting_tasks
from errata.workspace import Workspace

TOOL = "label-studio"
AT_ONCE = 20
"""Tasks that go out in one call, or come in in one turn."""
LOOK_BACK = timedelta(minutes=2)
"""How far before the newest change it looks again: of two changes the earlier may be written down last."""
DELETED = "its annotation was deleted in Label Studio"
SKIPPED = "its annotation was turned into a skip in Label Studio"


@dataclass(slots=True)
class SyncReport:
    """What one turn did."""

    project: int
    sent: int = 0
    """Tasks."""
    blind: int = 0
    """Of those, without a draft."""
    unshown: tuple[str, ...] = ()
    """Why predictions were not sent that Label Studio can't show."""
    new: int = 0
    """Corrections."""
    rejected: int = 0
    skipped: int = 0
    retracted: int = 0
    removed: int = 0
    """Tasks whose talks were forgotten on request."""
    imports: list[ImportReport] = field(default_factory=list)
    """With the reasons for what was rejected."""

    @property
    def changed(self) -> bool:
        return any((self.sent, self.new, self.rejected, self.skipped, self.retracted, self.removed))


def connect(workspace: Workspace, server: LabelStudio, project: int | None = None, media_url: str = "") -> Connection:
    """The connection with a project, whose labelling setup is ours afterwards; without a number the one that the
    workspace has had with this server, or a new one. Raises Refused for a project that holds somebody else's work.
    """
    check_media_url(media_url, TOOL)
    if project is not None:
        server.project(project)  # or nothing is noted of it
    with workspace.record.write() as store:
        found = store.connections.find(TOOL, server.url, project)
        connection = found or store.connections.add(TOOL, server.url, uuid4().hex, project)
    setup = label_config(media_url)
    if connection.project is None:
        connection = _with_project(workspace, server, connection, setup)
    _set_up(workspace, server, connection, setup)
    return connection


def _with_project(workspace: Workspace, server: LabelStudio, connection: Connection, setup: str) -> Connection:
    """Its mark says whether an earlier attempt made one and didn't hear of it."""
    made = server.projects_with(connection.mark)
    title = f"Errata {workspace.root.name}"[:50]
    about = f"Chapters to correct. Errata keeps this project in step: {connection.mark}"
    project = made[0] if made else server.create_project(title, about, setup)
    with workspace.record.write() as store:
        store.connections.note_project(connection.number, project)
    return Connection(connection.number, connection.url, connection.mark, project, connection.cursor)


def _set_up(workspace: Workspace, server: LabelStudio, connection: Connection, setup: str) -> None:
    project = project_of(connection)
    known = server.project(project)
    if str(known.get("label_config")).split() == setup.split():
        return
    with workspace.record.read() as store:
        ours = len(store.connections.sent_transcripts(connection.number))
    if int(known.get("task_number") or 0) > ours:
        raise Refused(
            f"project {project} has another labelling setup, and tasks that are not from here; name an empty project, "
            "or leave --project out for a new one"
        )
    server.set_label_config(project, setup)


def project_of(connection: Connection) -> int:
    if connection.project is None:
        raise ValueError(f"connection {connection.number} has no project yet; `connect` gives it one")
    return connection.project


def bring_in_step(workspace: Workspace, server: LabelStudio, connection: Connection, media_url: str = "") -> SyncReport:
    """One turn: what annotators did comes in, what waits goes out, and what was forgotten is taken out there too."""
    report = SyncReport(project_of(connection))
    _fetch(workspace, server, connection, report)
    _send(workspace, server, connection, media_url, report)
    _remove_forgotten(workspace, server, connection, report)
    return report


def _fetch(workspace: Workspace, server: LabelStudio, connection: Connection, report: SyncReport) -> None:
    with workspace.record.read() as store:
        known = store.connections.find(TOOL, connection.url, connection.project)
    cursor = known.cursor if known else ""
    names, newest = server.user_names(), server.newest_change(report.project)
    tasks_since = server.tasks_since(report.project, _looking_back(cursor))
    while tasks := list(islice(tasks_since, AT_ONCE)):
        _take_in(workspace, connection, [_with_names(task, names) for task in tasks], report)
    if newest > cursor:  # what is changed while the others are read is newer, and read the next time
        with workspace.record.write() as store:
            store.connections.move_cursor(connection.number, newest)


def _looking_back(cursor: str) -> str:
    return cursor and (datetime.fromisoformat(cursor) - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _with_names(task: JsonObject, names: dict[int, str]) -> JsonObject:
    """The task as an export has it: with annotators' addresses, by which their reviews are told from others'."""
    annotations = [item for item in task.get("annotations") or [] if isinstance(item, dict)]
    return {**task, "annotations": [{**item, "completed_by": _person(item, names)} for item in annotations]}


def _person(annotation: JsonObject, names: dict[int, str]) -> object:
    number = annotation.get("completed_by")
    return {"id": number, "email": names[number]} if isinstance(number, int) and number in names else number


@dataclass(frozen=True, slots=True)
class _Changes:
    """What annotators did to a task since it was last seen."""

    task: JsonObject
    written: dict[int, str]
    """Annotations that are new or say something else, with the hash of that."""
    withdrawn: dict[int, str]
    """Those that are gone or skipped, with why."""
    known: dict[int, FetchedReview]


def _take_in(workspace: Workspace, connection: Connection, tasks: Sequence[JsonObject], report: SyncReport) -> None:
    with workspace.record.read() as store:
        changes = [_changes(task, store.connections.fetched(connection.number, int(task["id"]))) for task in tasks]
    changes = [change for change in changes if change.written or change.withdrawn]
    if not changes:
        return
    reviews = list(_reviews(changes, report.project))
    file = DetectedFile(Path(f"{TOOL}-project-{report.project}"), "Label Studio's annotations", iter(reviews))
    imported = add_corrections(workspace.record, file, workspace.root / "rejects")
    report.new += imported.new
    report.rejected += imported.rejected
    report.skipped += imported.left_out.get(label_studio.SKIPPED, 0)
    report.imports += [imported] if imported.rejected else []
    identities = {_annotation_of(row): content_hash(review_json(row)) for row in reviews if isinstance(row, Review)}
    for change in changes:
        _note(workspace, connection, change, identities, report)


def _changes(task: JsonObject, known: dict[int, FetchedReview]) -> _Changes:
    there = {int(item["id"]): item for item in task["annotations"]}
    contents = {number: _content(item) for number, item in there.items()}
    written = {
        number: content
        for number, content in contents.items()
        if number not in known or known[number].content != content
    }
    withdrawn = {number: DELETED for number in known if number not in there}
    withdrawn |= {number: SKIPPED for number in written if there[number].get("was_cancelled") is True}
    standing = {number for number, review in known.items() if review.correction is not None}
    return _Changes(task, written, {number: why for number, why in withdrawn.items() if number in standing}, known)


def _content(annotation: JsonObject) -> str:
    """Without its dates, which change when nothing else does."""
    return content_hash([annotation.get(name) for name in ("result", "was_cancelled", "completed_by")])


def _reviews(changes: Sequence[_Changes], project: int) -> Iterator[Review | Rejected]:
    rows = []
    for change in changes:
        written = [item for item in change.task["annotations"] if int(item["id"]) in change.written]
        if written:
            raw = {**change.task, "annotations": written}
            rows.append(SourceRow(f"Label Studio, project {project}", f"task {raw['id']}", raw))
    return label_studio.read_tasks(rows)


def _annotation_of(review: Review) -> int:
    return int(review.row.raw["annotations"][0]["id"])


def _note(
    workspace: Workspace, connection: Connection, change: _Changes, identities: dict[int, str], report: SyncReport
) -> None:
    """What has come in is known from now on, and what was withdrawn is retracted, in one transaction."""
    task = int(change.task["id"])
    with workspace.record.write() as store:
        for number, why in change.withdrawn.items():
            was = change.known[number]
            if was.correction is not None:
                event = store.corrections.read(was.correction)
                report.retracted += store.corrections.retract(was.correction, event.reviewer, why).new
            store.connections.note_review(connection.number, task, FetchedReview(number, was.content, None))
        for number, content in change.written.items():
            before = None if number in change.withdrawn else change.known.get(number)
            correction = None if before is None else before.correction  # stands where the new version is refused
            with suppress(NotFound, KeyError):
                correction = store.corrections.find(identities[number])
            store.connections.note_review(connection.number, task, FetchedReview(number, content, correction))


def _send(
    workspace: Workspace, server: LabelStudio, connection: Connection, media_url: str, report: SyncReport
) -> None:
    _look_for_unheard(workspace, server, connection, report.project)
    with workspace.record.read() as store:
        sent = store.connections.sent_transcripts(connection.number)
    unsent = iter(waiting_tasks(workspace, draft_draw(workspace, "champion"), media_url, without=sent))
    while some := list(islice(unsent, AT_ONCE)):
        shown = dict(_shown(some, report))
        if not shown:
            continue
        with workspace.record.write() as store:
            store.connections.about_to_send(connection.number, {seq: task.key for seq, (task, _) in shown.items()})
        numbers = server.add_tasks(report.project, [raw for _, raw in shown.values()])
        with workspace.record.write() as store:
            store.connections.note_tasks(connection.number, dict(zip(shown, numbers, strict=True)))
        report.sent += len(shown)
        report.blind += sum(task.blind for task, _ in shown.values())


def _shown(
    tasks: Sequence[tuple[int, ReviewTask]], report: SyncReport
) -> Iterator[tuple[int, tuple[ReviewTask, JsonObject]]]:
    for seq, task in tasks:
        try:
            yield seq, (task, task_json(task))
        except BadInput as problem:  # this one only: the others can be shown
            report.unshown = (*report.unshown, str(problem))


def _look_for_unheard(workspace: Workspace, server: LabelStudio, connection: Connection, project: int) -> None:
    """Of what an earlier turn was about to send when it ended: the project says which of it arrived."""
    with workspace.record.read() as store:
        unheard = store.connections.unheard(connection.number)
    if not unheard:
        return
    arrived = {
        unheard[task["data"][KEY]]: int(task["id"])
        for task in server.task_data(project)
        if isinstance(task.get("data"), dict) and task["data"].get(KEY) in unheard
    }
    with workspace.record.write() as store:
        store.connections.note_tasks(connection.number, arrived)
        store.connections.take_back(connection.number, [seq for seq in unheard.values() if seq not in arrived])


def _remove_forgotten(workspace: Workspace, server: LabelStudio, connection: Connection, report: SyncReport) -> None:
    with workspace.record.read() as store:
        forgotten = store.connections.forgotten_tasks(connection.number)
    for task, transcript in forgotten.items():
        server.delete_task(task)
        with workspace.record.write() as store:
            store.connections.note_removed(connection.number, transcript)
        report.removed += 1
