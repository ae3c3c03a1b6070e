"""The best champion there ever was: by what it answered, on the same items as every other, and not by luck."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.documents.night import Night
from evaluation.best_champion import best_champion, ladder, past_champions
from evaluation.items import ScoredModel, guardrail_items
from tests.made_up_answers import answered, contender, corrected, mark


@pytest.fixture
def models(tmp_path: Path) -> dict[str, ScoredModel]:
    return {letter: contender(tmp_path / "models", letter, letter) for letter in "abc"}


def crown(record: Record, model: ScoredModel, night: str | None = None, reason: str = "promote") -> None:
    with record.write() as store:
        store.aliases.assign_alias("champion", model.identity, reason, "gate", night, None)


def best(record: Record, models: dict[str, ScoredModel], tonight: str = "tonight", upto: int | None = None) -> str:
    anchor = guardrail_items(record, mark(record), [])
    night = Night(tonight, 0, mark(record) if upto is None else upto, "", "", 0, "", 0, "")
    found = best_champion(record, next(iter(models.values())).folder.parent, night, anchor, seed=7)
    return found.identity if found else ""


def test_the_best_champion_may_be_one_that_was(record: Record, models: dict[str, ScoredModel]) -> None:
    held_out = corrected(record, [f"t{number}" for number in range(10)], "anchor")
    for model, place in zip(models.values(), (90, 60, 70), strict=True):
        crown(record, model, f"night of {model.name}")
        answered(record, model, held_out, place)
    assert best(record, models) == "b" * 64
    assert best(record, models, "night of b") == "c" * 64, "what tonight decides itself doesn't count"


def test_all_are_compared_on_what_all_have_answered(record: Record, models: dict[str, ScoredModel]) -> None:
    first = corrected(record, [f"t{number}" for number in range(6)], "anchor")
    later = corrected(record, [f"u{number}" for number in range(6)], "anchor")
    for model in models.values():
        crown(record, model)
    answered(record, models["a"], first, 60)
    answered(record, models["b"], first, 70)
    answered(record, models["b"], later, 60)
    answered(record, models["c"], [*first, *later], 90)
    assert best(record, models) == "a" * 64, "b did better on items that a was never asked"


def test_without_answers_or_models_there_is_no_best(record: Record, models: dict[str, ScoredModel]) -> None:
    held_out = corrected(record, ["t"], "anchor")
    assert best(record, models) == ""
    crown(record, models["a"])
    assert best(record, models) == ""
    answered(record, models["a"], held_out)
    assert best(record, models) == "a" * 64
    with record.write() as store:
        store.aliases.assign_alias("champion", "f" * 64, "promote", "gate", None, None)
    assert best(record, models) == "a" * 64, "a champion that isn't kept any more can't be compared with"


def test_what_is_answered_tonight_does_not_count(record: Record, models: dict[str, ScoredModel]) -> None:
    """Else a night that is resumed, and has answered more by then, could come to another best."""
    first = corrected(record, [f"t{number}" for number in range(6)], "anchor")
    later = corrected(record, [f"u{number}" for number in range(6)], "anchor")
    for name, place in (("a", 60), ("b", 70)):
        crown(record, models[name])
        answered(record, models[name], first, place)
    upto = mark(record)
    answered(record, models["a"], later, 90)
    answered(record, models["b"], later, 60)
    assert best(record, models, upto=upto) == "a" * 64
    assert best(record, models) == "b" * 64


def test_past_champions_are_each_named_once_in_their_order(record: Record, models: dict[str, ScoredModel]) -> None:
    for letter in "abac":
        crown(record, models[letter])
    crown(record, models["b"], "tonight")
    with record.read() as store:
        found = past_champions(store.aliases.moves("champion"), "tonight")
    assert found == [letter * 64 for letter in "abc"]


def test_a_later_model_must_be_better_by_more_than_its_error() -> None:
    clusters = [f"c{place % 5}" for place in range(20)]
    first = [50.0 + place for place in range(20)]
    lucky = [value + (6 if place % 2 else -5) for place, value in enumerate(first)]
    better = [value + 10 + place % 3 for place, value in enumerate(first)]
    assert ladder([first, lucky], clusters, 7) == 0
    assert ladder([first, lucky, better], clusters, 7) == 2
    assert ladder([better, first], clusters, 7) == 0
    assert ladder([first, first], clusters, 7) == 0


@given(scores=st.lists(st.lists(st.floats(0, 100), min_size=6, max_size=6), min_size=1, max_size=4))
def test_the_best_is_never_worse_than_the_first(scores: list[list[float]]) -> None:
    clusters = ["a", "a", "b", "b", "c", "c"]
    chosen = ladder(scores, clusters, 7)
    assert sum(scores[chosen]) >= sum(scores[0]) - 1e-9
