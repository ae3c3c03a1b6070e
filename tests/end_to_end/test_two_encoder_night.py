"""Chats by two encoders and words, through the nights that every model passes: from recordings to a candidate that says
what it hears."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.chatted_streams import SCENE, TONES, ChattedStream
from errata.inference.artefact import Card
from errata.operations.stream_chat import import_chat
from errata.workspace import Workspace
from retrain.word_model import WordModelPlan, make_word_model, written_in
from tests.command_line import in_this_process

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")]

PARAMS = {
    "targets: [server, device]": "targets: [server]",
    "preset: sequential": "preset: small",
    "least: 20": "least: 5",
    "learning_rate: 1.0e-4": "learning_rate: 1.0e-3",
    "epochs: 10": "epochs: 25",
    "suspect_rows: 50": "suspect_rows: 2",
}


def bring_in(workspace: Workspace, folder: Path, streams: list[ChattedStream]) -> None:
    for stream in streams:
        stream.record(folder)
    in_this_process("acquire", folder, "--no-speakers", "-w", workspace.root)
    for stream in streams:
        import_chat(workspace, stream.log(folder))
    in_this_process("features", "--by", "log-mel", "-w", workspace.root)


def test_a_night_teaches_two_encoders_to_say_what_is_heard(tmp_path: Path) -> None:
    first = [ChattedStream.drawn(f"first-{number}", scenes=3) for number in range(16)]
    second = [ChattedStream.drawn(f"second-{number}", scenes=3) for number in range(9)]
    (tmp_path / "before").mkdir()
    log = ChattedStream.drawn("before", scenes=200).log(tmp_path / "before")
    made, root = tmp_path / "made", tmp_path / "ws"
    make_word_model(made, written_in([log]), WordModelPlan(size=64, layers=1))
    in_this_process("init", root, "--model", made, "--senses", "log-mel@1")
    in_this_process("recipe", "use", "two-encoders", "-w", root)
    workspace, params = Workspace(root), (root / "params.yaml").read_text()
    for before, after in PARAMS.items():
        assert before in params, before
        params = params.replace(before, after)
    (root / "params.yaml").write_text(params)

    bring_in(workspace, tmp_path / "first", first)
    monday = json.loads(in_this_process("nightly", "--date", "monday", "-w", root, "--json").stdout)
    assert monday["verdict"] == "bootstrap" and monday["fresh_items"] >= 8
    bring_in(workspace, tmp_path / "second", second)
    tuesday = json.loads(in_this_process("nightly", "--date", "tuesday", "-w", root, "--json").stdout)
    day0, candidate = tuesday["means"]["day0"], tuesday["means"]["candidate"]
    assert candidate["f1"] > day0["f1"] + 20
    assert candidate["perplexity"] < day0["perplexity"] / 3

    folder = next(path for path in workspace.models.iterdir() if path.name == tuesday["candidate"][:16])
    assert (Card.read(folder).template, Card.read(folder).form) == ("snippet", "full")
    right = asked = 0
    for stream in second[:3]:
        for number, scene in enumerate(stream.scenes):
            at = f"{SCENE * number + scene.written}"
            words = ("chat", "next", stream.name, "--at", at, "--model", folder.name, "--temperature", "0", "--json")
            said = json.loads(in_this_process(*words, "-w", root).stdout)["message"].split()
            right += scene.tone in said
            asked += 1
    assert right > 2 * asked / len(TONES), f"{right} of {asked} tones"
