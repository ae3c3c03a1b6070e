"""Recordings are cut without loss, at key frames, stored whole, and listed once; what is wrong with them is told."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chunk import TOLERANCE, Chunk, integrity_problems
from errata.operations.chunking import chunk_store, chunk_videos
from errata.operations.forgetting_media import forget_media
from errata.operations.media_check import check_media
from errata.streams.cutting import cut
from errata.streams.media_probe import probe
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.streams.conftest import Acquire
from tests.streams.recordings import ffmpeg, picture_and_tone, with_captions


def packets(path: Path, kind: str) -> list[str]:
    """A hash of each packet's data, in order."""
    entries = ["-select_streams", kind, "-show_packets", "-show_data_hash", "md5", "-show_entries", "packet=data_hash"]
    command = ["ffprobe", "-v", "error", *entries, "-of", "csv=p=0", f"file:{path}"]
    return re.findall("MD5:([0-9a-f]+)", subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def key_frames(path: Path) -> list[float]:
    entries = ["-select_streams", "v", "-skip_frame", "nokey", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    done = subprocess.run(
        ["ffprobe", "-v", "error", *entries, f"file:{path}"], check=True, capture_output=True, text=True
    )
    return [float(line.strip(",")) for line in done.stdout.split()]


@pytest.mark.parametrize(
    "ending", [".mp4", pytest.param(".mkv", marks=pytest.mark.slow), pytest.param(".ts", marks=pytest.mark.slow)]
)
def test_the_pieces_hold_every_packet_and_begin_at_key_frames(recording: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"100% a:b{ending}"
    ffmpeg("-i", recording, "-c", "copy", f"file:{path}")
    facts = probe(path)
    pieces = cut(facts, 5, tmp_path / "50% c:d")
    for kind in ("v", "a"):
        assert [md5 for piece in pieces for md5 in packets(piece.path, kind)] == packets(path, kind)
    keys = [at - key_frames(path)[0] for at in key_frames(path)]
    assert [any(abs(piece.start - key) < 0.05 for key in keys) for piece in pieces] == [True] * 3
    assert abs(pieces[-1].end - facts.duration) <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize(("name", "made"), [("a.mp3", ()), ("a.wav", ()), ("a.ogg", ("-c:a", "libvorbis"))])
def test_sound_alone_is_cut_too(tmp_path: Path, name: str, made: tuple[str, ...]) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=300:duration=12", *made, tmp_path / name)
    facts = probe(tmp_path / name)
    pieces = cut(facts, 5, tmp_path / "cuts")
    assert len(pieces) == 3 and abs(pieces[-1].end - facts.duration) <= TOLERANCE


def chunk(index: int, start: float, end: float) -> Chunk:
    return Chunk(1, index, start, end, f"file:///{index}", 1, "0" * 64)


@given(st.lists(st.floats(0.5, 2000), min_size=1, max_size=8), st.floats(-0.09, 0.09), st.randoms())
def test_what_covers_a_video_is_no_problem_and_what_lacks_or_doubles_a_chunk_is(lengths, slip, random) -> None:
    starts = [sum(lengths[:at]) for at in range(len(lengths))]
    chunks = [chunk(at, start, start + length) for at, (start, length) in enumerate(zip(starts, lengths, strict=True))]
    total = sum(lengths)
    random.shuffle(chunks)
    assert list(integrity_problems(chunks, total + slip)) == []
    assert any("is there 2 times" in problem for problem in integrity_problems([*chunks, chunks[0]], total))
    assert list(integrity_problems(chunks[1:], total))
    moved = replace(chunks[0], end=chunks[0].end + 0.2)
    assert list(integrity_problems([moved, *chunks[1:]], total))


def test_chunks_are_stored_once_and_the_join_table_has_a_row_of_each(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    take(with_captions(recording, tmp_path / "talk.mp4", "soil"))
    first = chunk_videos(workspace, [], 5, lambda _: None)
    assert (first.cut, first.chunks, first.failed, first.integrity) == (1, 3, (), ())
    table = pq.read_table(first.join_table).to_pylist()
    assert [(row["chunk"], row["transcript"]) for row in table] == [(f"talk/0000{index}", 1) for index in range(3)]
    before = {path: path.stat().st_mtime_ns for path in (workspace.root / "media/chunks").rglob("*") if path.is_file()}
    again = chunk_videos(workspace, ["talk"], 3, lambda _: None)
    assert (again.cut, again.chunks) == (0, 3), "a video that has chunks is not touched again"
    now = {path: path.stat().st_mtime_ns for path in (workspace.root / "media/chunks").rglob("*") if path.is_file()}
    assert now == before
    assert not list((workspace.root / "media").rglob("cuts"))
    forgotten = forget_media(workspace, "talk")
    assert forgotten.chunks == 3 and not list((workspace.root / "media").rglob("*.mp4"))
    assert pq.read_table(first.join_table).num_rows == 0


def test_a_workspace_that_was_moved_knows_its_chunks(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    take(with_captions(recording, tmp_path / "talk.mp4", "soil"))
    chunk_videos(workspace, [], 5, lambda _: None)
    workspace.record.close()
    moved = Workspace.find(workspace.root.rename(tmp_path / "elsewhere"))
    (tmp_path / "talk.mp4").unlink()
    assert check_media(moved).problems == ()
    assert forget_media(moved, "talk").chunks == 3 and not list((moved.root / "media").rglob("*.mp4"))


def test_what_a_killed_worker_left_is_merged_by_the_next(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    take(with_captions(recording, tmp_path / "talk.mp4", "soil"))
    whole = chunk_videos(workspace, [], 5, lambda _: None)
    with workspace.record.write() as store:
        chunks = store.chunks.of(1)
    elsewhere = chunk_store(workspace)
    elsewhere.write_part("other-1", 1, chunks[:1])  # another worker's, of a video that is merged already
    elsewhere.write_part("other-2", 99, chunks)  # of one that was forgotten
    assert chunk_videos(workspace, [], 5, lambda _: None) == replace(whole, cut=0)
    assert list(elsewhere.parts()) == []


def test_key_frames_that_are_too_rare_are_named(workspace: Workspace, tmp_path: Path, take: Acquire) -> None:
    rare = picture_and_tone(tmp_path / "rare.mp4", key_frame_every=9999)
    take(with_captions(rare, tmp_path / "in" / "rare.mp4", "soil"))
    done = in_this_process("chunk", "--seconds", "4", "-w", workspace.root, check=False)
    assert done.returncode == 2 and "0 chunks of 0 videos" in done.stdout
    assert "has no key frame for 12 s" in " ".join(done.stderr.split())
    assert chunk_videos(workspace, [], 6, lambda _: None).chunks == 1, "longer ones can be cut"


def test_the_advice_on_rare_key_frames_mends_a_recording(workspace: Workspace, tmp_path: Path, take: Acquire) -> None:
    rare = picture_and_tone(tmp_path / "rare.mp4", key_frame_every=9999)
    take(with_captions(rare, tmp_path / "in" / "rare.mp4", "soil"))
    (unfit,) = chunk_videos(workspace, [], 4, lambda _: None).failed
    _, _, advice = unfit.problem.partition("(ffmpeg ")
    places = {"FILE": str(rare), "NEW.mkv": str(tmp_path / "often.mkv")}
    words = [places.get(word, word) for word in shlex.split(advice.removesuffix(")"))]
    subprocess.run(["ffmpeg", "-v", "error", *words], check=True)
    take(with_captions(tmp_path / "often.mkv", tmp_path / "mended" / "often.mkv", "stone"))
    assert chunk_videos(workspace, ["often"], 4, lambda _: None).chunks == 3


def test_the_check_knows_the_recordings_and_their_chunks(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    talk = with_captions(recording, tmp_path / "talk.mp4", "soil")
    take(talk)
    assert check_media(workspace).alone == 1
    chunk_videos(workspace, [], 5, lambda _: None)
    assert check_media(workspace).problems == ()
    talk.unlink()
    assert check_media(workspace).problems == (), "its chunks are all of it"
    stored = sorted((workspace.root / "media/chunks/000001").iterdir())
    stored[0].unlink()
    stored[1].write_bytes(stored[1].read_bytes()[::-1])
    gone, changed, lost = check_media(workspace).problems
    assert "chunk 0 of 'talk' is gone from" in gone and "chunk 1 of 'talk' is not what was stored" in changed
    assert "the recording of 'talk' is gone" in lost
    assert in_this_process("fsck", "-w", workspace.root, check=False).returncode == 4
    with workspace.record.write() as store:
        store.chunks.put(store.chunks.of(1)[1:])
    done = in_this_process("chunk", "--status", "-w", workspace.root, check=False)
    assert done.returncode == 4 and "talk: chunk 0 is missing" in done.stderr


def test_a_length_that_is_none_and_a_video_that_is_none_are_refused(workspace: Workspace) -> None:
    assert in_this_process("chunk", "--seconds", "nan", "-w", workspace.root, check=False).returncode == 2
    done = in_this_process("chunk", "nobody", "-w", workspace.root, check=False)
    assert done.returncode == 3 and "there is no video 'nobody'" in done.stderr
