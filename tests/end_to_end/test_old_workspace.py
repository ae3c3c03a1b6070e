"""A workspace made by the version before opens: every command reads what that one wrote, and goes on from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.errors import ErrataError
from registry.models import ModelRegistry
from tests.made_up_old_workspace import TALKS, OldWorkspace
from tests.made_up_record import misheard


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> OldWorkspace:
    return OldWorkspace(tmp_path_factory.mktemp("old") / "workspace")


def printed(old: OldWorkspace, *words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "-w", str(old.place.root)])
    if isinstance(done.exception, ErrataError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def as_json(old: OldWorkspace, *words: str | Path) -> Any:
    return json.loads(printed(old, *words, "--json"))


def aliases(old: OldWorkspace) -> dict[str, str | None]:
    found: dict[str, str | None] = as_json(old, "status")["aliases"]
    return found


def test_its_nights_and_aliases_are_shown(old: OldWorkspace) -> None:
    nights = as_json(old, "status")["nights"]
    assert [(night["label"], night["verdict"]) for night in nights] == [
        ("day-1", "bootstrap"),
        ("day-2", "promote"),
        ("day-3", "underpowered"),
    ]
    assert (nights[1]["effect"], nights[1]["n"], nights[1]["promoted"]) == (5.0, 6, old.second)
    assert "promote" in printed(old, "status")
    assert [move["alias"] for move in as_json(old, "history")] == [
        "day0",
        "champion",
        "champion",
        "server",
        "challenger",
    ]
    assert aliases(old)["champion"] == old.second


@pytest.mark.parametrize("label", ["day-1", "day-2", "day-3"])
def test_a_report_is_written_of_each_of_its_nights(old: OldWorkspace, label: str) -> None:
    report = as_json(old, "report", "--night", label)
    assert report["night"] == label
    page = (old.place.nights / label / "report.html").read_text()
    if label != "day-1":
        assert "+5.0 points of F1 (90 % interval +2.5 to +7.5, p = 0.02) on 6 fresh items" in page, (
            "as it was worded then"
        )
        assert "weighted kappa 0.92 on 48 corrections" in page, "and what its judges are worth"


def test_a_night_that_was_decided_is_told_to_mlflow_and_git(old: OldWorkspace) -> None:
    outcome = as_json(old, "nightly", "--date", "day-3")
    assert (outcome["verdict"], outcome["candidate"]) == ("underpowered", old.third)
    (decision,) = outcome["decisions"]
    assert (decision["name"], decision["verdict"], decision["needs"]) == ("candidate", "underpowered", 520)
    assert outcome["reason"] == decision["reasons"][0] == "6 items would only show a gain of 6.2 points."
    assert (old.place.nights / "day-3" / "published").exists()
    assert ModelRegistry.of(old.place).aliases()["challenger"][1] == old.third
    assert all(move["applied"] for move in as_json(old, "history"))
    assert "520" in printed(old, "nightly", "--date", "day-2") or "promote" in printed(
        old, "nightly", "--date", "day-2"
    )


def test_a_further_night_has_nothing_new(old: OldWorkspace) -> None:
    assert as_json(old, "nightly", "--date", "quiet")["verdict"] == "skipped"


def test_a_rollback_and_a_promotion_on_its_evidence(old: OldWorkspace) -> None:
    printed(old, "rollback")
    assert aliases(old)["champion"] == old.day0
    printed(old, "promote", old.second, "--evidence", old.promoting)
    assert (aliases(old)["champion"], aliases(old)["server"]) == (old.second, old.server)


def test_what_its_models_learnt_from_is_still_known(old: OldWorkspace) -> None:
    retracted = as_json(old, "retract", "2", "--by", "ann", "--why", "a test")
    assert [night["night"] for night in retracted["nights"] if night["scored"]] == ["day-1", "day-2", "day-3"]
    assert {model["model"] for model in retracted["models"]} == {old.second, old.third}


def test_init_finds_the_twins_that_its_sketches_hid(old: OldWorkspace) -> None:
    with old.place.record.write() as store:
        late = store.transcripts.add(misheard(TALKS[0], "late copy"), "sealed").seq
        before = store.watermark()
        assert store.repairs.has_old_sketches()
        assert len(store.leak_groups.of(late, before).hashes) == 1, "what it is a copy of was sketched otherwise"
    assert CliRunner().invoke(app, ["init", str(old.place.root)]).exit_code == 0
    with old.place.record.read() as store:
        assert not store.repairs.has_old_sketches()
        assert TALKS[0].hash in store.leak_groups.of(late, store.watermark()).hashes
        assert len(store.leak_groups.of(late, before).hashes) == 1, "as of then it is as it was"
    assert as_json(old, "fsck")["problems"] == []
