"""How far a judge may be believed: lower bounds, reviewers' own agreement, error rates, and what they correct."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from errata.database.record import Record
from errata.documents.judging import NOTHING, AgreementFloor, IntervalEstimate, PanelItem, ReviewerAgreement
from errata.domain.chapter import Chapter
from errata.domain.prediction import Prediction
from errata.wording.judging_sentences import better_sentence, floor_sentence, judge_sentences
from evaluation.judges.agreement import agreement as agree
from evaluation.judges.error_rates import better_share, on_corrections, on_differences
from evaluation.judges.judge_session import JudgeSession, measure_judges
from evaluation.judges.night_items import second_opinions
from evaluation.judges.reliability import FLOOR, KAPPA, PAIRS, agreement_floor, decide_say
from evaluation.judges.second_opinion import among_reviewers
from tests.made_up_judge import item, sensible, thoughts
from tests.made_up_record import chapters, correction, talk
from tests.made_up_report import judges, standing


def agreed(value: float, low: float | None, n: int = 60) -> ReviewerAgreement:
    return ReviewerAgreement(IntervalEstimate(n, 6, value, low, 1.0), NOTHING, 50, 5)


# the lower bound, and reviewers' own agreement -----------------------------------------------------------------------


@pytest.mark.parametrize(("low", "say"), [(KAPPA, True), (KAPPA - 0.01, False), (None, False)])
def test_what_counts_is_the_lower_bound(low: float | None, say: bool) -> None:
    judge = decide_say(replace(standing("ada", "one", 0.95), agreement=agreed(0.8, low)))
    assert judge.say is say
    if low is not None and not say:
        interval = "weighted kappa 0.80 (90 % interval 0.39 to 1.00), whose lower end must be at least 0.4."
        assert judge_sentences(judge) == (f"It agrees too little with reviewers: {interval}",)


def test_no_judge_need_agree_better_than_reviewers_do() -> None:
    floor = agreement_floor(IntervalEstimate(52, 4, 0.7, 0.6, 0.8))
    assert floor.measured and floor.limit == pytest.approx(0.65)
    judge = standing("ada", "one", 0.95)
    near, far = (decide_say(replace(judge, agreement=agreed(0.75, low)), floor) for low in (0.65, 0.64))
    assert near.say and not far.say
    assert judge_sentences(far)[0].startswith(
        "It agrees less with reviewers than they do: weighted kappa 0.75 (90 % interval 0.64 to"
    )
    assert "0.70 on 52 second opinions" in floor_sentence(floor) and "at least 0.65" in floor_sentence(floor)


@pytest.mark.parametrize(
    "among",
    [NOTHING, IntervalEstimate(PAIRS - 1, 4, 0.9, 0.8, 1.0), IntervalEstimate(80, 1, 0.9, None, None)],
)
def test_where_reviewers_own_agreement_is_not_known_it_is_said(among: IntervalEstimate) -> None:
    floor = agreement_floor(among)
    assert floor == AgreementFloor(among, KAPPA, PAIRS) and not floor.measured
    assert "is not known" in floor_sentence(floor) and "at least 0.40" in floor_sentence(floor)


def test_reviewers_who_hardly_agree_lower_nothing() -> None:
    assert agreement_floor(IntervalEstimate(60, 4, 0.2, 0.1, 0.3)).limit == KAPPA


def test_a_session_holds_its_judges_to_the_floor(tmp_path: Any) -> None:
    items = [item(number) for number in range(46)]
    floor = agreement_floor(IntervalEstimate(52, 4, 1.0, 1.0, 1.0))
    clients, _ = thoughts(tmp_path, sensible)
    free, held = (JudgeSession(clients, items, "n", None, each).result() for each in (FLOOR, floor))
    assert free.judges[0].say and not held.judges[0].say
    assert held.floor == floor and held.judges[0].why[0].code == "below reviewers"


# second opinions -----------------------------------------------------------------------------------------------------

PREDICTED, OTHER = chapters(0, 30), chapters(0, 60)


def reviewed(record: Record, name: str, *sides: Any, role: str = "train") -> int:
    """A talk that ann, ben and so on say the chapters of, each of whom corrects the same prediction."""
    with record.write() as store:
        seq = store.transcripts.add(talk(name, channel=f"channel {name[0]}"), role).seq
        predicted = store.predictions.add(Prediction(seq, "c" * 64, "inline@1", PREDICTED)).seq
        for reviewer, side in zip(("ann", "ben", "cid"), sides, strict=False):
            kind = "accept" if side == PREDICTED else "edit"
            store.corrections.add(correction(seq, side, reviewer, kind, predicted))
    return seq


def newest(record: Record) -> int:
    with record.read() as store:
        return store.labels.newest()


def test_a_second_reviewer_takes_the_judge_s_place(record: Record) -> None:
    """Ben agrees, stays with the prediction, or goes a way of his own that is as far from both."""
    reviewed(record, "agree", OTHER, OTHER)
    reviewed(record, "stay", OTHER, PREDICTED)
    reviewed(record, "alone", OTHER)
    reviewed(record, "sealed", OTHER, OTHER, role="sealed")
    opinions = second_opinions(record, newest(record))
    found = {(each.pair.transcript.external_id, each.verdict) for each in opinions}
    assert found == {("agree", 1), ("stay", -1)} and len(opinions) == 3, "both who agree speak of each other's"
    assert all(each.pair.old == PREDICTED and each.pair.label == 1 for each in opinions)


def test_an_adjudication_takes_no_disagreement_away(record: Record) -> None:
    seq = reviewed(record, "stay", OTHER, PREDICTED)
    before = second_opinions(record, newest(record))
    with record.write() as store:
        store.corrections.add(correction(seq, OTHER, "dan", "adjudicate"))
    assert second_opinions(record, newest(record)) == before and before[0].verdict == -1


def test_what_came_later_or_was_taken_back_is_no_opinion(record: Record) -> None:
    seq = reviewed(record, "agree", OTHER)
    upto = newest(record)
    with record.write() as store:
        second = store.corrections.add(correction(seq, OTHER, "ben")).seq
    assert second_opinions(record, upto) == [] and len(second_opinions(record, newest(record))) == 1
    with record.write() as store:
        store.corrections.add(replace(correction(seq, (), "ben", "retract"), supersedes=second))
    assert second_opinions(record, newest(record)) == []


def test_kappa_among_reviewers_is_that_of_a_judge_who_says_the_same(record: Record) -> None:
    random = Random(5)
    for number in range(12):
        reviewed(record, f"{number % 4} {number}", OTHER, random.choice([OTHER, chapters(0, 60, 90), PREDICTED]))
    opinions = second_opinions(record, newest(record))
    verdicts, clusters = [each.verdict for each in opinions], [each.pair.cluster for each in opinions]
    assert {1, -1} <= set(verdicts) and len(set(clusters)) == 4
    assert among_reviewers(opinions) == agree([1] * len(opinions), verdicts, clusters).kappa


def test_starts_are_snapped_before_opinions_are_compared(record: Record) -> None:
    near = (Chapter(0.0, "a"), Chapter(61.0, "b"))
    reviewed(record, "near", OTHER, near)
    assert [each.verdict for each in second_opinions(record, newest(record))] == [1, 1]


# true positives and true negatives -----------------------------------------------------------------------------------


def test_rates_on_corrections_count_each_pair_both_ways() -> None:
    labels, verdicts = [1, 1, 1, 1, 0, 0], [1, 1, 0, -1, -1, 1]
    rates = on_corrections(labels, verdicts, list("abcdef"))
    assert (rates.true_positive.value, rates.true_positive.n) == (0.5, 4)
    assert (rates.true_negative.value, rates.true_negative.n) == (pytest.approx(4 / 6), 6)
    assert 0 < rates.true_positive.low < 0.5 < rates.true_positive.high < 1


def test_a_judge_that_never_decides_is_right_about_nothing_better() -> None:
    rates = on_corrections([1] * 8, [0] * 8, list("abcdefgh"))
    assert (rates.true_positive.value, rates.true_negative.value) == (0.0, 1.0)
    assert rates.true_positive.high < 0.4 and rates.true_negative.low > 0.6, "and neither is certain"


def test_rates_on_differences_go_by_their_sign() -> None:
    rows = [(5.0, 1.0, "a"), (5.0, 0.0, "b"), (0.0, 0.0, "c"), (-3.0, 1.0, "d"), (-3.0, -1.0, "e")]
    rates = on_differences(rows)
    assert (rates.true_positive.value, rates.true_negative.value) == (0.5, pytest.approx(2 / 3))
    assert on_differences([]).true_positive == NOTHING


# a share without the judges' error -----------------------------------------------------------------------------------


def panel_row(number: int, better: bool, human: float | None, right: float, random: Random) -> PanelItem:
    """The panel is right about it in so many cases."""
    said = better if random.random() < right else not better
    return PanelItem(number, f"c{number % 20}", 1.0 if said else -1.0, {}, human)


def test_a_share_that_judges_counted_is_corrected_for_their_error() -> None:
    """People would find 80 % better; judges that err in a quarter count 65 %."""
    random = Random(2)
    reviewed = [panel_row(n, n % 2 == 0, 1.0 if n % 2 == 0 else -1.0, 0.75, random) for n in range(200)]
    bare = [panel_row(n, n % 5 > 0, None, 0.75, random) for n in range(400)]
    found = better_share([*reviewed, *bare])
    assert found is not None and (found.n, found.clusters) == (400, 20)
    assert found.counted == pytest.approx(0.65, abs=0.05)
    assert found.low < 0.8 < found.high and found.value > found.counted + 0.05
    sentence = better_sentence(replace(judges(), better=found))
    assert "of 400 talks that nobody has reviewed" in sentence and "corrected for their error" in sentence


def test_judges_that_guess_are_not_corrected_but_said_to_guess() -> None:
    random = Random(2)
    rows = [panel_row(n, n % 2 == 0, 1.0 if n % 2 == 0 else -1.0, 0.5, random) for n in range(200)]
    found = better_share([*rows, *(panel_row(n, True, None, 0.5, random) for n in range(50))])
    assert found is not None and (found.value, found.low, found.high) == (None, None, None)
    assert "aren't surely better than a guess" in better_sentence(replace(judges(), better=found))


def test_without_talks_that_nobody_reviewed_there_is_nothing_to_correct() -> None:
    assert better_share([panel_row(1, True, 1.0, 1.0, Random(1))]) is None
    assert better_sentence(judges()) == ""


# a placebo -----------------------------------------------------------------------------------------------------------


def test_a_judge_that_repeats_itself_and_finds_equals_even_passes_the_placebo(tmp_path: Any) -> None:
    clients, _ = thoughts(tmp_path, sensible)
    found = measure_judges(clients, [], "n").judges[0].placebo
    assert (found.changed, found.preferred) == (0, 0) and found.repeated == 16 and found.equal == 8


def test_a_judge_of_moods_changes_its_mind_and_prefers_one_of_two_equals(tmp_path: Any) -> None:
    moods = Random(1)

    def moody(form: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"why": "", "better": moods.choice(["first", "second"])} if form == "pairwise" else sensible(form, data)

    clients, _ = thoughts(tmp_path, moody)
    found = measure_judges(clients, [], "n").judges[0].placebo
    assert found.changed > 3 and found.preferred == found.equal == 8
    again = measure_judges(clients, [], "m").judges[0].placebo
    assert again == found, "asked once for ever: drift is another measure"
