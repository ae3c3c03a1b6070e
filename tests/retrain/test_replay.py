"""Which old rows come again: evenly, the hardest without the hardest of all, and what the champion itself said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errata.documents.params import MixParams, ReplayShares
from errata.documents.snapshot import Shard, SnapshotManifest
from errata.domain.reviewer import AgreementCount
from retrain.replay import draw_replay, hardest_rows, is_on_policy
from retrain.row_weights import LEAST, trust_weight, weighed
from retrain.training_rows import TrainingRow, chapters_json
from tests.made_up_record import chapters

CHAMPION = "c" * 64
RIGHT = chapters(0, 40, 80)


def row(number: int, kind: str = "edit", by: str = "", reviewer: str = "ann") -> TrainingRow:
    return TrainingRow(
        transcript=number,
        transcript_hash=f"{number:064}",
        external_id=f"t{number}",
        channel="",
        correction=number,
        kind=kind,
        reviewer=reviewer,
        role="train",
        group=number,
        group_hashes=[f"{number:064}"],
        chapters=chapters_json(RIGHT),
        text="{}",
        draft_by=by,
    )


KNOWN = [row(number, "accept" if number % 5 == 0 else "edit", CHAMPION) for number in range(1, 101)]


def by_number(rows: Sequence[TrainingRow]) -> list[float]:
    """The lower, the harder."""
    return [-float(each.correction) for each in rows]


@example(count=3, uniform=0.0, hardest=1.0, on_policy=1.0)  # halves, both rounded up
@given(
    count=st.integers(0, 120),
    uniform=st.floats(0, 2),
    hardest=st.floats(0, 2),
    on_policy=st.floats(0, 2),
)
def test_a_replay_has_its_count_and_no_row_twice(count: int, uniform: float, hardest: float, on_policy: float) -> None:
    shares = ReplayShares(uniform, hardest, on_policy)
    drawn = draw_replay(KNOWN, count, shares, {CHAMPION}, by_number)
    assert len(drawn) == len({each.correction for each in drawn})
    assert len(drawn) == (min(count, 100) if uniform + hardest + on_policy else 0)


def test_by_default_the_replay_is_the_first_that_are_drawn() -> None:
    assert draw_replay(KNOWN, 7, ReplayShares(), {CHAMPION}, by_number) == KNOWN[:7]


def test_shares_are_of_each_kind() -> None:
    drawn = draw_replay(KNOWN, 20, ReplayShares(1.0, 0.5, 0.5), {CHAMPION}, by_number)
    assert [each.correction for each in drawn[15:]] == [5, 10, 15, 20, 25]
    assert [each.correction for each in drawn[10:15]] == [1, 2, 3, 4, 6]
    assert [each.correction for each in drawn[:10]] == [7, 8, 9, 11, 12, 13, 14, 16, 17, 18]


def test_the_hardest_hundredth_is_likely_to_be_mislabelled() -> None:
    assert [each.correction for each in hardest_rows(KNOWN, 25, by_number)] == list(range(2, 27))
    assert [each.correction for each in hardest_rows(KNOWN, 5, by_number)] == [1, 2, 3, 4, 5]  # a pool of 20


def test_only_so_many_rows_are_asked_about() -> None:
    asked: list[int] = []

    def hardness(rows: Sequence[TrainingRow]) -> list[float]:
        asked.append(len(rows))
        return by_number(rows)

    draw_replay(KNOWN, 10, ReplayShares(1.0, 1.0, 0.0), {CHAMPION}, hardness)
    draw_replay(KNOWN, 10, ReplayShares(), {CHAMPION}, hardness)
    assert asked == [20]


def test_on_policy_is_what_the_champion_said_and_nobody_changed() -> None:
    near = chapters_json((*RIGHT[:2], replace(RIGHT[2], title=RIGHT[2].title + "s")))
    far = chapters_json(chapters(10, 50, by="Something else"))
    accepted = row(1, "accept", CHAMPION)
    assert is_on_policy(accepted, {CHAMPION})
    assert is_on_policy(replace(row(1, "edit", CHAMPION), draft=near), {CHAMPION})
    assert not is_on_policy(replace(row(1, "edit", CHAMPION), draft=far), {CHAMPION})
    assert not is_on_policy(row(1, "edit", CHAMPION), {CHAMPION})  # blind, or nobody knows
    assert not is_on_policy(row(1, "accept", "somebody"), {CHAMPION})
    assert not is_on_policy(replace(accepted, altered="begun late"), {CHAMPION})


MANIFEST = SnapshotManifest(
    watermark=30,
    shards=tuple(Shard(str(after), 10, after, after + 10) for after in (0, 10, 20)),
    agreement={"ann": AgreementCount(10, 0), "bob": AgreementCount(2, 18)},
)
EVEN = MixParams(replay=1.0, least=1, seed=7)


def weights(rows: Sequence[TrainingRow], params: MixParams) -> list[float]:
    return [each.weight for each in weighed(rows, params, MANIFEST)]


def test_by_default_rows_weigh_alike() -> None:
    assert weights(KNOWN[:9], EVEN) == [1.0] * 9
    assert weights([], EVEN) == []


def test_age_halves_a_weight_and_the_mean_stays_1() -> None:
    rows = [row(5), row(10), row(15), row(25)]
    two, two_again, one, none = weights(rows, replace(EVEN, half_age=2.0))
    assert two == two_again == pytest.approx(none / 2)
    assert one == pytest.approx(none * 2 / 3)
    assert (two + two_again + one + none) / 4 == pytest.approx(1)


def test_a_source_s_weight_is_one_beside_the_others() -> None:
    light, heavy = weights([replace(row(1), weight=0.5), row(2)], EVEN)
    assert (light, heavy) == (pytest.approx(2 / 3), pytest.approx(4 / 3))


def test_trust_weighs_and_silences_nobody() -> None:
    found = {
        name: trust_weight(row(1, kind, reviewer=name), MANIFEST)
        for name, kind in (("ann", "edit"), ("bob", "edit"), ("new", "edit"), ("", "reference"), ("any", "adjudicate"))
    }
    assert found["ann"] == pytest.approx(2 * 19 / 20 - 1)
    assert found["bob"] == LEAST
    assert found["new"] == found[""] == pytest.approx(0.8)
    assert found["any"] == 1.0
    one, other = weights([row(1), row(2, reviewer="bob")], replace(EVEN, trust=True))
    assert one == pytest.approx(0.9 / LEAST * other)
