"""What the pauses and the speakers of recordings are worth to a template that shows them.

    python -m benchmarks.heard_borders --by SPEECH --out FOLDER [--talks 48] [--steps 200] [--seeds 1]

Talks of the sample are spoken by espeak-ng, a voice for each speaker, and heard by `errata acquire`; SPEECH is what its
`--model` takes. errata-tiny is then taught what was heard four ways, with pauses shown and without, and with speakers
and without, by as many steps each, and scored on talks of channels that it wasn't taught on. How clear pauses are is
made up (`benchmarks/spoken_talks.py`): whether they reach the model and are used is what this can tell, not how much
they say in people's speech. What is done in FOLDER isn't done again. Needs espeak-ng and ffmpeg, the extra `streams`,
and Resemblyzer's weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from statistics import fmean

from benchmarks.recognition import word_errors
from benchmarks.spoken_talks import record_talk
from benchmarks.talk_files import read_talks, write_halves
from benchmarks.workspaces import set_params
from errata.cli.print_ablation import print_ablation
from errata.demo.days import write_with_chapters
from errata.documents.ablation import Ablation, AblationRun
from errata.domain.chapter import Chapter, Chapters, canonical
from errata.domain.transcript import Transcript
from errata.files import JsonObject
from errata.formats.source_rows import ImportedTranscript
from errata.loop.ablate import ablation_runs
from errata.loop.init import Day0Choice, init
from errata.loop.trial_material import TrialMaterial, material_of_talks
from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring import acquire
from errata.progress import no_progress_bar, note
from errata.tasks.border_task import LEAST_PAUSE
from errata.workspace import Workspace
from evaluation.ablation import equal_chapters, variant_effects
from evaluation.metrics.overlap import mean_f1
from retrain.variants import template_variants

PLAIN, PAUSES = "borders", "borders+pauses"
FOLDS = 2
TRAINING = {"entry_weight": 8.0, "epochs": 100}
"""Beside errata-tiny's own recipe: marks weigh as much as in that of larger models; and steps decide, not rows, how
long is trained."""


@dataclass(frozen=True, slots=True)
class HeardTalk:
    said: ImportedTranscript
    heard: Transcript
    chapters: Chapters
    """Where they begin in the recording."""


def heard_talks(out: Path, model: str, count: int) -> list[HeardTalk]:
    """The first of the sample's first day, as far as they could be heard."""
    day = write_with_chapters(out / "written", "day-1")
    talks = {talk.transcript.external_id: talk for talk in islice(read_talks(day), count)}
    recordings = [_recorded(talk, out / "recordings") for talk in talks.values()]
    workspace = Workspace.find(out / "heard") if (out / "heard").exists() else Workspace.create(out / "heard")
    options = AcquireOptions(model=model, language="en")
    result = acquire(workspace, [str(path) for path in recordings], options, no_progress_bar, note)
    for failed in result.failed:
        note(f"{failed.external_id}: {failed.problem}")
    with workspace.record.read() as store:
        labels = store.labels.between(0, store.watermark())
        heard = [(store.transcripts.read(label.transcript), label.chapters) for label in labels]
    workspace.record.close()
    return [HeardTalk(talks[each.external_id], each, chapters) for each, chapters in heard if each.external_id in talks]


def _recorded(talk: ImportedTranscript, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{talk.transcript.external_id}.wav"
    return path if path.with_suffix(".info.json").exists() else record_talk(talk, folder)  # which is written last


def hearing(talks: Sequence[HeardTalk]) -> Iterator[str]:
    """How much of what was left in the recordings is in the transcripts."""
    minutes = sum(talk.heard.duration for talk in talks) / 60
    channels = len({talk.heard.channel for talk in talks})
    wrong, words = _sum(word_errors(talk.said.transcript.text, talk.heard.text) for talk in talks)
    yield f"heard       {len(talks)} talks of {channels} channels, {minutes:.0f} minutes"
    yield f"words       {100 * wrong / words:.1f} % wrong ({wrong} of {words})"
    borders, others = (_sum(pauses_before(talk, begins) for talk in talks) for begins in (True, False))
    yield f"pauses      before {borders[0]} of {borders[1]} lines with which a chapter begins"
    yield f"            and before {others[0]} of {others[1]} other lines"
    yield f"            F1 of chapters that begin there and with the first line: {fmean(map(f1_of_pauses, talks)):.1f}"
    right = sum(_speakers(talk.said.transcript) == _speakers(talk.heard) for talk in talks)
    yield f"speakers    their number is right in {right} of {len(talks)} talks"


def pauses_before(talk: HeardTalk, begins: bool) -> tuple[int, int]:
    """Before how many of the lines with which a chapter begins, or of the others, a pause is shown; and their number.
    Nothing is before a talk's first line."""
    starts = {chapter.start for chapter in canonical(talk.chapters, talk.heard).chapters}
    silences = [
        after.start - before.end
        for before, after in pairwise(talk.heard.lines)
        if (int(after.start) in starts) is begins
    ]
    return sum(silence >= LEAST_PAUSE for silence in silences), len(silences)


def f1_of_pauses(talk: HeardTalk) -> float:
    """What a talk scores whose first line and whose lines after a pause are taken for all that begin a chapter."""
    lines = talk.heard.lines
    begins = [lines[0], *(after for before, after in pairwise(lines) if after.start - before.end >= LEAST_PAUSE)]
    found = tuple(Chapter(float(int(line.start)), "") for line in begins)
    return mean_f1(canonical(talk.chapters, talk.heard).chapters, found, talk.heard.duration)


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    firsts, seconds = zip(*pairs, strict=True)
    return sum(firsts), sum(seconds)


def _speakers(transcript: Transcript) -> int:
    return max(1, len({segment.speaker for segment in transcript.segments}))


def halves_of(talk: HeardTalk, speakers: bool) -> JsonObject:
    """In chapter-llama's layout."""
    heard = talk.heard
    titles = {str(chapter.start): chapter.title for chapter in talk.chapters}
    metadata = {"title": heard.title, "duration": heard.duration, "channel_id": heard.channel, "chapters": titles}
    lines = [segment if speakers else replace(segment, speaker=None) for segment in heard.segments]
    return {"video_id": heard.external_id, "metadata": metadata, "asr": [line.as_json() for line in lines]}


def ablation(out: Path, talks: Sequence[HeardTalk], steps: int, seeds: int) -> Ablation:
    workspace = init(out / "taught", Day0Choice(template=PLAIN))
    set_params(workspace.root, {"train": {**TRAINING, "max_steps": steps}, "mix": {"least": 1}})
    runs: list[AblationRun] = []
    for speakers in (False, True):
        path = out / ("with_speakers.jsonl" if speakers else "without_speakers.jsonl")
        write_halves(path, [halves_of(talk, speakers) for talk in talks])
        material = material_of_talks(workspace, path, FOLDS)
        runs += _runs(workspace, material, seeds, ", speakers" if speakers else "")
    clusters = [talk.cluster for talk in material.talks]
    return Ablation(
        of="spoken talks of the sample",
        items=len(clusters),
        clusters=len(set(clusters)),
        seeds=seeds,
        folds=FOLDS,
        equal_chapters=equal_chapters(material.talks),
        baseline=PLAIN,
        unaltered=(),
        variants=variant_effects(runs, PLAIN, clusters, workspace.params().evaluate.seed),
    )


def _runs(workspace: Workspace, material: TrialMaterial, seeds: int, more: str) -> Iterator[AblationRun]:
    tried = template_variants(workspace.params().augment, PLAIN, [PAUSES])
    for run in ablation_runs(workspace, material, tried, seeds):
        yield replace(run, variant=run.variant + more)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--by", required=True, metavar="SPEECH")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--talks", type=int, default=48)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    out = given.out.resolve()
    talks = heard_talks(out, given.by, given.talks)
    for line in hearing(talks):
        print(line, flush=True)
    print_ablation(ablation(out, talks, given.steps, given.seeds))


if __name__ == "__main__":
    main()
