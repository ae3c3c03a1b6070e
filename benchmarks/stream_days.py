"""A stream of several days, from recordings to what a model remembers of them:

    python -m benchmarks.stream_days --out FOLDER --hearing MODEL [--days 4]      MODEL as in `errata acquire --model`

A model learns to describe chunks of recordings with captions, as people described them: that is Day-0, and a workspace
begins with it. There, made-up recordings, in which a place is said and never shown, and a colour shown and never said,
are acquired with recognition, chunked, and seen by EfficientNet-Lite0. Day-0 describes their chunks from what is heard
and seen in them, and goes on learning from its own descriptions, day by day, by the stages of a night (full
fine-tuning); earlier days come again. After each day it answers the question bank by what it remembers. At last it
describes recordings that it was never taught, as Day-0 did. The same with each recording's sound and pictures in
another's place, without frames, and without speech.

The folder keeps all of it: workspaces, banks and answers. A folder that is there is refused. Needs espeak-ng, ffmpeg
and the extra `streams`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml
from rich.console import Console

from benchmarks.days_table import NEVER_TAUGHT, OTHER_WORDS, SAID, SEEN, Described, Outcome, show
from benchmarks.made_up_days import VARIANTS, Plan, Variant
from benchmarks.spoken_scenes import SCENE, SceneRecording
from errata.documents.file_names import CANDIDATE, PARAMS
from errata.documents.night import Night
from errata.domain.chapter import Chapters
from errata.domain.clock import clock
from errata.domain.transcript import Transcript
from errata.errors import BadInput, error_exit
from errata.features.extractors import find_extractor
from errata.inference.artefact import model_folder, store_model
from errata.inference.draw_options import DrawOptions
from errata.inference.library_noise import silence_libraries
from errata.inference.model import open_model
from errata.loop.bank_answering import answer_questions
from errata.loop.init import Day0Choice, init
from errata.loop.judging import grade_recall
from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring import acquire
from errata.operations.chunking import chunk_videos
from errata.operations.extracting import extract_all
from errata.operations.importing import import_corrections
from errata.progress import no_progress_bar, note
from errata.tasks.templates.chunk_description import ChunkDescription
from errata.tasks.view import View
from errata.workspace import Workspace
from evaluation.judges.recall import has_words
from retrain import augment, curate, mix, snapshot, train

RATE = 0.2
"""Pictures a second."""
TEMPLATE = f"description+{SCENE}+recall"
BANK = "bank.jsonl"
REPLAY = 3.0
"""Recordings of earlier days, for each new one: all that there are, up to the fourth day."""
EXAMINED = 8
"""Lessons that are held out, at most, which Day-0 and Day-N describe."""


@dataclass(frozen=True, slots=True)
class Day0:
    folder: Path
    examined: Described


def acquired(out: Path, day0: Day0Choice, recordings: Sequence[SceneRecording], hearing: str, plan: Plan) -> Workspace:
    """A workspace that begins with that Day-0, with the recordings: heard and seen by the product's own code.

    Without a model to hear them by, they have captions."""
    workspace, media = init(out, day0), out.with_name(f"recordings of {out.name}")
    for recording in recordings:
        recording.record(media, captions=not hearing)
    options = AcquireOptions(model=hearing, language="en", speakers=False)
    report = acquire(workspace, [str(media)], options, no_progress_bar, lambda _: None)
    seen = extract_all(workspace, [], find_extractor(plan.extractor), RATE)
    _check([*report.failed, *report.unreachable, *seen.unread])
    return workspace


def chunk(workspace: Workspace) -> None:
    chunks = chunk_videos(workspace, [], SCENE, lambda _: None)
    _check([*chunks.failed, *chunks.integrity])


def _check(problems: Sequence[object]) -> None:
    if problems:
        raise BadInput(f"of the recordings that were made up, something can't be used: {problems[0]}")


def talks_of(workspace: Workspace, recordings: Sequence[SceneRecording]) -> list[Transcript]:
    with workspace.record.read() as store:
        return [store.transcripts.read(store.transcripts.find(recording.name)) for recording in recordings]


def describe(workspace: Workspace, described: Sequence[tuple[str, Chapters]], by: str) -> None:
    """Puts descriptions into the record, as people's reviews come in."""
    rows = [
        {
            "video_id": name,
            "reviewer": by,
            "reviewed": [{"start": chapter.start, "title": chapter.title} for chapter in chapters],
            "kind": "edit",
            "blind": True,
        }
        for name, chapters in described
    ]
    path = workspace.root / f"described by {by}.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    report = import_corrections(workspace.record, path, workspace.root / "rejects")
    if report.rejected:
        raise BadInput(f"a description can't be imported: {report.reasons[0].reason}")


def learn(workspace: Workspace, label: str, champion: str, champion_watermark: int, **recipe: Any) -> tuple[str, int]:
    """What the stages of a night make of `champion` and all that was described since: the model, and the watermark."""
    params = yaml.safe_load((workspace.root / PARAMS).read_text())
    params["curate"]["suspect_rows"] = 0
    params["augment"]["share"] = 0.0
    params["mix"] |= {"least": 1, "replay": REPLAY}
    params["train"] |= {"method": "full", "epochs": 1000, **recipe}
    (workspace.root / PARAMS).write_text(yaml.safe_dump(params))
    with workspace.record.read() as store:
        day0, upto = store.aliases.model_of("day0"), store.watermark()
    Night(label, upto, upto, day0 or "", champion, champion_watermark, "", 0, label).write(workspace.root)
    with chdir(workspace.root):
        for stage in (snapshot, curate, augment, mix, train):
            stage.main()
    return store_model(workspace.root / CANDIDATE, workspace.models), upto


def taught_to_describe(out: Path, plan: Plan) -> Day0:
    """It has learnt to describe by what people said of other recordings, in a workspace of its own."""
    blank = Day0Choice(template=TEMPLATE, senses=(f"{plan.extractor}@{RATE:g}",))
    workspace = acquired(out / "lessons", blank, plan.taught(), "", plan)
    with workspace.record.read() as store:
        begun = store.aliases.model_of("day0") or ""
    describe(workspace, [(recording.name, recording.described) for recording in plan.taught()], "ann")
    model, _ = learn(workspace, "lessons", begun, 0, learning_rate=1.5e-3, max_steps=plan.lesson_steps)
    folder = model_folder(model, workspace.models)
    return Day0(folder, examined(folder, workspace, plan))


def examined(model: Path, lessons: Workspace, plan: Plan) -> Described:
    """How the model in that folder describes recordings that were held out of the lessons."""
    trained = _trained(lessons, plan.taught())
    others = [recording for recording in plan.taught() if recording.name not in trained][:EXAMINED]
    said = answered(model, lessons, talks_of(lessons, others))
    return _share_described(others, {one.name: chapters for one, chapters in zip(others, said, strict=True)})


def answered(model: Path, workspace: Workspace, talks: Sequence[Transcript]) -> list[Chapters]:
    """`workspace` has the talks, and the vectors of their recordings."""
    return [reading.chapters for reading in open_model(model, workspace.models).answer(talks)]


def write_bank(workspace: Workspace, plan: Plan) -> None:
    """Of each chunk of the stream, where it was and which colour, as lessons ask it, and in other words."""
    trained = _trained(workspace, plan.streamed())
    rows = [
        {**question, "id": f"{recording.name} {number}", "item": recording.name, "day": day}
        for day in plan.day_names
        for recording in plan.of_day(day)
        for number, question in enumerate(_questions(recording, recording.name in trained))
    ]
    (workspace.root / BANK).write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def _trained(workspace: Workspace, recordings: Sequence[SceneRecording]) -> set[str]:
    """Those that may be trained on: the others are held out for ever, as of any record."""
    with workspace.record.read() as store:
        upto = store.watermark()
        places = {recording.name: store.transcripts.find(recording.name) for recording in recordings}
        return {name for name, seq in places.items() if store.leak_groups.of(seq, upto).role == "train"}


def _questions(recording: SceneRecording, trained: bool) -> Iterator[dict[str, str]]:
    (scene,) = recording.scenes
    place = f"{recording.channel} · {recording.title} · {clock(0)}"
    lesson = ChunkDescription().question(View(place, "", (), (0,), 0.0))
    yield {"question": lesson, "reference": scene.place, "kind": SAID if trained else NEVER_TAUGHT}
    yield {"question": lesson, "reference": scene.colour, "kind": SEEN if trained else NEVER_TAUGHT}
    where = f"Where are they in {recording.title} of {recording.channel}?"
    yield {"question": where, "reference": scene.place, "kind": OTHER_WORDS if trained else NEVER_TAUGHT}


def live_through(variant: Variant, stream: Workspace, lessons: Workspace, day0: Day0, plan: Plan) -> Outcome:
    """Day by day: what Day-0 describes of a day is what the model learns, and then it is asked."""
    workspace = Workspace.find(Path(shutil.copytree(stream.root, stream.root.with_name(variant.name))))
    described = _describe_days(variant, workspace, day0.folder, plan)
    with workspace.record.read() as store:
        model, upto = store.aliases.model_of("day0") or "", 0
    answers: dict[str, Path] = {}
    for day in plan.day_names:
        describe(workspace, [(r.name, described[r.name]) for r in plan.of_day(day)], f"model on {day}")
        model, upto = learn(workspace, day, model, upto, learning_rate=1e-3, max_steps=plan.day_steps)
        if variant.asked_daily or day == plan.day_names[-1]:
            answers[day] = answer(workspace, model, day)
        note(f"{variant.name}, {day}: learnt")
    *_, last = answers
    between = {day: path for day, path in answers.items() if day != last}
    bank, before = workspace.root / BANK, answers_file(workspace, "day 0")
    recall = grade_recall(workspace, bank, before, answers[last], between, by_words=True)
    then = examined(model_folder(model, workspace.models), lessons, plan)
    return Outcome(variant.name, _share_described(plan.streamed(), described), (day0.examined, then), recall)


def _describe_days(variant: Variant, workspace: Workspace, model: Path, plan: Plan) -> dict[str, Chapters]:
    recordings = plan.streamed()
    talks = variant.shown(talks_of(workspace, recordings))
    said = answered(model, workspace, talks)
    return {recording.name: chapters for recording, chapters in zip(recordings, said, strict=True)}


def _share_described(recordings: Sequence[SceneRecording], described: dict[str, Chapters]) -> Described:
    scenes = [(scene, _said_of(n, described[r.name])) for r in recordings for n, scene in enumerate(r.scenes)]
    places = [has_words(said, scene.place) for scene, said in scenes]
    colours = [has_words(said, scene.colour) for scene, said in scenes]
    return Described(100 * fmean(places), 100 * fmean(colours))


def _said_of(scene: int, described: Chapters) -> str:
    return " ".join(chapter.title for chapter in described if int(chapter.start) // SCENE == scene)


def answer(workspace: Workspace, model: str, day: str) -> Path:
    out = answers_file(workspace, day)
    answer_questions(workspace, workspace.root / BANK, model, TEMPLATE, DrawOptions(temperature=0.0), out)
    return out


def answers_file(workspace: Workspace, day: str) -> Path:
    return workspace.root / f"answers after {day}.jsonl"


def run(out: Path, hearing: str, plan: Plan, variants: Sequence[Variant] = VARIANTS) -> Iterator[Outcome]:
    """Of each variant, as soon as it is there. Raises BadInput where `out` is there already."""
    if out.exists():
        raise BadInput(f"{out} is there already; name another folder")
    out.mkdir(parents=True)
    day0 = taught_to_describe(out, plan)
    note("Day-0 has learnt to describe")
    stream = acquired(out / "stream", Day0Choice(model=str(day0.folder)), plan.streamed(), hearing, plan)
    chunk(stream)
    write_bank(stream, plan)
    answer(stream, "day0", "day 0")
    note("the stream is acquired: heard, chunked and seen, and Day-0 was asked")
    for variant in variants:
        yield live_through(variant, stream, Workspace.find(out / "lessons"), day0, plan)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--hearing", required=True, help="what recognises speech: as errata acquire --model")
    parser.add_argument("--days", type=int, default=4)
    given = parser.parse_args()
    silence_libraries()
    with error_exit():
        began = os.times()
        outcomes = list[Outcome]()
        for outcome in run(given.out, given.hearing, Plan(days=given.days)):
            outcomes.append(outcome)
            show(outcomes)
        spent = [after - before for after, before in zip(os.times(), began, strict=True)]
        Console().print(f"{spent[-1]:,.0f} s, {sum(spent[:-1]):,.0f} CPU-seconds, with espeak-ng and ffmpeg")


if __name__ == "__main__":
    main()
