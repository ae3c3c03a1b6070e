"""The command that scores files which any system has written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from errata.cli.arguments import AsJson
from errata.errors import BadInput

score = typer.Typer()


@score.command("score")
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
    from errata.cli.output import show
    from errata.cli.print_scores import masses_json, print_pairs, print_videos
    from errata.loop.scoring import score_chapters, score_segmentation

    if segmentation and not reference and not predictions:
        show(score_segmentation(segmentation), as_json, print_pairs, masses_json)
    elif reference and predictions and not segmentation:
        show(score_chapters(reference, predictions), as_json, print_videos)
    else:
        raise BadInput("give --reference and --predictions to score chapters, or --segmentation alone for masses")
