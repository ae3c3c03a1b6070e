"""A video on its way into the record: what was known of it, and what each stage found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from errata.domain.chat_doubt import ChatDoubt
from errata.domain.vector_shard import VectorShard

StageName = Literal["download", "probe", "captions", "recognition", "speakers", "chat", "import", "features"]
STAGES: tuple[StageName, ...] = (
    "download",
    "probe",
    "captions",
    "recognition",
    "speakers",
    "chat",
    "import",
    "features",
)
"""In the order in which a video passes them; not every video needs each. `features` is `errata features`' own."""
StageState = Literal["done", "none", "failed"]
"""`none`: there was nothing to find, and it is looked for again; a stage that is `done` is never run again."""


@dataclass(frozen=True, slots=True)
class KnownVideo:
    """What a playlist, an info file or a name says of a video before anybody has looked into it."""

    external_id: str
    origin: str
    """A file's path, or the address it is downloaded from."""
    title: str = ""
    channel: str = ""
    description: str = ""
    language: str = ""
    """As BCP 47 writes it; empty where nobody says."""
    uploaded: str = ""
    """YYYYMMDD; empty where nobody says."""
    duration: float | None = None
    """Seconds."""

    @property
    def is_remote(self) -> bool:
        return "://" in self.origin


@dataclass(frozen=True, slots=True)
class StageResult:
    stage: StageName
    state: StageState
    found: dict[str, Any] = field(default_factory=dict)
    """In JSON's own types; what is in it is up to the stage."""
    tool: str = ""
    version: str = ""
    problem: str = ""
    """Why it failed, or why nothing was looked for, and what to do, a sentence; empty unless that is so."""
    at: datetime | None = None
    """When it ended; None before the record has it."""


@dataclass(frozen=True, slots=True)
class Video:
    """A row of the manifest."""

    number: int
    known: KnownVideo
    stages: dict[StageName, StageResult]
    transcript: int | None
    """The transcript that it became, by `seq`: the row is finished."""

    @property
    def problem(self) -> StageResult | None:
        """The stage at which it stands still."""
        return next((result for result in self.stages.values() if result.state == "failed"), None)

    @property
    def vectors(self) -> tuple[VectorShard, ...]:
        """Of its recording, as far as any were made."""
        return tuple(VectorShard(**shard) for shard in (self.found("features") or {}).get("shards", ()))

    @property
    def chat_doubts(self) -> tuple[ChatDoubt, ...]:
        """What speaks against the log that was imported as its chat."""
        return tuple(ChatDoubt(**doubt) for doubt in (self.found("chat") or {}).get("doubts", ()))

    def found(self, stage: StageName) -> dict[str, Any] | None:
        """What a stage that is done found."""
        result = self.stages.get(stage)
        return result.found if result is not None and result.state == "done" else None
