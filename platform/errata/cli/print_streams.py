"""What is said of recordings: how far each is, what came of them, and what is wrong with those that failed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from errata.cli.output import print_table, say, say_wrapped
from errata.domain.clock import clock
from errata.domain.names import printable
from errata.terminal import folded
from errata.wording.chat_sentences import doubt_sentence
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.video import StageName, Video
    from errata.operations.acquiring import AcquireReport
    from errata.operations.chunking import ChunkReport
    from errata.operations.video_manifest import ManifestRow


def print_acquired(report: AcquireReport) -> None:
    before = f", {report.finished_before} finished before" if report.finished_before else ""
    busy = f", {report.busy} that another process is at" if report.busy else ""
    failed = len(report.failed) + len(report.unreachable)
    say(f"{counted(report.asked, 'video')}: {report.acquired} acquired{before}{busy}, {failed} failed")


def print_video_problems(report: AcquireReport) -> None:
    """On stderr; nothing where nothing failed."""
    lines = [f"{each.external_id} ({each.stage}): {each.problem}" for each in report.failed]
    for each in report.unreachable:
        lines.append(each.problem if each.place in each.problem else f"{each.place}: {each.problem}")
    if lines:
        lines.append("mend them, and the same command goes on; errata acquire --status shows all")
    _complain(lines)


def _complain(lines: list[str]) -> None:
    for line in lines:
        sys.stderr.write(printable(folded(f"errata: {line}", 2)) + "\n")


def print_chunks(report: ChunkReport) -> None:
    now = f"{counted(report.cut, 'video')} cut now; " if report.cut else ""
    busy = f"; another process is at {report.busy}" if report.busy else ""
    rest = f"; {counted(report.not_cut, 'recording')} not cut" if report.not_cut else ""
    total = f"{counted(report.chunks, 'chunk')} of {counted(report.videos, 'video')}, {clock(report.seconds)} in all"
    say_wrapped(f"{now}{total}{rest}{busy}")
    if report.chunks:
        say_wrapped(f"in {report.store}")
        faults = len(report.integrity)
        say("no duplicates, no gaps, nothing missing" if not faults else counted(faults, "problem"))


def print_chunk_problems(report: ChunkReport) -> None:
    """On stderr; nothing where all is well."""
    _complain([f"{each.external_id}: {each.problem}" for each in (*report.failed, *report.integrity)])


def print_manifest(rows: list[ManifestRow]) -> None:
    if not rows:
        say("no video was asked for yet: errata acquire FILES")
        return
    columns = ("video", "length", "state", "speech", "speakers", "chat", "title")
    print_table("videos", columns, [_cells(row) for row in rows])
    for row in rows:
        for stage, sentence in _remarks(row):
            say_wrapped(f"{row.video.known.external_id} ({stage}): {sentence}")
    states = Counter(row.state for row in rows)
    say(f"{counted(len(rows), 'video')}: " + ", ".join(f"{count} {state}" for state, count in states.items()))


def _remarks(row: ManifestRow) -> Iterator[tuple[StageName, str]]:
    """What went wrong, or is to be known, by the stage that found it."""
    for stage, result in row.video.stages.items():
        if result.problem and (result.state != "failed" or row.state == "failed"):
            yield stage, result.problem
    if (row.video.found("probe") or {}).get("variable_frame_rate"):
        yield "probe", "its frame rate varies; times are by its own clock"
    for doubt in row.video.chat_doubts:
        yield "chat", doubt_sentence(doubt)


def _cells(row: ManifestRow) -> tuple[str, ...]:
    video = row.video
    probed = video.found("probe") or {}
    length = clock(row.duration) if row.duration else "–"
    speakers, chat = video.found("speakers"), video.found("chat")
    return (
        video.known.external_id,
        length,
        _state(row),
        _speech(video),
        str(speakers["speakers"]) if speakers else "–",
        f"{chat['messages']:,}" if chat else "–",
        video.known.title or str(probed.get("title", "")) or "–",
    )


def _state(row: ManifestRow) -> str:
    from errata.operations.video_manifest import last_stage

    last = last_stage(row.video)
    return row.state if row.state != "waiting" or last is None else f"waiting after {last}"


def _speech(video: Video) -> str:
    captions, heard = video.found("captions"), video.found("recognition")
    if captions is not None:
        return f"captions: {captions['file']}"
    if heard is not None:
        return f"recognised ({heard['language']})"
    return "–"
