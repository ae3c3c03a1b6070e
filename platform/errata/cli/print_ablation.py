"""What `errata ablate` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import number, print_table, say, say_wrapped, with_interval
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.documents.ablation import Ablation, VariantEffect


def print_ablation(ablation: Ablation) -> None:
    items, clusters = counted(ablation.items, "item"), counted(ablation.clusters, "cluster")
    scored = "the talks of role dev" if ablation.folds == 1 else f"{ablation.folds} folds"
    say(f"{ablation.of}: {items} in {clusters}, {scored}, {counted(ablation.seeds, 'seed')}")
    columns = ("trained with", "copies", "F1", f"minus {ablation.baseline}", "seeds", "title F1", "CPU s")
    print_table("F1 in points, 90 % intervals by cluster", columns, [_row(variant) for variant in ablation.variants])
    say_wrapped(
        f"as many equal chapters as are right: {number(ablation.equal_chapters)}. All variants are trained for as many "
        "steps; `seeds` is the standard deviation of the effect over them"
    )
    if ablation.unaltered:
        say_wrapped(f"left out, since they change none of these rows: {', '.join(ablation.unaltered)}")


def _row(variant: VariantEffect) -> tuple[str, ...]:
    gap = variant.against_baseline
    return (
        variant.variant,
        number(variant.copies),
        number(variant.f1),
        "–" if gap is None else with_interval(gap.effect, gap.low, gap.high, "+.1f"),
        number(variant.seed_deviation),
        number(variant.title_f1),
        number(variant.cpu_seconds, ".0f"),
    )
