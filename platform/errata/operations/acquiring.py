"""Recordings into transcripts: downloaded, looked into, heard, told apart by speaker, and imported like any other.

Each video is a row of the manifest, and what a stage finds is written there when it ends. A stage that is done is not
run again, a row that is finished is not touched again, and what a stage makes lies in the video's own folder, written
last: whatever is cut short goes on where it stood. A video that can't be used is named with its reason, and stops no
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from errata.database.store import Store
from errata.domain.media_address import check_media_pattern, media_address
from errata.domain.names import check_name
from errata.domain.roles import Role
from errata.domain.video import KnownVideo, StageName, StageResult, Video
from errata.errors import BadInput, ErrataError, Forgotten, Unavailable
from errata.features.media_tools import ffmpeg_version, require_media_tools
from errata.files import JsonObject, write_json
from errata.formats import ytdlp
from errata.formats.json_files import read_map
from errata.formats.segments import ordered
from errata.formats.source_rows import DetectedFile
from errata.operations.importing import add_transcripts
from errata.operations.video_folder import VideoFolder, at_work_alone, recording_of
from errata.progress import ProgressBar
from errata.streams import downloads, recognition, voices
from errata.streams.audio_track import extract_audio
from errata.streams.media_probe import MediaFacts, check_length, probe
from errata.streams.recording_captions import captions_of
from errata.streams.speaker_turns import with_speakers
from errata.streams.video_sources import Unreachable, info_beside, known_videos
from errata.workspace import Workspace

DEFAULT_MODEL = "small"
_OF_THE_FILE: tuple[StageName, ...] = ("probe", "captions", "recognition", "speakers", "features")
"""What was found of a file, and does not hold for another."""


@dataclass(frozen=True, slots=True)
class AcquireOptions:
    model: str = DEFAULT_MODEL
    """Of speech recognition: a folder, or a name that faster-whisper knows."""
    language: str = ""
    """Where nothing says it of a video itself; empty: told by its first words."""
    captions: bool = True
    """Whether captions are taken where there are some."""
    speakers: bool = True
    """Whether speakers are told apart where nothing names them."""
    source: str = ""
    """The collection, as `add_transcripts` has it."""
    role: Role | None = None
    media_url: str = ""
    """Where reviewers play the recordings, with `{id}`."""


@dataclass(frozen=True, slots=True)
class FailedVideo:
    external_id: str
    stage: StageName
    problem: str


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

    Raises BadInput for a source that is not there, and Unavailable where a tool that every video needs is missing.
    """
    _check(options)
    workspace.ignore("media/")
    if sources:
        numbers, unreachable = _enter(workspace, sources)
    else:
        numbers, unreachable = workspace.record.ask(lambda store: store.videos.unfinished()), []
    acquisition = _Acquisition(workspace, options, progress, say)
    outcomes = [acquisition.run(number, f"{at} of {len(numbers)}") for at, number in enumerate(numbers, start=1)]
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
        voices.require_voices()


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


Outcome = FailedVideo | Literal["acquired", "finished before", "busy"]


class _Acquisition:
    """One run; models are loaded when a video needs them."""

    def __init__(
        self, workspace: Workspace, options: AcquireOptions, progress: ProgressBar, say: Callable[[str], None]
    ) -> None:
        self._workspace, self._options, self._progress, self._say = workspace, options, progress, say

    @cached_property
    def _recogniser(self) -> recognition.Recogniser:
        self._say(f"loading the speech model {self._options.model}")
        return recognition.Recogniser(self._options.model)

    @cached_property
    def _encoder(self) -> voices.VoiceEncoder:
        return voices.VoiceEncoder()

    def run(self, number: int, place: str) -> Outcome:
        """What came of a video. Raises Unavailable for what would fail for every other too."""
        folder = VideoFolder(self._workspace.root, number)
        with at_work_alone(folder.lock) as alone:
            if not alone:
                return "busy"
            video = self._read(number)
            if video.transcript is not None:
                return "finished before"
            self._say(f"{place}: {video.known.external_id}")
            self._begin_anew(video)
            try:
                self._stages(video, folder)
            except _StageFailed as failure:
                self._note(number, StageResult(failure.stage, "failed", problem=str(failure.problem)))
                return FailedVideo(video.known.external_id, failure.stage, str(failure.problem))
            folder.clear_scratch()
            return "acquired"

    def _begin_anew(self, video: Video) -> None:
        """What failed is tried again, and its reason holds no more until it fails again."""
        failed = [result.stage for result in video.stages.values() if result.state == "failed"]
        with self._workspace.record.write() as store:
            store.videos.drop(video.number, failed)

    def _stages(self, video: Video, folder: VideoFolder) -> None:
        with _stage("download"):
            path = self._download(video, folder)
        with _stage("probe"):
            facts = self._probe(video, folder, path)
        video = self._read(video.number)
        with _stage("captions"):
            has_lines = self._captions(video, folder, facts)
        if not has_lines:
            with _stage("recognition"):
                self._recognise(video, folder, facts)
        with _stage("speakers"):
            self._tell_speakers(video, folder, facts)
        with _stage("import"):
            self._import(video, folder, facts)

    def _download(self, video: Video, folder: VideoFolder) -> Path:
        """Where the recording is. Raises BadInput."""
        known = video.known
        if not known.is_remote:
            return Path(known.origin)
        found = video.found("download")
        there = folder.path / str(found["file"]) if found is not None else None
        if there is not None and there.is_file():
            return there
        check_length(known.duration)
        self._say(f"downloading {known.origin}")
        folder.path.mkdir(parents=True, exist_ok=True)
        download = downloads.download(known.origin, folder.path, known.language or self._options.language)
        found = {"file": download.path.name, "address": download.address}
        self._done(video, "download", found, downloads.TOOL, downloads.downloads_version())
        return download.path

    def _probe(self, video: Video, folder: VideoFolder, path: Path) -> MediaFacts:
        found = video.found("probe")
        if found is not None and MediaFacts.from_found(found).is_of(path):
            return recording_of(self._workspace.root, video)
        check_length(video.known.duration)
        folder.clear_scratch()
        with self._workspace.record.write() as store:
            store.videos.drop(video.number, _OF_THE_FILE)
        facts = probe(path, video.known.duration)
        self._done(video, "probe", facts.as_found(), "ffprobe", ffmpeg_version())
        return facts

    def _captions(self, video: Video, folder: VideoFolder, facts: MediaFacts) -> bool:
        """Whether there are lines: of captions, or of what was recognised before."""
        if folder.lines.exists() and (video.found("captions") or video.found("recognition")):
            return True
        if not self._options.captions:
            return False
        captions = captions_of(facts, self._language(video, folder), folder.scratch)
        if captions is None:
            self._note(video.number, StageResult("captions", "none"))
            return False
        write_json(folder.lines, {"segments": captions.lines})
        tool = "ffmpeg" if captions.file.startswith("track ") else "errata"
        found = {"file": captions.file, "lines": len(captions.lines)}
        self._done(video, "captions", found, tool, ffmpeg_version() if tool == "ffmpeg" else "")
        return True

    def _recognise(self, video: Video, folder: VideoFolder, facts: MediaFacts) -> None:
        if not facts.audio:
            raise BadInput("it has no sound to recognise; put captions beside it, as {}.vtt", Path(facts.path).stem)
        recognition.require_recognition()
        track = extract_audio(facts, folder.audio)
        language = self._language(video, folder)
        heard = self._recogniser.hear(track, language, folder.pieces, self._progress, video.known.external_id)
        if not heard.segments:
            raise BadInput("nobody speaks in it, as far as can be heard; put captions beside it, or leave it out")
        write_json(folder.lines, {"segments": heard.segments, "language": heard.language})
        found = {"lines": len(heard.segments), "language": heard.language, "seconds": round(track.duration, 3)}
        self._done(video, "recognition", found, recognition.TOOL, self._recogniser.version)

    def _tell_speakers(self, video: Video, folder: VideoFolder, facts: MediaFacts) -> None:
        lines = read_map(folder.lines)["segments"]
        if folder.speech.exists() and video.found("speakers") is not None:
            return
        named = any(line.get("speaker") for line in lines)
        count = 0
        if self._options.speakers and not named and facts.audio:
            lines, count = with_speakers(_timed(lines), extract_audio(facts, folder.audio), self._encoder)
        write_json(folder.speech, {"segments": lines})
        if count:
            self._done(video, "speakers", {"speakers": count}, voices.TOOL, voices.voices_version())
        else:
            self._note(video.number, StageResult("speakers", "none"))

    def _import(self, video: Video, folder: VideoFolder, facts: MediaFacts) -> None:
        video = self._read(video.number)
        write_json(folder.info, self._info(video, folder, facts))
        rows = ytdlp.read(folder.info)
        file = DetectedFile(Path(video.known.origin), "a recording", rows)
        rejects = self._workspace.root / "rejects"
        report = add_transcripts(self._workspace.record, file, rejects, self._options.role, self._options.source)
        if report.rejected:
            raise BadInput(report.reasons[0].reason)
        with self._workspace.record.write() as store:
            transcript = store.transcripts.find(video.known.external_id)
            if address := self._media_address(video):
                store.transcripts.give_media(transcript, address)
            store.videos.note(video.number, StageResult("import", "done", {"new": report.new == 1}, "errata"))
            store.videos.finish(video.number, transcript)

    def _info(self, video: Video, folder: VideoFolder, facts: MediaFacts) -> JsonObject:
        """All that is known of the video, as yt-dlp's info file says it: what was asked for has the last word on its
        id, and what was seen on its length."""
        known, info = video.known, folder.downloaded_info or info_beside(Path(facts.path))
        said: JsonObject = read_map(info) if info else {}
        return {
            "extractor": "errata",
            **said,
            "id": known.external_id,
            "webpage_url": known.origin,
            "title": said.get("title") or known.title or facts.title,
            "description": said.get("description") or known.description,
            "channel_id": said.get("channel_id") or said.get("channel") or known.channel or facts.artist,
            "duration": facts.duration,
        }

    def _media_address(self, video: Video) -> str:
        if self._options.media_url:
            return media_address(self._options.media_url, video.known.external_id)
        download = video.found("download")
        return str(download["address"]) if download else ""

    def _language(self, video: Video, folder: VideoFolder) -> str:
        if video.known.language:
            return video.known.language
        info = folder.downloaded_info
        with suppress(BadInput):
            return str((read_map(info).get("language") if info else "") or self._options.language)
        return self._options.language

    def _read(self, number: int) -> Video:
        return self._workspace.record.ask(lambda store: store.videos.get(number))

    def _done(self, video: Video, stage: StageName, found: dict[str, Any], tool: str, version: str) -> None:
        self._note(video.number, StageResult(stage, "done", found, tool, version))

    def _note(self, number: int, result: StageResult) -> None:
        with self._workspace.record.write() as store:
            store.videos.note(number, result)


class _StageFailed(Exception):
    """Ends a video's run; `problem` is why."""

    def __init__(self, stage: StageName, problem: ErrataError) -> None:
        super().__init__(str(problem))
        self.stage, self.problem = stage, problem


@contextmanager
def _stage(name: StageName) -> Iterator[None]:
    """What is wrong with a video ends its own run; what this machine lacks ends everybody's."""
    try:
        yield
    except Unavailable:
        raise
    except ErrataError as problem:
        raise _StageFailed(name, problem) from problem


def _timed(lines: list[JsonObject]) -> list[JsonObject]:
    """Lines of captions in order of time and with ends, as the import will have them; words have times already."""
    if all(line.get("words") for line in lines):
        return lines
    return [segment.as_json() for segment in ordered(lines).segments]
