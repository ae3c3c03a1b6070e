"""Who speaks when, by a pipeline of pyannote.audio's, as WhisperX asks it too.

pyannote.audio is installed by whoever wants it: it brings a torchaudio and a torchcodec of their own. The sound is
handed over as samples, so that neither decodes anything.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaml import YAMLError

from errata.errors import Unavailable
from errata.files import JsonObject
from errata.streams.audio_track import RATE, AudioTrack
from errata.streams.speaker_turns import LineTurns, SpeakerTurn
from errata.telemetry import no_telemetry

if TYPE_CHECKING:
    from pyannote.core import Annotation

TOOL = "pyannote.audio"
PIPELINE = "pyannote/speaker-diarization-community-1"
_UNLOADABLE = (OSError, ValueError, LookupError, ImportError, AttributeError, TypeError, RuntimeError, YAMLError)
"""Of the hub, of a configuration and the classes that it names, and of weights."""


class PyannoteSpeakers:
    """A pipeline, once loaded, for as many recordings as there are."""

    tool = TOOL

    def __init__(self, pipeline: str = PIPELINE) -> None:
        """`pipeline` is a name on the hub, or a folder with a `config.yaml`."""
        self._name = pipeline

    @property
    def version(self) -> str:
        name = Path(self._name).name if Path(self._name).is_dir() else self._name
        return f"{version(TOOL)}, {name}"

    def turns(self, lines: Sequence[JsonObject], track: AudioTrack) -> list[LineTurns]:
        """Raises Unavailable where the pipeline can't be loaded, or tells no speakers apart."""
        import torch

        if not track.duration:
            return [[] for _ in lines]
        samples = torch.from_numpy(track.read(0.0, track.duration))
        heard = self._pipeline({"waveform": samples.unsqueeze(0), "sample_rate": RATE})
        alone = getattr(heard, "exclusive_speaker_diarization", None)
        if alone is None:
            raise Unavailable(
                f"{self._name} gives no turns of one speaker at a time; name a pipeline of pyannote.audio 4 that tells "
                f"speakers apart, such as {PIPELINE}"
            )
        return turns_of_lines(lines, as_turns(alone))

    @cached_property
    def _pipeline(self) -> Any:
        import torch

        Pipeline = _pipeline_class()
        try:
            with redirect_stdout(sys.stderr):  # it says there how to get at the weights
                pipeline = Pipeline.from_pretrained(self._name)
        except _UNLOADABLE as error:
            raise Unavailable(_unloadable(self._name, _reason(error))) from error
        return pipeline.to(torch.device("cuda")) if torch.cuda.is_available() else pipeline


def as_turns(heard: Annotation) -> list[SpeakerTurn]:
    """In the order of time."""
    return sorted(
        SpeakerTurn(segment.start, segment.end, str(speaker))
        for segment, _, speaker in heard.itertracks(yield_label=True)
    )


def turns_of_lines(lines: Sequence[JsonObject], turns: list[SpeakerTurn]) -> list[LineTurns]:
    """The turns that fall into each line, or else the one that is nearest to it; none of any line where there are none.

    `turns` are in the order of time, and none begins before the one before it has ended.
    """
    starts, ends = [turn.start for turn in turns], [turn.end for turn in turns]
    found: list[LineTurns] = []
    for line in lines:
        first, after = bisect_right(ends, line["start"]), bisect_left(starts, line["end"])
        found.append(turns[first:after] or _nearest(line, turns[max(0, after - 1) : first + 1]))
    return found


def _nearest(line: JsonObject, turns: LineTurns) -> LineTurns:
    """Of the turns before and after a line."""
    return sorted(turns, key=lambda turn: max(turn.start - line["end"], line["start"] - turn.end))[:1]


def require_pyannote() -> None:
    """Raises Unavailable where it isn't installed."""
    try:
        version(TOOL)
    except PackageNotFoundError as error:
        raise Unavailable(
            "pyannote.audio, which was to tell speakers apart, is not installed; in the project's folder run: "
            ".venv/bin/pip install 'pyannote.audio>=4,<5', or leave out --speakers-by"
        ) from error


def _pipeline_class() -> Any:
    require_pyannote()
    no_telemetry()
    try:
        from pyannote.audio import Pipeline
    except (ImportError, OSError) as error:
        raise Unavailable(
            f"pyannote.audio can't be loaded ({_reason(error)}); see that torchaudio is built as torch "
            "is, for a CPU as https://download.pytorch.org/whl/cpu has it, or leave out --speakers-by"
        ) from error
    return Pipeline


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())


def _unloadable(name: str, reason: str) -> str:
    if Path(name).is_dir():
        return f"{name} is no pipeline of pyannote.audio's ({reason}); name a folder with its config.yaml and weights"
    return (
        f"pyannote's pipeline {name} can't be loaded ({reason}); where its weights are gated, accept their licence at "
        f"https://hf.co/{name} and set HF_TOKEN to a token of your account there, or name a folder that they lie in"
    )
