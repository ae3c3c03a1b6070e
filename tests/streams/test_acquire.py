"""Recordings with captions become transcripts; what can't be used is named, and mended it goes on where it stood."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from errata.errors import BadInput
from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring import AcquireReport
from errata.operations.forgetting_media import forget_media
from errata.operations.video_claims import VideoClaims
from errata.operations.video_folder import VideoFolder, at_work_alone
from errata.operations.video_manifest import ManifestRow, manifest
from errata.workspace import Workspace
from tests.command_line import in_this_process, json_of
from tests.streams.conftest import Acquire
from tests.streams.recordings import CAPTIONS, ffmpeg, with_captions


def row(workspace: Workspace, name: str) -> ManifestRow:
    return next(row for row in manifest(workspace) if row.video.known.external_id == name)


def lines(workspace: Workspace, name: str) -> list[tuple[float, float, str]]:
    with workspace.record.read() as store:
        transcript = store.transcripts.read(store.transcripts.find(name))
    return [(segment.start, segment.end, segment.text) for segment in transcript.segments]


def only_problem(report: AcquireReport) -> str:
    (failed,) = report.failed
    return f"{failed.stage}: {failed.problem}"


def test_a_folder_of_captioned_recordings_is_in_the_record_with_what_is_known(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    talk = with_captions(recording, tmp_path / "in" / "talk.mp4", "soil")
    info = {"id": "x1", "title": "A talk", "channel_id": "c9", "chapters": [{"start_time": 0, "title": "All"}]}
    talk.with_suffix(".info.json").write_text(json.dumps(info))
    ffmpeg("-i", recording, "-i", talk.with_suffix(".vtt"), "-c", "copy", "-c:s", "mov_text", tmp_path / "in" / "b.mp4")
    report = take(tmp_path / "in", source="lectures", media_url="https://example.org/{id}.mp4")
    assert (report.acquired, report.failed, report.unreachable) == (2, (), ())
    with workspace.record.read() as store:
        seq = store.transcripts.find("x1")
        transcript = store.transcripts.read(seq)
        assert (transcript.title, transcript.channel, transcript.duration) == (
            "A talk",
            "c9",
            pytest.approx(12, abs=0.1),
        )
        assert store.transcripts.source_of(seq) == "lectures"
        assert store.transcripts.media_of(seq) == "https://example.org/x1.mp4"
        (reference,) = store.labels.between(0, store.watermark())
        assert (reference.kind, [chapter.title for chapter in reference.chapters]) == ("reference", ["All"])
    assert lines(workspace, "b")[1] == (6.5, 11.0, "and now about soil in the garden"), "captions of a track keep times"
    found = row(workspace, "b").video
    assert found.found("captions") == {"file": "track 0", "lines": 2}
    assert found.stages["probe"].tool == "ffprobe" and found.stages["probe"].version
    assert found.known.origin == str((tmp_path / "in" / "b.mp4").resolve())
    assert not list((workspace.root / "media").rglob("scratch"))


def test_a_finished_row_is_never_touched_again(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    talk = with_captions(recording, tmp_path / "talk.mp4", "soil")
    take(talk)
    before = row(workspace, "talk").as_json()
    talk.with_suffix(".vtt").write_text(CAPTIONS.format("something else"))
    talk.write_bytes(b"no recording any more")
    report = take(talk)
    assert (report.acquired, report.finished_before, report.failed) == (0, 1, ())
    assert row(workspace, "talk").as_json() == before and len(lines(workspace, "talk")) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken.mp4", "probe: .*broken.mp4 can't be read .*Invalid data found"),
        ("text.mp4", "probe: .*text.mp4 can't be read .*Invalid data"),
        ("empty.mkv", "probe: .*empty.mkv is empty; download it again"),
        ("cut.mp4", "probe: .*cut.mp4 says that it lasts 00:00:30, and ends at 00:00:1.: its download was cut short"),
        ("short.mp4", "probe: .*short.mp4 lasts 00:00:12, and 00:01:00 are known of: its download was cut short"),
        ("silent.mp4", "recognition: it has no sound to recognise; put captions beside it, as silent.vtt"),
        ("day.mp4", "probe: it lasts 24.0 h, and a transcript may be of less than 24: cut the recording"),
        ("garbled.mp4", "captions: .*garbled.vtt.*belongs to no cue"),
    ],
)
def test_what_cannot_be_used_is_named_and_stops_no_other(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire, name: str, reason: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bad = folder / name
    shutil.copyfile(recording, bad)
    whole = recording.read_bytes()
    if name == "broken.mp4":
        bad.write_bytes(whole[: len(whole) // 2])
    elif name == "text.mp4":
        bad.write_text("hello")
    elif name == "empty.mkv":
        bad.write_bytes(b"")
    elif name == "cut.mp4":
        ffmpeg("-stream_loop", "2", "-i", recording, "-t", "30", "-c", "copy", "-movflags", "+faststart", bad)
        bad.write_bytes(bad.read_bytes()[: bad.stat().st_size // 2])
    elif name in ("short.mp4", "day.mp4"):
        duration = {"short.mp4": 60, "day.mp4": 86_400}[name]
        bad.with_suffix(".info.json").write_text(json.dumps({"id": bad.stem, "duration": duration}))
    elif name == "silent.mp4":
        ffmpeg("-i", recording, "-an", "-c", "copy", bad)
    elif name == "garbled.mp4":
        bad.with_suffix(".vtt").write_text("WEBVTT\n\nwords of nobody\n\n00:00:00.000 --> 00:00:04.000\nso\n")
    with_captions(recording, folder / "zz_good.mp4", "roses")
    report = take(folder)
    assert report.acquired == 1 and len(lines(workspace, "zz_good")) == 2
    assert re.fullmatch(f"{reason}.*", only_problem(report))
    shutil.copyfile(recording, bad)
    bad.with_suffix(".info.json").unlink(missing_ok=True)
    bad.with_suffix(".vtt").write_text(CAPTIONS.format("what was mended"))
    if name in ("short.mp4", "day.mp4"):
        return  # what was known of it stays known
    assert take().acquired == 1, "without a name, what is not finished goes on"
    assert row(workspace, bad.stem).state == "finished"
    assert all(result.state != "failed" for result in row(workspace, bad.stem).video.stages.values())


def test_a_variable_frame_rate_is_named_and_does_no_harm(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    dropped = tmp_path / "varying.mp4"
    ffmpeg("-i", recording, "-c", "copy", "-bsf:v", r"noise=drop=gt(mod(n\,50)\,30)", dropped)
    dropped.with_suffix(".vtt").write_text(CAPTIONS.format("frames"))
    assert take(dropped).acquired == 1
    assert row(workspace, "varying").video.found("probe")["variable_frame_rate"] is True
    shown = in_this_process("acquire", "--status", "-w", workspace.root).stdout
    assert "varying (probe): its frame rate varies" in shown


def test_two_videos_of_one_id_and_lines_that_lead_nowhere_are_named(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    one = with_captions(recording, tmp_path / "a" / "talk.mp4", "soil")
    two = with_captions(recording, tmp_path / "b" / "talk.mp4", "roses")
    listed = tmp_path / "list.txt"
    listed.write_text(f"# talks\n{one}\n\nb/talk.mp4\nmissing.mp4\n")
    report = take(listed)
    assert report.acquired == 1
    twice, missing = report.unreachable
    assert twice.problem == f"its id, 'talk', is that of {one}; call one of the two otherwise"
    assert missing.place == f"{listed}, line 5" and "is not there" in missing.problem
    one.unlink()
    assert take(two).finished_before == 1, "it was moved, and is finished all the same"
    (tmp_path / "a" / os.fsdecode(b"caf\xe9.mp4")).touch()
    (unnamed,) = take(tmp_path / "a").unreachable
    assert unnamed.problem.startswith("its name is not UTF-8") and unnamed.place.endswith("caf\ufffd.mp4")
    with pytest.raises(BadInput, match="nowhere is not there"):
        take(tmp_path / "nowhere", one)


def test_somebody_elses_video_is_left_to_them(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    talk = with_captions(recording, tmp_path / "talk.mp4", "soil")
    with at_work_alone(VideoFolder(workspace.root, 1).lock):
        assert take(talk).busy == 1
    assert take(talk).acquired == 1


def test_what_was_forgotten_is_gone_from_the_manifest_and_not_taken_again(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    talk = with_captions(recording, tmp_path / "talk.mp4", "soil")
    take(talk)
    with workspace.record.write() as store:
        store.tombstones.record_deletion("talk", "ann", "asked for")
    gone = forget_media(workspace, "talk")
    assert (gone.files, gone.chunks, gone.kept) == (2, 0, talk)
    assert manifest(workspace) == [] and not (workspace.root / "media/000001").exists()
    (refused,) = take(talk).unreachable
    assert "was forgotten on request" in refused.problem


def test_a_recording_that_failed_is_forgotten_too(workspace: Workspace, tmp_path: Path, take: Acquire) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all")
    assert only_problem(take(broken)).startswith("probe")
    asked = in_this_process("show", "broken", "-w", workspace.root, check=False)
    assert asked.returncode == 3 and "'broken' has no transcript yet" in " ".join(asked.stderr.split())
    forget = ("forget", "broken", "--by", "ann", "--why", "no film", "-w", workspace.root)
    with at_work_alone(VideoFolder(workspace.root, 1).lock):
        busy = in_this_process(*forget, check=False)
    assert busy.returncode == 5 and "errata acquire is at the recording 'broken'" in " ".join(busy.stderr.split())
    in_this_process(*forget)
    with ExitStack() as held:
        assert VideoClaims(workspace, AcquireOptions()).claim(1, held) == "forgotten", "an acquire had it on its list"
    assert manifest(workspace) == [] and broken.exists()
    assert "was forgotten on request" in take(broken).unreachable[0].problem


def test_the_command_says_what_came_of_it_and_shows_where_each_video_is(
    workspace: Workspace, recording: Path, tmp_path: Path
) -> None:
    good = with_captions(recording, tmp_path / "in" / "talk.mp4", "soil")
    (tmp_path / "in" / "[red]bad.mp4").write_text("hello")
    assert "no video was asked for yet" in in_this_process("acquire", "--status", "-w", workspace.root).stdout
    done = in_this_process("acquire", good.parent, "--no-speakers", "-w", workspace.root, check=False)
    assert (done.returncode, done.stdout) == (2, "2 videos: 1 acquired, 1 failed\n")
    assert "errata: [red]bad (probe):" in done.stderr
    shown = in_this_process("acquire", "--status", "-w", workspace.root).stdout
    assert "2 videos: 1 failed, 1 finished" in shown and "captions: talk.vtt" in shown
    rows = json_of(in_this_process)("acquire", "--status", "-w", workspace.root)
    assert [(each["external_id"], each["state"]) for each in rows] == [("[red]bad", "failed"), ("talk", "finished")]
    assert rows[1]["stages"]["probe"]["found"]["duration"] == pytest.approx(12, abs=0.1)


def test_git_sees_nothing_of_the_recordings(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    take(with_captions(recording, tmp_path / "talk.mp4", "soil"))
    seen = subprocess.run(["git", "status", "--short"], cwd=workspace.root, capture_output=True, text=True, check=True)
    assert seen.stdout == ""
