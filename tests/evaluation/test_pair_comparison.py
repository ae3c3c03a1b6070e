"""Any two models on the same items: the numbers."""

from __future__ import annotations

from dataclasses import fields

import pytest

from errata.domain.chapter import Chapters
from errata.domain.correction import Label
from errata.domain.prediction import Prediction
from evaluation.items import Item, Part, Question, ScoredAnswer, score
from evaluation.metrics.score import VideoScore
from evaluation.pair_comparison import best_fixes, comparison, make_pairs, worst_regressions
from tests.made_up_record import chapters


def question(number: int, part: Part = "fresh", minutes: float = 2) -> Question:
    label = Label(
        number, f"{number:064}", f"t{number}", f"c{number % 4}", number, "edit", chapters(0, 60), "ann", None, "train",
        number, (), True,
    )  # fmt: skip
    return Question(Item(part, label), chapters(0, 60), 60 * minutes, "seconds")


def row(asked: Question, right: Chapters | None, *problems: str) -> ScoredAnswer:
    answer = None if right is None else Prediction(asked.item.label.transcript, "m", "t@1", right, problems)
    return score(asked, answer, "m")


ASKED_OF = [question(number) for number in range(12)]
GOOD = [row(asked, chapters(0, 60)) for asked in ASKED_OF]
POOR = [row(asked, chapters(0, 60 + 3 * number)) for number, asked in enumerate(ASKED_OF)]


def test_means_and_differences_are_a_minus_b() -> None:
    found = comparison(GOOD, POOR, seed=7)
    f1 = found.metrics["f1"]
    assert f1.a.mean == 100.0 > f1.b.mean
    assert f1.b.low <= f1.b.mean <= f1.b.high
    assert f1.difference.effect == pytest.approx(f1.a.mean - f1.b.mean)
    assert f1.difference.n == 12 and f1.difference.clusters == 4
    assert set(found.metrics) == {field.name for field in fields(VideoScore)} | {"parsable"}
    assert found.problems == {"a": 0, "b": 0} and found.slices == {}


def test_swapping_the_models_mirrors_the_result() -> None:
    one, other = comparison(GOOD, POOR, seed=7).metrics, comparison(POOR, GOOD, seed=7).metrics
    for name in one:
        assert one[name].a == other[name].b
        assert one[name].difference.effect == -other[name].difference.effect
        assert one[name].difference.low == -other[name].difference.high
    assert comparison(GOOD, GOOD, seed=7).metrics["f1"].difference.effect == 0


def test_where_less_is_better_p_speaks_of_less() -> None:
    fewer = [row(asked, chapters(0, 60)) for asked in ASKED_OF]
    more = [row(asked, chapters(0, 60, *range(70, 90 + number, 10))) for number, asked in enumerate(ASKED_OF)]
    found = comparison(fewer, more, seed=7).metrics["count_error"].difference
    assert found.effect < 0 and found.p_value < 0.05, "A has fewer errors, and surely so"
    assert comparison(more, fewer, seed=7).metrics["count_error"].difference.p_value > 0.95


def test_slices_are_told_where_there_are_several() -> None:
    asked = [question(n, "anchor" if n % 3 else "retention", 2 if n % 2 else 20) for n in range(12)]
    a, b = [row(one, chapters(0, 60)) for one in asked], [row(one, chapters(0)) for one in asked]
    found = comparison(a, b, seed=7).slices
    assert {kind: {name: one.n for name, one in by.items()} for kind, by in found.items()} == {
        "part": {"anchor": 8, "retention": 4},
        "length": {"medium": 6, "short": 6},
    }


def test_what_was_not_answered_scores_0_and_is_counted() -> None:
    missing = [row(ASKED_OF[0], None), *GOOD[1:10], row(ASKED_OF[10], chapters(0, 60), "cut"), GOOD[11]]
    found = comparison(missing, GOOD, seed=7)
    assert found.problems == {"a": 2, "b": 0}
    assert found.metrics["parsable"].a.mean == pytest.approx(100 * 10 / 12)
    assert found.metrics["parsable"].difference.effect == pytest.approx(-100 * 2 / 12)
    assert found.metrics["f1"].a.mean == pytest.approx(100 * 11 / 12)
    empty = row(ASKED_OF[0], ())
    assert empty.score.f1 == 0 and not empty.prediction.problems, "an empty answer is one"


def test_the_items_that_changed_most_come_first() -> None:
    pairs = make_pairs(POOR, GOOD)
    lost = worst_regressions(pairs)
    assert len(lost) == 5 and best_fixes(pairs) == []
    assert [one.difference for one in lost] == sorted(one.difference for one in lost)
    assert lost[0].difference == min(pair.difference for pair in pairs) < 0
    assert lost[0].right == chapters(0, 60)
    assert best_fixes(make_pairs(GOOD, POOR))[0].external_id == lost[0].external_id
    assert worst_regressions(make_pairs(GOOD, GOOD)) == best_fixes(make_pairs(GOOD, GOOD)) == []


def test_other_items_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same items"):
        make_pairs(GOOD, GOOD[::-1])
    with pytest.raises(ValueError, match="shorter"):
        comparison(GOOD, GOOD[1:], seed=7)
