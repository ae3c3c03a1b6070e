"""Real recognition of what espeak-ng says: words, pauses, speakers, and a kill in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from errata.errors import BadInput
from errata.operations import live_speech
from errata.operations.live_speech import SpeechStream
from errata.operations.video_manifest import manifest
from errata.progress import no_progress_bar
from errata.streams.audio_track import extract_audio
from errata.streams.media_probe import probe
from errata.streams.speaker_turns import with_speakers
from errata.tasks.border_task import shown_lines
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.streams.conftest import Acquire
from tests.streams.recordings import TURNS, ffmpeg, need_modules, with_captions

pytestmark = pytest.mark.slow

GOLDEN = {126: 0.27523, 36: 0.22891, 83: 0.21599, 18: 0.20323, 67: 0.20249, 49: 0.17782}
"""The largest entries of a tone's vector."""


def words(text: str) -> list[str]:
    return "".join(letter for letter in text.lower() if letter.isalpha() or letter.isspace()).split()


def wrong_words(said: str, heard: str) -> float:
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(words(said), words(heard)) / len(words(said))


def test_what_is_said_is_a_transcript_with_pauses_and_speakers(
    workspace: Workspace, talk: Path, take: Acquire, model: str
) -> None:
    need_modules("resemblyzer")
    report = take(talk, model=model, speakers=True)
    assert (report.acquired, report.failed) == (1, ())
    with workspace.record.read() as store:
        transcript = store.transcripts.read(store.transcripts.find("talk"))
    assert wrong_words(" ".join(said for _, said in TURNS), transcript.text) < 0.1
    first, second, third = (transcript.segments[at] for at in (0, -2, -1))
    assert [each.speaker for each in (first, second, third)] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]
    shown = [line for line in shown_lines(transcript, ("pauses",)) if line.startswith("(")]
    assert len(shown) == 2 and all(line.startswith(("(3 s)", "(4 s)")) for line in shown)
    (row,) = manifest(workspace)
    heard, speakers = row.video.stages["recognition"], row.video.stages["speakers"]
    assert (heard.tool, heard.found["language"]) == ("faster-whisper", "en") and heard.version.endswith(", model")
    assert (speakers.found, speakers.tool, speakers.version) == ({"speakers": 2}, "Resemblyzer", "0.1.4")


def test_pieces_cut_no_word_and_are_not_heard_twice(talk: Path, tmp_path: Path, model: str) -> None:
    from errata.streams.recognition import Recogniser

    track = extract_audio(probe(talk), tmp_path / "audio.wav")
    recogniser = Recogniser(model, piece=9.0)
    heard = recogniser.hear(track, "en", tmp_path / "pieces", no_progress_bar, "talk")
    pieces = sorted((tmp_path / "pieces").iterdir())
    assert len(pieces) >= 2
    assert wrong_words(" ".join(said for _, said in TURNS), " ".join(line["text"] for line in heard.segments)) < 0.15
    assert all(
        one["end"] <= other["start"] + 0.5 for one, other in zip(heard.segments, heard.segments[1:], strict=False)
    )
    written = [piece.stat().st_mtime_ns for piece in pieces]
    pieces[1].write_text('{"torn')
    again = recogniser.hear(track, "en", tmp_path / "pieces", no_progress_bar, "talk")
    assert again == heard and pieces[0].stat().st_mtime_ns == written[0]


def test_a_recording_that_plays_is_heard_piece_by_piece(
    talk: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from errata.streams.recognition import Recogniser

    monkeypatch.setattr(live_speech, "PIECE", 8.0)
    recogniser = Recogniser(model)

    def unknown(*_: object, language: str, **__: object) -> None:
        """As a model of many languages says it; this one takes all for English."""
        raise ValueError(f"'{language}' is not a valid language code (accepted language codes: af, am)")

    with monkeypatch.context() as patch, pytest.raises(BadInput, match="hears no 'klingon'"):
        patch.setattr(recogniser._model, "transcribe", unknown)
        list(SpeechStream(str(talk), recogniser, "klingon", pace=0.0).batches())
    stream = SpeechStream(str(talk), recogniser, "en-US", pace=0.0)
    batches = list(stream.batches())
    heard = [segment for batch in batches for segment in batch]
    assert len(batches) >= 2 and not stream.failed
    assert wrong_words(" ".join(said for _, said in TURNS), " ".join(segment.text for segment in heard)) < 0.15
    assert [segment.start for segment in heard] == sorted(segment.start for segment in heard)


def test_errata_live_hears_a_file_and_an_address(talk: Path, model: str, server: Any) -> None:
    need_modules("yt_dlp")
    folder, address = server
    ffmpeg("-i", talk, "-c", "copy", "-movflags", "+faststart", folder / "lecture.mp4")
    for source in (str(talk), f"{address}/lecture.mp4"):
        done = in_this_process("live", source, "--speech", model, "--language", "en", "--speed", "0", "--json")
        end = json.loads(done.stdout.splitlines()[-1])
        assert end["event"] == "end" and end["chapters"] and end["heard"] > 15
    (folder / "backwards.mp4").write_bytes(talk.read_bytes())  # whose index stands at its end
    done = in_this_process("live", f"{address}/backwards.mp4", "--speech", model, check=False)
    assert done.returncode == 2 and "can be played" in " ".join(done.stderr.split())
    (folder / "cut.mp4").write_text("no recording")
    done = in_this_process("live", str(folder / "cut.mp4"), "--speech", model, check=False)
    assert done.returncode == 2 and "has no sound that ffmpeg can read" in " ".join(done.stderr.split())


def test_nobody_who_speaks_is_named(workspace: Workspace, recording: Path, take: Acquire, model: str) -> None:
    (failed,) = take(recording, model=model).failed
    assert failed.stage == "recognition" and "nobody speaks in it" in failed.problem


@pytest.mark.parametrize("stage", ["probe", "recognition"])
def test_a_kill_at_any_stage_goes_on_where_it_was(workspace: Workspace, talk: Path, model: str, stage: str) -> None:
    command = [sys.executable, "-c", "from errata.cli import main; main()", "acquire", str(talk), "--model", model]
    command += ["--no-speakers", "-w", str(workspace.root)]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(row.video.found(stage) for row in manifest(workspace)):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = {row.video.known.external_id: row.video.stages for row in manifest(workspace)}["talk"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = manifest(workspace)
    assert row.state == "finished"
    assert all(row.video.stages[name].at == result.at for name, result in before.items() if result.state == "done")
    with workspace.record.read() as store:
        assert len(store.transcripts.versions_of("talk")) == 1


def test_voices_are_vectors_as_resemblyzer_makes_them() -> None:
    """Of a tone that rises from 100 Hz to 2 kHz within 1.6 s, by Resemblyzer 0.1.4 with librosa 0.11."""
    need_modules("resemblyzer")
    from errata.streams.voices import VoiceEncoder

    seconds = np.arange(25_600) / 16_000
    tone = np.sin(2 * np.pi * (100 * seconds + 1900 * seconds**2 / 3.2)).astype(np.float32) / 2
    (vector,) = VoiceEncoder().embed([tone])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert vector[list(GOLDEN)].tolist() == pytest.approx(list(GOLDEN.values()), abs=1e-4)


def test_one_voice_is_nobody_in_particular(talk: Path, tmp_path: Path) -> None:
    need_modules("resemblyzer")
    from errata.streams.voice_clusters import VoiceClusters

    track = extract_audio(probe(talk), tmp_path / "audio.wav")
    lines = [{"start": 0.0, "end": 4.0, "text": "good morning"}]
    assert with_speakers(lines, VoiceClusters().turns(lines, track)) == (lines, 1)


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """A web server of a folder."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


def test_a_playlist_is_downloaded_and_heard_and_what_is_gone_is_named(
    workspace: Workspace, talk: Path, take: Acquire, model: str, server: Any
) -> None:
    need_modules("yt_dlp")
    folder, address = server
    (folder / "lecture.mp4").write_bytes(talk.read_bytes())
    items = "".join(
        f"<item><title>{name}</title><link>{address}/{name}.mp4</link></item>" for name in ("lecture", "gone")
    )
    (folder / "feed.rss").write_text(f'<rss version="2.0"><channel><title>Talks</title>{items}</channel></rss>')
    report = take(f"{address}/feed.rss", model=model)
    assert report.acquired == 1
    (failed,) = report.failed
    assert (failed.external_id, failed.stage) == ("gone", "download") and "404" in failed.problem
    row = next(row for row in manifest(workspace) if row.state == "finished")
    assert row.video.stages["download"].found == {"file": "talk.mp4", "address": f"{address}/lecture.mp4"}
    with workspace.record.read() as store:
        seq = store.transcripts.find("lecture")
        assert store.transcripts.media_of(seq) == f"{address}/lecture.mp4"
        assert store.transcripts.heading(seq).channel == "Talks"
    (folder / "gone.mp4").write_bytes(talk.read_bytes())
    assert take(model=model).acquired == 1, "and goes on once it is there"
    (missing,) = take(f"{address}/nothing.rss").unreachable
    assert "404" in missing.problem


def test_chunks_in_s3_are_staged_compared_and_moved(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_modules("s3fs", "moto", "flask_cors")
    from moto.server import ThreadedMotoServer

    from errata.operations.chunking import chunk_videos
    from errata.operations.forgetting_media import forget_media
    from errata.operations.media_check import check_media

    take(with_captions(recording, tmp_path / "talk.mp4", "soil"))
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "ERRATA_MEDIA_STORE": "s3://bucket/streams",
    }.items():
        monkeypatch.setenv(name, value)
    import boto3
    import pyarrow.parquet as pq
    import s3fs

    bucket = boto3.client("s3")
    bucket.create_bucket(Bucket="bucket")
    place = Workspace.find(workspace.root)
    report = chunk_videos(place, [], 5, lambda _: None)
    assert (report.cut, report.chunks, report.integrity, report.store) == (1, 3, (), "s3://bucket/streams")
    names = [each["Key"] for each in bucket.list_objects_v2(Bucket="bucket")["Contents"]]
    assert len(names) == 4 and not [name for name in names if "staged" in name or "parts" in name]
    assert pq.read_table(report.join_table.removeprefix("s3://"), filesystem=s3fs.S3FileSystem()).num_rows == 3
    check = check_media(place)
    assert (check.problems, check.recordings, check.alone) == ((), 1, 0)
    (tmp_path / "talk.mp4").unlink()
    assert check_media(place).problems == ()
    bucket.delete_object(Bucket="bucket", Key=min(names))
    gone, lost = check_media(place).problems
    assert "chunk 0 of 'talk' is gone from s3://bucket/streams/" in gone and "the recording of 'talk' is gone" in lost
    assert forget_media(place, "talk").chunks == 3
    made.stop()
