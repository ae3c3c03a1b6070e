"""The commands by which outside files come into the record."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.completion import complete_review_format, complete_transcript_format
from errata.cli.output import show
from errata.cli.print_import import print_import, print_refusals
from errata.domain.names import printable

if TYPE_CHECKING:
    from errata.formats.source_rows import DetectedFile
    from errata.operations.importing import ImportReport

importing = typer.Typer(help="Bring outside files into the record.", no_args_is_help=True)

FORMAT = "The file's format; `auto` tells it by the content, and a name that is none lists them all."
HeldOut = Literal["dev", "anchor", "sealed"]
"""Roles that an import may declare: all stricter than what a hash would draw for most."""
Row = TypeVar("Row")


@importing.command("transcripts")
def import_transcripts_command(
    path: Annotated[str, typer.Argument(help="A file or folder of transcripts, or hf://datasets/OWNER/NAME/PATH.")],
    workspace: InWorkspace = HERE,
    asr: Annotated[str | None, typer.Option(help="What belongs to it: speech, captions, or a transcript.")] = None,
    role: Annotated[HeldOut | None, typer.Option(help="Declare all of them held out, for ever.")] = None,
    source: Annotated[
        str, typer.Option(metavar="NAME", help="The collection they come from, which curate.sources may weigh and cap.")
    ] = "",
    media_url: Annotated[
        str, typer.Option(metavar="URL", help="Where reviewers play the recordings; {id} stands for a talk's id.")
    ] = "",
    name: Annotated[str, typer.Option("--format", help=FORMAT, autocompletion=complete_transcript_format)] = "auto",
    as_json: AsJson = False,
) -> None:
    """Import transcripts; chapters that come with them are references."""
    from errata.formats import detect, hub
    from errata.operations.importing import add_transcripts

    place = find(workspace)
    asr_file = None if asr is None else hub.local(asr, alone=True)
    file = detect.transcripts(hub.local(path, alone=asr is not None), asr_file, name)
    rejects = place.root / "rejects"
    _show_import(add_transcripts(place.record, _count_aloud(file), rejects, role, source, media_url), as_json)


@importing.command("corrections")
def import_corrections_command(
    path: Annotated[Path, typer.Argument(help="An export of a reviewing tool, or a JSONL file of reviews.")],
    workspace: InWorkspace = HERE,
    until: Annotated[str | None, typer.Option(help="Only those of this day (YYYY-MM-DD) and before.")] = None,
    name: Annotated[str, typer.Option("--format", help=FORMAT, autocompletion=complete_review_format)] = "auto",
    key: Annotated[
        str | None, typer.Option(metavar="FIELD", help="The field or column with the transcript's id, or its file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import corrections, in the file's order."""
    from errata.formats import review_detect
    from errata.operations.importing import add_corrections

    place = find(workspace)
    file = review_detect.reviews(path, name, until, key)
    _show_import(add_corrections(place.record, _count_aloud(file), place.root / "rejects"), as_json, until)


@importing.command("traces")
def import_traces_command(
    path: Annotated[Path, typer.Argument(help="A file of OpenTelemetry's or Langfuse's traces, as JSON lines.")],
    workspace: InWorkspace = HERE,
    key: Annotated[
        str | None, typer.Option(metavar="FIELD", help="The attribute or metadata with the talk's id, or its file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import what another model answered, from its traces, as predictions."""
    from errata.formats.trace_files import traced_calls
    from errata.operations.importing_traces import add_traces

    place = find(workspace)
    file = traced_calls(path)
    _show_import(add_traces(place.record, _count_aloud(file), place.root / "rejects", key), as_json)


@importing.command("chat")
def import_chat_command(
    path: Annotated[
        Path, typer.Argument(help="A stream's chat: .irc, .live_chat.json, JSON of TwitchDownloader, twitch-dl.")
    ],
    workspace: InWorkspace = HERE,
    stream: Annotated[
        str | None,
        typer.Option("--of", metavar="ID", help="The transcript it stands beside; else the file's name says it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import the chat of a stream beside its transcript, and say how much is written when, and what is odd."""
    from errata.cli.print_chat import print_chat_import
    from errata.operations.stream_chat import import_chat

    show(import_chat(find(workspace), path, stream), as_json, print_chat_import)


def _count_aloud(file: DetectedFile[Row]) -> DetectedFile[Row]:
    """Says what the file was taken for, and counts its rows aloud as they are read."""
    from errata.progress import count_rows, note

    name = printable(file.path.name or file.path.absolute().name).replace("\n", "\ufffd")
    note(f"took {name} for {file.label}")
    return file._replace(rows=count_rows(file.rows))


def _show_import(report: ImportReport, as_json: bool, until: str | None = None) -> None:
    show(report, as_json, partial(print_import, until=until))
    print_refusals(report)
    if report.rejected:
        raise typer.Exit(2)  # as BadInput, but what was good is in the record
