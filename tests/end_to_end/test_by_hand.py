"""What people do to a workspace by hand: aliases moved in MLflow, models deleted, rollbacks; and what it says of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from errata.errors import NotFound
from errata.loop import request_reconciler
from errata.loop.deliver import promote_by_hand
from errata.loop.hand_moves import settle_hand_moves
from errata.loop.init import init
from errata.loop.night import run_night
from errata.loop.request_reconciler import reconcile
from errata.operations.release_desk import ask_for_promotion, ask_for_rollback, release_desk
from registry.models import ModelRegistry
from tests.command_line import in_this_process, json_of
from tests.made_up_old_workspace import OldWorkspace

as_json = json_of(in_this_process)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> OldWorkspace:
    """With a promotion of `second`, whose server export ships, and MLflow told of all."""
    old = OldWorkspace(tmp_path_factory.mktemp("made") / "workspace")
    init(old.place.root)
    return old


@pytest.fixture
def place(made: OldWorkspace) -> Iterator[OldWorkspace]:
    yield made
    init(made.place.root)  # what a test moved in MLflow goes back


@pytest.fixture
def released(place: OldWorkspace) -> Iterator[Callable[[str], None]]:
    """Sets parameters of the group `release`, for the test."""
    params = place.place.root / "params.yaml"
    before = params.read_text()

    def release(values: str) -> None:
        params.write_text(f"{before}release: {{{values}}}\n")

    yield release
    params.write_text(before)


def status(old: OldWorkspace) -> dict[str, Any]:
    found: dict[str, Any] = as_json("status", "-w", old.place.root)
    return found


def by_hand(old: OldWorkspace) -> Any:
    registry = ModelRegistry.of(old.place)
    return registry.mlflow.client, registry._name


def version_of(old: OldWorkspace, model: str) -> Any:
    client, name = by_hand(old)
    return min(client.search_model_versions(f"name = '{name}' and tags.`errata.sha256` = '{model}'"), key=str)


def test_an_alias_moved_in_mlflow_is_seen_and_said_and_put_back(
    place: OldWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(place)["moved_aliases"] == []
    client, name = by_hand(place)
    third = str(version_of(place, place.third).version)
    client.set_registered_model_alias(name, "champion", third)
    client.delete_registered_model_alias(name, "server")
    champion, server = status(place)["moved_aliases"]
    assert champion == {"alias": "champion", "model": place.second, "in_mlflow": place.third, "version": third}
    assert server == {"alias": "server", "model": place.server, "in_mlflow": "", "version": ""}
    said = " ".join(in_this_process("status", "-w", place.place.root).stdout.split())
    assert f"champion is version {third} ({place.third[:16]}) in MLflow, where somebody moved it." in said
    assert "server is gone in MLflow" in said
    assert f"at once: errata registry fsck --repair -w {place.place.root}" in said
    run_night(place.place, "day-9")
    noted = " ".join(capsys.readouterr().err.split())
    there = f"champion is version {third} ({place.third[:16]}) in MLflow"
    assert f"{there}, where somebody moved it. It is put back to {place.second[:16]}" in noted
    assert f"It is put back to {place.server[:16]}, as the record says." in noted
    assert status(place)["moved_aliases"] == []
    assert "where somebody moved it" in version_of(place, place.third).tags["errata.hand_move"]


def test_an_mlflow_that_is_gone_is_said_and_not_made_anew(place: OldWorkspace, tmp_path: Path) -> None:
    store = place.place.root / "mlflow.db"
    store.rename(tmp_path / "mlflow.db")
    found = status(place)
    assert f"{store} is gone" in found["mlflow_problem"] and found["aliases"]["champion"] == place.second
    assert not store.exists()
    (tmp_path / "mlflow.db").rename(store)
    assert status(place)["mlflow_problem"] == ""


def test_a_registry_that_was_lost_is_no_alias_that_was_moved(
    place: OldWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    client, name = by_hand(place)
    client.delete_registered_model(name)
    found = status(place)
    assert found["moved_aliases"] == [] and "errata init" in found["mlflow_problem"]
    assert settle_hand_moves(place.place) == ()
    assert capsys.readouterr().err == "", "the night says it, where it needs the models"
    init(place.place.root)
    assert status(place)["mlflow_problem"] == ""


def test_a_deleted_champion_is_named_and_taken_from_mlflow(place: OldWorkspace) -> None:
    folder = place.place.models / place.second[:16]
    shutil.rmtree(folder)
    checked = in_this_process("fsck", "-w", place.place.root, check=False)
    assert checked.returncode == 4
    assert (
        f"the champion, {place.second[:16]}, is not whole" in checked.stdout
        and "errata fsck --repair" in checked.stdout
    )
    other = in_this_process("predict", "-w", place.place.root, check=False)
    assert other.returncode == 3 and other.stderr.count("errata: ") == 1 and "errata fsck" in other.stderr
    repaired = json.loads(in_this_process("fsck", "--repair", "--json", "-w", place.place.root, check=False).stdout)
    assert repaired["restored"] == [place.second] and not [line for line in repaired["problems"] if "whole" in line]
    assert (folder / "manifest.json").is_file()


def test_what_mlflow_has_lost_as_well_stays_a_problem(place: OldWorkspace, tmp_path: Path) -> None:
    version = version_of(place, place.second)
    kept = Path(shutil.copytree(place.place.models / place.second[:16], tmp_path / "kept"))
    source = Path(unquote(urlsplit(version.source).path))
    (source / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(NotFound, match="was changed after it was sealed"):
        ModelRegistry.of(place.place).fetch(place.second, tmp_path)
    shutil.copyfile(kept / "model.safetensors", source / "model.safetensors")


def test_a_rollback_is_refused_where_what_shipped_then_is_not_whole_and_else_told_to_mlflow(
    place: OldWorkspace, tmp_path: Path
) -> None:
    root = place.place.root
    day0 = place.place.models / place.day0[:16]
    day0.rename(tmp_path / "day0")
    refused = in_this_process("rollback", "-w", root, check=False)
    assert refused.returncode == 4 and "can't ship again" in refused.stderr and "errata fsck --repair" in refused.stderr
    assert status(place)["aliases"]["champion"] == place.second
    (tmp_path / "day0").rename(day0)
    in_this_process("rollback", "--reason", "titles too long", "-w", root)
    assert status(place)["aliases"] | {"challenger": None} == {
        "day0": place.day0,
        "champion": place.day0,
        "challenger": None,
        "server": None,
        **dict.fromkeys(("device", "gguf", "nf4", "adapter")),
    }
    assert version_of(place, place.second).tags["errata.rolled_back"].endswith(": titles too long")
    assert version_of(place, place.day0).tags["errata.rolled_back_to"].endswith(": titles too long")
    back, again = (version_of(place, model).description for model in (place.second, place.day0))
    assert "It was **champion** until" in back and "became `champion` in its place: titles too long." in back
    assert "**champion** since" in again and f"in place of version {version_of(place, place.second).version}" in again
    in_this_process("promote", place.second, "--evidence", place.promoting, "-w", root)
    assert status(place)["aliases"]["server"] == place.server, "and what shipped with it"


def test_what_a_release_owner_asked_for_is_carried_out_by_reconcile_and_told_to_mlflow(place: OldWorkspace) -> None:
    root = place.place.root
    assert as_json("reconcile", "-w", root) == []
    ask_for_rollback(place.place, place.second, "olga", "titles too long")
    assert status(place)["waiting_requests"] == 1
    assert f"1 request waits; at once: errata reconcile -w {root}" in in_this_process("status", "-w", root).stdout
    (settled,) = as_json("reconcile", "-w", root)
    assert (settled["state"], settled["moved"]["champion"], settled["problem"]) == ("done", place.day0, "")
    assert status(place)["moved_aliases"] == [] and status(place)["untold_moves"] == 0
    assert version_of(place, place.second).tags["errata.rolled_back"].endswith("by olga: titles too long")
    (waiting,) = release_desk(place.place).promotable
    ask_for_promotion(place.place, waiting.evidence, "olga", "they are fine")
    ask_for_promotion(place.place, waiting.evidence, "olga", "pressed twice")
    said = " ".join(in_this_process("reconcile", "-w", root).stdout.split())
    assert f"request 2, a promotion asked for by olga, is carried out: champion is {place.second[:16]}" in said
    assert status(place)["aliases"]["server"] == place.server and as_json("reconcile", "-w", root) == []


def test_a_night_carries_out_what_was_asked_for_before_it_compares_with_the_champion(place: OldWorkspace) -> None:
    root = place.place.root
    ask_for_rollback(place.place, place.second, "olga", "titles too long")
    night = in_this_process("nightly", "--date", "day-4", "--json", "-w", root)
    assert "request" in night.stderr and "is carried out" in night.stderr
    assert json.loads(night.stdout)["verdict"] == "skipped", "nobody has corrected anything since"
    assert status(place)["aliases"]["champion"] == place.day0
    assert status(place)["moved_aliases"] == [] and status(place)["untold_moves"] == 0
    in_this_process("promote", place.second, "--evidence", place.promoting, "-w", root)


def test_a_rollback_by_hand_is_not_one_more_than_was_asked_for(place: OldWorkspace) -> None:
    root = place.place.root
    ask_for_rollback(place.place, place.second, "olga", "titles too long")
    in_this_process("rollback", "--reason", "olga asked for it", "-w", root)
    assert release_desk(place.place).requests[0].state == "refused"
    in_this_process("promote", place.second, "--evidence", place.promoting, "-w", root)


def test_a_workspace_that_was_moved_goes_on_where_it_is(
    place: OldWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.tracking._tracking_service.utils import _artifact_repos_cache

    root = Path(shutil.copytree(place.place.root, tmp_path / "Träger zwei"))
    _artifact_repos_cache.clear()  # by a run's id, in one process: a command has a process of its own
    place.place.root.rename(tmp_path / "out of sight")
    try:
        for words in (("status",), ("report", "--night", "day-2"), ("rollback",), ("history",)):
            in_this_process(*words, "-w", root)
        evidence = root / place.promoting.relative_to(place.place.root)
        in_this_process("promote", place.second, "--evidence", evidence, "-w", root)
        shutil.rmtree(root / "models" / place.second[:16])
        assert as_json("fsck", "--repair", "-w", root)["restored"] == [place.second], "out of its own MLflow"
        assert as_json("status", "-w", root)["moved_aliases"] == []
    finally:
        (tmp_path / "out of sight").rename(place.place.root)
        _artifact_repos_cache.clear()


# the registry held against the record --------------------------------------------------------------------------------


def registry_fsck(old: OldWorkspace, *words: str) -> tuple[int, dict[str, Any]]:
    done = in_this_process("registry", "fsck", "--json", "-w", old.place.root, *words, check=False)
    return done.returncode, json.loads(done.stdout)


def kinds(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["of"], finding["kind"]) for finding in found["findings"]}


def test_each_alias_is_a_version_with_whole_files_and_evidence(place: OldWorkspace) -> None:
    code, found = registry_fsck(place)
    assert (code, found["findings"], found["mlflow_problem"]) == (0, [], "")
    assert found["aliases"]["champion"] == place.second and found["aliases"]["server"] == place.server
    said = in_this_process("registry", "fsck", "-w", place.place.root).stdout
    assert "4 aliases, 0 problems; looked at files and evidence, and MLflow" in said


def test_whatever_an_alias_rests_on_is_missed_and_mended(place: OldWorkspace, tmp_path: Path) -> None:
    client, name = by_hand(place)
    waiting = Path(shutil.copy(place.waiting, tmp_path))
    (place.place.models / place.day0[:16] / "model.safetensors").write_bytes(b"flipped")
    source = Path(unquote(urlsplit(version_of(place, place.second).source).path))
    (source / "model.safetensors").write_bytes(b"flipped")
    client.delete_registered_model_alias(name, "server")
    client.delete_model_version(name, version_of(place, place.server).version)
    place.waiting.unlink()
    code, found = registry_fsck(place)
    assert code == 4 and kinds(found) == {
        ("day0", "files"),
        ("champion", "registered files"),
        ("server", "not registered"),
        ("server", "moved"),
        ("challenger", "evidence"),
    }
    said = " ".join(in_this_process("registry", "fsck", "-w", place.place.root, check=False).stdout.split())
    assert f"day0 {place.day0[:16]} is not whole" in said and "take it from that night's run in MLflow" in said
    code, found = registry_fsck(place, "--repair")
    assert code == 4 and kinds(found) == {("challenger", "evidence")}, "what nobody has a copy of stays, and is said"
    shutil.copy(waiting, place.waiting)
    assert registry_fsck(place)[0] == 0


def test_without_mlflow_it_says_what_it_could_check(place: OldWorkspace, tmp_path: Path) -> None:
    store = place.place.root / "mlflow.db"
    store.rename(tmp_path / "mlflow.db")
    done = in_this_process("registry", "fsck", "-w", place.place.root, check=False)
    assert done.returncode == 5 and "looked at files and evidence, and not what MLflow has" in done.stdout
    assert f"{store} is gone" in done.stderr and not store.exists()
    (tmp_path / "mlflow.db").rename(store)


def test_a_rollback_goes_to_an_earlier_champion_and_needs_no_mlflow(place: OldWorkspace, tmp_path: Path) -> None:
    root = place.place.root
    store = root / "mlflow.db"
    store.rename(tmp_path / "mlflow.db")
    no_number = in_this_process("rollback", "--to", "1", "-w", root, check=False)
    assert no_number.returncode == 3 and "is gone" in no_number.stderr
    done = in_this_process("rollback", "--to", place.day0[:8], "-w", root)
    assert f"champion is {place.day0[:16]} again" in done.stdout and "MLflow is told by the next night" in done.stderr
    assert status(place)["aliases"]["champion"] == place.day0 and not store.exists()
    (tmp_path / "mlflow.db").rename(store)
    as_json("reconcile", "-w", root)
    assert ModelRegistry.of(place.place).aliases()["champion"][1] == place.day0
    assert "**champion** since" in version_of(place, place.day0).description, "which the reconciler brings up to date"
    in_this_process("promote", place.second, "--evidence", place.promoting, "-w", root)
    in_this_process("rollback", "--to", version_of(place, place.day0).version, "-w", root)
    assert status(place)["aliases"]["champion"] == place.day0
    refused = in_this_process("rollback", "--to", place.third, "-w", root, check=False)
    assert refused.returncode == 3 and "was champion before the present one" in refused.stderr
    in_this_process("promote", place.second, "--evidence", place.promoting, "-w", root)


def test_a_champion_moved_in_mlflow_is_adopted_where_somebody_answers_for_it(place: OldWorkspace) -> None:
    client, name = by_hand(place)
    params = place.place.root / "params.yaml"
    before = params.read_text()
    params.write_text(before + "release: {hand_moves: adopt}\n")
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
    params.write_text(before)


def test_who_moves_it_again_while_it_is_settled_is_seen_too(
    place: OldWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name = by_hand(place)
    params = place.place.root / "params.yaml"
    before = params.read_text()
    params.write_text(before + "release: {hand_moves: adopt}\n")
    day0, third = (str(version_of(place, model).version) for model in (place.day0, place.third))

    def nobody(*_: object) -> str:
        client.set_registered_model_alias(name, "champion", third)
        return ""

    monkeypatch.setattr(ModelRegistry, "approver", nobody)
    client.set_registered_model_alias(name, "champion", day0)
    assert [move.moved.version for move in settle_hand_moves(place.place)] == [day0, third]
    assert status(place)["moved_aliases"] == []
    params.write_text(before)


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
