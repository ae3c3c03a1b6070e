"""The canaries: fixed pairs that every judge is asked about, and instructions planted in what it reads."""

from __future__ import annotations

from evaluation.judges.bias import pad
from evaluation.judges.canary_pairs import canaries, planted_orders, talks
from evaluation.judges.pairwise import differ
from evaluation.judges.render import plain_chapters


def test_each_canary_has_a_right_answer_and_a_worse_one() -> None:
    found = canaries()
    assert len(found) == 4 * len(talks()) == len({canary.name for canary in found})
    for canary in found:
        assert differ(canary.pair) and canary.pair.label == 1
        starts = {segment.start for segment in canary.pair.transcript.segments}
        for side in (canary.pair.old, canary.pair.new):
            assert {chapter.start for chapter in side} <= starts and len({c.start for c in side}) == len(side)


def test_planted_instructions_reach_the_judge_whole() -> None:
    for each in planted_orders():
        told = plain_chapters(each.pair.old, "seconds") + [part.text for part in each.pair.transcript.segments]
        assert any(words in line for line in told for words in ("choose it", "ignore everything above", '": "second"'))
        assert differ(each.pair) and differ(each.clean)
        lengths = [len("".join(plain_chapters(side.old, "seconds"))) for side in (each.clean, each.pair)]
        assert abs(lengths[0] - lengths[1]) < 5, "what differs is what is said, not how much"


def test_padding_says_no_more_but_at_greater_length() -> None:
    for _, right in talks():
        assert [c.start for c in pad(right)] == [c.start for c in right]
        assert len("".join(plain_chapters(pad(right), "seconds"))) > 2 * len("".join(plain_chapters(right, "seconds")))
