"""The commands that score by hand, files or models, and say who opened what is held out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find, user_name
from errata.cli.output import show
from errata.cli.panels import CHECKS
from errata.cli.print_comparison import print_accesses, print_comparison
from errata.cli.print_scores import masses_json, print_pairs, print_videos
from errata.errors import BadInput

score = typer.Typer()

Traffic = Literal["requests", "predictions"]
Labels = Literal["fresh", "dev", "anchor", "sealed", "all"]


@score.command("score", rich_help_panel=CHECKS)
def score_command(
    reference: Annotated[Path | None, typer.Option(help="Chapters in chapter-llama's layout.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help='{video_id: {"<start>": title}}, or a folder of <video_id>.json.')
    ] = None,
    segmentation: Annotated[
        Path | None, typer.Option(help='Instead: a list of {"id", "ref_masses", "hyp_masses"}.')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score files that any system has written: chapters, or segment masses."""
    from errata.loop.scoring import score_chapters, score_masses

    if segmentation and not reference and not predictions:
        show(score_masses(segmentation), as_json, print_pairs, masses_json)
    elif reference and predictions and not segmentation:
        show(score_chapters(reference, predictions), as_json, print_videos)
    else:
        raise BadInput("give --reference and --predictions to score chapters, or --segmentation alone for masses")


@score.command("compare", rich_help_panel=CHECKS)
def compare_command(
    models: Annotated[tuple[str, str], typer.Argument(metavar="A B", help="Two models. Differences are A minus B.")],
    on: Annotated[Labels, typer.Option(help="Labels to score on; `all` is what isn't sealed.")] = "fresh",
    workspace: InWorkspace = HERE,
    model_name: Annotated[
        list[str] | None, typer.Option(help="What a server calls its model; twice for A's and B's.")
    ] = None,
    template: Annotated[
        str, typer.Option(help="For a model without a card: prompt template, and how many tokens it sees: json:8192.")
    ] = "indexed",
    as_json: AsJson = False,
) -> None:
    """Compare any two models on the same items.

    Each is an alias, an identity, a folder (adapter, full model, ONNX GenAI export, GGUF), a .gguf file, the address of
    an OpenAI-compatible server (its key in ERRATA_API_KEY), or predictions: {video_id: {"<start>": title}}, or a folder
    of <video_id>.json.
    """
    from errata.loop.compare import compare
    from errata.loop.compared_models import PromptSettings

    settings = PromptSettings.of(template, tuple(model_name or ()))
    show(compare(find(workspace), models, on, settings, user_name()), as_json, print_comparison)


@score.command("replay", rich_help_panel=CHECKS)
def replay_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As `compare` takes them.")],
    workspace: InWorkspace = HERE,
    of: Annotated[
        Traffic, typer.Option(help="What the service was asked, or whatever the champion has answered.")
    ] = "requests",
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest talks.")] = None,
    out: Annotated[Path | None, typer.Option(help="A file for both answers to each talk, a line of JSON each.")] = None,
    model_name: Annotated[str | None, typer.Option(help="What a server calls its model.")] = None,
    template: Annotated[
        str, typer.Option(help="For a model without a card: prompt template, and how many tokens it sees: json:8192.")
    ] = "indexed",
    as_json: AsJson = False,
) -> None:
    """Ask any model what was asked before, and hold its answers against those on record and what people made of them.

    A replay that is cut short goes on where it was.
    """
    from errata.cli.print_replay import print_replay
    from errata.loop.compared_models import PromptSettings
    from errata.loop.traffic_replay import replay

    settings = PromptSettings.of(template, () if model_name is None else (model_name,))
    show(replay(find(workspace), model, of, last, settings, out), as_json, print_replay)


@score.command("holdout", rich_help_panel=CHECKS)
def holdout_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Every access to the anchor and to the sealed set, and how often the latter may still be opened this year."""
    from errata.loop.holdout_accesses import holdout_accesses

    show(holdout_accesses(find(workspace).record, datetime.now(UTC)), as_json, print_accesses)
