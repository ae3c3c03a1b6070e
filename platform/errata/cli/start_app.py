"""The commands that need no workspace: chapters for a file, a model that is tuned, and what this machine can do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from errata.cli.arguments import AnsweringModel, AsJson, CardlessTemplate, ChampionOf, find, user_name
from errata.cli.output import say, show
from errata.cli.panels import START
from errata.domain.names import printable
from errata.errors import BadInput
from errata.progress import note

if TYPE_CHECKING:
    from errata.formats.out_chapters import ChapterFormat
    from errata.operations.chaptering import ChapteredTalk, UnansweredTalk, UnreadTalk

start = typer.Typer()

Layout = Literal["text", "json", "vtt", "ffmetadata", "podlove", "podcast", "mp4chaps"]
WRITTEN = (
    "text (as a video's description has them), json, vtt, ffmetadata (for ffmpeg), podlove (Simple Chapters), podcast "
    "(Podcasting 2.0), or mp4chaps."
)
"""What --format may say."""
YOUTUBE_LEAST, YOUTUBE_SECONDS = 3, 10
"""Chapters that YouTube wants at least, the first of them at 0:00, and how long each must be."""


@start.command("chapters", rich_help_panel=START)
def chapters_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Transcripts or captions, in any format that import reads; - is stdin."),
    ],
    layout: Annotated[Layout, typer.Option("--format", metavar="NAME", help=WRITTEN)] = "text",
    out: Annotated[
        Path | None, typer.Option(help="A file to write, or for several talks a folder. Default: stdout.")
    ] = None,
    model: AnsweringModel = None,
    template: CardlessTemplate = "indexed",
    workspace: ChampionOf = None,
) -> None:
    """Chapters for transcripts or captions, now: no workspace is needed, and nothing is kept."""
    from errata.cli.print_model import note_embedded_model
    from errata.cli.print_unread import print_unread
    from errata.operations.chapter_places import chapter_places, distinct_names
    from errata.operations.chaptering import chapter_talks, open_predictor, with_vectors
    from errata.operations.confidence import find_calibration

    talks, unread = _read(files, layout)
    print_unread(unread)
    if talks:
        places = [] if layout == "text" and out is None else chapter_places(talks, layout, out)
        if model is None and workspace is None:
            note_embedded_model()
        place = None if workspace is None else find(workspace)
        if place is not None:
            talks = [replace(talk, transcript=with_vectors(place, talk.transcript)) for talk in talks]
        with open_predictor(model, place, template) as predictor:
            calibration = None if place is None else find_calibration(place, predictor.key.model)
            answers = chapter_talks(talks, predictor, calibration)
            chaptered = list(answers if places else _print_each(answers, talks))
        _remark(chaptered, distinct_names([talk.transcript.external_id for talk in talks], talks), layout)
        if places:
            _write(chaptered, places, layout, out)
    if unread:
        raise typer.Exit(BadInput.exit_code)  # what was good is there


def _read(files: list[Path], layout: ChapterFormat) -> tuple[list[UnansweredTalk], list[UnreadTalk]]:
    """What can be answered and written in that layout, and what can't."""
    from errata.formats.out_chapters import check_times
    from errata.operations.chaptering import UnreadTalk, read_talks

    talks: list[UnansweredTalk] = []
    unread: list[UnreadTalk] = []
    for talk in read_talks(files):
        if isinstance(talk, UnreadTalk):
            unread.append(talk)
            continue
        try:
            check_times(layout, talk.transcript)
            talks.append(talk)
        except BadInput as problem:
            unread.append(UnreadTalk(str(talk.source), str(problem), problem.kind))
    return talks, unread


def _print_each(answers: Iterable[ChapteredTalk], talks: list[UnansweredTalk]) -> Iterator[ChapteredTalk]:
    """Prints each answer as it comes, with a heading where there are several."""
    from errata.formats.out_chapters import write_chapters
    from errata.operations.chapter_places import distinct_names

    headings = distinct_names([talk.transcript.title or talk.transcript.external_id for talk in talks], talks)
    for place, (talk, heading) in enumerate(zip(answers, headings, strict=True)):
        if len(talks) > 1:
            say(("\n" if place else "") + f"# {heading}")
        sys.stdout.write(printable(write_chapters("text", talk.transcript, talk.chapters)))
        sys.stdout.flush()
        yield talk


def _remark(talks: Sequence[ChapteredTalk], names: Sequence[str], layout: ChapterFormat) -> None:
    """What who takes the chapters away should know of them."""
    from errata.cli.print_adjustments import adjustment_sentences
    from errata.operations.importing import AdjustmentCount

    for talk, name in zip(talks, map(printable, names), strict=True):
        if not talk.chapters:
            note(f"{name}: the model finds no chapter")
        elif talk.transcript.unit == "words":
            note(f"{name}: it has no times; the numbers count words from its beginning")
        elif layout == "text" and (against := _what_youtube_refuses(talk)):
            note(f"{name}: YouTube wants a first chapter at 0:00, three at least, and 10 seconds for each: {against}")
        counts = {kind: AdjustmentCount(1, count) for kind, count in talk.adjustments.items()}
        for sentence in adjustment_sentences(counts):
            note(f"{name}: {sentence}")
        for problem in talk.problems:
            note(f"{name}: {printable(problem)}")


def _what_youtube_refuses(talk: ChapteredTalk) -> str:
    """What speaks against the list there, in words; empty where nothing does."""
    from errata.formats.out_chapters import shown_start

    shown = [shown_start(chapter, talk.transcript) for chapter in talk.chapters]
    starts = [int(chapter.start) for chapter in talk.chapters]
    ends = [*starts[1:], talk.transcript.duration]
    short = [at for at, start, end in zip(shown, starts, ends, strict=True) if end - start < YOUTUBE_SECONDS]
    against = []
    if starts[0] != 0:
        against.append(f"the first is at {shown[0]}")
    if len(starts) < YOUTUBE_LEAST:
        against.append(f"here {'is' if len(starts) == 1 else 'are'} {len(starts)}")
    if short:
        against.append(f"too short: {', '.join(short)}")
    return "; ".join(against)


def _write(talks: list[ChapteredTalk], places: list[Path | None], layout: ChapterFormat, out: Path | None) -> None:
    from errata.files import write_atomically
    from errata.formats.out_chapters import write_chapters
    from errata.operations.chapter_places import is_one_document

    if is_one_document(layout, out):
        texts = {out: json.dumps([talk.as_json() for talk in talks], indent=2, ensure_ascii=False) + "\n"}
    else:
        outputs = (write_chapters(layout, talk.transcript, talk.chapters) for talk in talks)
        texts = dict(zip(places, outputs, strict=True))
    for place, text in texts.items():
        if place is None:
            sys.stdout.write(text)
        else:
            write_atomically(place, text)
            note(f"{place} is written")


@start.command("tune", rich_help_panel=START)
def tune_command(
    source: Annotated[
        str, typer.Argument(help="Talks with chapters: a file, a folder, or hf://datasets/OWNER/NAME/PATH.")
    ],
    out: Annotated[Path, typer.Option(help="The workspace to make, or to go on with.")],
    held_out: Annotated[
        str | None, typer.Option(help="Talks to score on and never train on. Default: 8 % of SOURCE.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Model and parameters that suit each other, as errata recipe list shows them.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model to train, as errata init takes it. Default: the recipe's, or ours."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(help="For a model without a card: prompt template, and how many tokens it sees: json:8192."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on talks with chapters, score it on held-out ones, and show one beside its right chapters."""
    from errata.cli.print_tuning import print_tuning
    from errata.loop.tune import TuningStart, tune

    show(tune(source, out, TuningStart(model, template, recipe), held_out, user_name()), as_json, print_tuning)


@start.command("doctor", rich_help_panel=START)
def doctor_command(
    workspace: Annotated[Path | None, typer.Option("-w", "--workspace", help="Look at this workspace besides.")] = None,
    as_json: AsJson = False,
) -> None:
    """What is installed, what this machine can do, and what is wrong; exit code 1 where something is."""
    from errata.cli.print_examination import print_examination
    from errata.cli.print_next_step import print_next_step
    from errata.loop.doctor import examine
    from errata.operations.next_step import next_step
    from errata.workspace import Workspace

    # whose record it is, is looked at with the rest
    place = None if workspace is None else Workspace.find(workspace)
    examination = examine(place)
    show(examination, as_json, print_examination)
    if examination.problems:
        raise typer.Exit(1)
    if place is not None and workspace is not None and not as_json:
        print_next_step(next_step(place), workspace)
