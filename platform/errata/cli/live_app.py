"""`errata live`: chapters while somebody speaks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import AnsweringModel, CardlessTemplate, ChampionOf, find
from errata.cli.output import say
from errata.cli.panels import START
from errata.domain.names import printable
from errata.errors import BadInput
from errata.progress import note

if TYPE_CHECKING:
    from errata.domain.live_chapters import LiveEvent
    from errata.operations.live import LiveStream

live = typer.Typer()


@live.command("live", rich_help_panel=START)
def live_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|-", help="A talk with times, which is played; - is stdin, a line as soon as it is said."
        ),
    ],
    speed: Annotated[float, typer.Option(min=0, help="How fast FILE is played; 0: without waiting.")] = 1.0,
    every: Annotated[float, typer.Option(min=1, help="Seconds of speech between two looks at it.")] = 10.0,
    title: Annotated[str, typer.Option(help="What the stream is called; models read it.")] = "",
    channel: Annotated[str, typer.Option(help="Whose it is, for --keep.")] = "",
    name: Annotated[str, typer.Option("--id", metavar="ID", help="The id to keep it under.")] = "",
    model: AnsweringModel = None,
    template: CardlessTemplate = "indexed",
    workspace: ChampionOf = None,
    keep: Annotated[bool, typer.Option("--keep", help="With -w: put transcript and answer into the record.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document a line, as things happen.")] = False,
) -> None:
    """Chapters of a stream while it runs: each is told once it is likely to stay, and nothing is said in between."""
    from errata.cli.print_model import note_embedded_model
    from errata.inference.stream_model import StreamModel
    from errata.operations.chaptering import STANDARD_INPUT, open_predictor
    from errata.operations.live import LiveStream, follow, keep_stream, stream_of_talk
    from errata.operations.live_sources import LineStream, played

    place = None if workspace is None else find(workspace)
    if keep and (place is None or (source == STANDARD_INPUT and not name)):
        raise BadInput("--keep needs a workspace (-w), and of standard input the id to keep it under (--id)")
    lines = LineStream(sys.stdin)
    if source == STANDARD_INPUT:
        stream, batches = LiveStream(name or "stdin", title, channel), lines.batches()
    else:
        stream, talk = stream_of_talk(source)
        stream.name, stream.title, stream.channel = (
            name or stream.name,
            title or stream.title,
            channel or stream.channel,
        )
        batches = played(talk, speed)
    if model is None and place is None:
        note_embedded_model()
    with open_predictor(model, place, template) as predictor:
        answering = StreamModel(predictor)
        _print_events(follow(stream, batches, answering, every), as_json)
        if not stream.segments:
            raise BadInput("nothing was said; pipe in what is, a line each")
        _print_end(stream, as_json)
        if keep and place is not None:
            keep_stream(place, stream, answering)
            note(f"{printable(stream.name)} is kept, with the answer")
    if lines.refused:
        raise typer.Exit(BadInput.exit_code)


def _print_events(events: Iterable[LiveEvent], as_json: bool) -> None:
    from errata.wording.live_sentences import event_line

    for event in events:
        if as_json:
            sys.stdout.write(json.dumps({"event": event.kind, **_without_kind(event)}, ensure_ascii=False) + "\n")
        else:
            say(event_line(event))
        sys.stdout.flush()


def _without_kind(event: LiveEvent) -> dict[str, object]:
    return {name: value for name, value in asdict(event).items() if name != "kind"}


def _print_end(stream: LiveStream, as_json: bool) -> None:
    from errata.domain.chapter import chapters_to_json
    from errata.formats.out_chapters import write_chapters
    from errata.wording.live_sentences import delay_sentence

    delays = stream.delays
    if as_json:
        chapters = chapters_to_json(stream.chapters)
        end = {"event": "end", "heard": stream.heard, "chapters": chapters, "told": asdict(delays)}
        sys.stdout.write(json.dumps(end, ensure_ascii=False) + "\n")
        return
    say("")
    sys.stdout.write(printable(write_chapters("text", stream.transcript, stream.chapters)))
    note(delay_sentence(delays))
