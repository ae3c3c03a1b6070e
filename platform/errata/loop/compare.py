"""Any two models on the same items: what isn't answered yet is asked, and what is held out is logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from errata.database.holdout_log import HoldoutAccess
from errata.documents.comparison import Comparison
from errata.domain.roles import Role
from errata.errors import NotFound
from errata.loop.compared_models import ComparedModel, ModelDescription, PromptSettings, compared_model, room_for_models
from errata.progress import progress_bar
from errata.workspace import Workspace
from evaluation.holdout import check_sealed, open_by_hand
from evaluation.items import Item, ScoredAnswer, held_out_items, score_items, unused_items
from evaluation.pair_comparison import (
    ItemDifference,
    MetricComparison,
    best_fixes,
    comparison,
    make_pairs,
    worst_regressions,
)

__all__ = ["ItemDifference", "MetricComparison", "ModelComparison", "compare"]

ROLES: Mapping[str, tuple[Role, ...]] = {
    "fresh": ("train",),
    "dev": ("dev",),
    "anchor": ("anchor",),
    "sealed": ("sealed",),
    "all": ("train", "dev", "anchor"),
}
"""The roles that a choice of labels means. `all` is not the sealed one: that is opened by its name alone."""
HELD_OUT: tuple[Role, ...] = ("anchor", "sealed")
"""Roles whose every access is logged."""


@dataclass(frozen=True, slots=True)
class ModelComparison:
    on: str
    items: int
    watermark: int
    """As of which the items were labelled; on `fresh` the last finished night's: a look at later items would tell of
    the next night's test before it is made."""
    a: ModelDescription
    b: ModelDescription
    metrics: Mapping[str, MetricComparison]
    equal_split_f1: float | None
    """What equal chapters of the right number score on the same items, in percent: the floor to be above."""
    slices: Mapping[str, Mapping[str, Comparison]]
    problems: Mapping[str, int]
    regressions: Sequence[ItemDifference]
    """Where A lost most, and where it gained most. Like slices, which may be of one item, empty on `sealed`: single
    items of it are nobody's to look at."""
    fixes: Sequence[ItemDifference]


def compare(
    workspace: Workspace, names: tuple[str, str], on: str, settings: PromptSettings, by: str
) -> ModelComparison:
    """Compares A with B on the items of `on` that neither is known to have seen; see `evaluation.pair_comparison`.

    `on` is one of `ROLES`. Raises Refused where `sealed` was opened too often.

    An access to what is held out is logged before anybody is asked or scored: whoever sees a number has been counted.
    So a comparison that is cut short, or whose model can't be loaded, has cost an opening as well: the safe side.
    """
    roles, seed = ROLES[on], workspace.params().evaluate.seed
    with workspace.record.read() as store:
        gated = store.nights.last_gate_watermark()
        upto = gated if roles == ("train",) else store.watermark()
        if "sealed" in roles:
            check_sealed(store.holdout.accesses("sealed"), datetime.now(UTC))
    with TemporaryDirectory(dir=room_for_models(workspace)) as place:
        a, b = (compared_model(workspace, name, number, settings, Path(place)) for number, name in enumerate(names))
        items = _items(workspace, roles, (gated, upto), a.seen | b.seen)
        if not items:
            first = "run a night" if on == "fresh" else "import corrections"
            raise NotFound(f"nothing on {on} is labelled that both could be scored on; {first} first")
        for model in (a, b):  # before a look at held-out items is spent on a file that says nothing of them
            model.predictor.check([item.label.external_id for item in items])
        for access in _accesses(items, (a, b), on, upto, by):
            open_by_hand(workspace.record, access)
        scored = [_score(workspace, model, items) for model in (a, b)]
    sealed = "sealed" in roles
    floors = [row.equal_split_f1 for row in scored[0] if row.equal_split_f1 is not None]
    compared, pairs = comparison(scored[0], scored[1], seed), [] if sealed else make_pairs(*scored)
    return ModelComparison(
        on=on,
        items=len(items),
        watermark=upto,
        a=a.description,
        b=b.description,
        metrics=compared.metrics,
        equal_split_f1=fmean(floors) if floors else None,
        slices={} if sealed else compared.slices,
        problems=compared.problems,
        regressions=worst_regressions(pairs),
        fixes=best_fixes(pairs),
    )


def _score(workspace: Workspace, model: ComparedModel, items: Sequence[Item]) -> list[ScoredAnswer]:
    with progress_bar(f"{model.given} {model.predictor.key.model[:8]}", len(items)) as advance:
        return score_items(workspace.record, model.predictor, items, advance)


def _accesses(
    items: Sequence[Item], pair: tuple[ComparedModel, ComparedModel], on: str, upto: int, by: str
) -> Iterator[HoldoutAccess]:
    """To each role that is held out."""
    why = f"errata compare {' '.join(model.given for model in pair)} --on {on}"
    who = tuple(model.predictor.key.model for model in pair)
    for role in HELD_OUT:
        if count := sum(_role(item) == role for item in items):
            yield HoldoutAccess(role, by, why, who, count, upto)


def _items(
    workspace: Workspace, roles: Sequence[Role], watermarks: tuple[int, int], seen: frozenset[str]
) -> list[Item]:
    """`watermarks`: the last finished night's, up to which fresh items may be looked at, and that of all others."""
    (gated, upto), items = watermarks, list[Item]()
    for role in roles:
        if role == "train":
            items += unused_items(workspace.record, 0, gated, seen)
        else:
            items += held_out_items(workspace.record, role, upto, seen)
    return items


def _role(item: Item) -> str:
    return "anchor" if item.part == "retention" else item.part
