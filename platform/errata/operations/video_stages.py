"""A video's stages from its download to its lines, on whichever machine works at it: they need no record.

What a stage finds is told when it ends, to whoever writes it down. A stage that is done is not run again, and what a
stage makes lies in the video's own folder, written last: whatever is cut short goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from errata.domain.video import StageName, StageResult, Video
from errata.errors import BadInput, ErrataError, Unavailable
from errata.features.media_tools import ffmpeg_version
from errata.files import JsonObject, write_json
from errata.formats.json_files import read_map
from errata.formats.segments import ordered
from errata.operations.acquire_options import PYANNOTE, VOICES, AcquireOptions
from errata.operations.video_folder import VideoFolder
from errata.progress import ProgressBar
from errata.streams import downloads, recognition
from errata.streams.audio_track import extract_audio
from errata.streams.media_probe import MediaFacts, check_length, probe
from errata.streams.pyannote_speakers import PIPELINE, PyannoteSpeakers, require_pyannote
from errata.streams.recording_captions import captions_of
from errata.streams.recording_chat import chat_of
from errata.streams.speaker_turns import SpeakerTeller, with_speakers
from errata.streams.twitch_downloads import NoTwitchDl
from errata.streams.voice_clusters import VoiceClusters
from errata.streams.voices import require_voices

_OF_THE_FILE: tuple[StageName, ...] = ("probe", "captions", "recognition", "speakers", "chat", "features")
"""What was found of a file, and does not hold for another."""


class VideoNotes(Protocol):
    """A video's row of the manifest, for those who work at it."""

    def read(self) -> Video: ...

    def note(self, result: StageResult) -> None: ...

    def drop(self, stages: Sequence[StageName]) -> None:
        """What these found holds no more."""


@dataclass(frozen=True, slots=True)
class FailedVideo:
    external_id: str
    stage: StageName
    problem: str


class StageFailed(Exception):
    """Ends a video's run; `problem` is why."""

    def __init__(self, stage: StageName, problem: ErrataError) -> None:
        super().__init__(str(problem))
        self.stage, self.problem = stage, problem


@contextmanager
def within_stage(name: StageName) -> Iterator[None]:
    """What is wrong with a video ends its own run; what this machine lacks ends everybody's."""
    try:
        yield
    except Unavailable:
        raise
    except ErrataError as problem:
        raise StageFailed(name, problem) from problem


@contextmanager
def within_chat() -> Iterator[None]:
    """A chat that can't be had or used needn't keep its video out."""
    with within_stage("chat"):
        try:
            yield
        except BadInput as problem:
            raise BadInput("{}, or say --no-chat", problem) from problem


def speaker_teller(name: str) -> SpeakerTeller:
    """Of that name, which loads nothing yet. Raises BadInput for no name of any, and Unavailable where what it needs is
    not installed."""
    if name == VOICES:
        require_voices()
        return VoiceClusters()
    if name != PYANNOTE and "/" not in name and not Path(name).is_dir():
        raise BadInput(
            "nothing that tells speakers apart is called {!r}; say {}, {}, or the folder, or the name on the hub, of a "
            "pipeline of pyannote.audio's",
            name,
            VOICES,
            PYANNOTE,
        )
    require_pyannote()
    return PyannoteSpeakers(PIPELINE if name == PYANNOTE else name)


class VideoStages:
    """Models are loaded when a video needs them, and kept for the next."""

    def __init__(self, options: AcquireOptions, say: Callable[[str], None]) -> None:
        self._options, self._say = options, say

    @cached_property
    def _recogniser(self) -> recognition.Recogniser:
        self._say(f"loading the speech model {self._options.model}")
        return recognition.Recogniser(self._options.model)

    @cached_property
    def _teller(self) -> SpeakerTeller:
        return speaker_teller(self._options.speakers_by)

    def run(self, notes: VideoNotes, folder: VideoFolder, progress: ProgressBar, copy: Path | None = None) -> None:
        """Leaves what is said in `folder.speech`. `copy`: where the recording lies on this machine, if its origin is a
        file on another.

        Raises StageFailed, and Unavailable for what would fail for every other video here too.
        """
        video = notes.read()
        with within_stage("download"):
            path = self._download(notes, video, folder, copy)
        with within_stage("probe"):
            facts = self._probe(notes, video, folder, path)
        video = notes.read()
        with within_stage("captions"):
            has_lines = self._captions(notes, video, folder, facts)
        if not has_lines:
            with within_stage("recognition"):
                self._recognise(notes, video, folder, facts, progress)
        with within_stage("speakers"):
            self._tell_speakers(notes, video, folder, facts)
        with within_chat():
            self._take_chat(notes, video, folder, facts)

    def _download(self, notes: VideoNotes, video: Video, folder: VideoFolder, copy: Path | None) -> Path:
        """Where the recording is. Raises BadInput."""
        known = video.known
        if not known.is_remote:
            return copy or Path(known.origin)
        found = video.found("download")
        there = folder.path / str(found["file"]) if found is not None else None
        if there is not None and there.is_file():
            return there
        check_length(known.duration)
        self._say(f"downloading {known.origin}")
        folder.path.mkdir(parents=True, exist_ok=True)
        download = downloads.download(known.origin, folder.path, known.language or self._options.language)
        found = {"file": download.path.name, "address": download.address}
        notes.note(_done("download", found, downloads.TOOL, downloads.downloads_version()))
        return download.path

    def _probe(self, notes: VideoNotes, video: Video, folder: VideoFolder, path: Path) -> MediaFacts:
        found = video.found("probe")
        if found is not None and MediaFacts.from_found(found).is_of(path):
            return replace(MediaFacts.from_found(found), path=str(path))
        check_length(video.known.duration)
        folder.clear_scratch()
        notes.drop(_OF_THE_FILE)
        facts = probe(path, video.known.duration)
        kept = facts if video.known.is_remote else replace(facts, path=video.known.origin)
        notes.note(_done("probe", kept.as_found(), "ffprobe", ffmpeg_version()))
        return facts

    def _captions(self, notes: VideoNotes, video: Video, folder: VideoFolder, facts: MediaFacts) -> bool:
        """Whether there are lines: of captions, or of what was recognised before."""
        if folder.lines.exists() and (video.found("captions") or video.found("recognition")):
            return True
        if not self._options.captions:
            return False
        captions = captions_of(facts, self._language(video, folder), folder.scratch)
        if captions is None:
            notes.note(StageResult("captions", "none"))
            return False
        write_json(folder.lines, {"segments": captions.lines})
        tool = "ffmpeg" if captions.file.startswith("track ") else "errata"
        found = {"file": captions.file, "lines": len(captions.lines)}
        notes.note(_done("captions", found, tool, ffmpeg_version() if tool == "ffmpeg" else ""))
        return True

    def _recognise(
        self, notes: VideoNotes, video: Video, folder: VideoFolder, facts: MediaFacts, progress: ProgressBar
    ) -> None:
        if not facts.audio:
            raise BadInput("it has no sound to recognise; put captions beside it, as {}.vtt", Path(facts.path).stem)
        recognition.require_recognition()
        track = extract_audio(facts, folder.audio)
        language = self._language(video, folder)
        heard = self._recogniser.hear(track, language, folder.pieces, progress, video.known.external_id)
        if not heard.segments:
            raise BadInput("nobody speaks in it, as far as can be heard; put captions beside it, or leave it out")
        write_json(folder.lines, {"segments": heard.segments, "language": heard.language})
        found = {"lines": len(heard.segments), "language": heard.language, "seconds": round(track.duration, 3)}
        notes.note(_done("recognition", found, recognition.TOOL, self._recogniser.version))

    def _tell_speakers(self, notes: VideoNotes, video: Video, folder: VideoFolder, facts: MediaFacts) -> None:
        lines = read_map(folder.lines)["segments"]
        if folder.speech.exists() and video.found("speakers") is not None:
            return
        named = any(line.get("speaker") for line in lines)
        count = 0
        if self._options.speakers and not named and facts.audio:
            timed = _timed(lines)
            lines, count = with_speakers(timed, self._teller.turns(timed, extract_audio(facts, folder.audio)))
        write_json(folder.speech, {"segments": lines})
        if count:
            notes.note(_done("speakers", {"speakers": count}, self._teller.tool, self._teller.version))
        else:
            notes.note(StageResult("speakers", "none"))

    def _take_chat(self, notes: VideoNotes, video: Video, folder: VideoFolder, facts: MediaFacts) -> None:
        recording = Path(facts.path)
        found = video.found("chat")
        if not self._options.chat or (found is not None and recording.with_name(str(found["file"])).is_file()):
            return
        try:
            chat = chat_of(recording, folder.downloaded_info, folder.scratch)
        except NoTwitchDl as problem:
            self._say(f"{video.known.external_id}: {problem}")
            notes.note(StageResult("chat", "none", problem=str(problem)))
            return
        if chat is not None:
            found = {"file": chat.file.name, "messages": chat.messages}
            notes.note(_done("chat", found, chat.tool, chat.version))

    def _language(self, video: Video, folder: VideoFolder) -> str:
        if video.known.language:
            return video.known.language
        info = folder.downloaded_info
        with suppress(BadInput):
            return str((read_map(info).get("language") if info else "") or self._options.language)
        return self._options.language


def _done(stage: StageName, found: dict[str, Any], tool: str, version: str) -> StageResult:
    return StageResult(stage, "done", found, tool, version)


def _timed(lines: list[JsonObject]) -> list[JsonObject]:
    """Lines of captions in order of time and with ends, as the import will have them; words have times already."""
    if all(line.get("words") for line in lines):
        return lines
    return [segment.as_json() for segment in ordered(lines).segments]
