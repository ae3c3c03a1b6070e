"""The command that scores files which any system has written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from errata.cli.arguments import AsJson
from errata.errors import BadInput

score = typer.Typer()

NAMED = 10
"""Videos that are told by name; `--json` has them all."""

TABLES = {
    "boundaries": ("f1", "precision", "recall", "tiou", "soda_d", "count_error"),
    "boundaries within seconds": (
        "precision_3s",
        "recall_3s",
        "precision_5s",
        "recall_5s",
        "precision_10s",
        "recall_10s",
    ),
    "text segmentation": ("pk", "windowdiff", "boundary_similarity"),
    "titles and boundaries": ("soda_c", "cider", "meteor", "rouge_l"),
    "the same by a substitute for METEOR": ("soda_c_substitute", "meteor_substitute"),
    "titles, where a chapter was found": ("title_exact", "title_caseless", "title_f1", "title_similarity"),
}


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

    if segmentation and not reference and not predictions:
        from evaluation.outside_masses import score_masses

        show(score_masses(segmentation), as_json, _tell_pairs)
    elif reference and predictions and not segmentation:
        show(_score_chapters(reference, predictions), as_json, _tell_videos)
    else:
        raise BadInput("give --reference and --predictions to score chapters, or --segmentation alone for masses")


def _score_chapters(reference: Path, predictions: Path) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import Progress

    from errata.progress import note
    from evaluation.outside import meteor_at_hand, score_files

    with meteor_at_hand() as meteor, Progress(console=Console(stderr=True), transient=True) as progress:
        if meteor.missing:
            note(f"soda_c and meteor are left out, {meteor.name} stands beside them: {meteor.missing}")
        task = progress.add_task("videos", total=None)
        return score_files(reference, predictions, meteor, lambda: progress.advance(task))


def _tell_videos(found: dict[str, Any]) -> None:
    from errata.cli.output import say

    rows = {**found["videos"], "mean": found["mean"]}
    for title, names in TABLES.items():
        if names[0] in found["mean"]:
            _table(title, rows, names)
    for name, unit in found["units"].items():
        say(f"{name}: {unit}")
    tool = found["meteor_tool"]
    say(f"soda_c, meteor: {'not scored, since ' + tool['missing'] if tool['missing'] else 'by ' + tool['name']}")
    say(f"{found['answered']:.1f} % of the videos have a prediction")
    for line in _left_out(found):
        say(line)


def _left_out(found: dict[str, Any]) -> Iterator[str]:
    """What the means are not of, or what the files don't agree on."""
    counts = {name: count for name, count in found["left_out"].items() if found["mean"][name] is not None}
    if counts:
        told = ", ".join(f"{name} of {count}" for name, count in counts.items())
        yield f"not defined, and left out of the mean, for so many of the {len(found['videos'])} videos: {told}"
    if found["missing"]:
        yield f"without a prediction, so that all is worst: {_named(found['missing'])}"
    if found["unknown"]:
        yield f"predicted, but not in the reference, so not scored: {_named(found['unknown'])}"


def _named(names: list[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _tell_pairs(found: dict[str, Any]) -> None:
    from errata.cli.output import say

    rows = {**found["pairs"], "mean": found["mean"]}
    _table("text segmentation, 0 to 1", rows, tuple(found["mean"]), digits=4)
    for name, scores in found["pairs"].items():
        for metric, reason in scores.get("not_defined", {}).items():
            say(f"{metric} of {name} is not defined: {reason}")


def _table(title: str, rows: dict[str, Any], names: tuple[str, ...], digits: int = 1) -> None:
    from errata.cli.output import print_table

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    lines = [(name, *(shown(scores[metric]) for metric in names)) for name, scores in rows.items()]
    print_table(title, ("id", *(name.replace("_", " ") for name in names)), lines)
