"""How recordings are to become transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.domain.roles import Role

DEFAULT_MODEL = "small"
VOICES, PYANNOTE = "voices", "pyannote"
"""How speakers are told apart: by voices that are clustered, or by pyannote.audio's own pipeline."""


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
    speakers_by: str = VOICES
    """`VOICES`, `PYANNOTE`, or a pipeline of pyannote.audio's: a folder, or a name on the hub."""
    chat: bool = True
    """Whether the chat that was written beside a stream is taken along."""
    source: str = ""
    """The collection, as `add_transcripts` has it."""
    role: Role | None = None
    media_url: str = ""
    """Where reviewers play the recordings, with `{id}`."""
    engine: Literal["local", "ray"] = "local"
    """`ray`: on the machines of the cluster that the environment variable RAY_ADDRESS names."""
