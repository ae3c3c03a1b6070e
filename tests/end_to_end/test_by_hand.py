"""What people do to a workspace by hand: aliases moved in MLflow, models deleted, rollbacks; and what it says of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from errata.errors import NotFound
from errata.loop.init import init
from errata.loop.moved_aliases import note_moved_aliases
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


def status(old: OldWorkspace) -> dict[str, Any]:
    found: dict[str, Any] = as_json("status", "-w", old.place.root)
    return found


def by_hand(old: OldWorkspace) -> Any:
    registry = ModelRegistry.of(old.place)
    return registry._client, registry._name


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
    assert "server is gone in MLflow" in said and f"at once: errata init {place.place.root}" in said
    note_moved_aliases(place.place)
    assert "champion is version" in capsys.readouterr().err, "a night says so before it puts it back"
    init(place.place.root)
    assert status(place)["moved_aliases"] == []


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
    note_moved_aliases(place.place)
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
        "device": None,
        "gguf": None,
    }
    assert version_of(place, place.second).tags["errata.rolled_back"].endswith(": titles too long")
    assert version_of(place, place.day0).tags["errata.rolled_back_to"].endswith(": titles too long")
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
