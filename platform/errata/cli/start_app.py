"""The commands that need no workspace: chapters for a file, and what this machine can do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from errata.cli.arguments import AsJson, find
from errata.cli.output import say, say_styled, say_wrapped, show
from errata.cli.panels import START
from errata.domain.names import printable
from errata.errors import BadInput
from errata.progress import note

if TYPE_CHECKING:
    from errata.formats.out_chapters import ChapterFormat
    from errata.loop.doctor import Examination
    from errata.operations.chaptering import ChapteredTalk

start = typer.Typer()

Layout = Literal["text", "json", "vtt", "ffmetadata", "podlove", "podcast", "mp4chaps"]
WRITTEN = (
    "text (as a video's description has them), json, vtt, ffmetadata (for ffmpeg), podlove (Simple Chapters), podcast "
    "(Podcasting 2.0), or mp4chaps."
)
"""What --format may say."""
MARKS = {"ok": "✓", "absent": "–", "problem": "✗"}
YOUTUBE_LEAST, YOUTUBE_SECONDS = 3, 10
"""Chapters that YouTube wants at least, the first of them at 0:00, and how long each must be."""


@start.command("chapters", rich_help_panel=START)
def chapters_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Transcripts or captions, in any format that import reads; - is stdin."),
    ],
    layout: Annotated[Layout, typer.Option("--format", metavar="NAME", help=WRITTEN)] = "text",
    out: Annotated[
        Path | None, typer.Option(help="A file to write, or for several talks a folder. Default: stdout.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model's folder, or with -w an alias or identity. Default: errata-tiny.")
    ] = None,
    template: Annotated[
        str, typer.Option(help="For a model without a card: prompt template, and how many tokens it sees: json:8192.")
    ] = "indexed",
    workspace: Annotated[
        Path | None, typer.Option("-w", "--workspace", help="Let this workspace's champion answer.")
    ] = None,
) -> None:
    """Chapters for transcripts or captions, now: no workspace is needed, and nothing is kept."""
    from errata.operations.chaptering import UnreadTalk, chapter_files, open_predictor

    if model is None and workspace is None:
        note("errata-tiny answers, the embedded sample model of 1.2 million weights: expect little of it.")
        note("A better one: --model FOLDER, or -w WORKSPACE for its champion.")
    at_once = layout == "text" and out is None
    talks: list[ChapteredTalk] = []
    refused = 0
    with open_predictor(model, None if workspace is None else find(workspace), template) as predictor:
        for talk in chapter_files(files, predictor):
            if isinstance(talk, UnreadTalk):
                refused += 1
                sys.stderr.write(f"errata: {printable(talk.reason)}\n")
                continue
            talks.append(talk)
            if at_once:
                _print_talk(talk, heading=len(files) > 1 or len(talks) > 1, first=len(talks) == 1)
    _remark(talks, layout)
    if not at_once and talks:
        _write(talks, layout, out)
    if refused:
        raise typer.Exit(BadInput.exit_code)  # what was good is there


def _print_talk(talk: ChapteredTalk, heading: bool, first: bool) -> None:
    from errata.formats.out_chapters import write_chapters

    if heading:
        say(("" if first else "\n") + f"# {talk.transcript.title or talk.transcript.external_id}")
    sys.stdout.write(printable(write_chapters("text", talk.transcript, talk.chapters)))
    sys.stdout.flush()


def _remark(talks: Iterable[ChapteredTalk], layout: ChapterFormat) -> None:
    """What who takes the chapters away should know of them."""
    from errata.cli.print_adjustments import adjustment_sentences
    from errata.operations.importing import AdjustmentCount

    for talk in talks:
        name = printable(talk.transcript.external_id)
        if not talk.chapters:
            note(f"{name}: the model finds no chapter")
        elif talk.transcript.unit == "words":
            note(f"{name}: it has no times; the numbers count words from its beginning")
        elif layout == "text" and not _youtube_takes(talk):
            note(f"{name}: YouTube wants a first chapter at 0:00, three at least, and 10 seconds for each")
        counts = {kind: AdjustmentCount(1, count) for kind, count in talk.adjustments.items()}
        for sentence in adjustment_sentences(counts):
            note(f"{name}: {sentence}")
        for problem in talk.problems:
            note(f"{name}: {printable(problem)}")


def _youtube_takes(talk: ChapteredTalk) -> bool:
    starts = [int(chapter.start) for chapter in talk.chapters]
    lengths = [end - start for start, end in zip(starts, [*starts[1:], talk.transcript.duration], strict=True)]
    return starts[0] == 0 and len(starts) >= YOUTUBE_LEAST and min(lengths) >= YOUTUBE_SECONDS


def _write(talks: list[ChapteredTalk], layout: ChapterFormat, out: Path | None) -> None:
    from errata.files import write_atomically
    from errata.formats.out_chapters import write_chapters

    if layout == "json" and (out is None or not out.is_dir()):
        text = json.dumps([talk.as_json() for talk in talks], indent=2, ensure_ascii=False) + "\n"
        places = {out: text}
    elif len(talks) == 1 and (out is None or not out.is_dir()):
        places = {out: write_chapters(layout, talks[0].transcript, talks[0].chapters)}
    elif out is None or out.is_file():
        raise BadInput(f"{len(talks)} talks don't fit into one {layout} file; name a folder with --out")
    else:
        places = {_place(talk, layout, out): write_chapters(layout, talk.transcript, talk.chapters) for talk in talks}
    for place, text in places.items():
        if place is None:
            sys.stdout.write(text)
        else:
            write_atomically(place, text)
            note(f"{place} is written")


def _place(talk: ChapteredTalk, layout: ChapterFormat, folder: Path) -> Path:
    """A file by the talk's id, whatever is in that."""
    from errata.formats.out_chapters import SUFFIXES

    name = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in talk.transcript.external_id)
    return folder / f"{name[:200].lstrip('.') or 'talk'}{SUFFIXES[layout]}"


@start.command("doctor", rich_help_panel=START)
def doctor_command(
    workspace: Annotated[Path | None, typer.Option("-w", "--workspace", help="Look at this workspace besides.")] = None,
    as_json: AsJson = False,
) -> None:
    """What is installed, what this machine can do, and what is wrong; exit code 1 where something is."""
    from errata.loop.doctor import examine
    from errata.workspace import Workspace

    # whose record it is, is looked at with the rest
    examination = examine(None if workspace is None else Workspace.find(workspace))
    show(examination, as_json, _print_examination)
    if examination.problems:
        raise typer.Exit(1)


def _print_examination(examination: Examination) -> None:
    for title, checks in (
        ("this machine", examination.machine),
        ("what it can do", examination.abilities),
        ("the workspace", examination.workspace),
    ):
        if checks:
            say_styled(title, "bold")
        for check in checks:
            remedy = f" → {check.remedy}" if check.remedy else ""
            say_wrapped(f"{MARKS[check.state]} {check.name:<17} {check.found}{remedy}", 20)
    count = examination.problems
    say("nothing is wrong" if not count else f"{count} {'problem' if count == 1 else 'problems'}, marked ✗")
