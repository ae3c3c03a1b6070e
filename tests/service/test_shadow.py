"""The challenger reads along: its answers are on record, and nobody who asks notices."""

from __future__ import annotations

import time
from pathlib import Path

from fastapi import FastAPI

from benchmarks.stub_service import STUB, name_stub, stub_command
from errata.database.store import Store
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.service.test_canary import OTHER, asked, name_challenger, until
from tests.service.test_chapters_routes import opened


def shadowed(workspace: Workspace, seconds: float, share: float = 1.0) -> FastAPI:
    """The champion answers at once, the challenger after `seconds`."""
    name_stub(workspace)
    name_challenger(workspace)

    def command(folder: Path, identity: str, models: Path) -> list[str]:
        return stub_command(seconds if identity == OTHER else 0.0, identity)

    return make_app(workspace, ServiceSettings(shadow_share=share), command)


def answered_by(store: Store, model: str) -> list[str]:
    seqs = store.transcripts.awaiting_review(store.watermark())
    return [
        store.transcripts.external_id_of(seq)
        for seq in seqs
        if any(prediction.model == model for _, prediction in store.predictions.of_transcript(seq))
    ]


def counts(app: FastAPI) -> dict[str, int]:
    found: dict[str, int] = vars(app.state.service.shadow.counts)
    return found


def test_what_the_challenger_says_is_on_record_and_never_answered(workspace: Workspace) -> None:
    app = shadowed(workspace, 0.0)
    with opened(app, workspace) as service:
        until(lambda: bool(app.state.service.shadow.challenger.state.speaks), "the challenger never spoke")
        models = []
        for at in range(6):
            models.append(asked(service, f"t{at}")["model"])
            until(lambda: counts(app)["recorded"] == len(models), "the challenger did not read along")
        assert set(models) == {STUB}
        assert asked(service, "t0")["model"] == STUB
        assert 'errata_shadow_talks{outcome="recorded"} 6.0' in service.get("/metrics").text
    with workspace.record.read() as store:
        assert answered_by(store, OTHER) == [f"t{at}" for at in range(6)]


def test_under_load_it_is_dropped_and_nobody_waits_for_it(workspace: Workspace) -> None:
    app = shadowed(workspace, 30.0)
    with opened(app, workspace) as service:
        until(lambda: bool(app.state.service.shadow.challenger.state.speaks), "the challenger never spoke")
        began = time.monotonic()
        for at in range(30):
            assert asked(service, f"t{at}")["model"] == STUB
        assert time.monotonic() - began < 30, "an answer of the challenger takes as long"
        assert counts(app)["dropped"] > 10 and counts(app)["recorded"] == 0
        assert service.get("/readyz").json()["in_flight"] == 0


def test_its_share_is_drawn_by_the_talk(workspace: Workspace) -> None:
    app = shadowed(workspace, 0.0, 0.5)
    with opened(app, workspace) as service:
        until(lambda: bool(app.state.service.shadow.challenger.state.speaks), "the challenger never spoke")
        for at in range(20):
            asked(service, f"t{at}")
            time.sleep(0.02)
        until(lambda: app.state.service.shadow._talks.empty(), "talks wait")
        time.sleep(0.2)
    with workspace.record.read() as store:
        assert 3 <= len(answered_by(store, OTHER)) <= 17


def test_its_process_has_the_lowest_priority(workspace: Workspace) -> None:
    app = shadowed(workspace, 0.0)
    with opened(app, workspace):
        challenger = app.state.service.shadow.challenger
        until(lambda: bool(challenger.state.speaks), "the challenger never spoke")
        fields = Path(f"/proc/{challenger.pid}/stat").read_text().rpartition(")")[2].split()
        nice, policy = int(fields[16]), int(fields[38])
        assert nice == 19 and policy in (0, 5), "SCHED_IDLE is 5"


def test_a_challenger_that_is_none_any_more_leaves_its_memory(workspace: Workspace) -> None:
    app = shadowed(workspace, 0.0)
    with opened(app, workspace) as service:
        challenger = app.state.service.shadow.challenger
        until(lambda: bool(challenger.state.speaks), "the challenger never spoke")
        with workspace.record.write() as store:
            store.aliases.assign_alias("challenger", "", "retire", "gate", None, None)
        until(lambda: not challenger.pid, "its process goes on")
        assert asked(service, "t")["model"] == STUB
