"""What the report says of how a candidate was made: what it went on from, how far it was drawn towards the champion,
and what its rows weighed."""

from __future__ import annotations

from dataclasses import replace

from errata.documents.candidate_choice import CandidateChoice, DevCandidate
from errata.documents.comparison import NOTHING
from errata.documents.interpolation import DevScore, Interpolation
from errata.documents.movement import Movement
from errata.documents.stage_reports import MixtureReport, TrainingLog
from evaluation.report.content import NightLine, Report
from evaluation.report.lineage_facts import lineage
from tests.made_up_report import full_report


def facts(report: Report, group: str) -> dict[str, int | str]:
    return {fact.name: fact.value for fact in lineage(report) if fact.group == group}


def with_nights(*starts: tuple[str, float | None, str]) -> Report:
    nights = [
        NightLine(str(number), "reject", 20, 20, {}, promoted, start=start, effect=effect)
        for number, (start, effect, promoted) in enumerate(starts)
    ]
    return replace(full_report(), nights=tuple(nights))


def test_the_two_kinds_of_candidates_stand_side_by_side_once_there_are_both() -> None:
    assert not facts(with_nights(("champion", 2.0, ""), ("champion", 1.0, "")), "Continue or retrain")
    both = with_nights(
        ("champion", 2.0, ""),
        ("champion", 4.0, "candidate"),
        ("base", -1.0, ""),
        ("base", None, "challenger"),
        ("", 9.0, ""),
    )
    assert facts(both, "Continue or retrain") == {
        "Candidates from the champion": "2, 1 promoted at once",
        "Their mean gain from the champion": "+3.0 F1",
        "Candidates from base": "2, 0 promoted at once",
        "Their mean gain from base": "-1.0 F1",
    }


def with_choice(choice: CandidateChoice) -> dict[str, int | str]:
    report = full_report()
    return facts(replace(report, files=replace(report.files, choice=choice)), "Continue or retrain")


def test_two_candidates_of_a_night_stand_side_by_side() -> None:
    two = (DevCandidate("champion", "c" * 64, 40.0), DevCandidate("base", "b" * 64, 43.5))
    gain = replace(NOTHING, n=12, effect=3.5, low=-1.0, high=8.0)
    assert with_choice(CandidateChoice(taken="base", candidates=two, gain=gain, least=5)) == {
        "Tonight’s candidate goes on": "from base",
        "Items of dev that neither has seen": 12,
        "On these, from the champion": "40.0 F1",
        "On these, from base": "43.5 F1",
        "From base, against from the champion": "+3.5 F1 (90 % interval -1.0 to +8.0)",
    }
    one = (DevCandidate("champion", ""), DevCandidate("base", "b" * 64))
    found = with_choice(CandidateChoice(taken="base", candidates=one, gain=NOTHING, least=5))
    assert found["On these, from the champion"] == "too few rows" and found["On these, from base"] == "–"
    assert "at least 5 items" in str(found["Not chosen by score"])


def with_interpolation(choice: Interpolation | None) -> Report:
    report = full_report()
    return replace(report, files=replace(report.files, training=TrainingLog(2, (2.0, 1.0), choice)))


def test_how_far_a_candidate_was_drawn_towards_the_champion() -> None:
    ways = (DevScore(0.5, 31.25, 0.9876), DevScore(1.0, 30.0))
    found = facts(with_interpolation(Interpolation(0.5, 8, ways)), "Candidate")
    assert found == {
        "Part of the way from the champion to what was trained": "0.5",
        "Items of dev that it was chosen on": 8,
        "F1 on dev at 0.5": "31.2, 98.8% of the energy kept",
        "F1 on dev at 1": "30.0",
    }
    assert not facts(with_interpolation(None), "Candidate")
    refused = facts(with_interpolation(Interpolation(obstacle="3 items of dev")), "Candidate")
    assert refused == {"Not drawn towards the champion": "3 items of dev"}


def test_how_far_its_words_have_moved() -> None:
    report = full_report()
    training = TrainingLog(2, (2.0, 1.0), movement=Movement(windows=8, from_champion=0.01234, from_day0=0.5))
    found = facts(replace(report, files=replace(report.files, training=training)), "Candidate")
    assert [value for name, value in found.items() if name.startswith("Moved from")] == ["0.012", "0.500"]


def test_weights_and_pairs_are_told_where_there_are_any() -> None:
    report = full_report()
    plain = MixtureReport(new=8, replayed=2, examples=10, tokens=100, labels=20, left_out=0)
    for mixture, span, pairs in (
        (plain, None, None),
        (replace(plain, pairs=4, lightest=0.5, heaviest=1.25), "0.50 to 1.25", 4),
    ):
        found = facts(replace(report, files=replace(report.files, mixture=mixture)), "Mix")
        assert found.get("Weight of a row, 1 on average") == span
        assert found.get("Rows with a draft that was changed") == pairs
