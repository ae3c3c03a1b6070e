"""What the dashboard's views count, against records made by hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.database.submissions import FinishedWork
from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.file_names import PARAMS
from errata.documents.metric_values import ModelMean
from errata.documents.outcome import Outcome
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import NO_DRAFT, Kind
from errata.domain.draft_review import DraftChanges
from errata.domain.prediction import Prediction
from errata.domain.review_work import Action, Effort, MeanEffort
from errata.errors import NotFound
from errata.operations.draft_quality import draft_quality
from errata.operations.night_reports import night_report
from errata.operations.queue_health import DAYS, queue_health
from errata.operations.reviewer_work import reviewer_work
from errata.operations.waiting_challenger import waiting_challenger
from errata.project_files import project_file
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_record import chapters, correction, talk

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
def place(either: Record, tmp_path: Path) -> Workspace:
    """An empty workspace, as far as the views look, whose record lies in either database."""
    (tmp_path / FILE).write_text("")
    shutil.copyfile(project_file(PARAMS), tmp_path / PARAMS)
    made = Workspace(tmp_path)
    vars(made)["record"] = either
    return made


def titled(*pairs: tuple[float, str]) -> Chapters:
    return tuple(Chapter(start, title) for start, title in pairs)


def test_changes_are_borders_of_both_of_one_and_of_the_other() -> None:
    draft, right = titled((0, "a"), (10, "b"), (20, "c")), titled((0, "a"), (10.4, "B"), (30, "d"), (40, "e"))
    changes = DraftChanges.between(draft, right)
    assert changes == DraftChanges(kept=1, renamed=1, added=2, removed=1)
    assert changes.changes == 4 and changes.edit_distance == pytest.approx(80)
    assert changes.border_f1 == pytest.approx(100 * 4 / 7)
    assert DraftChanges.between(draft, draft).edit_distance == 0
    assert DraftChanges.between((), ()).edit_distance is None and DraftChanges.between((), ()).border_f1 is None


def review(record: Record, name: str, model: str, kind: Kind, right: Chapters, **changes: object) -> int:
    """A draft of three chapters by `model`, and what `ann` made of it."""
    with record.write() as store:
        seq = store.transcripts.add(talk(name), "train").seq
        asked = store.predictions.add(Prediction(seq, model, "inline@1", chapters(0, 30, 60))).seq
        made = replace(correction(seq, right, kind=kind, prediction=asked), draft_by=model)
        return store.corrections.add(replace(made, **changes)).seq


def test_draft_quality_counts_what_stands_by_whose_draft_was_shown(place: Workspace) -> None:
    record = place.record
    with record.write() as store:
        store.aliases.assign_alias("champion", OLD, "day0", "init", None, None)
        store.aliases.assign_alias("champion", NEW, "promote", "gate", "n", None)
    review(record, "as it was", OLD, "accept", chapters(0, 30, 60))
    review(record, "an edit that changed nothing", OLD, "edit", chapters(0, 30, 60))
    review(record, "one border taken out", OLD, "edit", chapters(0, 30))
    review(record, "rejected", OLD, "reject", ())
    review(record, "blind", OLD, "edit", chapters(0), draft_by=NO_DRAFT)
    review(record, "nobody noted it", NEW, "edit", chapters(0, 30, 60, 90), draft_by=None)
    taken_back = review(record, "taken back", NEW, "edit", chapters(0))
    with record.write() as store:
        store.corrections.retract(taken_back, "ann", "mistaken")
    newer, older = draft_quality(place)
    assert (newer.model, newer.aliases, newer.reviews, newer.guessed) == (NEW, ("champion",), 1, 1)
    assert (newer.correction_rate, newer.edit_distance) == (100, pytest.approx(25))
    assert (older.model, older.accepted, older.edited, older.rejected, older.guessed) == (OLD, 2, 1, 1, 0)
    assert older.correction_rate == 50 and older.edit_distance == pytest.approx(100 / 9)
    assert older.changes_a_review == pytest.approx(1 / 3)
    assert [version.model for version in draft_quality(place, most=1)] == [NEW]


def test_only_a_reviewers_last_word_counts(place: Workspace) -> None:
    review(place.record, "talk", NEW, "reject", ())
    with place.record.write() as store:
        again = replace(correction(1, chapters(0, 30, 60), kind="accept", prediction=2), draft_by=NEW)
        store.corrections.add(again)
    (version,) = draft_quality(place)
    assert (version.accepted, version.rejected) == (1, 0)


def test_what_was_forgotten_counts_nowhere(place: Workspace) -> None:
    review(place.record, "talk", NEW, "accept", chapters(0, 30, 60))
    with place.record.write() as store:
        store.tombstones.record_deletion("talk", "olga", "asked for")
    assert draft_quality(place) == []


def test_reviewers_are_compared_with_each_other_on_what_both_reviewed(place: Workspace) -> None:
    with place.record.write() as store:
        for name in ("one", "two", "alone"):
            store.transcripts.add(talk(name), "train")
        store.corrections.add(correction(1, chapters(0, 30, 60), "ann"))
        store.corrections.add(correction(1, chapters(0, 30), "bob"))
        store.corrections.add(correction(2, chapters(0), "ann"))
        store.corrections.add(correction(2, chapters(0), "cem", "accept"))
        store.corrections.add(correction(3, chapters(0), "ann"))
        store.reviewers.appoint("olga", "adjudicator", "olga")
    ann, bob, cem, olga = reviewer_work(place)
    assert [each.reviewer.name for each in (ann, bob, cem, olga)] == ["ann", "bob", "cem", "olga"]
    assert ann.work is not None and (ann.work.edits, ann.work.accepts) == (3, 0)
    assert ann.peers.talks == 2 and ann.peers.border_f1 == pytest.approx((80 + 100) / 2)
    assert bob.peers.border_f1 == pytest.approx(80) and cem.peers.border_f1 == 100
    assert cem.work is not None and datetime.now(UTC) - cem.work.newest < timedelta(hours=1)
    assert olga.work is None and olga.peers.talks == 0


def handed_in(seq: int, reviewer: str, action: Action, seconds: float, why: str = "") -> FinishedWork:
    identity = f"{seq} {reviewer} {action}"
    return FinishedWork(identity, seq, reviewer, action, why, None, Effort(seconds), draft_shown=True)


def test_work_on_the_review_page_is_timed_and_what_was_flagged_is_shown(place: Workspace) -> None:
    with place.record.write() as store:
        for name in ("one", "two", "gone"):
            store.transcripts.add(talk(name), "train")
        store.corrections.add(correction(1, chapters(0), "ann"))
        store.submissions.add(handed_in(1, "ann", "edit", 120))
        store.submissions.add(handed_in(2, "ann", "accept", 60))
        store.submissions.add(handed_in(2, "ann", "skip", 999, "no time"))
        store.submissions.add(handed_in(1, "bob", "flag", 5, "two talks in one"))
        store.submissions.add(handed_in(3, "bob", "flag", 5, "private"))
        store.claims.keep(2, "ann", "page")
        store.tombstones.record_deletion("gone", "olga", "asked for")
    (ann,) = reviewer_work(place)
    assert ann.effort == MeanEffort(2, 90)
    health = queue_health(place, datetime.now(UTC))
    assert health.at_work == 1
    assert [(flag.external_id, flag.reviewer, flag.why) for flag in health.flags] == [
        ("one", "bob", "two talks in one")
    ]


def finished(record: Record, night: Outcome) -> None:
    with record.write() as store:
        store.nights.begin(night.night, 0, store.watermark())
        store.nights.finish(night)


def contender(needs: int | None) -> OutcomeDecision:
    return OutcomeDecision("candidate", NEW, False, "e" * 64, Decision("underpowered", needs=needs))


def scored(night: str, fresh: int, *decisions: OutcomeDecision) -> Outcome:
    means = {"champion": ModelMean(f1=50.0, n=fresh, low=45.0, high=55.0), "candidate": ModelMean(f1=52.0, n=fresh)}
    return Outcome(
        night=night,
        verdict="underpowered",
        fresh_items=fresh,
        means=means,
        equal_split_f1=30.0,
        decisions=decisions,
    )


def test_a_challenger_waits_with_what_it_needs_and_how_long_that_takes(place: Workspace) -> None:
    assert waiting_challenger(place) is None
    finished(place.record, Outcome(night="n0", verdict="skipped"))
    finished(place.record, scored("n1", 30, contender(200)))
    with place.record.write() as store:
        store.aliases.assign_alias("challenger", NEW, "waits", "gate", "n1", None)
    finished(place.record, scored("n2", 50, contender(100)))
    found = waiting_challenger(place)
    assert found is not None and (found.model, found.night, found.judged_on) == (NEW, "n1", "n2")
    assert (found.needs, found.items_a_night, found.nights_to_come) == (100, 40, 3)
    with place.record.write() as store:
        store.aliases.assign_alias("challenger", "", "retired", "gate", "n3", None)
    assert waiting_challenger(place) is None


def test_a_challenger_whom_more_items_wouldn_t_help_needs_none(place: Workspace) -> None:
    with place.record.write() as store:
        store.aliases.assign_alias("challenger", NEW, "waits", "gate", "n1", None)
    found = waiting_challenger(place)
    assert found is not None and (found.decision, found.needs, found.nights_to_come) == (None, None, None)
    finished(place.record, scored("n1", 30, contender(None)))
    found = waiting_challenger(place)
    assert found is not None and found.decision is not None and found.nights_to_come is None


def test_the_nights_means_are_those_of_finished_nights_in_order(place: Workspace) -> None:
    finished(place.record, Outcome(night="n1", verdict="bootstrap"))
    finished(place.record, scored("n2", 30))
    with place.record.write() as store:
        store.nights.begin("n3", 0, 0)
    with place.record.read() as store:
        first, second = store.nights.means()
    assert (first.label, first.means, first.equal_split_f1) == ("n1", {}, None)
    assert (second.verdict, second.fresh_items, second.equal_split_f1) == ("underpowered", 30, 30.0)
    assert second.means["champion"] == ModelMean(f1=50.0, n=30, low=45.0, high=55.0)


def test_the_queue_says_what_waits_for_whom_and_how_fast_people_are(place: Workspace) -> None:
    now = datetime.now(UTC)
    empty = queue_health(place, now)
    assert (empty.drafts, empty.undrafted, empty.oldest, empty.days_of_work) == (0, 0, None, None)
    with place.record.write() as store:
        for name in ("drafted", "undrafted", "reviewed", "disputed"):
            store.transcripts.add(talk(name), "train")
        store.aliases.assign_alias("champion", NEW, "day0", "init", None, None)
        store.predictions.add(Prediction(1, NEW, "inline@1", chapters(0)))
        store.corrections.add(correction(3, chapters(0)))
        for name in ("ann", "bob"):
            store.corrections.add(correction(4, chapters(0, by=name), name))
    health = queue_health(place, datetime.now(UTC))
    assert (health.drafts, health.undrafted, health.conflicts, health.waiting_corrections) == (1, 1, 1, 2)
    assert health.oldest is not None and health.oldest >= now - timedelta(seconds=1)
    assert len(health.days) == DAYS and health.days[-1].reviews == 3 and health.reviews_a_day == pytest.approx(3 / DAYS)
    assert health.days_of_work == pytest.approx(2 * DAYS / 3)
    later = queue_health(place, datetime.now(UTC) + timedelta(days=DAYS))
    assert later.reviews_a_day == 0, "days that are past are not counted"


def test_a_report_is_found_by_a_nights_very_name_alone(place: Workspace) -> None:
    finished(place.record, Outcome(night="n1", verdict="bootstrap"))
    with pytest.raises(NotFound, match="errata report"):
        night_report(place, "n1")
    page = place.nights / "n1" / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("x")
    assert night_report(place, "n1") == page.resolve()
    for name in ("n2", "..", "../n1", "n1/", "n1/../n1", ".", "", "n1\0"):
        with pytest.raises(NotFound):
            night_report(place, name)
    page.unlink()
    page.symlink_to("/etc/hostname")
    with pytest.raises(NotFound):
        night_report(place, "n1")
