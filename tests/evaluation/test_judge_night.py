"""A night put to several judges: who has a say, what they say together, and when the answer is that it isn't known."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.document import as_json, from_json
from errata.documents.evidence import Fault
from errata.documents.judging import JudgeCheck, JudgeReliability, Judging, Unlabelled
from errata.wording.judging_sentences import judge_sentences, panel_sentence, unlabelled_sentence
from evaluation.judges.canary_pairs import canaries
from evaluation.judges.judge_session import JudgeSession, measure_judges
from evaluation.judges.judged_item import AnswerPair, JudgedItem
from evaluation.judges.pairwise import differ
from evaluation.judges.reliability import FLOOR, PAIRS
from evaluation.judges.rubric import RubricForm
from evaluation.statistics.paired import compare
from registry.gate_result import GateInput
from registry.judged import judge_consistency, missing_answers, powered_comparison
from tests.made_up_judge import (
    Mind,
    Thought,
    clients_of,
    contrary,
    fond_of_length,
    fond_of_stars,
    item,
    obedient,
    partial_to_the_first,
    sensible,
    thoughts,
)

NIGHT = "2026-03-04"
ITEMS = [item(number) for number in range(46)]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Judging]:
    """A night of ada and bo, who both are sensible: what it left, and what came out."""
    folder = tmp_path_factory.mktemp("first")
    return folder, JudgeSession(thoughts(folder, sensible, sensible)[0], ITEMS, NIGHT).result()


@pytest.fixture
def known(first: tuple[Path, Judging], tmp_path: Path) -> Path:
    """A folder with the answers of that night."""
    shutil.copytree(
        first[0], tmp_path, dirs_exist_ok=True, copy_function=os.link
    )  # answers are replaced, never changed
    return tmp_path


def by_name(check: JudgeCheck) -> dict[str, JudgeReliability]:
    return {judge.name: judge for judge in check.judges}


# a whole night -------------------------------------------------------------------------------------------------------


def test_two_judges_who_agree_with_reviewers_have_a_say(first: tuple[Path, Judging]) -> None:
    found = first[1]
    assert found.say and found.complete and found.n == len(ITEMS) and not found.missing
    judge = by_name(found)["ada"]
    kappa = judge.agreement.kappa
    assert judge.say and kappa.n == len(ITEMS) and 0.7 < kappa.low < kappa.value < kappa.high <= 1
    assert judge.swap.consistency.value == 1.0 > judge.swap.consistency.low > 0.8
    assert judge.rates.true_positive.n == len(ITEMS) and judge.rates.true_positive.low > 0.6
    assert judge.night_rates == found.rates, "two of one mind are a panel of that mind"
    assert found.rates.true_positive.n + found.rates.true_negative.n == len(ITEMS) and found.better is None
    assert found.rates.true_positive.value > found.rates.true_positive.low > 0.5
    assert found.floor == FLOOR and not found.floor.measured
    assert judge.differences.value > 0.6 and judge.differences.low is not None
    assert judge.injection.obeyed == 0 and judge.injection.n > 20
    assert judge.drift.since == NIGHT and judge.drift.changed == 0
    assert 0 < judge.drift.right <= judge.drift.n == len(canaries())
    assert found.verdict.mean > 0.2 and found.verdict.low > 0, "the candidate has more of it right"
    assert found.verdict.wins + found.verdict.ties + found.verdict.losses == found.n
    assert found.rubric["coverage"].n == len(ITEMS) and found.rubric["granularity"].n == 0
    assert {row.transcript for row in found.items} == {each.number for each in ITEMS}
    assert all(-1 <= row.difference <= 1 and row.human is not None for row in found.items)
    assert from_json(Judging, json.loads(json.dumps(as_json(found), allow_nan=False)), "it", "") == found


def test_a_second_run_costs_no_call_and_says_the_same(known: Path, first: tuple[Path, Judging]) -> None:
    clients, minds = thoughts(known, sensible, sensible)
    again = JudgeSession(clients, ITEMS, NIGHT).result()
    assert not [mind for mind in minds if mind.asked]
    assert again.calls == 0 == again.tokens and again.cached > 0
    free = {"calls": 0, "tokens": 0, "cached": 0}

    def said(judging: Judging) -> Judging:
        return replace(judging, judges=tuple(replace(judge, **free) for judge in judging.judges), **free)

    assert said(first[1]) == said(again)
    JudgeSession(clients_of(known, minds), ITEMS, "2026-03-05")
    assert [len(mind.asked) for mind in minds] == [2 * len(canaries())] * 2, (
        "the next night asks of what is new, and the canaries"
    )


def test_changing_sides_turns_every_sign(known: Path) -> None:
    turned = [replace(i, champion=i.candidate, candidate=i.champion, effect=-(i.effect or 0.0)) for i in ITEMS]
    clients, minds = thoughts(known, sensible, sensible)
    one = JudgeSession(clients, ITEMS, NIGHT, _pairs(ITEMS)).result()
    other = JudgeSession(clients_of(known, minds), turned, NIGHT, _pairs(ITEMS)).result()
    assert [row.difference for row in one.items] == [-row.difference for row in other.items]
    assert one.verdict.mean == -other.verdict.mean


def test_one_answer_against_itself_is_no_difference(known: Path) -> None:
    same = [replace(each, candidate=each.champion, effect=0.0) for each in ITEMS]
    clients, _ = thoughts(known, sensible, sensible)
    found = JudgeSession(clients, same, NIGHT).result()
    assert found.verdict.mean == 0.0 and found.verdict.ties == len(ITEMS) == found.n


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (partial_to_the_first, "depends on the order"),
        (contrary, "agrees too little with reviewers"),
        (fond_of_length, "agrees too little with reviewers"),
        (obedient, "follows instructions hidden"),
    ],
)
def test_a_judge_below_the_floor_has_no_say_and_the_result_says_why(known: Path, bad: Mind, words: str) -> None:
    clients, minds = thoughts(known, sensible, sensible, bad)
    found = JudgeSession(clients, ITEMS, NIGHT).result()
    alone = JudgeSession(clients_of(known, minds)[:2], ITEMS, NIGHT).result()
    judge = by_name(found)["cy"]
    assert judge.say is False and words in " ".join(judge_sentences(judge))
    assert found.complete and found.say, "the others still speak"
    assert found.items == alone.items and found.verdict == alone.verdict
    assert not [row for row in found.items if "cy" in row.judges]
    assert not [request for request in minds[2].asked if request.form is RubricForm], "nothing of the night's items"


def test_what_sways_a_judge_is_measured(tmp_path: Path) -> None:
    clients, _ = thoughts(tmp_path, sensible, fond_of_length, fond_of_stars, partial_to_the_first)
    found = by_name(measure_judges(clients, [], NIGHT))
    assert found["bo"].length.lean == 1.0 and found["ada"].length.lean < 1.0
    assert found["cy"].style.lean == 1.0 and found["cy"].style_left == 0.0, "stripping takes it away"
    assert found["ada"].style.lean < 1.0
    assert found["bo"].injection.obeyed == 0, "liking length is not obeying"
    assert found["di"].swap.first == 1.0 and found["di"].swap.consistency.value == 0.0


def test_what_style_is_worth_to_a_judge_is_worth_nothing_in_a_verdict(tmp_path: Path) -> None:
    """The candidate's every title is starred: a judge that falls for it doesn't get to see it."""
    starred = [
        replace(i, candidate=tuple(replace(c, title=f"**{c.title.upper()}** ✨") for c in i.candidate)) for i in ITEMS
    ]
    clients, minds = thoughts(tmp_path, sensible, fond_of_stars)
    plain = JudgeSession(clients, ITEMS, NIGHT).result()
    found = JudgeSession(clients_of(tmp_path, minds), starred, NIGHT).result()
    assert found.items == plain.items


def test_a_judge_that_changes_under_its_name_is_noticed(known: Path) -> None:
    clients, minds = thoughts(known, sensible, sensible)
    JudgeSession(clients, ITEMS, NIGHT)
    minds[1].mind = contrary
    found = JudgeSession(clients_of(known, minds), ITEMS, "2026-03-05").result()
    judge = by_name(found)["bo"]
    assert judge.say is False and judge.drift.changed > 10 and judge.drift.since == NIGHT
    assert "canaries otherwise than on 2026-03-04" in " ".join(judge_sentences(judge))
    assert not found.say and "one family" in panel_sentence(found)
    assert by_name(found)["ada"].say is True


def test_a_judge_that_answers_as_another_model_has_no_say(known: Path) -> None:
    clients, minds = thoughts(known, sensible, sensible)
    minds[0].served = "m-1-turbo"
    found = JudgeSession(clients, ITEMS, "2026-03-05").result()
    assert "answered as 'm-1-turbo'" in " ".join(judge_sentences(by_name(found)["ada"]))


def test_one_family_is_no_panel(known: Path) -> None:
    clients, _ = thoughts(known, sensible, sensible)
    for client in clients:
        client.judge = replace(client.judge, family="one")
    found = JudgeSession(clients, ITEMS, NIGHT).result()
    assert not found.say and "one family" in panel_sentence(found) and found.n == 0 and found.items == ()
    assert found.complete, "nothing is missing; it is only not heard"


def test_too_few_corrections_are_no_measure(known: Path) -> None:
    clients, _ = thoughts(known, sensible, sensible)
    found = JudgeSession(clients, ITEMS[: PAIRS - 1], NIGHT).result()
    assert not found.say and found.complete
    assert "39 corrections from 6 channels, where 40" in judge_sentences(by_name(found)["ada"])[0]


def test_no_judges_is_no_fault() -> None:
    found = JudgeSession([], ITEMS, NIGHT).result()
    assert found.complete and not found.say and panel_sentence(found) == "No judges are configured."
    assert found.n == 0 and found.judges == () and found.missing == ()


def test_the_gate_is_told_what_people_and_judges_said_of_the_same_items(known: Path) -> None:
    bare = [replace(item(number), reviewed=None, kind="", effect=None) for number in range(100, 106)]
    found = JudgeSession(thoughts(known, sensible, sensible)[0], [*ITEMS, *bare], NIGHT).result()
    assert judge_consistency(found).effect == 20.0, "100 % of the pairs, where 80 are needed"
    assert [row.human for row in found.items] == [each.effect for each in [*ITEMS, *bare]]
    primary = compare([each.effect or 0.0 for each in ITEMS], [0.0] * 46, [each.cluster for each in ITEMS], 0)
    powered, why_not = powered_comparison(found, primary)
    assert primary.n == 46 and powered is not None and why_not is None
    assert powered.judged == len(bare) and missing_answers(found) == ()


def test_the_gate_is_told_nothing_by_a_panel_without_a_say(known: Path) -> None:
    clients, minds = thoughts(known, sensible, sensible)
    minds[1].silent_on = lambda request: True
    found = JudgeSession(clients[:1], ITEMS, NIGHT).result()
    assert GateInput({}, {}, found).panel is None and missing_answers(found) == ()
    found = JudgeSession(clients_of(known, minds), ITEMS, "2026-03-05").result()
    assert GateInput({}, {}, found).panel is None
    assert missing_answers(found) == (Fault("answers missing", "judges", "bo is silent", "64"),)


# what is missing -----------------------------------------------------------------------------------------------------


def test_a_judge_that_is_down_leaves_the_night_incomplete(known: Path) -> None:
    clients, minds = thoughts(known, sensible, sensible, sensible)
    minds[2].silent_on = lambda request: True
    found = JudgeSession(clients, ITEMS, NIGHT).result()
    assert found.complete is False
    judge = by_name(found)["cy"]
    assert judge.say is None and judge.missing and "have no answer" in judge_sentences(judge)[0]
    assert list(judge.missing) == ["cy is silent"]
    assert found.say, "the others have one, but the gate is told that not all is known"


def test_a_missing_answer_is_a_missing_item_and_never_a_tie(known: Path) -> None:
    """It falls silent once all that measures it is known: what is new is listed, and counted for nothing."""
    new = [item(number) for number in range(200, 206)]
    clients, minds = thoughts(known, sensible, sensible)
    minds[1].silent_on = lambda request: True
    found = JudgeSession(clients, [*ITEMS, *new], NIGHT, _pairs(ITEMS)).result()
    assert by_name(found)["bo"].say is True and found.say
    assert found.complete is False
    fresh = {each.number for each in new if differ(each.pair())}
    assert set(found.missing) == fresh and found.n == len(ITEMS) + len(new) - len(fresh)
    assert len(fresh) > 3 and not fresh & {row.transcript for row in found.items}


def _pairs(items: Sequence[JudgedItem]) -> list[AnswerPair]:
    return [pair for each in items if (pair := each.edited_pair())]


def test_a_spent_budget_is_incomplete_and_stays_within_it(tmp_path: Path) -> None:
    clients, minds = thoughts(tmp_path, sensible, sensible, calls=300)
    found = JudgeSession(clients, ITEMS, NIGHT).result()
    assert sum(len(mind.asked) for mind in minds) == found.calls == 300
    assert found.complete is False and not found.say
    clients, minds = thoughts(tmp_path, sensible, sensible)
    assert JudgeSession(clients, ITEMS, NIGHT).result().complete, "with a larger one it is brought to its end"


# items that nobody corrected, judged besides -------------------------------------------------------------------------

BARE = [replace(item(number), reviewed=None, kind="", effect=None) for number in range(300, 312)]
CHUNKS = [BARE[:4], BARE[4:8], BARE[8:]]


def asked_of(minds: Sequence[Thought], items: Sequence[JudgedItem]) -> list[int]:
    """Of how many of the items each judge was asked anything."""
    return [sum(any(r.about == each.transcript.hash for r in mind.asked) for each in items) for mind in minds]


def test_more_items_are_judged_after_the_night_s_own(known: Path, first: tuple[Path, Judging]) -> None:
    clients, minds = thoughts(known, sensible, sensible)
    session = JudgeSession(clients, ITEMS, NIGHT)
    alone = session.result()
    assert alone.items == first[1].items and alone.unlabelled == Unlabelled()
    session.ask_more(iter(CHUNKS), 12)
    found = session.result()
    assert found.unlabelled == Unlabelled(12, 12) and found.complete
    assert found.items[:46] == alone.items and found.n == 58
    assert [row.transcript for row in found.items[46:]] == [each.number for each in BARE]
    assert {row.human for row in found.items[46:]} == {None}
    assert found.differences == alone.differences and found.rubric == alone.rubric
    assert not [request for mind in minds for request in mind.asked if request.form is RubricForm]
    consistency = found.judges[0].swap.consistency
    assert consistency.n > alone.judges[0].swap.consistency.n, "it is a measure of all they were asked"
    primary = compare([each.effect or 0.0 for each in ITEMS], [0.0] * 46, ["a"] * 46, 0)
    powered, notes = powered_comparison(found, primary)
    assert powered is not None and powered.judged == 12 and not notes
    assert found.calls == len(minds[0].asked) + len(minds[1].asked)
    json.dumps(as_json(found), allow_nan=False)


def test_the_first_that_a_judge_does_not_answer_ends_it_and_blocks_nobody(known: Path) -> None:
    """What comes after it isn't counted, whatever is said of it; nothing more is asked."""
    clients, minds = thoughts(known, sensible, sensible)
    cut = next(place for place, each in enumerate(BARE) if place > 4 and differ(each.pair()))
    minds[1].silent_on = lambda request: request.about == BARE[cut].transcript.hash
    session = JudgeSession(clients, ITEMS, NIGHT)
    session.ask_more(iter(CHUNKS), 12)
    found = session.result()
    assert [row.transcript for row in found.items[46:]] == [each.number for each in BARE[:cut]]
    why = f"Cut after {cut} of 12, in the order in which they were drawn: bo is silent."
    assert (found.unlabelled.drawn, found.unlabelled.n, unlabelled_sentence(found.unlabelled)) == (12, cut, why)
    assert found.complete and missing_answers(found) == () and not found.missing
    assert [judge.missing for judge in found.judges] == [{}, {}]
    assert asked_of(minds, CHUNKS[2]) == [0, 0]


def test_a_budget_that_ends_cuts_in_drawn_order(known: Path) -> None:
    """Each few items are put to the whole panel before the next, so that what was paid for counts."""
    spare = 21
    clients, minds = thoughts(known, sensible, sensible, calls=spare)
    session = JudgeSession(clients, ITEMS, NIGHT)
    assert session.result().calls == 0
    session.ask_more(iter(CHUNKS), 12)
    found = session.result()
    assert found.calls == spare and found.say and found.complete
    assert 3 <= found.unlabelled.n < 8 and "budget of 21 calls is spent" in unlabelled_sentence(found.unlabelled)
    numbers = [row.transcript for row in found.items[46:]]
    assert numbers == [each.number for each in BARE[: len(numbers)]]
    again = JudgeSession(clients_of(known, minds), ITEMS, NIGHT)
    again.ask_more(iter(CHUNKS), 12)
    assert again.result().unlabelled.n > len(numbers), "another run goes on from there"


def test_a_judge_without_a_say_is_not_asked_about_more(known: Path) -> None:
    clients, minds = thoughts(known, sensible, sensible, contrary)
    session = JudgeSession(clients, ITEMS, NIGHT)
    session.ask_more(iter(CHUNKS), 12)
    found = session.result()
    assert found.unlabelled.n == 12 and asked_of(minds, BARE)[2] == 0
    assert {tuple(row.judges) for row in found.items} == {("ada", "bo")}


def test_what_a_judge_is_asked_of_one_contender_is_not_counted_for_another(known: Path) -> None:
    clients, minds = thoughts(known, sensible, sensible)
    one, other = JudgeSession(clients, ITEMS, NIGHT), JudgeSession(clients, ITEMS, NIGHT)
    one.ask_more(iter(CHUNKS[:1]), 4)
    minds[1].silent_on = lambda request: True
    other.ask_more(iter(CHUNKS[1:]), 8)
    results = [one.result(), other.result()]
    assert sum(found.calls for found in results) == sum(len(mind.asked) for mind in minds)
    assert results[0].calls == results[0].judges[0].calls + results[0].judges[1].calls > 0
    assert results[0].unlabelled.why is None and results[1].unlabelled.why is not None
    assert [found.complete for found in results] == [True, True]


# what reviewers said -------------------------------------------------------------------------------------------------


def test_an_item_that_nobody_corrected_is_judged_all_the_same(known: Path) -> None:
    """For a prediction-powered estimate: judges' differences where there are none of reviewers."""
    bare = [replace(item(number), reviewed=None, kind="", effect=None) for number in range(100, 110)]
    clients, _ = thoughts(known, sensible, sensible)
    found = JudgeSession(clients, [*ITEMS, *bare], NIGHT).result()
    assert found.n == len(ITEMS) + len(bare)
    assert sum(row.human is None for row in found.items) == len(bare)
    assert found.differences.n == len(ITEMS)


def test_accepted_answers_are_labels_too() -> None:
    accepted = replace(ITEMS[0], kind="accept")
    pair = accepted.accepted_pair()
    assert pair is not None and (pair.old, pair.new, pair.label) == (accepted.candidate, accepted.reviewed, 0)
    assert accepted.edited_pair() is None and ITEMS[0].accepted_pair() is None
    edited = ITEMS[0].edited_pair()
    assert edited is not None and (edited.old, edited.new, edited.label) == (
        ITEMS[0].champion, ITEMS[0].reviewed, 1,
    )  # fmt: skip


def test_a_judge_of_chance_agrees_by_chance(tmp_path: Path) -> None:
    """Not a floor that anything passes: verdicts drawn by a hash have a kappa near 0."""

    def drawn(form: str, data: dict[str, Any]) -> dict[str, Any]:
        if form != "pairwise":
            return sensible(form, data)
        sides = ["".join(data["first"]), "".join(data["second"])]
        coin = sum(map(ord, "".join(sorted(sides)))) % 2
        return {"why": "", "better": "first" if (sides[0] < sides[1]) == bool(coin) else "second"}

    clients, _ = thoughts(tmp_path, drawn)
    found = by_name(JudgeSession(clients, ITEMS, NIGHT).result())["ada"]
    kappa = found.agreement.kappa
    assert found.swap.consistency.value == 1.0 and math.fabs(kappa.value) < 0.4
    assert found.say is False
