"""What the gate found waits for people, and is promoted by their approval alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.cli.print_status import history_json, print_history, print_night, print_status
from errata.database.record import Record
from errata.documents.comparison import NOTHING
from errata.documents.decision import Decision, SpentTest
from errata.documents.evaluation import Evaluation
from errata.documents.evidence import Evidence
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.domain.pending_promotion import Approval, PendingPromotion, same_person
from errata.errors import BadInput, NotFound, Refused
from errata.loop import deliver, promotion_by_hand
from errata.loop.conclusion import conclude, night_outcome
from errata.loop.deliver import approve_by_hand, promote_by_hand, reject_by_hand, roll_back
from errata.loop.gate_step import gate_history
from errata.loop.request_reconciler import settle_requests
from errata.operations.release_desk import ask_for_promotion, ask_for_rejection, release_desk
from errata.operations.status import alias_history, loop_status
from errata.settings import FILE
from errata.workspace import Workspace
from registry.gate_result import GateResult
from registry.promotion import install_day0, promote
from tests.made_up_params import write_params
from tests.registry.test_promotion import DAY0, evidence, identity, state

FIRST, SECOND = identity("first"), identity("second")
FOUND = Decision("promote", "better", test=SpentTest(1, 0.001, 0.01, True, 0.05))


@pytest.fixture
def place(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Whose champion is Day-0; that files are whole is taken on trust, and MLflow is away."""
    (tmp_path / FILE).write_text("")
    write_params(tmp_path, release={"approval": "two"})
    with record.write() as store:
        install_day0(store, DAY0, "init")
    monkeypatch.setattr(promotion_by_hand, "verify", lambda _: "")
    monkeypatch.setattr(promotion_by_hand, "model_folder", lambda model, _: Path(model))
    monkeypatch.setattr(deliver, "resolve_model", lambda _, name: name)
    return Workspace(tmp_path)


def night(place: Workspace, label: str, candidate: str, champion: str = DAY0) -> Outcome:
    """One that the gate says `promote` of, with all that a night itself does about it."""
    with place.record.write() as store:
        store.nights.begin(label, 1, 2)
    folder = place.nights / label
    folder.mkdir(parents=True)
    path = evidence(folder, candidate, champion, night=label, decision=FOUND)
    model = identity(candidate)
    result = GateResult("candidate", model, Evidence(NOTHING, ()), FOUND, path, path.stem, {})
    tonight = Night(label, 1, 2, DAY0, champion, 0, "", 0, "code")
    outcome = night_outcome(place, tonight, Evaluation(night=label, fresh_items=9, means={}), [result])
    conclude(place, tonight, [result], outcome)
    return outcome


def champion(place: Workspace) -> str | None:
    with place.record.read() as store:
        return store.aliases.model_of("champion")


def promotions(place: Workspace) -> list[PendingPromotion]:
    with place.record.read() as store:
        return list(store.pending_promotions.all())


def states(place: Workspace) -> list[str]:
    return [promotion.state for promotion in promotions(place)]


def test_what_the_gate_found_waits_and_nothing_that_ships_moves(place: Workspace, capsys) -> None:
    outcome = night(place, "n1", "first")
    assert (outcome.verdict, outcome.promoted, outcome.proposed) == ("promote", "", FIRST)
    assert not outcome.decisions[0].promoted and champion(place) == DAY0
    (waits,) = promotions(place)
    assert (waits.state, waits.night, waits.model, waits.champion, waits.needed) == ("waiting", "n1", FIRST, DAY0, 2)
    assert waits.evidence == outcome.decisions[0].evidence and waits.approvals == ()
    print_night(outcome, place.nights)
    print_status(loop_status(place))
    shown = " ".join(capsys.readouterr().out.split())
    assert "It waits for approval by 2 different people, and nothing that ships has moved." in shown
    assert "waits for approval by 2 different people" in shown and "promote, waits" in shown
    assert "errata approve -w" in shown


@pytest.mark.parametrize(("rule", "approvers"), [("none", ""), ("one", "ann"), ("two", "ann bob")])
def test_as_many_people_as_params_ask_for_promote_it(place: Workspace, rule: str, approvers: str) -> None:
    write_params(place.root, release={"approval": rule})
    outcome = night(place, "n1", "first")
    for name in approvers.split():
        assert champion(place) == DAY0
        approve_by_hand(place, "", name, f"{name} read it")
    with place.record.read() as store:
        moves = store.aliases.moves()[2:]
    assert {move.alias: move.model for move in moves} == {
        alias: model for alias, model in state("first").items() if model not in (DAY0, None)
    }
    assert {(move.night, move.reason) for move in moves} == {("n1", "promote")}
    assert {move.by for move in moves} == {", ".join(approvers.split()) or "gate"}
    assert {move.evidence for move in moves} == {outcome.decisions[0].evidence}
    assert states(place) == (["promoted"] if approvers else [])


def test_one_person_counts_once_however_they_write_their_name(place: Workspace) -> None:
    night(place, "n1", "first")
    approve_by_hand(place, "", "Ann", "")
    for name in ("Ann", "ann", " ANN ", "Ａnn"):
        with pytest.raises(Refused, match=r"has approved of 6669727374.* already"):
            approve_by_hand(place, "", name, "")
    assert champion(place) == DAY0
    assert approve_by_hand(place, FIRST[:8], "bob", "").state == "promoted" and champion(place) == FIRST
    with pytest.raises(NotFound, match="no promotion waits for approval"):
        approve_by_hand(place, "", "eve", "")


def test_one_no_is_enough_and_says_why_for_ever(place: Workspace, capsys) -> None:
    night(place, "n1", "first")
    approve_by_hand(place, "", "ann", "fine")
    assert reject_by_hand(place, "", "bob", "titles shout").state == "rejected" and champion(place) == DAY0
    assert release_desk(place).promotable == []
    history = alias_history(place.record)
    print_history(history)
    shown = " ".join(capsys.readouterr().out.split())
    assert "is rejected: approved by ann on" in shown and "; rejected by bob on" in shown and "(titles shout)" in shown
    assert [(said.by, said.approves, said.via) for said in history.promotions[0].approvals] == [
        ("ann", True, "command line"),
        ("bob", False, "command line"),
    ]


def test_history_names_who_approved_beside_the_move(place: Workspace) -> None:
    write_params(place.root, release={"approval": "one"})
    night(place, "n1", "first")
    approve_by_hand(place, "", "ann", "reads well")
    moved = [move for move in history_json(alias_history(place.record)) if move["reason"] == "promote"]
    assert [[said.comment for said in move["approvals"]] for move in moved] == [["reads well"]] * 3
    roll_back(place, "titles shout", "bob")
    assert not history_json(alias_history(place.record))[-1]["approvals"]


def test_a_newer_night_s_winner_takes_the_place_and_the_old_one_can_t_be_approved(place: Workspace) -> None:
    night(place, "n1", "first")
    approve_by_hand(place, "", "ann", "")
    night(place, "n2", "second")
    assert states(place) == ["superseded", "waiting"] and "the night n2 proposed" in promotions(place)[0].why
    assert [each.model for each in release_desk(place).promotable] == [SECOND]
    with pytest.raises(Refused, match="is superseded: the night n2 proposed"):
        approve_by_hand(place, FIRST[:8], "bob", "")
    with pytest.raises(NotFound, match=f"no promotion of 'abcd' waits for approval, and {SECOND[:16]} does"):
        approve_by_hand(place, "abcd", "bob", "")
    approve_by_hand(place, "", "ann", "")
    assert approve_by_hand(place, "", "bob", "").state == "promoted" and champion(place) == SECOND


def test_a_night_that_finds_nothing_leaves_it_waiting(place: Workspace) -> None:
    night(place, "n1", "first")
    with place.record.write() as store:
        store.nights.begin("n2", 2, 3)
        store.nights.finish(Outcome(night="n2", verdict="reject", champion=DAY0))
    assert states(place) == ["waiting"]
    assert [approve_by_hand(place, "", name, "").state for name in ("ann", "bob")] == ["waiting", "promoted"]


def test_against_a_champion_that_moved_nothing_is_approved(place: Workspace) -> None:
    night(place, "n1", "first")
    with place.record.write() as store:
        waits = store.pending_promotions.waiting()[0]
        promote(store, SECOND, None, evidence(place.nights / "n1", "second"), "gate")
    assert states(place) == ["superseded"] and "became champion meanwhile" in promotions(place)[0].why
    with pytest.raises(NotFound, match="no promotion waits"):
        approve_by_hand(place, "", "ann", "")
    with pytest.raises(Refused, match="but the champion is"), place.record.write() as store:
        deliver.approve(place, store, waits, Approval("ann", "", "command line"))
    with pytest.raises(Refused, match="waits no more; it is superseded"), place.record.write() as store:
        store.pending_promotions.add(waits, Approval("ann", "", "command line"))


def test_promotion_by_hand_is_one_approval_and_no_way_around_another(place: Workspace) -> None:
    outcome = night(place, "n1", "first")
    path = place.root / outcome.evidence
    with pytest.raises(Refused, match="0 of 2 have approved"), place.record.write() as store:
        promote(store, FIRST, None, path, "ann")
    waits = promote_by_hand(place, FIRST, path, "ann")
    assert waits is not None and (waits.state, waits.approvers, champion(place)) == ("waiting", ("ann",), DAY0)
    with pytest.raises(Refused, match="ann has approved"):
        promote_by_hand(place, FIRST, path, "ann")
    done = promote_by_hand(place, FIRST, path, "bob")
    assert done is not None and done.state == "promoted" and champion(place) == FIRST
    assert promote_by_hand(place, FIRST, path, "eve") is None, "it is champion already"


def test_what_was_rejected_can_be_proposed_again_by_hand(place: Workspace) -> None:
    outcome = night(place, "n1", "first")
    reject_by_hand(place, "", "ann", "too early")
    for name in ("ann", "bob"):
        promote_by_hand(place, FIRST, place.root / outcome.evidence, name)
    assert states(place) == ["rejected", "promoted"] and champion(place) == FIRST


def test_changed_evidence_is_not_approved(place: Workspace) -> None:
    outcome = night(place, "n1", "first")
    (place.root / outcome.evidence).write_text("{}")
    with pytest.raises(Refused, match="was changed"):
        approve_by_hand(place, "", "ann", "")
    assert promotions(place)[0].approvals == ()


def test_once_there_is_a_release_owner_nobody_else_approves(place: Workspace) -> None:
    night(place, "n1", "first")
    with place.record.write() as store:
        store.reviewers.appoint("olga", "release owner", "olga")
    with pytest.raises(Refused, match="ann is a reviewer and may not decide on a promotion"):
        approve_by_hand(place, "", "ann", "")
    with pytest.raises(Refused, match="may not decide on a promotion"):
        reject_by_hand(place, "", "ann", "")
    approve_by_hand(place, "", "olga", "")


@pytest.mark.parametrize(("by", "comment", "complaint"), [(" ", "", "by is empty"), ("x" * 501, "", "500 at most")])
def test_a_name_that_is_none_approves_of_nothing(place: Workspace, by: str, comment: str, complaint: str) -> None:
    night(place, "n1", "first")
    with pytest.raises(BadInput, match=complaint):
        approve_by_hand(place, "", by, comment)
    with pytest.raises(BadInput, match=r"1,000 are the most"):
        approve_by_hand(place, "", "ann", "x" * 1_001)


def test_a_find_earns_the_gate_s_budget_once_people_approved(place: Workspace) -> None:
    night(place, "n1", "first")

    def discoveries() -> list[bool]:
        with place.record.read() as store:
            return [test.discovery for test in gate_history(store).tests]

    assert discoveries() == [False]
    for name in ("ann", "bob"):
        approve_by_hand(place, "", name, "")
    assert discoveries() == [True]
    roll_back(place, "titles shout", "ann")
    assert discoveries() == [True], "it was promoted, whatever came of it"


def test_the_dashboard_s_approvals_are_rows_that_the_registry_s_side_carries_out(place: Workspace) -> None:
    night(place, "n1", "first")
    (promotable,) = release_desk(place).promotable
    first = ask_for_promotion(place, promotable.evidence, "ann", "fine")
    assert ask_for_promotion(place, promotable.evidence, "Ann", "pressed twice").number == first.number
    assert ask_for_promotion(place, promotable.evidence, "bob", "fine, too").number != first.number
    desk = release_desk(place)
    asked = desk.asked_by("promotion", FIRST)
    assert sorted(asked) == ["ann", "bob"] and promotable.has_enough(asked) and champion(place) == DAY0
    assert [(request.state, bool(request.moved)) for request in settle_requests(place)] == [
        ("done", False),
        ("done", True),
    ]
    assert champion(place) == FIRST and states(place) == ["promoted"]
    assert [(said.by, said.via) for said in promotions(place)[0].approvals] == [
        ("ann", "dashboard"),
        ("bob", "dashboard"),
    ]


def test_the_dashboard_s_rejection_and_what_is_too_late(place: Workspace) -> None:
    night(place, "n1", "first")
    (promotable,) = release_desk(place).promotable
    ask_for_rejection(place, promotable.evidence, "ann", "titles shout")
    ask_for_promotion(place, promotable.evidence, "bob", "fine")
    rejected, late = settle_requests(place)
    assert (rejected.state, late.state) == ("done", "refused") and "is rejected: rejected by ann" in late.problem
    assert champion(place) == DAY0 and states(place) == ["rejected"]
    with pytest.raises(Refused, match="no evidence record"):
        ask_for_rejection(place, promotable.evidence, "bob", "once more")


def test_who_approved_is_not_asked_again_on_the_dashboard(place: Workspace) -> None:
    night(place, "n1", "first")
    approve_by_hand(place, "", "ann", "")
    (promotable,) = release_desk(place).promotable
    with pytest.raises(Refused, match=r"ann has approved of 6669727374.* already"):
        ask_for_promotion(place, promotable.evidence, "ann", "again")


def test_an_approval_of_what_a_night_superseded_meanwhile_is_refused(place: Workspace) -> None:
    write_params(place.root, release={"approval": "one"})
    night(place, "n1", "first")
    ask_for_promotion(place, release_desk(place).promotable[0].evidence, "ann", "fine")
    night(place, "n2", "second")
    (late,) = settle_requests(place)
    assert late.state == "refused" and "is superseded: the night n2 proposed" in late.problem
    assert champion(place) == DAY0


def test_either_database_keeps_them(either: Record) -> None:
    with either.write() as store:
        opened = store.pending_promotions.open("n1", FIRST, DAY0, "e" * 64, 2)
        assert store.pending_promotions.open("n1", FIRST, DAY0, "e" * 64, 2) == opened
        said = store.pending_promotions.add(opened, Approval("ann", "‮ fine", "MLflow"))
        assert (said.missing, store.pending_promotions.untold()) == (1, [said])
        store.pending_promotions.mark_told(opened)
        assert store.pending_promotions.untold() == [said], "it was told of as it was before"
        store.pending_promotions.mark_told(said)
    with either.read() as store:
        assert store.pending_promotions.waiting() == [said] and store.pending_promotions.untold() == []
    with either.write() as store:
        store.pending_promotions.settle(said, "superseded", "so it is")
    with pytest.raises(Refused, match="waits no more; it is superseded: so it is"), either.write() as store:
        store.pending_promotions.settle(said, "promoted")


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_person_is_the_same_as_itself_and_the_order_of_names_is_nothing(one: str, other: str) -> None:
    assert same_person(one, one) and same_person(one, f" {one}\n")
    assert same_person(one, other) == same_person(other, one)
