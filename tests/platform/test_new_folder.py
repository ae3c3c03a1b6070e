"""Where a workspace may be made, what git is given of it, and that a failure leaves nothing behind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.record import Record
from errata.errors import BadInput, NotFound, Refused, Unavailable
from errata.loop.init import init
from errata.loop.new_folder import check_folder, nothing_left_behind, sole_maker
from errata.project_files import project_file
from errata.settings import FILE, overriding_variables, read_settings, settings_file_text
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.platform.postgres import Server


class BrokenOffError(Exception):
    pass


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ERRATA_DATABASE_URL", "ERRATA_MLFLOW_URI", "ERRATA_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=ann", "-c", "user.email=ann@localhost", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


# where it may be made -------------------------------------------------------------------------------------------------


def test_a_folder_with_files_of_its_own_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    folder = tmp_path / "Träger eins"
    folder.mkdir()
    check_folder(folder, here=False)
    (folder / ".git").mkdir()
    check_folder(folder, here=False)
    for name in ("thesis.tex", "models", ".env", "z"):
        (folder / name).touch()
    with pytest.raises(Refused) as refusal:
        check_folder(folder, here=False)
    assert "(.env, models, thesis.tex and 1 more)" in str(refusal.value)
    assert f"errata init '{folder}' --here" in str(refusal.value), "as one can paste it"
    check_folder(folder, here=True)
    assert names(folder) == {".git", "thesis.tex", "models", ".env", "z"}


def test_a_pipeline_of_somebody_else_s_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    with pytest.raises(Refused, match="another project's pipeline"):
        check_folder(tmp_path, here=True)
    shutil.copyfile(project_file("dvc.yaml"), tmp_path / "dvc.yaml")
    check_folder(tmp_path, here=True)


def test_what_is_no_folder_is_no_place_for_one_and_stays(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to("gone")
    with pytest.raises(BadInput, match="is a file"):
        init(tmp_path / "file", here=True)
    for place in ("file/below", "file/below/that", "nowhere", "nowhere/below"):
        with pytest.raises(Unavailable, match="can't be made"):
            init(tmp_path / place)
    assert names(tmp_path) == {"file", "nowhere"} and not (tmp_path / "nowhere").exists()


def test_two_at_once_are_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with sole_maker(tmp_path / "ws"):
        (tmp_path / "ws" / ".dvc").mkdir()
        with pytest.raises(Refused, match="another `errata init` is at work"):
            init(tmp_path / "ws")
        assert names(tmp_path / "ws") == {".dvc"}
    with sole_maker(tmp_path / "ws"):
        pass


def test_one_that_the_first_took_away_again_is_not_made_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_away_first(*_: object) -> None:
        (tmp_path / "ws").rmdir()

    monkeypatch.setattr("fcntl.flock", take_away_first)
    with pytest.raises(Refused, match="another `errata init`"), sole_maker(tmp_path / "ws"):
        pass


def test_what_a_killed_init_has_left_is_completed(laid_out: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(laid_out, tmp_path / "ws"))
    (folder / FILE).unlink()
    (folder / "mlflow.db").touch()
    check_folder(folder, here=False)
    (folder / ".dvc" / "config").write_text("")
    check_folder(folder, here=False)
    Workspace.lay_out(folder)
    assert "analytics = false" in (folder / ".dvc" / "config").read_text()
    (folder / FILE).unlink()
    (folder / "thesis.tex").touch()
    with pytest.raises(Refused, match=r"\(thesis\.tex\)"):
        check_folder(folder, here=False)


# what git is given ----------------------------------------------------------------------------------------------------


def test_only_its_own_files_are_staged_and_committed(laid_out: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(laid_out, tmp_path / "ws"))
    (folder / "secrets.env").write_text("KEY=1\n")
    (folder / "draft.txt").write_text("half a sentence\n")
    git(folder, "add", "draft.txt")
    (folder / "params.yaml").write_text("mix: {least: 3}\n")
    Workspace(folder).commit("Our own parameters")
    assert git(folder, "show", "--name-only", "--format=%s").split("\n\n") == ["Our own parameters", "params.yaml\n"]
    assert git(folder, "status", "--porcelain").splitlines() == ["A  draft.txt", "?? secrets.env"]


def test_what_a_repository_ignores_already_stays_so(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".gitignore").write_text("*.secret\n")
    Workspace.lay_out(tmp_path)
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines[0] == "*.secret" and {"/errata.db*", "/models/"} <= set(lines)
    (tmp_path / ".gitignore").write_text("*.secret\n/models/\n")
    Workspace.lay_out(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*.secret\n/models/\n", "a workspace's own is its people's"


# a failure leaves nothing ---------------------------------------------------------------------------------------------


def test_a_folder_that_was_made_goes_with_its_parents(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with pytest.raises(BrokenOffError), sole_maker(folder), nothing_left_behind(folder):
        (folder / ".git").mkdir()
        Workspace(folder).record.migrate()
        raise BrokenOffError
    assert names(tmp_path) == set()


def test_a_folder_that_was_there_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.aux\n")
    with pytest.raises(KeyboardInterrupt), nothing_left_behind(tmp_path):
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git" / "HEAD").touch()
        (tmp_path / ".gitignore").write_text("*.aux\n/models/\n")
        Workspace(tmp_path).record.migrate()
        raise KeyboardInterrupt
    assert names(tmp_path) == {"thesis.tex", ".gitignore"}
    assert (tmp_path / ".gitignore").read_text() == "*.aux\n"


def test_what_ends_well_stays(tmp_path: Path) -> None:
    with sole_maker(tmp_path / "a"), nothing_left_behind(tmp_path / "a"):
        pass
    assert names(tmp_path) == {"a"}


def test_a_schema_that_was_made_is_dropped_and_one_that_was_there_stays(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgresql.create("unmade")
    url = postgresql.url("unmade")
    monkeypatch.setenv("ERRATA_DATABASE_URL", url)
    with pytest.raises(BrokenOffError), nothing_left_behind(tmp_path):
        Record(url, tmp_path).migrate()
        raise BrokenOffError
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names() == []
    made = Record(url, tmp_path)
    made.migrate()
    with pytest.raises(BrokenOffError), nothing_left_behind(tmp_path):
        raise BrokenOffError
    assert not made.is_new()
    made.close()
    engine.dispose()


@pytest.mark.slow
def test_init_with_a_model_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    done = in_this_process("init", tmp_path / "ws", "--model", tmp_path / "none", check=False)
    assert done.returncode == 2 and "is neither a folder nor a .gguf file" in done.stderr
    assert names(tmp_path) == set()


def test_a_database_that_is_away_is_one_sentence_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("ERRATA_DATABASE_URL", "postgresql+psycopg://ann:secret@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="can't be used") as refusal:
        init(tmp_path / "ws")
    assert "secret" not in str(refusal.value) and names(tmp_path) == set()


# which record ---------------------------------------------------------------------------------------------------------


def test_the_settings_it_was_made_with_are_kept_without_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_password = "postgresql+psycopg://ann:s%40cret@db.example/errata?sslmode=require&password=secret"
    monkeypatch.setenv("ERRATA_DATABASE_URL", with_password)
    monkeypatch.setenv("ERRATA_MODEL_NAME", 'talks "on air"')
    (tmp_path / FILE).write_text(settings_file_text())
    assert "cret" not in (tmp_path / FILE).read_text()
    assert overriding_variables(tmp_path) == [], "a password alone is no other database"
    assert read_settings(tmp_path).database_url == with_password
    for name in ("ERRATA_DATABASE_URL", "ERRATA_MODEL_NAME"):
        monkeypatch.delenv(name)
    kept = read_settings(tmp_path)
    assert kept.database_url == "postgresql+psycopg://ann@db.example/errata?sslmode=require"
    assert kept.model_name == 'talks "on air"'
    assert kept.mlflow_uri == f"sqlite:///{tmp_path / 'mlflow.db'}", "what nobody said moves with the workspace"


def test_another_variable_later_counts_and_is_said(
    laid_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(laid_out, tmp_path / "ws"))
    monkeypatch.setenv("ERRATA_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    done = in_this_process("history", "-w", folder, check=False)
    assert done.stderr.startswith("ERRATA_DATABASE_URL is set, and counts instead of what errata.toml says\n")
    assert done.returncode == 3 and f"there is no record at {tmp_path / 'other.db'}" in done.stderr
    assert names(tmp_path) == {"ws"}, "a command that reads makes no database"


def test_a_path_without_a_folder_is_in_the_workspace_wherever_a_command_runs(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('database_url = "sqlite:///here.db"\nmlflow_uri = "sqlite:////srv/mlflow.db"\n')
    settings = read_settings(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'here.db'}"
    assert settings.mlflow_uri == "sqlite:////srv/mlflow.db"


@pytest.mark.parametrize(
    "words", [("status",), ("report",), ("history",), ("tasks", "t.json"), ("compare", "day0", "champion"), ("fsck",)]
)
def test_a_folder_that_is_no_workspace_is_one_sentence_and_stays_as_it_is(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "none", tmp_path, Path(__file__)):
        done = in_this_process(*words, "-w", folder, check=False)
        assert done.returncode == 3 and done.stderr.count("\n") == 1 and "no workspace" in done.stderr
        assert ("errata init" in done.stderr) != folder.is_file()
    assert names(tmp_path) == set()


@pytest.mark.parametrize("words", [("status",), ("history",), ("conflicts",), ("fsck",)])
def test_a_record_that_is_gone_is_not_made_anew_by_whoever_reads(
    laid_out: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = Path(shutil.copytree(laid_out, tmp_path / "ws", ignore=shutil.ignore_patterns("errata.db*")))
    before = names(folder)
    for _ in ("gone", "emptied"):
        done = in_this_process(*words, "-w", folder, check=False)
        assert done.returncode == 3 and done.stderr.count("\n") == 1 and "there is no record at" in done.stderr
        assert names(folder) == before
        (folder / "errata.db").touch()
        before = names(folder)


def test_a_record_outside_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    record = Record(f"sqlite:///{tmp_path / 'gone' / 'errata.db'}", tmp_path / "blobs")
    with pytest.raises(NotFound, match="there is no record"), record.read():
        pass
    assert names(tmp_path) == set()
