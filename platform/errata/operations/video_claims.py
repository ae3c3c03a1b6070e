"""How work at a video begins and ends in the workspace: it is somebody's alone, and its row says what came of it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Literal

from errata.domain.video import StageResult, Video
from errata.operations.acquire_options import AcquireOptions
from errata.operations.recording_travel import bring_home
from errata.operations.video_folder import VideoFolder, at_work_alone
from errata.operations.video_import import import_video
from errata.operations.video_stages import FailedVideo, StageFailed, within_stage
from errata.workspace import Workspace

Outcome = FailedVideo | Literal["acquired", "forgotten", "finished before", "busy"]


class VideoClaims:
    def __init__(self, workspace: Workspace, options: AcquireOptions) -> None:
        self._workspace, self._options = workspace, options

    def claim(self, number: int, held: ExitStack) -> Video | Literal["forgotten", "finished before", "busy"]:
        """A video that nobody else works at until `held` is closed, or why it isn't to be worked at."""
        if not held.enter_context(at_work_alone(VideoFolder(self._workspace.root, number).lock)):
            return "busy"
        if not self._workspace.record.ask(lambda store: store.videos.has(number)):
            return "forgotten"
        video = self._read(number)
        if video.transcript is not None:
            return "finished before"
        self._begin_anew(video)
        return self._read(number)

    def finish(self, video: Video) -> Outcome:
        """Imports what was said in it."""
        try:
            with within_stage("download"):
                bring_home(self._workspace, self._read(video.number))
            with within_stage("import"):
                import_video(self._workspace, self._read(video.number), self._options)
        except StageFailed as failure:
            return self.fail(video, FailedVideo(video.known.external_id, failure.stage, str(failure.problem)))
        VideoFolder(self._workspace.root, video.number).clear_scratch()
        return "acquired"

    def fail(self, video: Video, failed: FailedVideo) -> FailedVideo:
        with self._workspace.record.write() as store:
            store.videos.note(video.number, StageResult(failed.stage, "failed", problem=failed.problem))
        return failed

    def _begin_anew(self, video: Video) -> None:
        """What failed is tried again, and its reason holds no more until it fails again."""
        failed = [result.stage for result in video.stages.values() if result.state == "failed"]
        with self._workspace.record.write() as store:
            store.videos.drop(video.number, failed)

    def _read(self, number: int) -> Video:
        return self._workspace.record.ask(lambda store: store.videos.get(number))
