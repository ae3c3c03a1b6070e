"""`errata compare` on what is held out: each look is counted, and the sealed set opens seldom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.domain.prediction import Prediction
from errata.errors import ErrataError, NotFound, Refused
from errata.workspace import Workspace
from tests.evaluation.comparing import compare, known, refused
from tests.made_up_answers import ASKED, corrected
from tests.made_up_record import chapters, correction
from tests.made_up_server import Server


def test_each_role_is_compared_on_by_its_name(workspace: Workspace, talks: list[int], right: str) -> None:
    held_out = {
        role: corrected(workspace.record, [f"{role} {n}" for n in range(3)], role)
        for role in ("dev", "anchor", "sealed")
    }
    for seqs in held_out.values():
        with workspace.record.write() as store:
            for seq in seqs:
                store.predictions.add(Prediction(seq, right, ASKED, chapters(0, 60)))
    found = {on: compare(workspace, right, "champion", "--on", on) for on in ("fresh", "dev", "anchor", "all")}
    assert {on: one["items"] for on, one in found.items()} == {"fresh": 10, "dev": 3, "anchor": 3, "all": 16}
    assert {name: one["n"] for name, one in found["all"]["slices"]["part"].items()} == {
        "fresh": 10, "dev": 3, "anchor": 3,
    }  # fmt: skip
    with workspace.record.read() as store:
        logged = [each.access for each in store.holdout.accesses()]
    assert [(one.role, one.items, one.models) for one in logged] == [("anchor", 3, (right, right))] * 2
    assert logged[0].why == f"errata compare {right} champion --on anchor"


def test_the_sealed_set_opens_four_times_a_year_and_shows_no_item(
    workspace: Workspace, talks: list[int], right: str
) -> None:
    sealed = corrected(workspace.record, ["s0", "s1", "s2"], "sealed")
    wrong = known(workspace, dict.fromkeys(sealed, 90))
    with workspace.record.write() as store:
        for seq in sealed:
            store.predictions.add(Prediction(seq, right, ASKED, chapters(0, 60)))
    with workspace.record.write() as store:
        store.corrections.add(correction(sealed[0], chapters(0, 60), kind="accept"))
    for _ in range(4):
        found = compare(workspace, "champion", wrong, "--on", "sealed")
        assert found["items"] == 3 and found["fixes"] == found["regressions"] == []
        assert found["slices"] == {}, "one of its kinds is a single item"
        assert found["metrics"]["f1"]["difference"]["effect"] > 0
    said_so = refused(workspace, Refused, "champion", wrong, "--on", "sealed")
    assert said_so.count("-") >= 5, "the dates"
    done = CliRunner().invoke(app, ["holdout", "-w", str(workspace.root), "--json"])
    listed = json.loads(done.stdout)
    assert (listed["counts"], listed["sealed_left"]) == ({"anchor": 0, "sealed": 4}, 0)
    assert "0 more times" in CliRunner().invoke(app, ["holdout", "-w", str(workspace.root)]).stdout


def test_a_look_is_counted_before_anybody_is_asked(
    workspace: Workspace, talks: list[int], right: str, server: Server
) -> None:
    """Also one that comes to nothing: what was counted afterwards could be seen and not counted."""
    for role in ("anchor", "sealed"):
        corrected(workspace.record, [f"{role} {n}" for n in range(2)], role)
    counted: list[int] = []

    def refuse(_: Any) -> Any:
        with workspace.record.read() as store:
            counted.append(len(store.holdout.accesses()))
        return 400, {}, {"error": "no such model"}

    server.reply = refuse
    for times, on in enumerate(("anchor", "sealed"), start=1):
        with pytest.raises(ErrataError):
            compare(workspace, server.url, "champion", "--on", on, "--model-name", "qwen")
        assert set(counted) == {times}
        counted.clear()
    for _ in range(3):
        with pytest.raises(ErrataError):
            compare(workspace, server.url, "champion", "--on", "sealed", "--model-name", "qwen")
    asked = len(server.asked)
    refused(workspace, Refused, server.url, "champion", "--on", "sealed", "--model-name", "qwen")
    assert len(server.asked) == asked


def test_without_items_there_is_nothing_to_compare(workspace: Workspace, talks: list[int], right: str) -> None:
    assert "sealed" in refused(workspace, NotFound, "champion", "champion", "--on", "sealed")
    with workspace.record.read() as store:
        assert store.holdout.accesses() == [], "nothing was opened"
