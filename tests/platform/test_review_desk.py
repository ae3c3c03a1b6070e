"""An item on the desk: whose it is, what is kept of it before it is handed in, and what becomes of it then."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from errata.database import claims
from errata.database.record import Record
from errata.database.review_drafts import ReviewDrafts
from errata.database.review_tables import ReviewDraftRow
from errata.database.submissions import FinishedWork
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import NO_DRAFT
from errata.domain.media_address import checked_media, media_address
from errata.domain.prediction import Prediction
from errata.domain.review_reason import AuditReason
from errata.domain.review_work import Action, DraftContent, Effort
from errata.errors import BadInput, NotFound, Refused
from errata.formats import detect
from errata.operations.importing import add_transcripts
from errata.operations.review_desk import (
    HandIn,
    discard_draft,
    hand_in,
    hold_item,
    open_item,
    release_item,
    save_draft,
)
from errata.operations.review_queue import claim_next, review_queue
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_params import write_params
from tests.made_up_record import chapters, talk

CHAMPION = "c" * 64
DRAFT = chapters(0, 50, by="Draft")
RIGHT = chapters(0, 30, 70, by="Right")
EFFORT = Effort(61.5, 3, 7)
ONE, TWO = 1, 3
"""Two of the transcripts, by `seq`."""


def desk(root: Path, empty: Path, blind_share: float = 0.0, audit_share: float = 0.0) -> Workspace:
    """Four talks that the champion has answered."""
    root.mkdir()
    (root / FILE).touch()
    write_params(root, review={"page_blind_share": blind_share, "audit_share": audit_share})
    shutil.copyfile(empty, root / "errata.db")
    workspace = Workspace.find(root)
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", CHAMPION, "day0", "test", None, None)
        for name in ("one", "two", "three", "four"):
            seq = store.transcripts.add(talk(name)).seq
            store.predictions.add(Prediction(seq, CHAMPION, "inline@1", DRAFT))
    return workspace


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    return desk(tmp_path / "workspace", empty)


def work(
    action: Action = "edit", right: Chapters = RIGHT, why: str = "", knows: int | None = None, key: str = ""
) -> HandIn:
    return HandIn(key or f"{action} {why[:9]} {knows}", action, right, why, knows, EFFORT, "page", 1)


def waiting(workspace: Workspace, reviewer: str) -> list[int]:
    return [entry.transcript for entry in review_queue(workspace, reviewer).waiting]


# audits -------------------------------------------------------------------------------------------------------------


def test_an_audit_comes_first_again_for_a_second_reviewer_who_sees_nothing_of_the_first(
    tmp_path: Path, empty: Path
) -> None:
    audited = desk(tmp_path / "audited", empty, audit_share=1.0)
    hand_in(audited, TWO, "ann", work())
    assert TWO not in waiting(audited, "ann")
    first, *_ = review_queue(audited, "bo").waiting
    assert (first.transcript, first.reason) == (TWO, AuditReason(second=True))
    item = open_item(audited, TWO, "bo")
    assert (item.begun_with, item.colleagues) == (DRAFT, ())
    assert [one.reviewer for one in hand_in(audited, TWO, "bo", work(right=DRAFT)).colleagues] == ["ann"]
    assert [one.reviewer for one in open_item(audited, TWO, "bo").colleagues] == ["ann"]
    assert TWO not in waiting(audited, "cleo")


def test_an_item_that_is_no_audit_shows_what_others_said(workspace: Workspace) -> None:
    hand_in(workspace, TWO, "ann", work())
    assert TWO not in waiting(workspace, "bo")
    assert [one.reviewer for one in open_item(workspace, TWO, "bo").colleagues] == ["ann"]


# handing in ---------------------------------------------------------------------------------------------------------


def test_an_edit_is_a_correction_of_the_draft_and_says_how_much_work_it_was(workspace: Workspace) -> None:
    item = open_item(workspace, ONE, "ann")
    assert (item.begun_with, item.own, item.shown.blind) == (DRAFT, None, False)
    done = hand_in(workspace, ONE, "ann", work())
    assert (done.new, done.kind, done.submission.action) == (True, "edit", "edit")
    assert done.submission.effort == EFFORT and done.submission.draft_shown
    with workspace.record.read() as store:
        correction = store.corrections.read(done.submission.correction or 0)
    assert correction.chapters == RIGHT
    assert (correction.reviewer, correction.origin, correction.draft_by) == ("ann", "page", CHAMPION)
    assert correction.prediction == item.shown.seq
    assert ONE not in waiting(workspace, "bo")


def test_sent_again_it_is_done_once(workspace: Workspace) -> None:
    first = hand_in(workspace, ONE, "ann", work(key="k"))
    again = hand_in(workspace, ONE, "ann", work(key="k"))
    assert (first.new, again.new) == (True, False)
    assert again.submission == first.submission
    with workspace.record.read() as store:
        assert len(store.corrections.of_transcript(ONE)) == 1


def test_a_draft_that_was_left_as_it_is_is_accepted(workspace: Workspace) -> None:
    assert hand_in(workspace, ONE, "ann", work(right=DRAFT)).kind == "accept"
    accepted = hand_in(workspace, TWO, "ann", work("accept", ()))
    with workspace.record.read() as store:
        assert store.corrections.read(accepted.submission.correction or 0).chapters == DRAFT


def test_a_blind_item_shows_no_draft_and_its_review_is_of_nobodys(tmp_path: Path, empty: Path) -> None:
    workspace = desk(tmp_path / "blind", empty, blind_share=1.0)
    item = open_item(workspace, ONE, "ann")
    assert item.shown.blind and item.shown.draft is None and item.begun_with == ()
    done = hand_in(workspace, ONE, "ann", work(right=DRAFT))
    assert (done.kind, done.submission.draft_shown) == ("edit", False), "who saw no draft accepts none"
    with workspace.record.read() as store:
        assert store.corrections.read(done.submission.correction or 0).draft_by == NO_DRAFT
    with pytest.raises(BadInput, match="no draft was shown"):
        hand_in(workspace, TWO, "ann", work("accept", ()))


def test_what_was_handed_in_is_opened_again_and_superseded(workspace: Workspace) -> None:
    first = hand_in(workspace, ONE, "ann", work())
    assert [entry.transcript for entry in review_queue(workspace, "ann").done] == [ONE]
    item = open_item(workspace, ONE, "ann")
    assert item.begun_with == RIGHT and item.own == first.submission.correction
    assert item.shown.draft is not None and item.shown.draft.chapters == DRAFT, "as it was shown the first time"
    second = hand_in(workspace, ONE, "ann", work(right=chapters(0, 90), knows=item.own))
    with workspace.record.read() as store:
        assert store.corrections.read(second.submission.correction or 0).supersedes == item.own
        labels = store.labels.between(0, store.watermark())
    assert [label.chapters for label in labels] == [chapters(0, 90)]
    assert [entry.transcript for entry in review_queue(workspace, "ann").done] == [ONE], "an item is listed once"


def test_the_last_ten_can_be_opened_again(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        seqs = [store.transcripts.add(talk(f"more {number}")).seq for number in range(12)]
    for seq in seqs:
        hand_in(workspace, seq, "ann", work())
    assert [entry.transcript for entry in review_queue(workspace, "ann").done] == seqs[:1:-1]


def test_the_second_of_two_tabs_is_told_of_the_first_and_loses_nothing(workspace: Workspace) -> None:
    save_draft(workspace, ONE, "ann", "tab 1", 0, DraftContent(RIGHT, 0, EFFORT))
    hand_in(workspace, ONE, "ann", work(key="tab 1"))
    late = save_draft(workspace, ONE, "ann", "tab 2", 1, DraftContent(chapters(0, 90), 0, EFFORT))
    with pytest.raises(Refused, match="from another page meanwhile"):
        hand_in(workspace, ONE, "ann", work(right=chapters(0, 90), key="tab 2"))
    item = open_item(workspace, ONE, "ann")
    assert item.begun_with == RIGHT, "the one,"
    assert [draft.chapters for draft in item.drafts] == [late.chapters], "and the other"
    assert hand_in(workspace, ONE, "ann", work(right=chapters(0, 90), knows=item.own, key="tab 2")).new


def test_two_people_who_hand_in_the_same_item_both_stand_and_are_shown_to_each_other(workspace: Workspace) -> None:
    hand_in(workspace, ONE, "ann", work())
    late = hand_in(workspace, ONE, "bo", work(right=chapters(0, 90)))
    assert [(one.reviewer, one.chapters) for one in late.colleagues] == [("ann", RIGHT)]
    with workspace.record.read() as store:
        assert [side.reviewer for conflict in store.conflicts.all() for side in conflict.sides] == ["ann", "bo"]
    assert [one.reviewer for one in open_item(workspace, ONE, "ann").colleagues] == ["bo"]
    assert hand_in(workspace, TWO, "ann", work()).colleagues == ()
    assert hand_in(workspace, TWO, "bo", work()).colleagues == (), "they agree"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (work("skip"), "the reason of the skip is empty"),
        (work("reject", why="  "), "the reason of the reject is empty"),
        (work("flag"), "the reason of the flag is empty"),
        (work("skip", why="x" * 3000), "the reason has 3,000 characters"),
        (work("edit", (Chapter(0, " "),)), "chapter 1 has no title"),
        (work("edit", (Chapter(0, "a"), Chapter(5, "b" * 301))), "the title of chapter 2 has 301 characters"),
        (work("edit", (Chapter(-1, "a"),)), "chapter 1 starts at -1"),
        (work("edit", (Chapter(float("nan"), "a"),)), "chapter 1 starts at nan"),
        (work("edit", tuple(Chapter(0, "a") for _ in range(1001))), "there are 1,001 chapters"),
        (replace(work(), key=" "), "the submission has no key"),
        (replace(work(), action="shout"), "there is no action 'shout'"),
    ],
)
def test_what_cannot_be_handed_in_says_why_and_leaves_nothing(
    workspace: Workspace, sent: HandIn, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        hand_in(workspace, ONE, "ann", sent)
    with workspace.record.read() as store:
        assert store.corrections.of_transcript(ONE) == [] and store.submissions.newest_by("ann", 9) == []


def test_a_chapter_after_the_end_is_refused(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="5000"):
        hand_in(workspace, ONE, "ann", work(right=chapters(0, 5000)))


@pytest.mark.parametrize("call", [lambda w: open_item(w, 99, "ann"), lambda w: hold_item(w, 99, "ann", "p")])
def test_an_item_that_is_none_is_not_found(workspace: Workspace, call) -> None:
    with pytest.raises(NotFound, match="there is no transcript 99"):
        call(workspace)


# declining and flagging ---------------------------------------------------------------------------------------------


def test_a_skipped_item_is_offered_to_others_alone(workspace: Workspace) -> None:
    hand_in(workspace, ONE, "ann", work("skip", why="I was the speaker"))
    assert ONE not in waiting(workspace, "ann") and ONE in waiting(workspace, "bo")
    with workspace.record.read() as store:
        assert store.corrections.of_transcript(ONE) == []


def test_a_flag_ends_nothing_and_is_shown_to_who_opens_the_item(workspace: Workspace) -> None:
    save_draft(workspace, ONE, "ann", "page", 0, DraftContent(RIGHT, 4, EFFORT))
    hand_in(workspace, ONE, "ann", work("flag", why="the sound is of another talk"))
    item = open_item(workspace, ONE, "bo")
    assert [(flag.reviewer, flag.why) for flag in item.flags] == [("ann", "the sound is of another talk")]
    assert open_item(workspace, ONE, "ann").drafts and not review_queue(workspace, "ann").done


def test_a_reject_keeps_its_reason(workspace: Workspace) -> None:
    done = hand_in(workspace, ONE, "ann", work("reject", why="not a talk"))
    with workspace.record.read() as store:
        rejected = store.corrections.read(done.submission.correction or 0)
    assert (rejected.kind, rejected.chapters, rejected.why) == ("reject", (), "not a talk")


# claims -------------------------------------------------------------------------------------------------------------


def test_who_holds_an_item_is_named_and_it_is_offered_to_nobody_else(workspace: Workspace) -> None:
    assert hold_item(workspace, ONE, "ann", "page").yours
    other = hold_item(workspace, ONE, "bo", "page of bo")
    assert not other.yours and [claim.reviewer for claim in other.others] == ["ann"]
    queue = review_queue(workspace, "bo")
    assert queue.next is not None and queue.next.transcript == TWO
    assert [entry.held_by for entry in queue.waiting if entry.transcript == ONE] == ["ann"]
    release_item(workspace, ONE, "ann", "a page that was closed before")
    assert not hold_item(workspace, ONE, "bo", "page of bo").yours
    release_item(workspace, ONE, "ann", "page")
    assert hold_item(workspace, ONE, "bo", "page of bo").yours


def test_an_item_can_be_taken_over_and_the_first_is_told(workspace: Workspace) -> None:
    hold_item(workspace, ONE, "ann", "page")
    assert hold_item(workspace, ONE, "bo", "page of bo", take_over=True).yours
    lost = hold_item(workspace, ONE, "ann", "page")
    assert not lost.yours and [claim.reviewer for claim in lost.others] == ["bo"]
    assert hand_in(workspace, ONE, "ann", work()).new, "what is done by then is not lost"


def test_a_claim_ends_when_its_heartbeat_does(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_item(workspace, ONE, "ann", "page")
    monkeypatch.setattr(claims, "LIFE", timedelta(seconds=-1))
    assert hold_item(workspace, ONE, "bo", "page of bo").yours


def test_a_second_page_of_the_same_reviewer_is_noticed(workspace: Workspace) -> None:
    assert not hold_item(workspace, ONE, "ann", "page").another_page
    assert not hold_item(workspace, ONE, "ann", "page").another_page
    assert hold_item(workspace, ONE, "ann", "second").another_page
    assert hold_item(workspace, ONE, "ann", "page").another_page, "and both know of it"


def test_two_who_ask_for_the_next_item_get_two(workspace: Workspace) -> None:
    first, second = claim_next(workspace, "ann"), claim_next(workspace, "bo")
    assert (first, second) == (ONE, TWO)
    assert claim_next(workspace, "ann") == ONE, "what is theirs is offered again"
    assert not hold_item(workspace, ONE, "ann", "page").another_page, "its page is the first that is opened"
    for _ in range(4):
        hand_in(workspace, claim_next(workspace, "bo") or 0, "bo", work())
        if claim_next(workspace, "bo") is None:
            break
    assert claim_next(workspace, "bo") is None, "ann has the last one"


# drafts -------------------------------------------------------------------------------------------------------------


def test_what_was_begun_is_found_again_and_is_nobody_elses(workspace: Workspace) -> None:
    saved = save_draft(workspace, TWO, "ann", "page", 0, DraftContent(RIGHT, 5, EFFORT))
    queue = review_queue(workspace, "ann")
    assert queue.next is not None and queue.next.transcript == TWO and queue.next.begun
    found = open_item(workspace, TWO, "ann").drafts
    assert found == (saved,) and (saved.chapters, saved.line, saved.effort) == (RIGHT, 5, EFFORT)
    assert open_item(workspace, TWO, "bo").drafts == ()
    hand_in(workspace, TWO, "ann", work())
    assert open_item(workspace, TWO, "ann").drafts == ()


def test_a_page_that_goes_on_from_an_older_revision_is_kept_beside_the_newer(workspace: Workspace) -> None:
    first = save_draft(workspace, ONE, "ann", "one", 0, DraftContent(chapters(0), 0, EFFORT))
    second = save_draft(workspace, ONE, "ann", "two", first.revision, DraftContent(chapters(0, 10), 0, EFFORT))
    late = save_draft(workspace, ONE, "ann", "one", first.revision, DraftContent(chapters(0, 20), 0, EFFORT))
    assert (second.late, late.late) == (False, True)
    assert open_item(workspace, ONE, "ann").drafts == (second, late)
    chosen = save_draft(workspace, ONE, "ann", "one", second.revision, DraftContent(chapters(0, 20), 0, EFFORT))
    assert not chosen.late and open_item(workspace, ONE, "ann").drafts == (chosen,), "its reviewer saw both"


def test_handing_in_one_of_two_versions_leaves_the_other(workspace: Workspace) -> None:
    save_draft(workspace, ONE, "ann", "an older page", 0, DraftContent(chapters(0), 0, EFFORT))
    save_draft(workspace, ONE, "ann", "page", 1, DraftContent(chapters(0, 10), 0, EFFORT))
    other = save_draft(workspace, ONE, "ann", "other", 1, DraftContent(chapters(0, 20), 0, EFFORT))
    hand_in(workspace, ONE, "ann", replace(work(), goes_on_from=2))
    assert open_item(workspace, ONE, "ann").drafts == (other,)
    assert [entry.transcript for entry in review_queue(workspace, "ann").begun] == [ONE]


def test_titles_are_tidied(workspace: Workspace) -> None:
    done = hand_in(workspace, ONE, "ann", work(right=(Chapter(0, "  The  ferry\n"),)))
    with workspace.record.read() as store:
        assert store.corrections.read(done.submission.correction or 0).chapters == (Chapter(0, "The ferry"),)


def test_of_two_states_the_unwanted_one_can_go(workspace: Workspace) -> None:
    first = save_draft(workspace, ONE, "ann", "one", 0, DraftContent(chapters(0), 0, EFFORT))
    save_draft(workspace, ONE, "ann", "two", 0, DraftContent(chapters(0, 10), 0, EFFORT))
    discard_draft(workspace, ONE, "ann", "two")
    assert open_item(workspace, ONE, "ann").drafts == (first,)


@given(saves=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=12))
def test_only_what_goes_on_from_the_newest_revision_is_the_newest(saves: list[tuple[str, int]]) -> None:
    engine = sa.create_engine("sqlite://")
    ReviewDraftRow.metadata.create_all(engine, tables=[ReviewDraftRow.__table__])
    newest, newest_page = 0, ""
    with Session(engine) as session:
        drafts = ReviewDrafts(session)
        for number, (page, behind) in enumerate(saves):
            goes_on_from = max(0, newest - behind)
            saved = drafts.save(ONE, "ann", page, goes_on_from, DraftContent(chapters(number), 0, EFFORT))
            assert saved.late == (page != newest_page and goes_on_from < newest)
            if not saved.late:
                newest, newest_page = saved.revision, page
            found = drafts.of(ONE, "ann")
            assert saved in found and [draft.late for draft in found] == sorted(draft.late for draft in found)
            assert (found[0].revision, found[0].page) == (newest, newest_page)
    engine.dispose()


# media --------------------------------------------------------------------------------------------------------------


def test_a_media_address_has_the_talks_id() -> None:
    assert media_address("https://cdn.example/{id}.mp4", "a/b c") == "https://cdn.example/a%2Fb%20c.mp4"


@pytest.mark.parametrize(
    "bad",
    [
        *("javascript:alert(1)", "file:///etc/passwd", "//x/y", "data:text/html,x", "https://", "http://["),
        *("https://a b/", "https://u:p@host/x", "https://x/\n", "HTTPS:/x", "https://x/" + "y" * 3000),
        *("http://a;sandbox/x", "http://a,b/x", "http://a'b/x", "http://münchen.example/x", "http://a%20b/x"),
    ],
)
def test_what_no_browser_should_open_is_no_media_address(workspace: Workspace, bad: str) -> None:
    with pytest.raises(BadInput, match="none that a browser plays"):
        checked_media(bad)
    with pytest.raises(BadInput), workspace.record.write() as store:
        store.transcripts.give_media(ONE, bad)


def test_an_import_says_where_the_recordings_are_also_later(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "talk.vtt"
    file.write_text("WEBVTT\n\n00:00.000 --> 00:05.000\nGood evening.\n")
    for pattern, found in (("", ""), ("https://m.example/{id}.mp3", "https://m.example/talk.mp3")):
        read = detect.transcripts(file)
        report = add_transcripts(workspace.record, read, tmp_path, media_url=pattern)
        assert report.rejected == 0
        with workspace.record.read() as store:
            assert store.transcripts.media_of(store.transcripts.find("talk")) == found
    for pattern, sentence in (("https://m.example/x.mp3", "same for every talk"), ("ftp://m/{id}", "browser plays")):
        with pytest.raises(BadInput, match=sentence):
            add_transcripts(workspace.record, detect.transcripts(file), tmp_path, media_url=pattern)


def test_an_item_has_the_recordings_address(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        store.transcripts.give_media(ONE, "https://cdn.example/one.mp3")
    assert open_item(workspace, ONE, "ann").media == "https://cdn.example/one.mp3"


def test_nothing_of_a_forgotten_talk_is_left(workspace: Workspace) -> None:
    save_draft(workspace, ONE, "ann", "page", 0, DraftContent(RIGHT, 5, EFFORT))
    hold_item(workspace, ONE, "ann", "page")
    hand_in(workspace, ONE, "bo", work("flag", why="a secret"))
    with workspace.record.write() as store:
        store.transcripts.give_media(ONE, "https://cdn.example/one.mp3")
        store.tombstones.record_deletion("one", "ann", "asked for")
        assert store.review_drafts.of(ONE, "ann") == [] and store.claims.live(ONE) == []
        assert [flag.why for flag in store.submissions.flags(ONE)] == [""]
        assert store.transcripts.media_of(ONE) == ""
    with pytest.raises(NotFound):
        open_item(workspace, ONE, "ann")
    assert ONE not in waiting(workspace, "ann") and not review_queue(workspace, "ann").begun


def test_either_database_keeps_claims_drafts_and_submissions(either: Record) -> None:
    with either.write() as store:
        seqs = [store.transcripts.add(talk(name)).seq for name in ("one", "two")]
        for seq in seqs:
            store.claims.keep(seq, "ann", "page")
            store.review_drafts.save(seq, "ann", "page", 0, DraftContent(RIGHT, 3, EFFORT))
            for action in ("skip", "edit"):
                made = FinishedWork(f"{seq} {action}", seq, "ann", "skip", "why", None, EFFORT, True)
                store.submissions.add(made)
        late = store.review_drafts.save(seqs[0], "ann", "other", 0, DraftContent(RIGHT, 3, EFFORT))
    with either.read() as store:
        assert late.late and [draft.page for draft in store.review_drafts.of(seqs[0], "ann")] == ["page", "other"]
        assert set(store.review_drafts.begun_by("ann")) == set(seqs) == store.submissions.skipped_by("ann")
        assert [one.transcript for one in store.submissions.newest_by("ann", 5)] == seqs[::-1]
        assert {seq: [claim.reviewer for claim in claims] for seq, claims in store.claims.all_live().items()} == {
            seq: ["ann"] for seq in seqs
        }
    with either.write() as store:
        store.claims.drop_others(seqs[0], "bo")
        store.review_drafts.remove(seqs[0], "ann", "page", 1)
        store.review_drafts.remove_page(seqs[0], "ann", "other")
        assert store.claims.live(seqs[0]) == [] and store.review_drafts.begun_by("ann") == seqs[1:]
