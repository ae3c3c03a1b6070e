"""What `errata score` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from errata.cli.output import as_json, number, print_table, say
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.files import JsonObject
    from errata.loop.scoring import FileScores, MassScores

NAMED = 10
"""Videos that are told by name; `--json` has them all."""

TABLES = {
    "boundaries": ("f1", "precision", "recall", "tiou", "soda_d", "count_error"),
    "boundaries within seconds": tuple(f"{name}_{s}s" for s in (3, 5, 10) for name in ("precision", "recall")),
    "text segmentation": ("pk", "windowdiff", "boundary_similarity"),
    "titles and boundaries": ("soda_c", "cider", "meteor", "rouge_l"),
    "the same by a substitute for METEOR": ("soda_c_substitute", "meteor_substitute"),
    "titles, where a chapter was found": ("title_exact", "title_caseless", "title_f1", "title_similarity"),
}


def print_videos(scores: FileScores) -> None:
    rows = {**scores.videos, "mean": scores.mean}
    for title, names in TABLES.items():
        if names[0] in scores.mean:
            _print_scores(title, rows, names)
    for name, unit in scores.units.items():
        say(f"{name}: {unit}")
    tool = scores.meteor_tool
    say(f"soda_c, meteor: {'not scored, since ' + tool.missing if tool.missing else 'by ' + tool.name}")
    say(f"{scores.answered:.1f} % of the videos have a prediction")
    for line in _remarks(scores):
        say(line)


def _remarks(scores: FileScores) -> Iterator[str]:
    """What the means are not of, or what the files don't agree on."""
    counts = {name: count for name, count in scores.left_out.items() if scores.mean[name] is not None}
    if counts:
        listed = ", ".join(f"{name} of {count}" for name, count in counts.items())
        videos = counted(len(scores.videos), "video")
        yield f"not defined, and left out of the mean, for so many of the {videos}: {listed}"
    if scores.missing:
        yield f"without a prediction, so that all is worst: {_first_names(scores.missing)}"
    if scores.unknown:
        yield f"predicted, but not in the reference, so not scored: {_first_names(scores.unknown)}"


def _first_names(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def masses_json(scores: MassScores) -> JsonObject:
    """Each pair with the reasons for what isn't defined, where there are any."""
    reasons = {name: {"not_defined": why} for name, why in scores.not_defined.items()}
    pairs = {name: {**pair, **reasons.get(name, {})} for name, pair in scores.pairs.items()}
    return {"pairs": pairs, **{name: as_json(getattr(scores, name)) for name in ("mean", "left_out", "n_t")}}


def print_pairs(scores: MassScores) -> None:
    _print_scores("text segmentation, 0 to 1", {**scores.pairs, "mean": scores.mean}, tuple(scores.mean), ".4f")
    for name, reasons in scores.not_defined.items():
        for metric, reason in reasons.items():
            say(f"{metric} of {name} is not defined: {reason}")


def _print_scores(
    title: str, rows: Mapping[str, Mapping[str, float | None]], names: Sequence[str], form: str = ".1f"
) -> None:
    lines = [(name, *(number(scores[metric], form) for metric in names)) for name, scores in rows.items()]
    print_table(title, ("id", *(name.replace("_", " ") for name in names)), lines)
