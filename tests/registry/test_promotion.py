"""Promotion, rollback and history, on a real record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.database.record import Record
from errata.database.shipping import SHIPPING_ALIASES, former_champions, shipping_state
from errata.documents.decision import Decision, TargetOutcome
from errata.documents.evidence import Evidence
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.parity import Parity
from errata.domain.hashing import sha256
from errata.errors import NotFound, Refused
from errata.operations.status import alias_history
from evaluation.statistics.paired import compare
from registry.alias_evidence import check_alias_evidence
from registry.evidence import write_evidence
from registry.policy import SMALL
from registry.promotion import install_day0, promote, roll_back_target, rollback
from tests.made_up_decision import OLDER_PROMOTES

DAY0 = "0" * 64


def identity(name: str) -> str:
    return (name.encode().hex() * 64)[:64]


def evidence(folder: Path, candidate: str, champion: str = DAY0, verdict: Any = "promote", **changes: Any) -> Path:
    exports = {"server": identity(candidate + "server"), "device": identity(candidate + "device")}
    record = EvidenceRecord(
        night="n1",
        candidate=identity(candidate),
        champion=champion,
        day0=DAY0,
        exports=exports,
        training_watermark=1,
        gate_watermark=2,
        policy=SMALL.name,
        gate=Evidence(compare([1.0], [0.0], ["a"], seed=1), ()),
        decision=Decision(verdict),
        scores={},
        parity={
            target: Parity(model=model, size=1, f1=compare([], [], [], seed=1)) for target, model in exports.items()
        },
    )
    return write_evidence(folder, replace(record, **changes))[0]


@pytest.fixture
def day0(record: Record) -> Record:
    with record.write() as store:
        install_day0(store, DAY0, "init")
    return record


def held(record: Record) -> dict[str, str | None]:
    with record.read() as store:
        return {alias: store.aliases.model_of(alias) for alias in ("day0", *SHIPPING_ALIASES)}


def promoted(record: Record, folder: Path, candidate: str, champion: str = DAY0) -> None:
    with record.write() as store:
        promote(store, identity(candidate), "n1", evidence(folder, candidate, champion), "gate")


def state(candidate: str) -> dict[str, str | None]:
    return {
        "day0": DAY0,
        "champion": identity(candidate),
        "server": identity(candidate + "server"),
        "device": identity(candidate + "device"),
        **dict.fromkeys(("gguf", "nf4", "adapter")),  # not exported by these nights
    }


FIRST = {"day0": DAY0, **dict.fromkeys(SHIPPING_ALIASES), "champion": DAY0}


def test_day0_is_the_first_champion_and_stays_day0(day0: Record) -> None:
    assert held(day0) == FIRST
    with day0.write() as store:
        install_day0(store, DAY0, "init")
        assert len(store.aliases.moves()) == 2
    with day0.write() as store, pytest.raises(Refused, match="for ever"):
        install_day0(store, identity("other"), "init")


def test_a_promotion_moves_the_champion_and_what_ships_of_it(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    assert held(day0) == state("b")
    with day0.read() as store:
        moves = [move for move in store.aliases.moves() if move.reason == "promote"]
    assert {move.night for move in moves} == {"n1"} and {move.by for move in moves} == {"gate"}
    assert {move.evidence for move in moves} == {next(tmp_path.glob("*.json")).stem}
    assert not any(move.applied for move in moves)


def test_promoting_again_changes_nothing(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    with day0.read() as store:
        before = len(store.aliases.moves())
    promoted(day0, tmp_path, "b")
    with day0.read() as store:
        assert len(store.aliases.moves()) == before


def test_a_record_of_when_decisions_were_sentences_still_promotes(day0: Record, tmp_path: Path) -> None:
    value = json.loads(evidence(tmp_path, "b").read_text())
    del value["version"]
    data = json.dumps(value | {"decision": OLDER_PROMOTES})
    path = tmp_path / f"{sha256(data)}.json"
    path.write_text(data)
    with day0.write() as store:
        promote(store, identity("b"), None, path, "someone")
    assert held(day0) == state("b")


@pytest.mark.parametrize("verdict", ["reject", "inconclusive", "underpowered", "blocked"])
def test_only_the_verdict_promote_promotes(day0: Record, tmp_path: Path, verdict: str) -> None:
    path = evidence(tmp_path, "b", verdict=verdict)
    with day0.write() as store, pytest.raises(Refused, match=verdict):
        promote(store, identity("b"), "n1", path, "someone")
    assert held(day0) == FIRST


def test_without_a_record_nothing_is_promoted(day0: Record, tmp_path: Path) -> None:
    with day0.write() as store, pytest.raises(Refused, match="no evidence record"):
        promote(store, identity("b"), "n1", None, "someone")
    with day0.write() as store, pytest.raises(NotFound):
        promote(store, identity("b"), "n1", tmp_path / "gone.json", "someone")


def test_another_model_s_record_does_not_promote(day0: Record, tmp_path: Path) -> None:
    path = evidence(tmp_path, "b")
    with day0.write() as store, pytest.raises(Refused, match="is about"):
        promote(store, identity("c"), "n1", path, "someone")
    assert held(day0) == FIRST


def test_a_tampered_record_does_not_promote(day0: Record, tmp_path: Path) -> None:
    path = evidence(tmp_path, "b", verdict="reject")
    path.write_text(path.read_text().replace('"reject"', '"promote"'))
    with day0.write() as store, pytest.raises(Refused, match="was changed"):
        promote(store, identity("b"), "n1", path, "someone")


def test_a_comparison_with_a_former_champion_does_not_promote(day0: Record, tmp_path: Path) -> None:
    late = evidence(tmp_path, "c")
    promoted(day0, tmp_path, "b")
    with day0.write() as store, pytest.raises(Refused, match="by now"):
        promote(store, identity("c"), "n2", late, "gate")
    assert held(day0) == state("b")


def test_an_export_that_was_not_scored_does_not_ship(day0: Record, tmp_path: Path) -> None:
    path = evidence(tmp_path, "b", exports={"server": identity("swapped")})
    with day0.write() as store, pytest.raises(Refused, match="parity"):
        promote(store, identity("b"), "n1", path, "gate")
    assert held(day0) == FIRST


HELD = Decision("promote", targets=(TargetOutcome("device", "held back"),))
UNTOLD = Decision("promote", targets=(TargetOutcome("device", "not evaluable"),))


@pytest.mark.parametrize("decision", [HELD, UNTOLD])
def test_an_export_that_is_held_back_leaves_its_alias_where_it_was(
    day0: Record, tmp_path: Path, decision: Decision
) -> None:
    promoted(day0, tmp_path, "b")
    path = evidence(tmp_path, "c", identity("b"), decision=decision)
    with day0.write() as store:
        promote(store, identity("c"), "n2", path, "gate")
    assert held(day0) == state("c") | {"device": identity("bdevice")}
    with pytest.raises(Refused, match="holds the device export back"):
        check_alias_evidence("device", identity("cdevice"), path)
    check_alias_evidence("server", identity("cserver"), path)
    with day0.write() as store:
        rollback(store, "me", "titles too long")
    assert held(day0) == state("b"), "aliases of different ages go back to what shipped together"


def test_a_target_that_never_shipped_stays_nothing_where_it_is_held_back(day0: Record, tmp_path: Path) -> None:
    with day0.write() as store:
        promote(store, identity("b"), "n1", evidence(tmp_path, "b", decision=HELD), "gate")
    assert held(day0) == state("b") | {"device": None}


def test_a_promotion_is_all_or_nothing(day0: Record, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), day0.write() as store:
        promote(store, identity("b"), "n1", evidence(tmp_path, "b"), "gate")
        raise RuntimeError("killed before the commit")
    assert held(day0) == FIRST


def test_rolling_back_goes_further_each_time(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    promoted(day0, tmp_path, "c", identity("b"))
    assert held(day0) == state("c")
    for expected in (state("b"), FIRST):
        with day0.write() as store:
            rollback(store, "me", "titles too long")
        assert held(day0) == expected
    with day0.write() as store, pytest.raises(Refused, match="nothing was promoted"):
        rollback(store, "me", "again")


def test_what_is_promoted_after_a_rollback_is_rolled_back_to_the_same_place(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    with day0.write() as store:
        rollback(store, "me", "bad")
    promoted(day0, tmp_path, "c")
    with day0.write() as store:
        assert rollback(store, "me", "bad too") == {"champion": DAY0, "server": "", "device": ""}
    assert held(day0) == FIRST


def test_one_target_goes_back_alone_and_further_each_time(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    promoted(day0, tmp_path, "c", identity("b"))
    with day0.write() as store:
        assert roll_back_target(store, "device", "me", "garbled on phones") == identity("bdevice")
    assert held(day0) == state("c") | {"device": identity("bdevice")}
    with day0.write() as store:
        assert roll_back_target(store, "device", "me", "garbled too") == ""
    assert held(day0) == state("c") | {"device": None}
    with day0.write() as store, pytest.raises(Refused, match="no device export ships"):
        roll_back_target(store, "device", "me", "again")
    promoted(day0, tmp_path, "d", identity("c"))
    with day0.write() as store:
        assert roll_back_target(store, "device", "me", "bad") == "", "what went back is not what shipped before"
        rollback(store, "me", "all of it")
    assert held(day0) == state("c") | {"device": None}, "as it was when d was promoted"


def test_after_a_rollback_of_all_a_target_goes_back_from_there(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    promoted(day0, tmp_path, "c", identity("b"))
    with day0.write() as store:
        rollback(store, "me", "bad")
        assert roll_back_target(store, "device", "me", "bad too") == ""
        with pytest.raises(Refused, match="ships together with its model"):
            roll_back_target(store, "server", "me", "bad")
    assert held(day0) == state("b") | {"device": None}


def test_a_rollback_to_an_earlier_champion_passes_over_those_between(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    promoted(day0, tmp_path, "c", identity("b"))
    promoted(day0, tmp_path, "d", identity("c"))
    with day0.read() as store:
        assert former_champions(store.aliases.moves()) == [identity("c"), identity("b"), DAY0]
    with day0.write() as store:
        rollback(store, "me", "titles too long", identity("b"))
    assert held(day0) == state("b")
    for never_before in ("b", "c"):
        with day0.write() as store, pytest.raises(Refused, match="was no champion before the present one"):
            rollback(store, "me", "again", identity(never_before))
    with day0.write() as store:
        rollback(store, "me", "all of them")
    assert held(day0) == FIRST


def test_nothing_can_be_rolled_back_before_day0(record: Record) -> None:
    with record.write() as store, pytest.raises(Refused):
        rollback(store, "me", "why not")


def test_a_rollback_is_a_recorded_move_with_the_evidence_of_what_it_restores(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    first = next(tmp_path.glob("*.json")).stem
    promoted(day0, tmp_path, "c", identity("b"))
    with day0.write() as store:
        rollback(store, "me", "titles too long")
    last = alias_history(day0).moves[-3:]
    assert [move.alias for move in last] == ["champion", "server", "device"]
    assert all(move.evidence == first and move.by == "me" for move in last)
    assert all(move.reason == "rollback: titles too long" and move.applied is False for move in last)
    assert last[0].previous == identity("c") and last[0].model == identity("b")


def test_history_tells_every_move_in_order_and_in_utc(day0: Record, tmp_path: Path) -> None:
    promoted(day0, tmp_path, "b")
    moves = alias_history(day0).moves
    assert [move.number for move in moves] == sorted(move.number for move in moves)
    assert [(move.alias, move.reason) for move in moves] == [
        ("day0", "day0"),
        ("champion", "day0"),
        ("champion", "promote"),
        ("server", "promote"),
        ("device", "promote"),
    ]
    assert moves[0].at.utcoffset() == timedelta(0)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["promote", "rollback", "rollback to"]), max_size=12))
def test_rollback_undoes_promotions_like_a_stack(steps: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("stack")
    record = Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs")
    record.migrate()
    with record.write() as store:
        install_day0(store, DAY0, "init")
    stack = [FIRST]
    for number, step in enumerate(steps):
        if step == "promote":
            promoted(record, folder, f"m{number}", stack[-1]["champion"] or "")
            stack.append(state(f"m{number}"))
        elif step == "rollback to" and len(stack) > 1:
            with record.write() as store:
                rollback(store, "me", "undo", stack[len(stack) // 2 - 1]["champion"])
            del stack[len(stack) // 2 :]
        elif len(stack) > 1:
            with record.write() as store:
                rollback(store, "me", "undo")
            stack.pop()
        assert held(record) == stack[-1]
    with record.read() as store:
        now = shipping_state(store.aliases.moves())
    assert {alias: holding.model for alias, holding in now.items()} == {
        alias: model for alias, model in stack[-1].items() if alias in SHIPPING_ALIASES and model
    }
    record.close()
