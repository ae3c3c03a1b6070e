"""A stream's chat comes along with its recording: what lies beside it, what yt-dlp and twitch-dl fetch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from errata.domain.chat_messages import Chat
from errata.domain.video import KnownVideo, StageResult, Video
from errata.operations.video_folder import VideoFolder
from errata.operations.video_manifest import manifest
from errata.streams import downloads, twitch_downloads
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.made_up_chat import youtube_message
from tests.made_up_internet import Answer, as_json, made_up_internet
from tests.made_up_twitch import HOSTS, MadeUpTwitch, comment
from tests.streams.conftest import Acquire
from tests.streams.recordings import CAPTIONS, ffmpeg, need, need_modules, with_captions

NUMBER = "5123"
COMMENTS = [
    comment("a", 2, "Fen", "what a bridge", badge="moderator"),
    comment("b", 5, "Bo", "roses please"),
    comment("c", 11, "Fen", "bye"),
]


def downloaded(workspace: Workspace, recording: Path, info: dict[str, Any]) -> VideoFolder:
    """A video whose download is done: what it is, its info file says."""
    with workspace.record.write() as store:
        video = store.videos.add(KnownVideo(str(info["id"]), f"https://example.org/{info['id']}"))
        store.videos.note(video.number, StageResult("download", "done", {"file": "talk.mp4", "address": ""}, "yt-dlp"))
    folder = VideoFolder(workspace.root, video.number)
    folder.path.mkdir(parents=True)
    shutil.copyfile(recording, folder.path / "talk.mp4")
    (folder.path / "talk.info.json").write_text(json.dumps(info))
    (folder.path / "talk.en.vtt").write_text(CAPTIONS.format(f"roses {info['id']}"))
    return folder


def twitch_info(number: str = NUMBER) -> dict[str, Any]:
    return {
        "id": f"v{number}",
        "extractor_key": "TwitchVod",
        "webpage_url": f"https://www.twitch.tv/videos/{number}",
        "chapters": [{"start_time": 0, "end_time": 12, "title": "Art"}],
    }


def chat_of(workspace: Workspace, name: str) -> Chat:
    with workspace.record.read() as store:
        return store.chats.logged(store.transcripts.find(name))


def video_of(workspace: Workspace, name: str) -> Video:
    return next(row.video for row in manifest(workspace) if row.video.known.external_id == name)


def test_a_chat_beside_a_recording_is_its_streams_and_one_of_another_stream_is_named(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    pond = with_captions(recording, tmp_path / "in" / "pond.mp4", "soil")
    rows = [youtube_message("a", 1, "a newt!"), youtube_message("b", 90, "so late")]
    beside = pond.with_name("pond.live_chat.json")
    beside.write_text("\n".join(json.dumps(youtube_message(str(at), 500 + at, "hm")) for at in range(3)))
    with_captions(recording, tmp_path / "in" / "quiet.mp4", "moss").with_name("quiet.live_chat.json").touch()
    (failed,) = take(pond.parent).failed
    assert (failed.external_id, failed.stage) == ("pond", "chat")
    assert "3 of 3 messages come after the end of 'pond'" in failed.problem
    assert failed.problem.endswith(", or say --no-chat")
    assert "pond (chat): " in in_this_process("acquire", "--status", "-w", workspace.root).stdout
    assert video_of(workspace, "quiet").transcript is not None, "where nobody wrote there is no chat"
    beside.write_text("\n".join(map(json.dumps, rows)))
    assert take().acquired == 1
    assert [message.text for message in chat_of(workspace, "pond")] == ["a newt!", "so late"]
    video = video_of(workspace, "pond")
    assert (video.stages["chat"].tool, video.stages["chat"].found["messages"]) == ("errata", 2)
    assert [doubt.about for doubt in video.chat_doubts] == ["after the end"]
    shown = in_this_process("acquire", "--status", "-w", workspace.root).stdout
    assert "pond (chat): 1 message comes after the stream's end" in " ".join(shown.split())


def test_no_chat_leaves_it_out(workspace: Workspace, recording: Path, tmp_path: Path) -> None:
    talk = with_captions(recording, tmp_path / "pond.mp4", "soil")
    talk.with_name("pond.live_chat.json").write_text("no chat at all")
    in_this_process("acquire", talk, "--no-speakers", "--no-chat", "-w", workspace.root)
    assert chat_of(workspace, "pond") == () and "chat" not in video_of(workspace, "pond").stages


def test_without_twitch_dl_the_video_goes_in_and_one_sentence_says_how_to_get_its_chat(
    workspace: Workspace, recording: Path, take: Acquire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twitch_downloads, "_program", lambda: None)
    downloaded(workspace, recording, twitch_info())
    saved = downloaded(workspace, recording, twitch_info("7"))
    chat = {"video": {"id": "7"}, "video_comments": {}, "comments": [comment("a", 2, "Fen", "hi")]}
    (saved.path / "talk.twitch_chat.json").write_text(json.dumps(chat))
    assert take().acquired == 2
    missing = video_of(workspace, f"v{NUMBER}").stages["chat"]
    assert missing.state == "none" and missing.problem.startswith(
        "its chat was not fetched, since twitch-dl is not installed"
    )
    assert f"twitch-dl chat json {NUMBER} -o v{NUMBER}.json && errata import chat v{NUMBER}.json" in missing.problem
    shown = " ".join(in_this_process("acquire", "--status", "-w", workspace.root).stdout.split())
    assert f"v{NUMBER} (chat): its chat was not fetched" in shown
    assert [message.text for message in chat_of(workspace, "v7")] == ["hi"], "what was fetched before needs no program"


def test_a_twitch_log_is_known_by_the_id_in_it(workspace: Workspace, recording: Path, take: Acquire) -> None:
    downloaded(workspace, recording, twitch_info())
    take(chat=False)
    saved = workspace.root / f"chat_{NUMBER}_by_the_bridge.json"
    saved.write_text(json.dumps({"video": {"id": NUMBER}, "video_comments": {}, "comments": COMMENTS}))
    in_this_process("import", "chat", saved, "-w", workspace.root)
    assert len(chat_of(workspace, f"v{NUMBER}")) == 3
    with workspace.record.read() as store:
        assert list(store.labels.between(0, store.watermark())) == [], "the category is nobody's chapter"


@pytest.mark.slow
def test_a_twitch_recording_is_downloaded_heard_and_has_its_chat(
    workspace: Workspace, talk: Path, model: str, take: Acquire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_modules("yt_dlp")
    need(twitch_downloads.TOOL)
    ffmpeg("-i", talk, "-c", "copy", "-hls_list_size", "0", tmp_path / "talk.m3u8")
    twitch = MadeUpTwitch(NUMBER, COMMENTS, tmp_path)
    listed = tmp_path / "list.txt"
    listed.write_text(f"https://www.twitch.tv/videos/{NUMBER}\n")
    with made_up_internet(twitch, HOSTS, tmp_path, monkeypatch):
        report = take(listed, model=model)
        assert (report.failed, report.unreachable, report.acquired) == ((), (), 1)
        video = video_of(workspace, f"v{NUMBER}")
        before = list(twitch.pages)
        assert take(listed, model=model).finished_before == 1 and twitch.pages == before
    assert chat_of(workspace, f"v{NUMBER}")[0].badges == ("moderator",)
    assert [message.text for message in chat_of(workspace, f"v{NUMBER}")] == ["what a bridge", "roses please", "bye"]
    assert twitch.pages == ["0", "2"]
    chat = video.stages["chat"]
    assert (chat.tool, chat.version) == ("twitch-dl", twitch_downloads.twitch_dl_version())
    assert chat.version.count(".") == 2
    assert chat.found == {"file": "talk.twitch_chat.json", "messages": 3, "doubts": []}
    with workspace.record.read() as store:
        heading = store.transcripts.heading(store.transcripts.find(f"v{NUMBER}"))
    assert (heading.title, heading.channel) == ("By the bridge", "mira")


@pytest.mark.slow
def test_what_twitch_does_not_answer_is_asked_again_named_and_goes_on_at_the_next_run(
    workspace: Workspace, recording: Path, take: Acquire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(twitch_downloads.TOOL)
    downloaded(workspace, recording, twitch_info())
    twitch = MadeUpTwitch(NUMBER, COMMENTS, failing=3)
    with made_up_internet(twitch, HOSTS, tmp_path, monkeypatch):
        (failed,) = take().failed
        assert failed.stage == "chat" and "* service timeout); run it again, or say --no-chat" in failed.problem
        assert twitch.pages == ["0"] * 3
        twitch.failing = 1
        assert take().acquired == 1 and twitch.pages[3:] == ["0", "0", "2"]
        downloaded(workspace, recording, twitch_info("6"))
        (gone,) = take().failed
        assert "Video 6 not found" in gone.problem
        twitch.number, twitch.comments = "6", []
        assert take().acquired == 1, "nobody wrote"
    assert len(chat_of(workspace, f"v{NUMBER}")) == 3 and chat_of(workspace, "v6") == ()
    assert not list(workspace.root.rglob("*.partial"))


@pytest.mark.slow
def test_a_kill_while_a_chat_is_fetched_goes_on_where_it_was(
    workspace: Workspace, recording: Path, take: Acquire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(twitch_downloads.TOOL)
    downloaded(workspace, recording, twitch_info())
    twitch = MadeUpTwitch(NUMBER, COMMENTS)
    killed = Event()

    def site(host: str, path: str, sent: bytes) -> Answer:
        if b"VideoCommentsByOffsetOrCursor" in sent:
            twitch.pages.append("asked")
            assert killed.wait(60)
        return twitch(host, path, sent)

    command = [sys.executable, "-c", "from errata.cli import main; main()", "acquire", "--no-speakers"]
    with made_up_internet(site, HOSTS, tmp_path, monkeypatch):
        process = subprocess.Popen([*command, "-w", str(workspace.root)], stderr=subprocess.DEVNULL)
        while not twitch.pages:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()  # twitch-dl itself lives on
        process.wait()
        before = video_of(workspace, f"v{NUMBER}").stages
        assert {"probe", "captions", "speakers"} <= set(before) and "chat" not in before
        killed.set()
        assert take().acquired == 1
    after = video_of(workspace, f"v{NUMBER}").stages
    assert all(after[name].at == result.at for name, result in before.items())
    assert len(chat_of(workspace, f"v{NUMBER}")) == 3


def youtube(rows: list[dict[str, Any]]) -> Any:
    """What YouTube answers who asks for the chat of a stream that is over."""

    def site(host: str, path: str, sent: bytes) -> Answer:
        begin = {"continuation": "one", "clickTrackingParams": "x"}
        if path.startswith("/watch"):
            renderer = {"continuations": [{"reloadContinuationData": begin}]}
            shown = {"contents": {"twoColumnWatchNextResults": {"conversationBar": {"liveChatRenderer": renderer}}}}
            config = {"INNERTUBE_API_KEY": "k", "INNERTUBE_CONTEXT": {"client": {"visitorData": "v"}}}
            scripts = f"ytcfg.set({json.dumps(config)});</script><script>var ytInitialData = {json.dumps(shown)};"
            return f"<html><script>{scripts}</script></html>".encode()
        if path.startswith("/live_chat_replay"):
            return as_json({"continuationContents": {"liveChatContinuation": {"actions": rows}}})
        return None

    return site


@pytest.mark.slow
def test_a_youtube_streams_chat_comes_by_yt_dlp(
    workspace: Workspace, recording: Path, take: Acquire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_modules("yt_dlp")
    chat = {
        "url": "https://www.youtube.com/watch?v=pond&bpctr=9999999999&has_verified=1",
        "video_id": "pond",
        "ext": "json",
        "protocol": "youtube_live_chat_replay",
    }
    formats = [{"format_id": "18", "url": "https://www.youtube.com/talk.mp4", "ext": "mp4", "protocol": "https"}]
    info = {
        "id": "pond",
        "title": "Pond life",
        "extractor_key": "Youtube",
        "extractor": "youtube",
        "webpage_url": "https://www.youtube.com/watch?v=pond",
        "formats": formats,
        "subtitles": {"live_chat": [chat]},
    }
    live = {**info, "id": "lake", "subtitles": {"live_chat": [{**chat, "protocol": "youtube_live_chat"}]}}
    downloaded(workspace, recording, info)
    downloaded(workspace, recording, live)
    rows = [youtube_message("a", 1, "a newt!"), youtube_message("b", 3, "two!")]
    with made_up_internet(youtube(rows), ["www.youtube.com"], tmp_path, monkeypatch):
        report = take()
    assert (report.acquired, report.failed) == (2, ())
    assert [message.text for message in chat_of(workspace, "pond")] == ["a newt!", "two!"]
    found = video_of(workspace, "pond").stages["chat"]
    assert (found.tool, found.version) == ("yt-dlp", downloads.downloads_version())
    assert "chat" not in video_of(workspace, "lake").stages, "one that is live would go on as long as the stream"
