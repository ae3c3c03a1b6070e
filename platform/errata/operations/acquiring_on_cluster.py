"""Videos shared out among the machines of a Ray cluster, one a task: Ray places them, and gives one whose machine was
lost to another.

The machines share no disk with the workspace. A recording goes there and back by the store of chunks, what was said in
it comes back as rows, and the record is read and written here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.domain.video import STAGES, StageName, Video
from errata.errors import BadInput, Unavailable
from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring_worker import MachineProblem, SentVideo, work
from errata.operations.manifest_keeper import ManifestKeeper
from errata.operations.recording_travel import remove_sent, send_recording, shared_store
from errata.operations.video_claims import Outcome, VideoClaims
from errata.operations.video_folder import is_small
from errata.operations.video_stages import FailedVideo
from errata.ray_cluster import actor_here, ray_cluster, units
from errata.streams.chunk_store import ChunkStore
from errata.workspace import Workspace

RETRIES = 3
"""How often a video is taken again whose machine, or whose process there, was lost."""
_AHEAD = 2
"""Videos handed out for each processor of the cluster, so that none waits while a recording is sent."""


def acquire_on_cluster(
    workspace: Workspace, numbers: Sequence[int], options: AcquireOptions, say: Callable[[str], None]
) -> list[Outcome]:
    """What came of each video.

    Raises BadInput where the store of chunks is none that other machines reach, and Unavailable where there is no
    cluster, or a machine of it lacks what every video needs.
    """
    store = shared_store(workspace)
    with ray_cluster(), ExitStack() as held:
        if not units("CPU"):
            raise Unavailable("the Ray cluster has no processors; start Ray on a machine that gives it some")
        keeper = actor_here(ManifestKeeper, workspace.root, workspace.settings.database_url)
        return _HandingOut(VideoClaims(workspace, options), options, store, keeper, held).run(numbers, say)


@dataclass(frozen=True, slots=True)
class _AtWork:
    video: Video
    held: ExitStack
    """Its claim."""


class _HandingOut:
    def __init__(
        self, claims: VideoClaims, options: AcquireOptions, store: ChunkStore, keeper: Any, held: ExitStack
    ) -> None:
        self._claims, self._options, self._store, self._keeper, self._held = claims, options, store, keeper, held
        self._at_work: dict[Any, _AtWork] = {}
        """By what its task will return."""

    def run(self, numbers: Sequence[int], say: Callable[[str], None]) -> list[Outcome]:
        outcomes = list[Outcome]()

        def wait() -> None:
            video, outcome = self._next_outcome()
            outcomes.append(outcome)
            how = "failed" if isinstance(outcome, FailedVideo) else outcome
            say(f"{len(outcomes)} of {len(numbers)}: {video.known.external_id} {how}")

        for number in numbers:
            while len(self._at_work) >= _AHEAD * units("CPU"):  # machines may join meanwhile
                wait()
            if (outcome := self._hand_out(number)) is not None:
                outcomes.append(outcome)
        while self._at_work:
            wait()
        return outcomes

    def _hand_out(self, number: int) -> Outcome | None:
        """To whichever machine is free first; an outcome where there is nothing to do."""
        import ray

        held = self._held.enter_context(ExitStack())
        video = self._claims.claim(number, held)
        if not isinstance(video, Video):
            held.close()
            return video
        try:
            sent = self._send(video)
        except BadInput as problem:
            outcome = self._claims.fail(video, FailedVideo(video.known.external_id, "probe", str(problem)))
            held.close()
            return outcome
        task = ray.remote(work).options(num_cpus=1, num_gpus=min(1, units("GPU")), max_retries=RETRIES)
        returned = task.remote(sent, self._options, self._store.url, self._keeper)
        self._at_work[returned] = _AtWork(video, held)
        return None

    def _send(self, video: Video) -> SentVideo:
        if video.known.is_remote:
            return SentVideo(video.number, None, {})
        path = Path(video.known.origin)
        recording = send_recording(self._store, path, video.number)
        named = path.parent.glob("*")
        beside = [file for file in named if file.name.startswith(f"{path.stem}.") and is_small(file)]
        return SentVideo(video.number, recording, {file.name: file.read_bytes() for file in beside})

    def _next_outcome(self) -> tuple[Video, Outcome]:
        import ray

        (returned,), _ = ray.wait(list(self._at_work), num_returns=1)
        at_work = self._at_work.pop(returned)
        with at_work.held:
            failed = self._failure(returned, at_work.video)
            ray.get(self._keeper.end.remote(at_work.video.number))
            outcome = self._claims.finish(at_work.video) if failed is None else self._claims.fail(at_work.video, failed)
            remove_sent(self._store, at_work.video.number)
        return at_work.video, outcome

    def _failure(self, returned: Any, video: Video) -> FailedVideo | None:
        """Raises Unavailable where a machine can work at no video."""
        import ray
        from ray.exceptions import LocalRayletDiedError, NodeDiedError, OutOfMemoryError, WorkerCrashedError

        try:
            result: FailedVideo | MachineProblem | None = ray.get(returned)
        except (LocalRayletDiedError, NodeDiedError, OutOfMemoryError, WorkerCrashedError) as error:
            problem = (
                f"each of the {RETRIES + 1} processes that worked at it was lost ({type(error).__name__}); see whether "
                "their machines have the memory for it"
            )
            now: Video = ray.get(self._keeper.read.remote(video.number))
            return FailedVideo(video.known.external_id, _stage_at(now), problem)
        if isinstance(result, MachineProblem):
            raise Unavailable(f"on {result.machine}: {result.problem}")
        return result


def _stage_at(video: Video) -> StageName:
    """The stage that was not ended."""
    if not video.stages:
        return "download" if video.known.is_remote else "probe"
    last = max(STAGES.index(stage) for stage in video.stages)
    return "speakers" if video.found("captions") else STAGES[min(last + 1, STAGES.index("chat"))]
