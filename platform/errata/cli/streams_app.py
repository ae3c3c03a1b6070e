"""The commands by which recordings become transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.import_app import HeldOut
from errata.cli.output import show
from errata.cli.panels import RECORD

streams = typer.Typer()


@streams.command("acquire", rich_help_panel=RECORD)
def acquire_command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Recordings, folders of them, lists (.txt), addresses of videos or playlists; without any, what is "
            "not finished goes on."
        ),
    ] = None,
    workspace: InWorkspace = HERE,
    model: Annotated[
        str, typer.Option(help="Of speech recognition: a folder (CTranslate2), or a name: tiny, base, small, large-v3")
    ] = "small",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="What is spoken, as en, where the video doesn't say; else it is heard.")
    ] = "",
    captions: Annotated[
        bool, typer.Option("--captions/--no-captions", help="Take captions where there are some, or recognise all.")
    ] = True,
    speakers: Annotated[
        bool, typer.Option("--speakers/--no-speakers", help="Tell speakers apart by their voices where none is named.")
    ] = True,
    speakers_by: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="voices: clustered; pyannote; or a pipeline of pyannote.audio's, a folder or a name."
        ),
    ] = "voices",
    chat: Annotated[
        bool, typer.Option("--chat/--no-chat", help="Take along what viewers wrote while it was live, where it is had.")
    ] = True,
    role: Annotated[HeldOut | None, typer.Option(help="Declare all of them held out, for ever.")] = None,
    source: Annotated[
        str, typer.Option(metavar="NAME", help="The collection they come from, which curate.sources may weigh and cap.")
    ] = "",
    media_url: Annotated[
        str, typer.Option(metavar="URL", help="Where reviewers play the recordings; {id} stands for a talk's id.")
    ] = "",
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="ray: on all machines of the cluster that RAY_ADDRESS names.")
    ] = "local",
    status: Annotated[
        bool, typer.Option("--status", help="Only show how far each video is, and what failed and why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make transcripts of recordings: download, take captions or recognise speech, tell speakers apart, import."""
    from errata.cli.print_streams import print_acquired, print_manifest, print_video_problems
    from errata.operations.acquire_options import AcquireOptions
    from errata.operations.acquiring import acquire
    from errata.operations.video_manifest import manifest
    from errata.progress import note, progress_bar

    place = find(workspace)
    if status:
        show(manifest(place), as_json, print_manifest)
        return
    options = AcquireOptions(
        model=_model(model),
        language=language,
        captions=captions,
        speakers=speakers,
        speakers_by=_model(speakers_by),
        chat=chat,
        source=source,
        role=role,
        media_url=media_url,
        engine=engine,
    )
    report = acquire(place, sources or [], options, progress_bar, note)
    show(report, as_json, print_acquired)
    print_video_problems(report)
    if report.failed or report.unreachable:
        raise typer.Exit(2)  # as BadInput, but what was good is in the record


@streams.command("chunk", rich_help_panel=RECORD)
def chunk_command(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Videos, by their ids; without any, all that were looked into.")
    ] = None,
    workspace: InWorkspace = HERE,
    seconds: Annotated[float, typer.Option(help="How long a chunk is at least: it ends at the next key frame.")] = 1200,
    status: Annotated[
        bool, typer.Option("--status", help="Only show which chunks there are, and whether they are all.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Cut recordings into chunks without loss, check them, and store them where media_store says."""
    from errata.cli.print_streams import print_chunk_problems, print_chunks
    from errata.operations.chunking import chunk_report, chunk_videos
    from errata.progress import note

    place = find(workspace)
    report = chunk_report(place) if status else chunk_videos(place, videos or [], seconds, note)
    show(report, as_json, print_chunks)
    print_chunk_problems(report)
    if report.failed:
        raise typer.Exit(2)  # as BadInput, but what could be cut is stored
    if report.integrity:
        raise typer.Exit(4)  # as fsck


def _model(name: str) -> str:
    """A folder as such, wherever the command is given again."""
    return str(Path(name).resolve()) if Path(name).is_dir() else name
