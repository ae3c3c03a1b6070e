"""The manifest as people read it: each video, how far it is, what each stage found, and what went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from errata.database.store import Store
from errata.domain.video import StageName, StageResult, Video
from errata.workspace import Workspace

VideoState = Literal["finished", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class ManifestRow:
    video: Video
    duration: float | None
    """Seconds, as the file has it, or else as was known."""
    state: VideoState
    transcript_id: str | None
    """Of the transcript that it became; None before, and once that was forgotten."""

    def as_json(self) -> dict[str, Any]:
        known = {name: value for name, value in asdict(self.video.known).items() if name != "duration"}
        return {
            "number": self.video.number,
            **known,
            "duration": self.duration,
            "state": self.state,
            "transcript": self.transcript_id,
            "stages": {name: _stage_json(result) for name, result in self.video.stages.items()},
        }


def _stage_json(result: StageResult) -> dict[str, Any]:
    return {
        "state": result.state,
        "tool": result.tool,
        "version": result.version,
        "at": result.at.isoformat() if result.at else None,
        "found": result.found,
        "problem": result.problem or None,
    }


def manifest(workspace: Workspace) -> list[ManifestRow]:
    """Every row, in the order in which the videos were asked for."""
    return workspace.record.ask(lambda store: [_row(store, video) for video in store.videos.all()])


def last_stage(video: Video) -> StageName | None:
    """The last stage that is done."""
    done = [result.stage for result in video.stages.values() if result.state == "done"]
    return done[-1] if done else None


def _row(store: Store, video: Video) -> ManifestRow:
    probed = video.found("probe")
    finished = video.transcript is not None
    return ManifestRow(
        video=video,
        duration=probed["duration"] if probed else video.known.duration,
        state="finished" if finished else "failed" if video.problem else "waiting",
        transcript_id=store.transcripts.external_id_of(video.transcript) if video.transcript is not None else None,
    )
