"""Videos shared out among machines: each is once in the record, whatever machine is lost."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from errata.domain.video import KnownVideo, StageResult, Video
from errata.errors import BadInput, Refused, Unavailable
from errata.operations.forgetting_media import forget_media
from errata.operations.manifest_keeper import ManifestKeeper
from errata.operations.recording_travel import (
    bring_home,
    fetch_recording,
    send_recording,
    stored_recording,
    with_stored,
)
from errata.operations.video_folder import VideoFolder
from errata.operations.video_manifest import manifest
from errata.streams.chunk_store import ChunkStore
from errata.workspace import Workspace
from tests.made_up_chat import youtube_message
from tests.ray_nodes import node, two_nodes
from tests.streams.conftest import Acquire
from tests.streams.recordings import ffmpeg, with_captions


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChunkStore:
    """The one place that all machines reach."""
    monkeypatch.setenv("ERRATA_MEDIA_STORE", str(tmp_path / "store"))
    return ChunkStore(str(tmp_path / "store"))


def added(workspace: Workspace, origin: str) -> Video:
    with workspace.record.write() as record:
        return record.videos.add(KnownVideo("talk", origin))


def keeper_of(workspace: Workspace) -> ManifestKeeper:
    return ManifestKeeper(workspace.root, workspace.settings.database_url)


def sent(store: ChunkStore) -> list[Path]:
    return [path for path in (Path(store.url) / "travelling").rglob("*") if path.is_file()]


def test_without_ray_one_sentence_says_what_to_install(
    store: ChunkStore, recording: Path, tmp_path: Path, take: Acquire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it isn't installed
    with pytest.raises(Unavailable, match=r"pip install -e '\.\[ray\]'"):
        take(with_captions(recording, tmp_path / "talk.mp4", "soil"), engine="ray")


def test_a_store_in_the_workspace_is_refused(recording: Path, tmp_path: Path, take: Acquire) -> None:
    with pytest.raises(BadInput, match=r"media/chunks, in this workspace; say in errata\.toml"):
        take(with_captions(recording, tmp_path / "talk.mp4", "soil"), engine="ray")


def test_whoever_takes_a_video_again_goes_on_where_the_one_before_stood(workspace: Workspace) -> None:
    number = added(workspace, "/elsewhere/talk.mp4").number
    keeper, folder = keeper_of(workspace), VideoFolder(workspace.root, number)
    lost = keeper.begin(number)
    assert lost.files == {}
    keeper.write(number, lost.attempt, "scratch/pieces/0.json", b"{}")
    keeper.note(number, lost.attempt, StageResult("probe", "done", {"duration": 3.0}))
    folder.audio.write_bytes(b"sound")
    (folder.path / "talk.mp4").write_bytes(b"picture")
    (folder.path / "talk.en.vtt").write_text("WEBVTT")
    again = keeper.begin(number)
    assert again.files == {"scratch/pieces/0.json": b"{}", "talk.en.vtt": b"WEBVTT"}, "what is small, and no recording"
    assert keeper.read(number).found("probe") == {"duration": 3.0}
    with pytest.raises(Refused, match="another machine has taken video 1"):
        keeper.note(number, lost.attempt, StageResult("captions", "none"))
    with pytest.raises(Refused):
        keeper.write(number, lost.attempt, "known.json", b"late")
    keeper.drop(number, again.attempt, ["probe"])
    assert keeper.read(number).stages == {} and not folder.scratch.exists()
    keeper.end(number)
    with pytest.raises(Refused):
        keeper.note(number, again.attempt, StageResult("probe", "done"))
    assert keeper.read(number).stages == {}


def test_a_recording_arrives_as_it_was_or_not_at_all(store: ChunkStore, recording: Path, tmp_path: Path) -> None:
    stored = send_recording(store, recording, 7)
    arrived = fetch_recording(store, stored, tmp_path / "elsewhere/talk.mp4")
    assert arrived.read_bytes() == recording.read_bytes()
    assert arrived.stat().st_mtime_ns == recording.stat().st_mtime_ns, "by which it is known again"
    (place,) = sent(store)
    place.write_bytes(b"torn")
    with pytest.raises(Unavailable, match="did not arrive whole"):
        fetch_recording(store, stored, tmp_path / "other.mp4")
    place.unlink()
    with pytest.raises(Unavailable, match="a place that all machines of the cluster reach"):
        fetch_recording(store, stored, tmp_path / "other.mp4")
    assert not (tmp_path / "other.mp4").exists()


def test_what_another_machine_downloaded_comes_to_the_workspace(
    workspace: Workspace, store: ChunkStore, recording: Path
) -> None:
    video = added(workspace, "https://example.org/talk")
    found = {"file": "talk.mp4", "address": ""}
    stored = send_recording(store, recording, video.number)
    result = with_stored(StageResult("download", "done", found, "yt-dlp", "1"), stored)
    keeper = keeper_of(workspace)
    attempt = keeper.begin(video.number).attempt
    keeper.note(video.number, attempt, result)
    keeper.note(video.number, attempt, StageResult("probe", "done", {"path": "/elsewhere/talk.mp4", "size": 3}))
    video = keeper.read(video.number)
    assert stored_recording(video) == stored
    bring_home(workspace, video)
    path = workspace.root / "media/000001/talk.mp4"
    assert path.read_bytes() == recording.read_bytes()
    assert keeper.read(video.number).found("probe") == {"path": str(path), "size": 3}
    brought = keeper.read(video.number).stages["download"]
    assert (brought.found, brought.tool) == (found, "yt-dlp") and sent(store) == []


def test_what_was_sent_of_a_forgotten_video_goes_too(workspace: Workspace, store: ChunkStore, recording: Path) -> None:
    send_recording(store, recording, added(workspace, str(recording)).number)
    forget_media(workspace, "talk")
    assert sent(store) == []


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with two_nodes(tmp_path_factory) as made:
        yield made


def working_at(raylet: int, deadline: float) -> list[int]:
    """The processes in which a node has tasks."""
    found = list[int]()
    while not found and time.monotonic() < deadline:
        time.sleep(0.01)
        for worker in psutil.Process(raylet).children():
            with suppress(psutil.Error):  # it has ended meanwhile
                if "ray::work" in " ".join(worker.cmdline()):
                    found.append(worker.pid)
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_video_is_once_in_the_record_whatever_machine_is_lost(
    cluster: Any,
    store: ChunkStore,
    workspace: Workspace,
    recording: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    take: Acquire,
) -> None:
    folder = tmp_path / "in"
    names = [f"talk{number}" for number in range(5)]
    for name in names:
        with_captions(recording, folder / f"{name}.mp4", name)
    ffmpeg("-i", recording, "-i", folder / "talk0.vtt", "-c", "copy", "-c:s", "mov_text", folder / "track.mp4")
    (folder / "broken.mp4").write_bytes(recording.read_bytes()[:20_000])
    (folder / "talk1.live_chat.json").write_text(json.dumps(youtube_message("a", 1, "a newt!")))
    (folder / "talk2.live_chat.json").write_text("no chat")
    finished = with_captions(recording, tmp_path / "before.mp4", "what was acquired before")
    take(finished)
    before = manifest(workspace)[0].as_json()
    lost = list[int]()

    def pull_the_plug() -> None:
        machine = next(iter(cluster.worker_nodes))
        raylet = machine.all_processes["raylet"][0].process.pid
        lost.extend(working_at(raylet, time.monotonic() + 300))
        cluster.remove_node(machine, allow_graceful=False)
        cluster.add_node(**node(tmp_path_factory))

    plug = threading.Thread(target=pull_the_plug)
    plug.start()
    report = take(folder, finished, engine="ray")
    plug.join()
    assert lost, "the plug was pulled while nobody was at work"
    failed, other = sorted(report.failed, key=lambda each: each.external_id)
    assert (report.acquired, report.finished_before, report.busy) == (5, 1, 0)
    assert (failed.external_id, failed.stage) == ("broken", "probe")
    assert (other.external_id, other.stage) == ("talk2", "chat")
    assert str(folder / "talk2.live_chat.json") in other.problem
    (folder / "talk2.live_chat.json").unlink()
    assert take(engine="ray").acquired == 1
    assert f"{folder / 'broken.mp4'} can't be read" in failed.problem, "by the name that it has here"
    rows = {row.video.known.external_id: row for row in manifest(workspace)}
    assert {name: row.state for name, row in rows.items()} == {
        "before": "finished",
        "broken": "failed",
        "track": "finished",
        **dict.fromkeys(names, "finished"),
    }
    assert rows["before"].as_json() == before
    assert rows["track"].video.found("captions") == {"file": "track 0", "lines": 2}
    with workspace.record.read() as record:
        assert [each.text for each in record.chats.logged(record.transcripts.find("talk1"))] == ["a newt!"]
        for name in names:
            transcript = record.transcripts.read(record.transcripts.find(name))
            assert [segment.text for segment in transcript.segments][1] == f"and now about {name} in the garden"
    assert sent(store) == [] and not list((workspace.root / "media").rglob("scratch"))
    alone = {name: row.video.found("probe") for name, row in rows.items() if name in names}
    assert all(found and found["path"] == str((folder / f"{name}.mp4").resolve()) for name, found in alone.items())
    again = take(folder, engine="ray")
    assert (again.acquired, again.finished_before, len(again.failed)) == (0, 6, 1)
