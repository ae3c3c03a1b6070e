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
    from errata.operations.live_sources import LineSource

STDIN = "-"
live = typer.Typer()


@live.command("live", rich_help_panel=START)
def live_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL|-",
            help="A recording or a stream, which is heard; a talk with times; - is stdin, a line when it is said.",
        ),
    ],
    speed: Annotated[float, typer.Option(min=0, help="How fast FILE is played; 0: without waiting.")] = 1.0,
    every: Annotated[float, typer.Option(min=1, help="Seconds of speech between two looks at it.")] = 10.0,
    title: Annotated[str, typer.Option(help="What the stream is called; models read it.")] = "",
    channel: Annotated[str, typer.Option(help="Whose it is, for --keep.")] = "",
    name: Annotated[str, typer.Option("--id", metavar="ID", help="The id to keep it under.")] = "",
    speech: Annotated[
        str, typer.Option("--speech", metavar="MODEL", help="Of a recording: faster-whisper's model, or a folder.")
    ] = "small",
    language: Annotated[
        str, typer.Option(help="Of a recording: what is spoken, such as en; else it is found out.")
    ] = "",
    model: AnsweringModel = None,
    template: CardlessTemplate = "indexed",
    workspace: ChampionOf = None,
    keep: Annotated[bool, typer.Option("--keep", help="With -w: put transcript and answer into the record.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document a line, as things happen.")] = False,
) -> None:
    """Chapters of a stream while it runs: each is told once it is likely to stay, and nothing is said in between."""
    from errata.cli.print_model import note_embedded_model
    from errata.inference.stream_model import StreamModel
    from errata.operations.chaptering import open_predictor
    from errata.operations.live import follow, keep_stream

    place = None if workspace is None else find(workspace)
    if keep and (place is None or (source == STDIN and not name)):
        raise BadInput("--keep needs a workspace (-w), and of standard input the id to keep it under (--id)")
    stream, lines = _opened(source, speed, speech, language)
    stream.name, stream.title, stream.channel = name or stream.name, title or stream.title, channel or stream.channel
    if model is None and place is None:
        note_embedded_model()
    with open_predictor(model, place, template) as predictor:
        answering = StreamModel(predictor)
        _print_events(follow(stream, lines.batches(), answering, every), as_json)
        if not stream.segments:
            raise BadInput("nothing was said; pipe in what is, a line each")
        _print_end(stream, as_json)
        if keep and place is not None:
            keep_stream(place, stream, answering)
            note(f"{printable(stream.name)} is kept, with the answer")
    if lines.failed:
        raise typer.Exit(BadInput.exit_code)


def _opened(source: str, speed: float, speech: str, language: str) -> tuple[LiveStream, LineSource]:
    """What is known of a stream, and its lines as they come."""
    from errata.operations.live import LiveStream, stream_of_talk
    from errata.operations.live_sources import LineStream, PlayedTalk
    from errata.operations.live_speech import SpeechStream, is_media, media_called

    if source == STDIN:
        return LiveStream("stdin"), LineStream(sys.stdin)
    if not is_media(source):
        stream, talk = stream_of_talk(Path(source))
        return stream, PlayedTalk(talk, speed)
    from errata.streams.recognition import Recogniser

    media, known = media_called(source)
    heard = SpeechStream(media, Recogniser(speech), language or known.language, speed)
    return LiveStream(known.external_id, known.title, known.channel, known.description), heard


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
