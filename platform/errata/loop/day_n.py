"""The Day-N curve for `dvc plots show`: F1 on each night's fresh items, by what a model was that night."""

from __future__ import annotations

from collections.abc import Iterable

from errata.documents.outcome import Outcome
from errata.files import JsonObject

MODELS = ("day0", "champion", "candidate", "challenger")


def day_n_curve(outcomes: Iterable[Outcome]) -> list[JsonObject]:
    """A point for each night that scored anything, in their order, with F1 in percent.

    Each has all of the models, null where one wasn't scored: DVC draws nothing of points that differ in their names.
    """
    nights = [outcome for outcome in outcomes if outcome.means]
    return [{"number": number, "night": night.night, **_f1(night)} for number, night in enumerate(nights, 1)]


def _f1(outcome: Outcome) -> JsonObject:
    means = (outcome.means.get(name) for name in MODELS)
    f1 = dict(zip(MODELS, (mean.f1 if mean else None for mean in means), strict=True))
    f1["equal_chapters"] = outcome.equal_split_f1
    return {name: None if value is None else round(value, 2) for name, value in f1.items()}
