"""Moves and approvals of a champion by hand in MLflow that count: where somebody answers for them, by a tag."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from errata.loop import request_reconciler
from errata.loop.deliver import promote_by_hand
from errata.loop.hand_moves import settle_hand_moves
from errata.loop.request_reconciler import reconcile
from registry.models import ModelRegistry
from tests.command_line import in_this_process
from tests.made_up_old_workspace import OldWorkspace
from tests.old_workspace_by_hand import as_json, by_hand, registry_fsck, status, version_of


def test_a_champion_moved_in_mlflow_is_adopted_where_somebody_answers_for_it(
    place: OldWorkspace, released: Callable[[str], None]
) -> None:
    client, name = by_hand(place)
    released("hand_moves: adopt")
    day0, third = (str(version_of(place, model).version) for model in (place.day0, place.third))

    client.set_registered_model_alias(name, "champion", day0)
    (nobody,) = settle_hand_moves(place.place)
    assert nobody.adopted_by == "" and "set the tag errata.approved_by" in nobody.why_not

    client.set_model_version_tag(name, third, "errata.approved_by", "eve")
    client.set_registered_model_alias(name, "champion", third)
    (unjudged,) = settle_hand_moves(place.place)
    assert unjudged.adopted_by == "" and "no night's gate said `promote` of it" in unjudged.why_not
    assert status(place)["aliases"]["champion"] == place.second and status(place)["moved_aliases"] == []

    client.set_model_version_tag(name, day0, "errata.approved_by", "olga")
    client.set_registered_model_alias(name, "champion", day0)
    assert registry_fsck(place, "--repair")[1]["hand_moves"][0]["adopted_by"] == "olga"
    last = as_json("history", "-w", place.place.root)[-2:]
    assert [(move["alias"], move["by"], move["reason"]) for move in last] == [
        ("champion", "olga", "rollback: adopted by hand"),
        ("server", "olga", "rollback: adopted by hand"),
    ]
    assert "errata.approved_by" not in version_of(place, place.day0).tags, "an approval counts once"

    second = str(version_of(place, place.second).version)
    client.set_model_version_tag(name, second, "errata.approved_by", "olga")
    client.set_registered_model_alias(name, "champion", second)
    assert [move.adopted_by for move in settle_hand_moves(place.place)] == ["olga"]
    last = as_json("history", "-w", place.place.root)[-2:]
    assert [(move["model"], move["reason"]) for move in last] == [
        (place.second, "adopted by hand"),
        (place.server, "adopted by hand"),
    ]
    assert ModelRegistry.of(place.place).aliases()["server"][1] == place.server


def test_who_moves_it_again_while_it_is_settled_is_seen_too(
    place: OldWorkspace, released: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name = by_hand(place)
    released("hand_moves: adopt")
    day0, third = (str(version_of(place, model).version) for model in (place.day0, place.third))

    def nobody(*_: object) -> str:
        client.set_registered_model_alias(name, "champion", third)
        return ""

    monkeypatch.setattr(ModelRegistry, "approver", nobody)
    client.set_registered_model_alias(name, "champion", day0)
    assert [move.moved.version for move in settle_hand_moves(place.place)] == [day0, third]
    assert status(place)["moved_aliases"] == []


def test_the_watch_beside_the_service_settles_what_was_moved(
    place: OldWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name = by_hand(place)
    client.set_registered_model_alias(name, "champion", version_of(place, place.third).version)
    parents = iter([1, 1, 2])
    monkeypatch.setattr("os.getppid", lambda: next(parents))
    monkeypatch.setattr(request_reconciler, "SECONDS", 0.0)
    request_reconciler.watch_requests(place.place)
    assert status(place)["moved_aliases"] == []


def test_an_approval_is_a_tag_in_mlflow_too_and_counts_once(
    place: OldWorkspace, released: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name = by_hand(place)
    released("approval: two")
    in_this_process("rollback", "--reason", "titles shout", "-w", place.place.root)
    promote_by_hand(place.place, place.second, place.promoting, "ann")
    version = version_of(place, place.second)
    assert "waits for approval by 1 more person: approved by ann" in version.tags["errata.approval"]

    client.set_model_version_tag(name, version.version, "errata.approved_by", "Ann")
    assert reconcile(place.place) == []
    tags = version_of(place, place.second).tags
    assert "Ann has approved of" in tags["errata.approval_problem"] and "errata.approved_by" not in tags
    assert status(place)["aliases"]["champion"] == place.day0

    client.set_registered_model_alias(name, "champion", version.version)
    (put_back,) = settle_hand_moves(place.place)
    assert put_back.adopted_by == "" and status(place)["aliases"]["champion"] == place.day0

    client.set_model_version_tag(name, version.version, "errata.approved_by", "bob")
    parents = iter([1, 1, 2])
    monkeypatch.setattr("os.getppid", lambda: next(parents))
    monkeypatch.setattr(request_reconciler, "SECONDS", 0.0)
    request_reconciler.watch_requests(place.place)
    assert status(place)["aliases"]["champion"] == place.second
    assert ModelRegistry.of(place.place).aliases()["champion"][1] == place.second
    tags = version_of(place, place.second).tags
    assert "is promoted: approved by ann on" in tags["errata.approval"] and "bob on" in tags["errata.approval"]
    assert "errata.approved_by" not in tags and tags["errata.approval_problem"] == ""
    moved = [move for move in as_json("history", "-w", place.place.root) if move["by"] == "ann, bob"]
    assert [[said["via"] for said in move["approvals"]] for move in moved] == [["command line", "MLflow"]] * 2


def test_a_champion_moved_in_mlflow_is_one_approval_where_two_are_asked(
    place: OldWorkspace, released: Callable[[str], None]
) -> None:
    client, name = by_hand(place)
    released("approval: two, hand_moves: adopt")
    in_this_process("rollback", "-w", place.place.root)
    second = str(version_of(place, place.second).version)
    client.set_model_version_tag(name, second, "errata.approved_by", "olga")
    client.set_registered_model_alias(name, "champion", second)
    (put_back,) = settle_hand_moves(place.place)
    assert put_back.adopted_by == "" and "waits for approval by 1 more person: approved by olga" in put_back.why_not
    assert status(place)["aliases"]["champion"] == place.day0
    client.set_model_version_tag(name, second, "errata.approved_by", "ann")
    client.set_registered_model_alias(name, "champion", second)
    assert settle_hand_moves(place.place) == (), "approved by two, it is where the record has it"
    assert status(place)["aliases"]["champion"] == place.second
