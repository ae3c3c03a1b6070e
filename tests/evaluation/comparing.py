"""`errata compare` for its tests: the command, and a record's models and nights as far as it looks at them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.documents.outcome import Outcome
from errata.domain.prediction import Prediction
from errata.errors import ErrataError
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, seal
from errata.workspace import Workspace
from tests.made_up_answers import ASKED
from tests.made_up_record import chapters


def compare(workspace: Workspace, *words: object) -> dict[str, Any]:
    command = ["compare", *map(str, words), "-w", str(workspace.root), "--json"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(workspace: Workspace, error: type[ErrataError], *words: object) -> str:
    with pytest.raises(error) as caught:
        compare(workspace, *words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def known(workspace: Workspace, answer: dict[int, float], seen: tuple[str, ...] = ()) -> str:
    """A model of the workspace's that is nothing but a card and these answers: the second chapter, by transcript."""
    place = workspace.models / "new"
    place.mkdir(parents=True)
    Card("inline", 128).write(place, made_for=str(answer))
    (place / TRAINING_TRANSCRIPTS).write_text(json.dumps(seen))
    identity = seal(place)
    place.rename(workspace.models / identity[:16])
    with workspace.record.write() as store:
        for seq, at in answer.items():
            store.predictions.add(Prediction(seq, identity, ASKED, chapters(0, at)))
    return identity


def run_a_night(workspace: Workspace, label: str, finish: bool = True) -> None:
    """As far as the record goes: its watermarks, up to what was corrected last."""
    with workspace.record.write() as store:
        store.nights.begin(label, store.nights.last_gate_watermark(), store.labels.newest())
        if finish:
            store.nights.finish(Outcome(night=label, verdict="underpowered"))
