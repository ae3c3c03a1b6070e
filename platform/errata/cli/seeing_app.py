"""The commands for what is seen and heard: vectors of recordings, and a model that watches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, ModelName, find
from errata.cli.output import say, say_whole, say_wrapped, show
from errata.cli.panels import LOOP, RECORD
from errata.errors import BadInput
from errata.wording.counts import counted

seeing = typer.Typer()


@seeing.command("features", rich_help_panel=RECORD)
def features_command(
    media: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings: whatever ffmpeg can read. Default: all that errata acquire has."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="EXTRACTOR",
            help="efficientnet-lite0, resnet50, siglip, log-mel, cepstra, vggish; :10 adds nine parts of a picture, "
            "=FILE names weights. Default: what the champion sees or hears by, or else efficientnet-lite0.",
        ),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Vectors a second. Default: without --by the champion's, or else 1.")
    ] = None,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Make vectors of recordings and keep them in the workspace; what is there already stays."""
    from errata.features.extractors import find_extractor
    from errata.operations.extracting import Extraction, extract_all, only_sense

    place = find(workspace)
    sense = only_sense(place) if by is None else None
    if rate is None:
        rate = sense.rate if sense else 1.0
    if by is None:
        by = sense.spec if sense else "efficientnet-lite0"
    result = extract_all(place, media or (), find_extractor(by), rate)

    def text(extraction: Extraction) -> None:
        say(f"{extraction.extractor}: {counted(extraction.tokens, 'place')} of {extraction.size} numbers a vector")
        for one in extraction.extracted:
            there = " (there already)" if one.known else ""
            beside = f", beside the talk {', '.join(one.talks)}" if one.talks else ""
            say_whole(f"  {one.key[:16]}  {one.vectors:>7,} to {one.seconds:,.1f} s  {one.media}{there}{beside}")
        for sense in extraction.other_senses:
            say_wrapped(
                f"The champion is not shown these: it takes {sense.extractor} at {sense.rate:g} a second "
                f"(--rate {sense.rate:g})."
            )
        for failed in extraction.unread:
            say_whole(f"  not read: {failed.reason}")

    show(result, as_json, text)
    if result.unread:
        raise BadInput(f"{counted(len(result.unread), 'recording')} could not be read: see above; the others are kept")


@seeing.command("watch", rich_help_panel=LOOP)
def watch_command(
    media: Annotated[str, typer.Argument(help="A recording, or the address of a stream.")],
    model: ModelName = "champion",
    extractor: Annotated[
        list[str] | None, typer.Option(metavar="NAME=WEIGHTS", help="The weights of the model's extractor.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="It can't be stopped: frames that nobody has time for go.")
    ] = False,
    workspace: InWorkspace = HERE,
) -> None:
    """Have a model that sees or hears watch a recording, and print what it says when it says it."""
    from errata.domain.clock import clock
    from errata.inference.artefact import model_folder
    from errata.operations.model_names import resolve_model
    from errata.operations.watching import watch_media

    place = find(workspace)
    folder = Path(model) if Path(model).is_dir() else model_folder(resolve_model(place, model), place.models)
    for utterance in watch_media(folder, place.models, media, extractor or (), live):
        say(f"{clock(utterance.time)}  {utterance.text}")
