"""A Label Studio project in step: everything once, wherever it is broken off; changes and deletions as events."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from errata.database.connections import Connection
from errata.database.record import Record
from errata.database.store import Store
from errata.domain.correction import Correction
from errata.domain.prediction import Prediction
from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.operations import label_studio_client
from errata.operations.importing import import_corrections
from errata.operations.label_studio_client import PAGE, LabelStudio
from errata.operations.label_studio_sync import AT_ONCE, SyncReport, bring_in_step, connect
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_label_studio import KEY, MadeUpLabelStudio, label_studio
from tests.made_up_params import write_params
from tests.made_up_record import chapters, talk
from tests.platform.label_studio import annotation as exported
from tests.platform.label_studio import paragraphs, write

MODEL = "d" * 64
TWO = [*paragraphs("0", "2", "Opening"), *paragraphs("3", "5", "Soil")]


@pytest.fixture
def workspace(empty: Path, tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    write_params(root, review={"blind_share": 0.0})
    shutil.copyfile(empty, root / "errata.db")
    made = Workspace.find(root)
    with made.record.write() as store:
        store.aliases.assign_alias("champion", MODEL, "install", "test", None, None)
    answer(made, "one", "two", "three")
    return made


def answer(workspace: Workspace, *names: str) -> None:
    with workspace.record.write() as store:
        for name in names:
            seq = store.transcripts.add(talk(name)).seq
            store.predictions.add(Prediction(seq, MODEL, "inline@1", chapters(0, 50)))


@pytest.fixture
def studio() -> Iterator[MadeUpLabelStudio]:
    with label_studio() as made:
        yield made


@pytest.fixture
def server(studio: MadeUpLabelStudio) -> Iterator[LabelStudio]:
    made = client(studio)
    yield made
    made.close()


def client(studio: MadeUpLabelStudio, key: str = KEY) -> LabelStudio:
    return LabelStudio(studio.url, key, sleep=lambda _: None)


def turn(workspace: Workspace, server: LabelStudio) -> SyncReport:
    return bring_in_step(workspace, server, connect(workspace, server))


def events(workspace: Workspace) -> list[Correction]:
    with workspace.record.read() as store:
        seqs = [store.transcripts.find(name) for name in ("one", "two", "three")]
        told = [event for seq in seqs for event in store.corrections.of_transcript(seq)]
    return [event for _, event in sorted(told, key=lambda pair: pair[0])]


def test_what_waits_goes_out_once_with_its_draft(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    assert (turn(workspace, server).sent, turn(workspace, server).sent) == (3, 0)
    (project,) = studio.projects.values()
    assert project["show_collab_predictions"] and 'name="chapter_title"' in project["label_config"]
    assert [task["data"]["video_id"] for task in studio.tasks.values()] == ["one", "two", "three"]
    (draft,) = studio.tasks[studio.task_of("one")]["predictions"]
    assert draft["model_version"] == MODEL and len(draft["result"]) == 4
    answer(workspace, "four")
    assert turn(workspace, server).sent == 1
    assert len(studio.tasks) == 4 and len(studio.projects) == 1


def test_a_blind_task_has_no_draft(workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio) -> None:
    write_params(workspace.root, review={"blind_share": 1.0})
    assert (report := turn(workspace, server)).sent == report.blind == 3
    assert all(not task["predictions"] and task["data"]["errata_blind"] for task in studio.tasks.values())
    studio.annotate(studio.task_of("one"), TWO)
    turn(workspace, server)
    (event,) = events(workspace)
    assert event.draft_by == "", "nobody's draft was shown"


def test_annotations_come_in_as_events_and_once(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    turn(workspace, server)
    task = studio.tasks[studio.task_of("one")]
    studio.annotate(task["id"], task["predictions"][0]["result"], parent_prediction=task["predictions"][0]["id"])
    studio.annotate(studio.task_of("two"), TWO, by=2)
    studio.annotate(studio.task_of("three"), [], was_cancelled=True)
    report = turn(workspace, server)
    assert (report.new, report.skipped, report.rejected) == (2, 1, 0)
    accepted, edited = events(workspace)
    assert (accepted.kind, accepted.reviewer, accepted.draft_by) == ("accept", "ann@example.com", MODEL)
    assert (edited.kind, edited.reviewer) == ("edit", "bea@example.com")
    assert [(chapter.start, chapter.title) for chapter in edited.chapters] == [(0.0, "Opening"), (30.0, "Soil")]
    assert edited.prediction is not None, "the prediction that the task was made of is found by its key"
    assert not turn(workspace, server).changed and len(events(workspace)) == 2


def test_a_change_supersedes_and_a_deletion_or_a_skip_retracts(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    turn(workspace, server)
    one, two, three = (studio.annotate(studio.task_of(name), TWO) for name in ("one", "two", "three"))
    assert turn(workspace, server).new == 3
    studio.change(one, result=paragraphs("1", "4", "Later"))
    studio.delete(two)
    studio.change(three, was_cancelled=True, result=[])
    report = turn(workspace, server)
    assert (report.new, report.retracted, report.skipped) == (1, 2, 1)
    first, second, third, later, *retractions = events(workspace)
    with workspace.record.read() as store:
        assert later.supersedes == store.corrections.find(first.identity)
        taken_back = {store.corrections.find(each.identity) for each in (second, third)}
        assert {event.supersedes for event in retractions} == taken_back
        labels = [label.external_id for label in store.labels.between(0, store.watermark())]
    assert labels == ["one"]
    assert {event.why for event in retractions} == {
        "its annotation was deleted in Label Studio",
        "its annotation was turned into a skip in Label Studio",
    }
    assert not turn(workspace, server).changed
    studio.change(three, was_cancelled=False, result=TWO)
    assert turn(workspace, server).new == 1, "who thinks again after a skip has said something new"


def test_a_change_of_nothing_but_the_date_is_none(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    turn(workspace, server)
    annotation = studio.annotate(studio.task_of("one"), TWO)
    turn(workspace, server)
    studio.change(annotation, lead_time=99.0)
    assert not turn(workspace, server).changed and len(events(workspace)) == 1


def test_a_task_that_is_deleted_takes_nothing_back_and_is_not_sent_again(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    turn(workspace, server)
    studio.annotate(studio.task_of("one"), TWO)
    turn(workspace, server)
    for name in ("one", "two"):
        del studio.tasks[studio.task_of(name)]
    assert not turn(workspace, server).changed
    assert [event.kind for event in events(workspace)] == ["edit"]


def test_what_cannot_be_read_is_refused_once_and_what_stood_before_stands(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    turn(workspace, server)
    annotation = studio.annotate(studio.task_of("one"), TWO)
    turn(workspace, server)
    studio.change(annotation, result=paragraphs("0", "2"))
    report = turn(workspace, server)
    assert (report.new, report.rejected, report.retracted) == (0, 1, 0)
    assert "has 0 titles; give it one" in report.imports[0].reasons[0].reason
    assert report.imports[0].rejects_file is not None and report.imports[0].rejects_file.is_file()
    assert not turn(workspace, server).changed, "it is not refused again until it changes"
    studio.delete(annotation)
    assert turn(workspace, server).retracted == 1


def test_the_same_annotations_as_a_file_are_known_already(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio, tmp_path: Path
) -> None:
    turn(workspace, server)
    number = studio.annotate(studio.task_of("one"), TWO)
    turn(workspace, server)
    task = studio.tasks[studio.task_of("one")]
    (made,) = task["annotations"]
    same = exported(TWO, id=number, completed_by={"id": 1, "email": "ann@example.com"}, updated_at=made["updated_at"])
    path = write(tmp_path / "export.json", {**task, "annotations": [same]})
    report = import_corrections(workspace.record, path, tmp_path / "rejects")
    assert (report.new, report.duplicate) == (0, 1)


def test_what_was_forgotten_is_taken_out_of_the_project(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    turn(workspace, server)
    with workspace.record.write() as store:
        store.tombstones.record_deletion("two", "ann", "asked")
    assert turn(workspace, server).removed == 1
    assert [task["data"]["video_id"] for task in studio.tasks.values()] == ["one", "three"]
    assert not turn(workspace, server).changed


def test_more_than_a_page_is_read_whole_whatever_happens_meanwhile(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    names = [f"more {number}" for number in range(2 * PAGE)]
    answer(workspace, *names)
    assert turn(workspace, server).sent == len(names) + 3
    for task in list(studio.tasks):
        studio.annotate(task, TWO)
    pages: list[str] = []

    def meanwhile(call: str) -> None:
        """Between two pages one task that was read is deleted, and another changed: by number, a page would skip."""
        pages.extend([call] if call == "GET /api/tasks/" else [])
        if len(pages) == 3:
            deleted, changed, *_ = sorted(studio.tasks)
            del studio.tasks[deleted]
            studio.change(studio.tasks[changed]["annotations"][0]["id"], result=paragraphs("1", "4", "Later"))
            pages.append("")

    studio.before = meanwhile
    assert turn(workspace, server).new == len(names) + 3
    assert (turn(workspace, server).new, turn(workspace, server).new) == (1, 0)


class Broken(Exception):
    """The process ends here."""


@pytest.mark.parametrize("failure", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_turn_that_ends_while_it_sends_doubles_and_loses_no_task(
    failure: str, nth: int, workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    names = [f"more {number}" for number in range(AT_ONCE)]
    answer(workspace, *names)
    calls = []

    def fail(call: str) -> tuple[int, str] | None:
        if call.endswith("/import"):
            calls.append(call)
        return (502, "bad gateway") if call.endswith("/import") and len(calls) == nth else None

    setattr(studio, failure, fail)
    with pytest.raises(Unavailable, match="answered with HTTP 502; see that it runs"):
        turn(workspace, server)
    setattr(studio, failure, lambda _: None)
    turn(workspace, server)
    sent = [task["data"]["video_id"] for task in studio.tasks.values()]
    assert sorted(sent) == sorted(["one", "two", "three", *names])
    assert not turn(workspace, server).changed


def test_a_project_whose_number_nobody_heard_is_found_again(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    studio.after = lambda call: (504, "") if call == "POST /api/projects/" else None
    with pytest.raises(Unavailable):
        connect(workspace, server)
    made = len(studio.projects)
    studio.after = lambda _: None
    assert turn(workspace, server).sent == 3
    assert len(studio.projects) == made


@pytest.mark.parametrize("ending", range(1, 8))
def test_whatever_write_it_ends_at_the_next_turn_completes_it(
    ending: int, workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Nth transaction fails, for each N: afterwards record and project are what they would have been."""
    connection = connect(workspace, server)
    bring_in_step(workspace, server, connection)
    answer(workspace, "four")
    first = studio.annotate(studio.task_of("one"), TWO)
    studio.annotate(studio.task_of("two"), TWO)
    bring_in_step(workspace, server, connection)
    answer(workspace, "five")
    studio.change(first, result=paragraphs("1", "4", "Later"))
    studio.delete(studio.tasks[studio.task_of("two")]["annotations"][0]["id"])
    studio.annotate(studio.task_of("three"), TWO)
    failing_writes(workspace, ending, monkeypatch)
    with pytest.raises(Broken):
        bring_in_step(workspace, server, connection)
    monkeypatch.undo()
    bring_in_step(workspace, server, connection)
    assert [event.kind for event in events(workspace)].count("edit") == 4
    assert [event.kind for event in events(workspace)].count("retract") == 1
    sent = [task["data"]["video_id"] for task in studio.tasks.values()]
    assert sorted(sent) == sorted(["one", "two", "three", "four", "five"])
    assert not bring_in_step(workspace, server, connection).changed


def failing_writes(workspace: Workspace, ending: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record's transaction of that number is begun and not committed."""
    write, counted = Record.write, count(1)

    @contextmanager
    def counting(record: Record) -> Iterator[Store]:
        number = next(counted)
        with write(record) as store:
            yield store
            if number == ending:
                raise Broken

    monkeypatch.setattr(Record, "write", counting)


@pytest.mark.parametrize(
    ("status", "text", "error", "words"),
    [
        (401, "{}", Refused, "does not accept the key; copy it from Account & Settings"),
        (403, "{}", Refused, "does not let the key's owner do this"),
        (404, "{}", NotFound, "check --url and --project"),
        (500, "oops", Unavailable, "answered with HTTP 500; see that it runs"),
        (429, "", Unavailable, "answered with HTTP 429"),
        (400, '{"detail": "no"}', BadInput, 'refuses /api/projects/: {"detail": "no"}'),
        (302, "http://169.254.169.254/latest", BadInput, "leads to another address, which is not followed"),
        (200, "<html>hello</html>", Unavailable, "answers, but not as Label Studio does"),
        (200, "[1, 2]", Unavailable, "not in the form that is known"),
    ],
)
def test_a_fault_of_the_server_is_one_sentence(
    status: int,
    text: str,
    error: type[ErrataError],
    words: str,
    workspace: Workspace,
    studio: MadeUpLabelStudio,
    server: LabelStudio,
) -> None:
    studio.before = lambda _: (status, text)
    with pytest.raises(error) as raised:
        connect(workspace, server)
    assert words in str(raised.value) and KEY not in str(raised.value)
    assert not [call for call in studio.asked if "latest" in call], "a redirect is not followed"


def test_what_passes_is_tried_again(workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio) -> None:
    failed: list[str] = []

    def once(call: str) -> tuple[int, str] | None:
        if call in failed or call.endswith("/import"):
            return None
        failed.append(call)
        return 503, ""

    studio.before = once
    assert turn(workspace, server).sent == 3 and len(failed) >= 4


def test_where_nobody_listens_is_said(workspace: Workspace, studio: MadeUpLabelStudio) -> None:
    nowhere = LabelStudio("http://127.0.0.1:9", KEY, sleep=lambda _: None)
    with pytest.raises(Unavailable, match="could not be reached"):
        connect(workspace, nowhere)


def test_a_wrong_key_and_a_project_that_is_not_there(workspace: Workspace, studio: MadeUpLabelStudio) -> None:
    with pytest.raises(Refused, match="does not accept the key"):
        connect(workspace, client(studio, "f" * 40))
    with pytest.raises(NotFound, match="has no /api/projects/77/"):
        connect(workspace, client(studio), 77)


def test_a_personal_access_token_is_changed_for_short_ones(workspace: Workspace, studio: MadeUpLabelStudio) -> None:
    studio.key = "header.payload.signature"
    server = client(studio, studio.key)
    assert turn(workspace, server).sent == 3
    sent = [header for header in studio.authorizations if header]
    assert sent and all(header.startswith("Bearer short") for header in sent)


def test_a_project_with_somebody_elses_work_keeps_its_labelling_setup(
    workspace: Workspace, studio: MadeUpLabelStudio, server: LabelStudio
) -> None:
    studio.projects[5] = {"id": 5, "description": "", "label_config": "<View/>"}
    studio.tasks[6] = {
        "id": 6,
        "project": 5,
        "updated_at": studio.now(),
        "annotations": [],
        "data": {},
        "predictions": [],
    }
    with pytest.raises(Refused, match="another labelling setup, and tasks that are not from here"):
        connect(workspace, server, 5)
    assert studio.projects[5]["label_config"] == "<View/>"
    studio.projects[7] = {"id": 7, "description": "", "label_config": "<View/>"}
    connection: Connection = connect(workspace, server, 7)
    assert connection.project == 7 and "ParagraphLabels" in studio.projects[7]["label_config"]
    media = "https://media.example.org/{id}.mp4"
    connect(workspace, server, 7, media)
    assert "<Video" in studio.projects[7]["label_config"], "the setup follows --media-url"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("label-studio", "is no address of a server"),
        ("ftp://host", "is no address of a server"),
        ("http://labels.example.org", "would go to 'http://labels.example.org' unencrypted"),
        ("https://ann:secret@labels.example.org", "the address holds a password"),
        ("https://labels.example.org/?a=1", "is the address of a page"),
        ("https://labels.example.org:0", "is no address of a server"),
    ],
)
def test_an_address_that_no_key_may_go_to_is_refused(url: str, why: str) -> None:
    with pytest.raises(BadInput) as raised:
        LabelStudio(url, KEY)
    assert why in str(raised.value)


def test_a_server_that_drips_is_given_up(
    studio: MadeUpLabelStudio, server: LabelStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_studio_client, "WHOLE_SECONDS", -1.0)
    with pytest.raises(Unavailable, match="did not end its answer"):
        server.projects_with("mark")
