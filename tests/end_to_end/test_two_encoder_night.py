"""Chats by two encoders and words, through the stages that every model passes: what is trained on one day's chats says
more of the next day's, and ships as it was scored."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from errata.documents.document import read_document
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import CANDIDATE, EVALUATION, EXPORTS, SCORES
from errata.documents.night import Night
from errata.inference.artefact import Card
from errata.loop.init import Day0Choice, init
from errata.operations.importing import import_transcripts
from errata.operations.stream_chat import import_chat
from errata.workspace import Workspace
from evaluation import harness
from registry.export import __main__ as export
from retrain import augment, curate, mix, snapshot, train
from retrain.word_model import WordModelPlan, make_word_model
from tests.made_up_chat import irc, stream, transcripts_file

pytestmark = pytest.mark.slow

TRAIN = {"method": "full", "learning_rate": 3e-3, "epochs": 20, "max_steps": 120, "batch": 2}


def bring_in(workspace: Workspace, folder: Path, day: str, count: int) -> int:
    """Streams of that day with their chats; the newest of the record."""
    folder.mkdir()
    made = {name: stream(name, rounds=3, channel=f"c{n % 3}") for n in range(count) for name in [f"{day} {n}"]}
    talks = transcripts_file(folder / "streams.jsonl", [talk for talk, _ in made.values()])
    import_transcripts(workspace.record, talks, workspace.root / "rejects")
    for name, (_, messages) in made.items():
        log = folder / f"{name}.irc"
        log.write_text(irc(messages))
        import_chat(workspace, log)
    return workspace.record.ask(lambda store: store.watermark())


def test_a_night_trains_judges_and_exports_two_encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chats = [stream(f"{day} {n}", rounds=3)[1] for day, count in (("one", 10), ("two", 5)) for n in range(count)]
    make_word_model(tmp_path / "made", [m.title for chat in chats for m in chat], WordModelPlan(size=64, layers=1))
    workspace = init(tmp_path / "ws", Day0Choice(model=str(tmp_path / "made")))
    params = yaml.safe_load((workspace.root / "params.yaml").read_text())
    params["mix"]["least"], params["curate"]["suspect_rows"] = 4, 2
    params["export"]["targets"] = ["server"]
    params["train"] |= TRAIN
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(params))
    learnt = bring_in(workspace, tmp_path / "one", "one", 10)
    newest = bring_in(workspace, tmp_path / "two", "two", 5)
    day0 = workspace.record.ask(lambda store: store.aliases.model_of("day0"))
    assert day0 is not None
    Night("night", learnt, newest, day0, day0, 0, "", 0, "c" * 16).write(workspace.root)
    monkeypatch.chdir(workspace.root)
    for stage in (snapshot, curate, augment, mix, train, export, harness):
        stage.main()
    means = read_document(Evaluation, SCORES / EVALUATION, "run the test again").means
    before, after = means["day0"], means["candidate"]
    assert before.f1 is not None and after.f1 is not None and after.f1 > before.f1 + 20
    assert before.perplexity is not None and after.perplexity is not None
    assert after.perplexity < before.perplexity / 3
    assert (Card.read(CANDIDATE).template, Card.read(CANDIDATE).form) == ("snippet", "full")
    assert Card.read(EXPORTS / "server").template == "snippet"
