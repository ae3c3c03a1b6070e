"""Recordings into transcripts: downloaded, looked into, heard, told apart by speaker, and imported like any other.

Each video is a row of the manifest, and what a stage finds is written there when it ends. A stage that is done is not
run again, a row that is finished is not touched again, and what a stage makes lies in the video's own folder, written
last: whatever is cut short goes on where it stood. A video that can't be used is named with its reason, and stops no
other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.media_address import check_media_pattern
from errata.domain.names import check_name
from errata.domain.video import KnownVideo, StageName, StageResult, Video
from errata.errors import BadInput, Forgotten
from errata.features.media_tools import require_media_tools
from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring_on_cluster import acquire_on_cluster
from errata.operations.video_claims import Outcome, VideoClaims
from errata.operations.video_folder import VideoFolder
from errata.operations.video_stages import FailedVideo, StageFailed, VideoStages, speaker_teller
from errata.progress import ProgressBar
from errata.streams.video_sources import Unreachable, known_videos
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AcquireReport:
    asked: int
    """Videos that were named, or without a name those that were not finished."""
    acquired: int
    finished_before: int
    busy: int
    """Those that another process is at."""
    failed: tuple[FailedVideo, ...]
    unreachable: tuple[Unreachable, ...]
    """What was named and is no video."""


def acquire(
    workspace: Workspace,
    sources: Sequence[str],
    options: AcquireOptions,
    progress: ProgressBar,
    say: Callable[[str], None],
) -> AcquireReport:
    """Takes every video that `sources` name through the stages that it lacks; without sources, every unfinished one.

    Raises BadInput for a source that is not there, or a name of nothing that tells speakers apart, and Unavailable
    where a tool that every video needs is missing.
    """
    _check(options)
    workspace.ignore("media/")
    if sources:
        numbers, unreachable = _enter(workspace, sources)
    else:
        numbers, unreachable = workspace.record.ask(lambda store: store.videos.unfinished()), []
    if options.engine == "ray":
        outcomes = acquire_on_cluster(workspace, numbers, options, say)
    else:
        outcomes = _acquire_here(workspace, numbers, options, progress, say)
    return AcquireReport(
        asked=len(numbers) + len(unreachable),
        acquired=outcomes.count("acquired"),
        finished_before=outcomes.count("finished before"),
        busy=outcomes.count("busy"),
        failed=tuple(outcome for outcome in outcomes if isinstance(outcome, FailedVideo)),
        unreachable=tuple(unreachable),
    )


def _check(options: AcquireOptions) -> None:
    require_media_tools()
    check_name(options.source, "the source")
    if options.media_url:
        check_media_pattern(options.media_url)
    if options.speakers:
        speaker_teller(options.speakers_by)


def _enter(workspace: Workspace, sources: Sequence[str]) -> tuple[list[int], list[Unreachable]]:
    """The rows of the videos that are named; each is there before the first of them is downloaded."""
    numbers: dict[int, None] = {}
    unreachable: list[Unreachable] = []
    for known in known_videos(sources):
        if isinstance(known, Unreachable):
            unreachable.append(known)
            continue
        try:
            with workspace.record.write() as store:
                numbers[_row(store, known)] = None
        except BadInput as problem:
            unreachable.append(Unreachable(known.origin, str(problem)))
    return list(numbers), unreachable


def _row(store: Store, known: KnownVideo) -> int:
    """Raises BadInput for an id that is another video's, and Forgotten."""
    if store.tombstones.of(known.external_id) is not None:
        raise Forgotten("the video {!r} was forgotten on request; leave it out", known.external_id)
    video = store.videos.add(known)
    if video.known.origin == known.origin:
        return video.number
    moved = not video.known.is_remote and not Path(video.known.origin).exists()
    if not moved:
        raise BadInput(
            "its id, {!r}, is that of {}; call one of the two otherwise", known.external_id, video.known.origin
        )
    if video.transcript is None:
        store.videos.know(video.number, known)
    return video.number


def _acquire_here(
    workspace: Workspace,
    numbers: Sequence[int],
    options: AcquireOptions,
    progress: ProgressBar,
    say: Callable[[str], None],
) -> list[Outcome]:
    """One after the other, on this machine. Raises Unavailable for what would fail for every other too."""
    claims, stages = VideoClaims(workspace, options), VideoStages(options, say)
    outcomes = list[Outcome]()
    for at, number in enumerate(numbers, start=1):
        with ExitStack() as held:
            video = claims.claim(number, held)
            if isinstance(video, Video):
                say(f"{at} of {len(numbers)}: {video.known.external_id}")
                outcomes.append(_acquire_one(workspace, video, claims, stages, progress))
            else:
                outcomes.append(video)
    return outcomes


def _acquire_one(
    workspace: Workspace, video: Video, claims: VideoClaims, stages: VideoStages, progress: ProgressBar
) -> Outcome:
    notes = _RecordNotes(workspace.record, video.number)
    try:
        stages.run(notes, VideoFolder(workspace.root, video.number), progress)
    except StageFailed as failure:
        return claims.fail(video, FailedVideo(video.known.external_id, failure.stage, str(failure.problem)))
    return claims.finish(video)


class _RecordNotes:
    """A video's row of the manifest, in the record itself."""

    def __init__(self, record: Record, number: int) -> None:
        self._record, self._number = record, number

    def read(self) -> Video:
        return self._record.ask(lambda store: store.videos.get(self._number))

    def note(self, result: StageResult) -> None:
        with self._record.write() as store:
            store.videos.note(self._number, result)

    def drop(self, stages: Sequence[StageName]) -> None:
        with self._record.write() as store:
            store.videos.drop(self._number, stages)
