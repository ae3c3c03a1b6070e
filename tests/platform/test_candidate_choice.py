"""Two candidates of one night: the better one on dev is taken, the champion's where dev can't tell."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from errata.documents.night import CandidateStart
from errata.loop.candidate_choice import DevF1, MadeCandidate, choice_of
from errata.wording.night_sentences import choice_sentence, training_sentence
from retrain.dev_choice import LEAST_ITEMS


def made(start: CandidateStart, f1: Sequence[float], model: str = "m" * 64) -> MadeCandidate:
    return MadeCandidate(start, model, {f"talk {place}": DevF1(f"{place % 3}", f1) for place, f1 in enumerate(f1)})


@pytest.mark.parametrize(
    ("champion", "base", "taken"),
    [
        ([30.0] * 6, [31.0] * 6, "base"),
        ([31.0] * 6, [30.0] * 6, "champion"),
        ([30.0] * 6, [30.0] * 6, "champion"),
        ([30.0] * (LEAST_ITEMS - 1), [99.0] * (LEAST_ITEMS - 1), "champion"),
        ([], [], "champion"),
    ],
)
def test_the_better_one_on_dev_is_taken(champion: list[float], base: list[float], taken: CandidateStart) -> None:
    choice = choice_of([made("base", base), made("champion", champion)], 7)
    assert choice.taken == taken
    assert choice.gain.n == len(base)
    assert [candidate.start for candidate in choice.candidates] == ["champion", "base"]
    assert choice.is_by_score == (len(base) >= LEAST_ITEMS)


def test_what_either_has_seen_is_no_item() -> None:
    fresh = MadeCandidate("base", "b", {name: DevF1("c", 50.0) for name in "abcdef"})
    goes_on = MadeCandidate("champion", "c", {name: DevF1("c", 10.0) for name in "bcdefg"} | {"x": DevF1("c", 100.0)})
    choice = choice_of([fresh, goes_on], 7)
    assert (choice.gain.n, choice.gain.effect) == (5, 40.0)
    assert [candidate.f1 for candidate in choice.candidates] == [10.0, 50.0]
    assert choice_sentence(choice) == (
        "F1 on 5 items of dev: 10.0 from the champion, 50.0 from base; the candidate that goes on from base is tested"
    )


def test_where_nothing_can_be_chosen_it_is_said_why() -> None:
    few = choice_of([made("base", [1.0]), made("champion", [0.0])], 7)
    assert choice_sentence(few).startswith(f"1 items of dev, and at least {LEAST_ITEMS} are wanted")
    one = choice_of([made("base", [1.0] * 6), made("champion", [], model="")], 7)
    assert one.taken == "base" and not one.is_by_score
    assert choice_sentence(one).startswith("too few rows to train from the champion: ")
    none = choice_of([made("base", [], model=""), made("champion", [], model="")], 7)
    assert none.taken == "champion"


def test_each_training_says_which_of_the_candidates_it_makes() -> None:
    assert training_sentence(1, 2, "base") == "candidate 1 of 2 is trained, going on from base"
