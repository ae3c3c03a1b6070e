"""Verdicts in both orders, marks with quotes that stand, and answers that are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.documents.judging import CriterionMeans, QuoteCount
from evaluation.judges.bias import bias_estimate, swap_consistency
from evaluation.judges.cache import forget
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.pairwise import Choice, both_orders, judge_pairs, verdict
from evaluation.judges.request import Form
from evaluation.judges.rubric import (
    CRITERIA,
    ItemMarks,
    Mark,
    RubricForm,
    count_quotes,
    is_quote,
    mark_items,
    marks,
    rubric_summary,
)
from tests.made_up_judge import client, fond_of_length, item, partial_to_the_first, serving, talk

CHOICES: tuple[Choice, ...] = ("first", "second", "tie")


@pytest.mark.parametrize(("one", "other"), list(product(CHOICES, CHOICES)))
def test_a_verdict_changes_its_sign_with_its_sides(one: Choice, other: Choice) -> None:
    found, turned = verdict(one, other), verdict(other, one)
    assert found.value == -turned.value and found.consistent == turned.consistent
    assert found.value in (-1, 0, 1)
    assert found.consistent or found.value == 0, "a judge that contradicts itself says nothing"


def test_only_what_is_said_in_both_orders_counts() -> None:
    assert verdict("second", "first").value == 1
    assert verdict("first", "second").value == -1
    assert verdict("first", "first").value == 0 and not verdict("first", "first").consistent
    assert verdict("second", "tie").value == 0 and not verdict("second", "tie").consistent
    assert verdict("tie", "tie").consistent


def test_the_better_answer_wins_whatever_it_is_called(tmp_path: Path) -> None:
    items = [item(number) for number in range(12)]
    with serving() as script:
        worker = client(script, tmp_path)
        found = judge_pairs(worker, [each.pair() for each in items])
        turned = judge_pairs(worker, [replace(each.pair(), old=each.candidate, new=each.champion) for each in items])
    assert [each.value for each in found if each] == [-each.value for each in turned if each]
    better = [(each.effect or 0) > 0 for each in items]
    assert [each is not None and each.value == 1 for each in found] == better, "by the words of their titles"
    assert any(better) and not all(better)


def test_nobody_is_asked_about_answers_that_look_the_same(tmp_path: Path) -> None:
    same = replace(item(1), candidate=item(1).champion)
    with serving() as script:
        found = judge_pairs(client(script, tmp_path), [same.pair()])
    assert not script.asked
    assert found[0] is not None and found[0].value == 0 and found[0].orders is None
    assert swap_consistency([(found[0], "a")]).consistency.n == 0


def test_a_leaning_to_the_first_is_seen_and_comes_to_nothing(tmp_path: Path) -> None:
    pairs = [item(number).pair() for number in range(8)]
    with serving(mind=partial_to_the_first) as script:
        found = [each for each in judge_pairs(client(script, tmp_path), pairs) if each]
    assert {each.value for each in found} == {0}
    seen = swap_consistency([(each, pair.cluster) for each, pair in zip(found, pairs, strict=True)])
    assert seen.consistency.value == 0.0 and seen.first == 1.0


def test_lean_is_one_for_a_judge_that_always_takes_the_longer(tmp_path: Path) -> None:
    assert bias_estimate([("second", "first")] * 3).lean == 1.0
    assert bias_estimate([("first", "second")]).lean == -1.0
    assert bias_estimate([("first", "first"), ("tie", "tie")]).lean == 0.0
    assert bias_estimate([]).lean is None


# quotes --------------------------------------------------------------------------------------------------------------

TEXT = "So the first thing we tried was\nto leave it alone for a whole SEASON, and write down what happened."


@pytest.mark.parametrize(
    "quote",
    [
        "the first thing we tried",
        "THE FIRST   thing",
        "tried was to leave it",
        "“a whole season, and write”",
        "…write down what happened.",
        "for\ta whole\n season",
    ],
)
def test_casing_and_white_space_don_t_make_a_quote_false(quote: str) -> None:
    assert is_quote(quote, TEXT)


@pytest.mark.parametrize(
    "quote",
    [
        "I don't know",
        "know - the cafe\u0301's",
        'THE CAFÉ\'S "naïve" 20',
        "°c: the first try",
        "...the first try…",
        "try... and STRASSE",
        "first try… and Stra\u00adße",
    ],
)
def test_how_a_quote_is_set_and_encoded_doesn_t_make_it_false(quote: str) -> None:
    assert is_quote(quote, "So I don’t know — the café’s “naïve” 20\u00a0°C: the ﬁrst try… and Straße")


def test_other_words_in_the_same_setting_are_no_quote() -> None:
    assert not is_quote("I do not know", "So I don’t know — the café’s “naïve”")
    assert not is_quote("don't know the", "So I don’t know — the café’s “naïve”")


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "   ",
        "...",
        "the first",
        "season",
        "the second thing we tried",
        "leave it alone a whole season",
        "first the thing we",
        "a whole season and write",
        "the first thing ... what happened",
    ],
)
def test_a_quote_that_is_short_or_not_there_is_none(quote: str) -> None:
    assert not is_quote(quote, TEXT)


@given(st.data())
def test_whatever_is_copied_stands_and_nothing_else_does(data: st.DataObject) -> None:
    said = data.draw(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=4, max_size=12))
    begin = data.draw(st.integers(0, len(said) - 3))
    end = data.draw(st.integers(begin + 3, len(said)))
    text = " ".join(said)
    assert is_quote("  ".join(said[begin:end]).upper(), text)
    assert not is_quote(" ".join([*said[begin:end], "zzzzzzz"]), text)


def form(quote: str, score: int = 2) -> RubricForm:
    return RubricForm(**{name: Mark(quote=quote, score=score) for name in CRITERIA})


def test_a_mark_without_its_quote_is_missing_and_not_a_zero() -> None:
    transcript, _ = talk(1)
    true = " ".join(transcript.segments[4].text.split()[:4])
    found = form(true).model_copy(update={"coverage": Mark(quote="it was never said so", score=2)})
    assert marks(found, transcript) == {**dict.fromkeys(CRITERIA, 2), "coverage": None}


def test_marks_come_from_both_answers_and_made_up_evidence_is_left_out(tmp_path: Path) -> None:
    items = [item(number) for number in range(6)]
    with serving() as script:
        marked = mark_items(client(script, tmp_path), items)
    assert len(script.asked) == len({(side, each.number) for each in items for side in (each.champion, each.candidate)})
    assert count_quotes(marked) == QuoteCount(60, 48), "one quote of five is made up"
    found = rubric_summary(items, [marked], 0)
    assert found["coverage"].n == 6
    assert found["granularity"] == CriterionMeans(0, 6, None, None, None, None, None)
    assert (found["title_faithfulness"].difference or 0) > 0
    assert found["score"].n == 0, "all five, or none"


def test_an_item_that_one_judge_could_not_mark_has_no_mean() -> None:
    items: list[JudgedItem] = [item(1), item(2)]
    whole = ItemMarks(dict.fromkeys(CRITERIA, 1), dict.fromkeys(CRITERIA, 2))
    holed = ItemMarks({**whole.champion, "coverage": None}, whole.candidate)
    found = rubric_summary(items, [[whole, whole], [whole, None]], 0)
    assert {name: row.n for name, row in found.items()} == dict.fromkeys([*CRITERIA, "score"], 1)
    found = rubric_summary(items, [[whole, whole], [whole, holed]], 0)
    assert (found["coverage"].n, found["score"].n, found["granularity"].n) == (1, 1, 2)
    assert found["granularity"].difference == 1.0


# answers that are kept -----------------------------------------------------------------------------------------------


def files(root: Path) -> list[Path]:
    return sorted(root.glob("*/*/*.json"))


def test_what_was_answered_is_never_asked_again(tmp_path: Path) -> None:
    pairs = [item(number).pair() for number in range(5)]
    with serving() as script:
        first = judge_pairs(client(script, tmp_path), pairs)
        asked = len(script.asked)
        again = client(script, tmp_path)
        assert judge_pairs(again, pairs) == first
        assert len(script.asked) == asked == len(files(tmp_path))
        assert (again.calls, again.tokens, again.cached) == (0, 0, asked)
        judge_pairs(again, pairs, occasion="tomorrow")
        assert len(script.asked) == 2 * asked, "unless it is to be asked anew"


def test_without_anybody_there_a_rerun_still_has_its_answers(tmp_path: Path) -> None:
    pairs = [item(number).pair() for number in range(3)]
    with serving() as script:
        first = judge_pairs(client(script, tmp_path), pairs)
    assert judge_pairs(client(script, tmp_path), pairs) == first


def test_another_model_or_prompt_is_another_answer(tmp_path: Path) -> None:
    with serving() as script:
        mine, other = client(script, tmp_path), client(script, tmp_path, "bo")
        request = both_orders(item(1).pair())[0]
        mine.ask([request])
        other.ask([request])
        assert len(script.asked) == 1, "a judge's name and family are not what answers"
        for change in ({"kind": "pairwise@2"}, {"instructions": "Choose."}, {"data": request.data + " "}):
            assert replace(request, **change).key(mine.identity) != request.key(mine.identity)
        pinned = replace(mine.judge, model="judge-2026-02-02")
        fresh = type(mine._source)(pinned, mine._budget)
        assert fresh.identity != mine.identity


@pytest.mark.parametrize(
    "damage", ["", '{"key": "', "[" * 200_000, "[]", '{"answer": {"why": "", "better": "first"}}', "\x00"]
)
def test_a_torn_answer_is_asked_for_again(tmp_path: Path, damage: str) -> None:
    request = both_orders(item(1).pair())[0]
    with serving() as script:
        right = client(script, tmp_path).ask([request])
        files(tmp_path)[0].write_text(damage)
        assert client(script, tmp_path).ask([request]) == right
        assert client(script, tmp_path).ask([request]) == right
    assert len(script.asked) == 2


def test_an_answer_to_something_else_is_not_taken(tmp_path: Path) -> None:
    one, other = both_orders(item(1).pair())
    with serving() as script:
        answers = client(script, tmp_path).ask([one, other])
        first, second = files(tmp_path)
        second.write_text(first.read_text())
        assert client(script, tmp_path).ask([one, other]) == answers
        kept = json.loads(first.read_text())
        first.write_text(json.dumps({**kept, "answer": {"why": "", "better": "neither"}}))
        assert client(script, tmp_path).ask([one, other]) == answers


def test_what_was_said_of_a_forgotten_transcript_goes(tmp_path: Path) -> None:
    items = [item(1), item(2)]
    with serving() as script:
        worker = client(script, tmp_path)
        mark_items(worker, items)
        assert forget(tmp_path, items[0].transcript.hash) == 1
        left = "".join(path.read_text() for path in files(tmp_path)).lower()
        assert items[0].transcript.segments[1].text[:15] not in left
        assert items[1].transcript.segments[1].text[:15] in left
        assert forget(tmp_path, items[0].transcript.hash) == 0


def test_answers_stay_out_of_git(tmp_path: Path) -> None:
    with serving() as script:
        client(script, tmp_path).ask([both_orders(item(1).pair())[0]])
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_the_same_question_twice_is_asked_once(tmp_path: Path) -> None:
    request = both_orders(item(1).pair())[0]
    with serving(mind=fond_of_length) as script:
        found: list[Form | None] = client(script, tmp_path).ask([request, request, request])
    assert len(script.asked) == 1 and len(set(map(str, found))) == 1 and len(found) == 3
