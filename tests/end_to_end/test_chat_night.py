"""A workspace whose models are asked for chats: the same nights learn what viewers write, and moderators' deletions are
corrections like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.documents.file_names import EVALUATION, ITEMS, MIXTURE, TRAINING_ROWS
from errata.documents.scored_items import read_scored_items
from errata.operations.importing import import_transcripts
from errata.operations.stream_chat import import_chat, moderate, show_chat
from errata.workspace import Workspace
from retrain.taught_rows import TaughtRows
from tests.command_line import in_this_process
from tests.made_up_chat import irc, stream, transcripts_file

pytestmark = pytest.mark.slow

PARAMS = {
    "targets: [server, device]": "targets: [server]",
    "preset: sequential": "preset: small",
    "least: 20": "least: 5",
    "max_steps: 200": "max_steps: 80",
    "suspect_rows: 50": "suspect_rows: 2",
}


def bring_in(workspace: Workspace, folder: Path, names: list[str]) -> None:
    folder.mkdir()
    made = {name: stream(name, rounds=3, channel=f"channel {place % 3}") for place, name in enumerate(names)}
    import_transcripts(
        workspace.record,
        transcripts_file(folder / "streams.jsonl", [talk for talk, _ in made.values()]),
        workspace.root / "rejects",
    )
    for name, (_, messages) in made.items():
        path = folder / f"{name}.irc"
        path.write_text(irc(messages))
        import_chat(workspace, path)


def night(root: Path, label: str) -> Any:
    return json.loads(in_this_process("nightly", "--date", label, "-w", root, "--json").stdout)


def test_nights_over_chats_learn_what_viewers_write(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    in_this_process("init", root, "--template", "chat")
    workspace, params = Workspace(root), (root / "params.yaml").read_text()
    for before, after in PARAMS.items():
        assert before in params
        params = params.replace(before, after)
    (root / "params.yaml").write_text(params)

    bring_in(workspace, tmp_path / "first", [f"monday {place}" for place in range(16)])
    spam = show_chat(workspace, "monday 0").messages[1].key
    first = night(root, "monday")
    assert first["verdict"] == "bootstrap" and first["fresh_items"] >= 8

    bring_in(workspace, tmp_path / "second", [f"tuesday {place}" for place in range(9)])
    moderate(workspace, "monday 0", spam, "mona", "spam", deleted=True)
    second = night(root, "tuesday")
    assert second["candidate"], second
    day0, candidate = second["means"]["day0"], second["means"]["candidate"]
    assert candidate["f1"] > day0["f1"] + 20
    assert candidate["perplexity"] < day0["perplexity"] / 4
    assert candidate["correctness"] > day0["correctness"]
    assert second["equal_split_f1"] is None
    rows = read_scored_items(root / "nights" / "tuesday" / ITEMS)
    held = {(row.part, row.kind) for row in rows if row.external_id == "monday 0"}
    assert held == {("anchor", "edit")}, "a held-out chat is scored by what moderators have left of it"
    assert {row.kind for row in rows if row.part == "fresh"} == {"reference"}
    assert (root / "nights" / "tuesday" / "report.html").read_text().count("LM-PPL")
    assert (root / "nights" / "tuesday" / EVALUATION).exists()
    assert len(TaughtRows(root / MIXTURE / TRAINING_ROWS)) >= 8

    said = [
        json.loads(in_this_process("chat", "next", "tuesday 1", "--at", "45", "-w", root, "--json").stdout)
        for _ in range(2)
    ]
    assert said[0] == said[1] and said[0]["message"]
    refused = in_this_process("predict", "-w", root, check=False)
    assert refused.returncode == 4 and "errata chat" in refused.stderr
