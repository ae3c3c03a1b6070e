"""MLflow, real: versions and aliases on SQLite, and on a server."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from errata.database.record import Record
from errata.errors import BadInput, NotFound, Unavailable
from errata.inference.artefact import seal, verify
from errata.settings import FILE
from errata.workspace import Workspace
from registry.models import ModelRegistry
from tests.mlflow_server import mlflow_server


def weights(words: str) -> bytes:
    """Safetensors without a tensor: the header's length, and the header."""
    header = json.dumps({"__metadata__": {"words": words}}).encode()
    return len(header).to_bytes(8, "little") + header


def sealed(folder: Path, words: str) -> tuple[Path, str]:
    """A model, as far as a registry can tell."""
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(weights(words))
    (folder / "errata.json").write_text("{}")
    return folder, seal(folder)


def downloaded(registry: ModelRegistry, run: str, identity: str, place: Path) -> Path:
    """A model's files, as MLflow gives them back."""
    return Path(registry.mlflow.client.download_artifacts(run, f"models/{identity[:16]}", str(place)))


def test_a_model_is_registered_once(registry: ModelRegistry, tmp_path: Path) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    run = registry.runs.open_night("n1")
    assert registry.register(folder, identity, {"errata.verdict": "reject"}, run) == "1"
    assert registry.register(folder, identity, {"errata.verdict": "promote"}, registry.runs.open_night("n2")) == "1"
    other, second = sealed(tmp_path / "other", "two")
    assert registry.register(other, second, {}, run) == "2"


def test_a_model_whose_files_were_changed_is_not_registered(registry: ModelRegistry, tmp_path: Path) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    (folder / "model.safetensors").write_bytes(weights("other"))
    with pytest.raises(NotFound, match=r"model\.safetensors"):
        registry.register(folder, identity, {}, registry.runs.open_night("n1"))
    seal(folder)
    with pytest.raises(NotFound, match="does not hold"):
        registry.register(folder, identity, {}, registry.runs.open_night("n1"))


def test_a_crash_between_upload_and_version_is_made_good(
    registry: ModelRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    run = registry.runs.open_night("n1")
    with monkeypatch.context() as patched:
        patched.setattr(type(registry.mlflow.client), "create_model_version", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            registry.register(folder, identity, {}, run)
    assert registry.register(folder, identity, {}, run) == "1"
    assert verify(downloaded(registry, run, identity, tmp_path)) == identity


def test_a_model_lies_in_its_run_as_it_was_sealed(registry: ModelRegistry, tmp_path: Path) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    run = registry.runs.open_night("n1")
    registry.register(folder, identity, {}, run)
    got = downloaded(registry, run, identity, tmp_path)
    assert {path.name: path.read_bytes() for path in got.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_the_papers_of_a_model_that_is_decided_on_again_are_told_too(registry: ModelRegistry, tmp_path: Path) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    run = registry.runs.open_night("n1")
    for text in ("# First\n", "# Second\n"):
        (folder / "README.md").write_text(text)
        version = registry.register(folder, identity, {}, run, "waits")
        assert (registry.fetch(identity, tmp_path / text.strip("# \n")) / "README.md").read_text() == text
    page = registry.mlflow.client.get_model_version(registry._name, version).description
    card = registry.runs.place(run, f"models/{identity[:16]}/README.md")
    assert card.startswith("#/experiments/") and f"[Model card]({card})" in page


def test_an_unknown_model_is_one_sentence(registry: ModelRegistry) -> None:
    with pytest.raises(NotFound, match="no version"):
        registry.tag_version("f" * 64, {"errata.verdict": "promote"})
    assert registry.aliases() == {}


def test_evidence_stands_on_the_version(registry: ModelRegistry, tmp_path: Path) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    run = registry.runs.open_night("n1")
    version = registry.register(folder, identity, {"errata.verdict": "inconclusive"}, run)
    registry.tag_version(identity, {"errata.verdict": "promote", "errata.p_value": "0.01"})
    found = registry.mlflow.client.get_model_version(registry._name, version)
    assert found.tags == {
        "errata.verdict": "promote",
        "errata.p_value": "0.01",
        "errata.sha256": identity,
    }


# aliases -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(registry: ModelRegistry, tmp_path: Path) -> tuple[str, str]:
    run = registry.runs.open_night("n1")
    pair = [sealed(tmp_path / name, name) for name in ("first", "second")]
    for folder, identity in pair:
        registry.register(folder, identity, {}, run)
    return pair[0][1], pair[1][1]


def move(record: Record, alias: str, model: str) -> None:
    with record.write() as store:
        store.aliases.assign_alias(alias, model, "test", "me", night=None, evidence=None)


def test_aliases_follow_the_record(registry: ModelRegistry, record: Record, two: tuple[str, str]) -> None:
    first, second = two
    for alias, model in (("day0", first), ("champion", first), ("champion", second), ("challenger", first)):
        move(record, alias, model)
    assert registry.sync(record) == 3
    assert registry.aliases() == {"day0": ("1", first), "champion": ("2", second), "challenger": ("1", first)}
    with record.read() as store:
        assert not store.aliases.unapplied_moves()
    assert registry.sync(record) == 0
    move(record, "challenger", "")
    assert registry.sync(record) == 1
    assert "challenger" not in registry.aliases()


def test_a_champion_that_is_registered_anew_still_says_who_promoted_it(
    registry: ModelRegistry, record: Record, two: tuple[str, str], tmp_path: Path
) -> None:
    """MLflow's store was lost: the record's moves were told to the old one, and are told to no other by themselves."""
    first, _ = two
    move(record, "champion", first)
    registry.sync(record)
    told = registry.mlflow.client.get_model_version(registry._name, "1").tags
    registry.mlflow.client.delete_registered_model(registry._name)
    registry.register(tmp_path / "first", first, {}, registry.runs.open_night("day0"))
    registry.sync(record)
    registry.tag_promotions(record, first)
    assert "me" in told["errata.promoted"]
    assert registry.mlflow.client.get_model_version(registry._name, "1").tags == told


def test_what_somebody_changed_by_hand_is_mended(registry: ModelRegistry, record: Record, two: tuple[str, str]) -> None:
    first, second = two
    move(record, "day0", first)
    move(record, "champion", first)
    registry.sync(record)
    registry.mlflow.client.delete_registered_model_alias(registry._name, "day0")
    registry.mlflow.client.set_registered_model_alias(registry._name, "champion", "2")
    assert registry.aliases() == {"champion": ("2", second)}
    assert registry.sync(record) == 2
    assert registry.aliases() == {"day0": ("1", first), "champion": ("1", first)}


def test_a_move_to_a_model_that_is_not_registered_stays_to_be_applied(
    registry: ModelRegistry, record: Record, two: tuple[str, str]
) -> None:
    move(record, "champion", "e" * 64)
    with pytest.raises(NotFound, match="no version"):
        registry.sync(record)
    with record.read() as store:
        assert len(store.aliases.unapplied_moves()) == 1
    assert registry.aliases() == {}
    move(record, "champion", two[0])
    assert registry.sync(record) == 1


def test_an_alias_that_the_record_never_moved_is_nobody_s(
    registry: ModelRegistry, record: Record, two: tuple[str, str]
) -> None:
    move(record, "champion", two[0])
    registry.mlflow.client.set_registered_model_alias(registry._name, "server", "2")
    assert registry.sync(record) == 2 and registry.aliases() == {"champion": ("1", two[0])}


def test_who_is_overtaken_while_telling_tells_the_newest_last(
    registry: ModelRegistry, record: Record, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    move(record, "champion", first)
    apply = ModelRegistry.apply

    def overtaken(self: ModelRegistry, wanted: Mapping[str, str]) -> int:
        if wanted["champion"] == first:  # another process decides otherwise, and tells MLflow at once
            move(record, "champion", second)
            apply(self, {"champion": second})
        return apply(self, wanted)

    monkeypatch.setattr(ModelRegistry, "apply", overtaken)
    registry.sync(record)
    assert registry.aliases() == {"champion": ("2", second)}


def test_mlflow_s_copy_is_read_byte_by_byte_and_written_again(
    registry: ModelRegistry, two: tuple[str, str], tmp_path: Path
) -> None:
    first, _ = two
    registry.check_files(first)
    source = registry._find_version(first).source
    file = Path(unquote(urlsplit(source).path)) / "model.safetensors"
    for broken in (weights("other"), b""):
        file.write_bytes(broken)
        with pytest.raises(NotFound, match=r"model\.safetensors is missing or was changed"):
            registry.check_files(first)
        registry.restore_files(tmp_path / "first", first)
        registry.check_files(first)
    with pytest.raises(NotFound, match="does not hold"):
        registry.restore_files(tmp_path / "second", first)


# MLflow itself -------------------------------------------------------------------------------------------------------


def test_an_mlflow_that_can_t_be_reached_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://someone:secret@127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Unavailable, match="mlflow_uri") as raised:
            ModelRegistry(uri, "m", tmp_path).runs.open_night("n1")
    assert "\n" not in str(raised.value) and "secret" not in str(raised.value)


def test_whoever_merely_reads_does_not_wait_for_one_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    monkeypatch.setattr("registry.mlflow_store.getproxies", dict)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://someone:secret@127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Unavailable, match=r"^MLflow at http://127\.0\.0\.1:[0-9]+ can't be reached; see"):
            ModelRegistry(uri, "m", tmp_path).mlflow.check_reachable()
    ModelRegistry("sqlite://", "m", tmp_path).mlflow.check_reachable()
    with pytest.raises(NotFound, match="is gone"):
        ModelRegistry(f"sqlite:///{tmp_path / 'mlflow.db'}", "m", tmp_path).mlflow.check_reachable()
    assert not list(tmp_path.iterdir())


ALIASES = """
import sys
from pathlib import Path
from registry.models import ModelRegistry
print(ModelRegistry(sys.argv[1], "mlflow's", Path()).aliases(), "mlflow" in sys.modules)
"""


def test_who_asks_for_aliases_does_not_wait_until_mlflow_is_imported(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.execute("CREATE TABLE registered_model_aliases (name, alias, version)")
        store.execute("CREATE TABLE model_version_tags (name, version, key, value)")
        store.execute("INSERT INTO registered_model_aliases VALUES ('mlflow''s', 'champion', 2), ('else', 'day0', 1)")
        store.execute("INSERT INTO model_version_tags VALUES ('mlflow''s', 2, 'errata.sha256', 'abc')")
    words = [sys.executable, "-c", ALIASES, f"sqlite:///{tmp_path / 'mlflow.db'}"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout == "{'champion': ('2', 'abc')} False\n"


@pytest.mark.parametrize("address", ["", "mlruns", "/srv/mlruns", "file:///srv/mlruns"])
def test_a_folder_is_no_address_of_mlflow_s(address: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f'mlflow_uri = "{address}"\n')
    with pytest.raises(BadInput, match=r"no address of MLflow's; say http://…"):
        ModelRegistry.of(Workspace(tmp_path))


def test_a_store_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to be read as one" * 100)
    with pytest.raises(Unavailable, match="not a database") as raised:
        ModelRegistry(f"sqlite:///{tmp_path / 'mlflow.db'}", "m", tmp_path).aliases()
    assert "\n" not in str(raised.value)


def test_setting_up_mlflow_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    registry = ModelRegistry(f"sqlite:///{tmp_path / 'mlflow.db'}", "m", tmp_path / "mlartifacts")
    registry.register(folder, identity, {}, registry.runs.open_night("n1"))
    assert capfd.readouterr() == ("", "")
    assert list((tmp_path / "mlartifacts").rglob("model.safetensors")), "artefacts belong beside the workspace's store"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with mlflow_server(tmp_path) as uri:
        yield uri


@pytest.mark.slow
def test_the_same_on_a_server(server: str, record: Record, tmp_path: Path) -> None:
    registry = ModelRegistry(server, "served", tmp_path / "unused")
    folder, identity = sealed(tmp_path / "m", "one")
    run = registry.runs.open_night("n1")
    assert registry.register(folder, identity, {"errata.verdict": "promote"}, run) == "1"
    assert registry.register(folder, identity, {}, registry.runs.open_night("n1")) == "1"
    registry.runs.log(run, {"rank": 16}, {"f1": 61.5}, [folder], {"errata.verdict": "promote"})
    registry.runs.close(run)
    move(record, "champion", identity)
    assert registry.sync(record) == 1 and registry.aliases() == {"champion": ("1", identity)}
    assert verify(downloaded(registry, run, identity, tmp_path)) == identity
    assert registry.identity_of("1") == identity and registry.approver("1") == ""
    registry.mlflow.client.set_model_version_tag("served", "1", "errata.approved_by", "olga")
    assert registry.approver("1") == "olga"
    registry.note_hand_move("1", "It is adopted.")
    assert registry.approver("1") == "", "an approval counts once"
    with pytest.raises(NotFound):
        registry.identity_of("2")
    registry.check_files(identity)
    [kept] = (tmp_path / "a").rglob(f"*{identity[:16]}*/model.safetensors")  # the version's, and not the run's own
    kept.write_bytes(b"short")
    with pytest.raises(NotFound, match=r"model\.safetensors of version 1 is missing or of another size"):
        registry.check_files(identity)
    registry.restore_files(folder, identity)
    registry.check_files(identity)
    assert not (tmp_path / "unused").exists()


def test_a_store_that_was_copied_has_its_own_files_and_leaves_the_original_s_alone(
    registry: ModelRegistry, store: Path, tmp_path: Path
) -> None:
    from mlflow.tracking._tracking_service.utils import _artifact_repos_cache

    registry.aliases()  # makes the schema, where this is the first test
    original, copy = tmp_path / "Träger eins", tmp_path / "100% kopiert"
    original.mkdir()
    shutil.copyfile(store / "mlflow.db", original / "mlflow.db")
    folder, identity = sealed(tmp_path / "m", "one")
    first = in_folder(original)
    run = first.runs.open_night("n1")
    first.register(folder, identity, {}, run)
    shutil.copytree(original, copy)
    before = contents(original)
    _artifact_repos_cache.clear()  # by a run's id, in one process: a command has a process of its own
    second = in_folder(copy)
    second.runs.log(second.runs.open_night("n1"), {}, {}, [folder / "errata.json"], {})
    assert second.register(*sealed(tmp_path / "other", "two"), {}, run) == "2"
    assert contents(original) == before
    shutil.rmtree(original)
    assert verify(downloaded(second, run, identity, tmp_path)) == identity
    version = second.mlflow.client.get_model_version(second._name, "1")
    assert version.source.startswith(copy.as_uri())


def in_folder(folder: Path) -> ModelRegistry:
    return ModelRegistry(f"sqlite:///{folder / 'mlflow.db'}", "moved", folder / "mlartifacts")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def guarded_server(tmp_path: Path) -> Iterator[str]:
    """One that asks for a name and a password."""
    pytest.importorskip("flask_wtf", reason="MLflow's basic-auth needs Flask-WTF (pip install mlflow[auth])")
    (tmp_path / "auth.ini").write_text(
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = sqlite:///{tmp_path / 'auth.db'}\n"
        "admin_username = olga\n"
        "admin_password = a-long-password\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    own = {"MLFLOW_AUTH_CONFIG_PATH": str(tmp_path / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "for this test"}
    with mlflow_server(tmp_path, "--app-name", "basic-auth", environment=own) as uri:
        yield uri


@pytest.mark.slow
def test_a_server_that_asks_for_a_password_gets_it_and_a_wrong_one_is_one_sentence(
    guarded_server: str, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, identity = sealed(tmp_path / "m", "one")
    for name, password in (("olga", "wrong"), ("nobody", "a-long-password"), ("", "")):
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        refusing = ModelRegistry(guarded_server, "guarded", tmp_path / "unused")
        refusing.mlflow.check_reachable()
        with pytest.raises(Unavailable, match=r"MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD") as refused:
            refusing.runs.open_night("n1")
        assert "\n" not in str(refused.value) and "a-long-password" not in str(refused.value)
        with pytest.raises(Unavailable, match="MLFLOW_TRACKING_USERNAME"):
            refusing.aliases()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "olga")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a-long-password")
    registry = ModelRegistry(guarded_server, "guarded", tmp_path / "unused")
    run = registry.runs.open_night("n1")
    assert registry.register(folder, identity, {"errata.verdict": "promote"}, run) == "1"
    registry.runs.log(run, {"rank": 16}, {"f1": 61.5}, [folder / "errata.json"], {})
    registry.runs.close(run)
    move(record, "champion", identity)
    assert registry.sync(record) == 1 and registry.aliases() == {"champion": ("1", identity)}
    registry.check_files(identity)
    assert verify(registry.fetch(identity, tmp_path / "got")) == identity
