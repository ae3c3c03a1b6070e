"""How well recordings are heard: espeak-ng speaks known words in several voices, and `errata acquire` hears them.

    python -m benchmarks.recognition MODEL [--talks 3]     MODEL as in `errata acquire --model`

Prints the word error rate against what was spoken (numbers and spellings alike by Whisper's own English normaliser),
how many times faster than it lasts a recording is heard, how far pauses are from those that were left, and whether
speakers were told apart. Needs espeak-ng and ffmpeg, the extra `streams`, and Resemblyzer's weights.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.domain.transcript import Transcript
from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring import acquire
from errata.progress import no_progress_bar, note
from errata.workspace import Workspace

VOICES = ("en-us", "en-us+f3", "en-gb+m7")
PAUSES = (1.5, 2.0, 3.0, 5.0)
"""Seconds between two turns, in turn."""
TURNS = (
    "Good morning, and welcome to this lecture about the history of bridges.",
    "The first bridges were trees that had fallen over a river, and people walked on them.",
    "Later, stone was used, because wood does not last when the weather is wet.",
    "The Romans built arches of stone, and some of them are still standing today.",
    "Then came iron, and with it the railway, which needed long and strong bridges.",
    "Let me show you a picture of a bridge in Scotland that was finished in eighteen ninety.",
    "More than fifty thousand tons of steel were used, and four thousand people worked there.",
    "Thank you very much. Are there any questions from the audience?",
)


@dataclass(frozen=True, slots=True)
class Spoken:
    path: Path
    text: str
    pauses: tuple[float, ...]
    """Seconds of silence between the words of one turn and the next."""
    speakers: int


@dataclass(frozen=True, slots=True)
class Hearing:
    wrong: int
    """Words changed, lost or added."""
    words: int
    pauses_off: tuple[float, ...]
    """By how many seconds each pause that was found differs from the one that was left."""
    pauses: int
    """How many were left."""
    speakers: tuple[int, int]
    """Heard, and there."""


def speak(folder: Path, number: int) -> Spoken:
    """A talk of eight turns, whose order and voices differ from talk to talk."""
    order = [TURNS[(at * 3 + number) % len(TURNS)] for at in range(len(TURNS))]
    voices = VOICES[: 1 + number % len(VOICES)]
    parts: list[Path] = []
    for at, words in enumerate(order):
        part = folder / f"{number}-{at}.wav"
        voice = voices[at % len(voices)]
        subprocess.run(["espeak-ng", "-v", voice, "-w", str(part), words], check=True)  # noqa: S607 - the PATH's
        parts.append(part)
    pauses = tuple(PAUSES[at % len(PAUSES)] for at in range(len(parts) - 1))
    trimmed = "silenceremove=start_periods=1:start_threshold=-50dB,areverse"
    filters = [
        f"[{at}:a]aresample=16000,{trimmed},{trimmed},apad=pad_dur={pause}[p{at}]"
        for at, pause in enumerate((*pauses, 1.0))
    ]
    joined = "".join(f"[p{at}]" for at in range(len(parts))) + f"concat=n={len(parts)}:v=0:a=1[out]"
    inputs = [word for part in parts for word in ("-i", str(part))]
    path = folder / f"talk{number}.m4a"
    graph = ";".join([*filters, joined])
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", graph, "-map", "[out]", str(path)]
    subprocess.run(command, check=True)
    for part in parts:
        part.unlink()
    return Spoken(path, " ".join(order), pauses, len(voices))


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Words changed, lost or added, and how many were said."""
    from rapidfuzz.distance import Levenshtein
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    normalise = EnglishTextNormalizer({})
    words = normalise(said).split()
    return Levenshtein.distance(words, normalise(heard).split()), len(words)


def heard(spoken: Spoken, transcript: Transcript) -> Hearing:
    wrong, words = word_errors(spoken.text, transcript.text)
    silences = [after.start - before.end for before, after in pairwise(transcript.segments)]
    found = [silence for silence in silences if silence >= 1.0]
    off = (
        [got - left for got, left in zip(found, spoken.pauses, strict=True)] if len(found) == len(spoken.pauses) else []
    )
    speakers = len({segment.speaker for segment in transcript.segments})
    return Hearing(wrong, words, tuple(off), len(spoken.pauses), (speakers, spoken.speakers))


def report(hearings: Sequence[Hearing], seconds: float, took: float) -> list[str]:
    wrong, words = sum(each.wrong for each in hearings), sum(each.words for each in hearings)
    off = [abs(pause) for each in hearings for pause in each.pauses_off]
    pauses = sum(each.pauses for each in hearings)
    within = sum(pause <= 0.5 for pause in off)
    right = sum(each.speakers[0] == each.speakers[1] for each in hearings)
    return [
        f"word error rate   {100 * wrong / words:.1f} % ({wrong} of {words} words)",
        f"speed             {seconds / took:.1f} times real time, speakers included ({seconds:.0f} s in {took:.0f} s)",
        f"pauses            {within} of {pauses} found to within 0.5 s",
        f"speakers          their number is right in {right} of {len(hearings)} talks",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--talks", type=int, default=3)
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place)
        talks = [speak(folder, number) for number in range(given.talks)]
        workspace = Workspace.create(folder / "workspace")
        began = time.monotonic()
        options = AcquireOptions(model=given.model, language="en")
        result = acquire(workspace, [str(talk.path) for talk in talks], options, no_progress_bar, note)
        took = time.monotonic() - began
        for failed in result.failed:
            print(f"{failed.external_id}: {failed.problem}")
        with workspace.record.read() as store:
            transcripts = [store.transcripts.read(store.transcripts.find(talk.path.stem)) for talk in talks]
    hearings = [heard(talk, transcript) for talk, transcript in zip(talks, transcripts, strict=True)]
    for line in report(hearings, sum(transcript.duration for transcript in transcripts), took):
        print(line)


if __name__ == "__main__":
    main()
