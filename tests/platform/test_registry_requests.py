"""What release owners ask for: a row, carried out once by the registry's side, wherever that is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.record import Record
from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.outcome import Outcome
from errata.domain.registry_request import ReleaseWish
from errata.errors import BadInput, Refused, Unavailable
from errata.loop import promotion_by_hand, request_reconciler
from errata.loop.lease import loop_lease
from errata.loop.request_reconciler import settle_requests, watch_requests
from errata.operations.release_desk import ask_for_promotion, ask_for_rollback, release_desk
from errata.settings import FILE
from errata.workspace import Workspace
from registry.promotion import install_day0, promote, rollback
from tests.made_up_params import write_params
from tests.registry.test_promotion import DAY0, evidence, identity

FIRST = identity("first")


@pytest.fixture
def place(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose night promoted a model over Day-0; that their files are whole is taken on trust."""
    (tmp_path / FILE).write_text("")
    write_params(tmp_path)
    folder = tmp_path / "nights" / "n1"
    folder.mkdir(parents=True)
    with record.write() as store:
        install_day0(store, DAY0, "init")
        path = evidence(folder, "first")
        promote(store, FIRST, "n1", path, "gate")
        store.nights.begin("n1", 0, 1)
        decided = OutcomeDecision("candidate", FIRST, True, path.stem, Decision("promote"))
        store.nights.finish(
            Outcome(night="n1", verdict="promote", champion=DAY0, candidate=FIRST, promoted=FIRST, decisions=(decided,))
        )
    monkeypatch.setattr(promotion_by_hand, "verify", lambda _: "")
    monkeypatch.setattr(promotion_by_hand, "model_folder", lambda model, _: Path(model))
    return Workspace(tmp_path)


def champion(place: Workspace) -> str | None:
    with place.record.read() as store:
        return store.aliases.model_of("champion")


def states(place: Workspace) -> list[str]:
    """Of all requests, the newest first."""
    return [request.state for request in release_desk(place).requests]


def rollbacks(place: Workspace) -> int:
    with place.record.read() as store:
        return sum(move.alias == "champion" and move.reason.startswith("rollback") for move in store.aliases.moves())


def test_asking_moves_nothing_and_says_who_comes_back(place: Workspace) -> None:
    desk = release_desk(place)
    assert (desk.champion, desk.before, desk.promotable, desk.requests) == (FIRST, DAY0, [], [])
    asked = ask_for_rollback(place, FIRST, "olga", "titles too long")
    assert (asked.state, asked.wish.model, asked.by, asked.why) == ("waiting", DAY0, "olga", "titles too long")
    assert champion(place) == FIRST and release_desk(place).requests == [asked]


def test_asking_again_while_it_waits_is_one_request(place: Workspace) -> None:
    first = ask_for_rollback(place, FIRST, "olga", "titles too long")
    assert ask_for_rollback(place, FIRST, "olga", "pressed twice").number == first.number
    assert states(place) == ["waiting"]


@pytest.mark.parametrize(("by", "why", "complaint"), [("", "x", "by is empty"), ("olga", " ", "why is empty")])
def test_who_and_why_must_be_said(place: Workspace, by: str, why: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        ask_for_rollback(place, FIRST, by, why)


def test_what_can_t_be_asked_for_is_refused(place: Workspace) -> None:
    with pytest.raises(Refused, match="is 6669727374"):
        ask_for_rollback(place, DAY0, "olga", "of a page that was read yesterday")
    with pytest.raises(Refused, match="no evidence record"):
        ask_for_promotion(place, "e" * 64, "olga", "approved")
    with place.record.write() as store:
        rollback(store, "olga", "by hand")
    with pytest.raises(Refused, match="nothing was promoted before"):
        ask_for_rollback(place, DAY0, "olga", "once more")
    assert states(place) == []


def test_a_rollback_is_carried_out_once_and_leaves_what_came_of_it(place: Workspace) -> None:
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    (settled,) = settle_requests(place)
    assert (settled.state, settled.problem) == ("done", "") and settled.settled_at is not None
    assert settled.moved["champion"] == DAY0 and settled.moved["server"] == ""
    assert champion(place) == DAY0 and settle_requests(place) == [] and rollbacks(place) == 1
    with place.record.read() as store:
        move = store.aliases.moves("champion")[-1]
    assert (move.by, move.reason) == ("olga", "rollback: titles too long")


def test_a_model_that_was_taken_back_can_be_approved_again(place: Workspace) -> None:
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    settle_requests(place)
    (promotable,) = release_desk(place).promotable
    assert (promotable.model, promotable.night) == (FIRST, "n1")
    ask_for_promotion(place, promotable.evidence, "olga", "they are fine")
    (settled,) = settle_requests(place)
    assert settled.state == "done" and settled.moved["champion"] == FIRST and champion(place) == FIRST
    assert release_desk(place).promotable == []


def test_of_a_champion_that_is_no_more_nothing_is_done(place: Workspace) -> None:
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    with place.record.write() as store:
        rollback(store, "eve", "by hand, meanwhile")
    (settled,) = settle_requests(place)
    assert settled.state == "refused" and "by now" in settled.problem and rollbacks(place) == 1


def test_what_can_t_ship_again_is_refused_and_said(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    (settled,) = settle_requests(place)
    assert settled.state == "refused" and "errata fsck --repair" in settled.problem and champion(place) == FIRST


def test_changed_evidence_is_refused(place: Workspace) -> None:
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    settle_requests(place)
    (promotable,) = release_desk(place).promotable
    ask_for_promotion(place, promotable.evidence, "olga", "approved")
    (place.nights / "n1" / f"{promotable.evidence}.json").write_text("{}")
    (settled,) = settle_requests(place)
    assert settled.state == "refused" and "was changed" in settled.problem and champion(place) == DAY0


def test_who_settles_twice_is_refused(place: Workspace) -> None:
    asked = ask_for_rollback(place, FIRST, "olga", "titles too long")
    settle_requests(place)
    with pytest.raises(Refused, match="done already"), place.record.write() as store:
        store.registry_requests.settle(asked.number, "done", {})


def test_either_database_keeps_them_in_order_and_settles_each_once(either: Record) -> None:
    first, second = ReleaseWish("rollback", FIRST, DAY0), ReleaseWish("promotion", DAY0, FIRST, "n1", "e" * 64)
    with either.write() as store:
        asked = [store.registry_requests.add(wish, "olga", "why").number for wish in (first, second, first)]
    assert asked == [1, 2, 1]
    with either.write() as store:
        done = store.registry_requests.settle(1, "done", {"champion": DAY0, "server": ""})
    with either.read() as store:
        assert [request.wish for request in store.registry_requests.waiting()] == [second]
        assert store.registry_requests.newest(2)[1] == done and done.moved == {"champion": DAY0, "server": ""}
        assert done.settled_at is not None and done.settled_at >= done.at
    with pytest.raises(Refused), either.write() as store:
        store.registry_requests.settle(1, "refused", {}, "again")
    with either.write() as store:
        assert store.registry_requests.add(first, "olga", "anew").number == 3


def test_killed_at_any_statement_it_is_carried_out_once(place: Workspace) -> None:
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    place.record.close()
    killed = 0
    while _settles_until_killed(place.root, killed + 1):
        killed += 1
        again = Workspace(place.root)
        assert (champion(again) == DAY0) == (states(again) == ["done"]) == (rollbacks(again) == 1)
        again.record.close()
    assert killed > 5, "no statement, no kill"
    assert (champion(place), states(place), rollbacks(place)) == (DAY0, ["done"], 1)


def _settles_until_killed(root: Path, statements: int) -> bool:
    """Settles in a process that is killed before so many statements, or commits, are done; whether it was."""
    child = os.fork()
    if not child:
        left = statements

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        for event in ("before_cursor_execute", "commit"):
            sa.event.listen(sa.Engine, event, count)
        settle_requests(Workspace(root))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_the_watch_settles_within_seconds_and_ends_with_who_started_it(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process whose parent goes once the request is settled."""
    monkeypatch.setattr(request_reconciler, "tell_mlflow", lambda _: ())
    monkeypatch.setattr(request_reconciler, "SECONDS", 0.05)
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    place.record.close()
    read_end, write_end = os.pipe()
    parent = os.fork()
    if not parent:
        if not os.fork():
            os.close(read_end)
            watch_requests(Workspace(place.root))
            os.write(write_end, b"ended")
            os._exit(0)
        _wait_until_settled(Workspace(place.root))
        os._exit(0)
    os.close(write_end)
    os.waitpid(parent, 0)
    assert os.read(read_end, 5) == b"ended"
    assert (champion(place), states(place)) == (DAY0, ["done"])


def _wait_until_settled(place: Workspace) -> None:
    for _ in range(600):
        if states(place) == ["done"]:
            return
        time.sleep(0.05)


def test_while_a_night_holds_the_loop_the_request_waits(place: Workspace) -> None:
    ask_for_rollback(place, FIRST, "olga", "titles too long")
    with loop_lease(place.record):
        child = os.fork()
        if not child:
            try:
                request_reconciler.reconcile(Workspace(place.root))
            except Unavailable:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert states(place) == ["waiting"] and champion(place) == FIRST
