"""What people do to a workspace by hand: aliases moved in MLflow, models deleted, rollbacks; and what it says of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from errata.errors import NotFound
from errata.loop.hand_moves import settle_hand_moves
from errata.loop.init import init
from errata.loop.night import run_night
from errata.operations.release_desk import ask_for_promotion, ask_for_rollback, release_desk
from registry.models import ModelRegistry
from tests.command_line import in_this_process
from tests.made_up_old_workspace import OldWorkspace
from tests.old_workspace_by_hand import as_json, by_hand, registry_fsck, status, version_of


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
