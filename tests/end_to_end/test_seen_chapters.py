"""Talks whose chapters are on the screen alone, through the stages of a night: Day-0 misses them, what was trained on
corrections finds them, and what was trained on other talks' pictures doesn't."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from errata.documents.document import read_document
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import CANDIDATE, EVALUATION, EXPORTS, MIXTURE, SCORES, STAGE_REPORT, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.parity import UnbuiltExports
from errata.documents.stage_reports import MixtureReport
from errata.domain.vector_shard import VectorShard
from errata.errors import Unavailable
from errata.features.extractors import find_extractor
from errata.inference.artefact import Card
from errata.loop.init import Day0Choice, init
from errata.workspace import Workspace
from evaluation import harness
from registry.export import __main__ as export
from retrain import augment, curate, mix, snapshot, train
from retrain.taught_rows import TaughtRows
from tests.command_line import in_this_process
from tests.made_up_slides import SlideTalk, slide_talks

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")]

CORRECTED, FRESH = 30, 12


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """errata-tiny, that begins to see, and the talks of two days: pictures through a named extractor, captions beside
    them, reviews."""
    try:
        find_extractor("efficientnet-lite0")
    except Unavailable as error:
        pytest.skip(str(error))
    place = tmp_path_factory.mktemp("slides")
    workspace = init(place / "workspace", Day0Choice(senses=("efficientnet-lite0@1",)))
    params = yaml.safe_load((workspace.root / "params.yaml").read_text())
    params["mix"]["least"] = 4
    params["augment"]["share"] = 0.0
    params["curate"]["suspect_rows"] = 5
    # so small an adapter learns no words by heart; with fewer steps a seed in three has not learnt to look yet
    params["train"] |= {"rank": 4, "alpha": 4, "epochs": 40, "max_steps": 800}
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(params))
    for day, count in (("one", CORRECTED), ("two", FRESH)):
        talks = slide_talks(day, count)
        for talk in talks:
            talk.record(place / day)
        in_this_process("acquire", place / day, "--no-speakers", "-w", workspace.root)
        _review(workspace, talks, place / f"{day}.jsonl")
    in_this_process("features", "-w", workspace.root)
    return workspace


def _review(workspace: Workspace, talks: list[SlideTalk], file: Path) -> None:
    file.write_text("".join(json.dumps(talk.review()) + "\n" for talk in talks))
    in_this_process("import", "corrections", file, "-w", workspace.root)


def run_stages(workspace: Workspace, label: str, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    """What `errata nightly` has DVC run, in one process: from the snapshot of the first day to the scores on the
    second."""
    with workspace.record.read() as store:
        day0, newest = store.aliases.model_of("day0"), store.watermark()
        first = [store.transcripts.find(talk.name) for talk in slide_talks("two", FRESH)]
    assert day0 is not None
    learnt = min(first) - 1
    Night(label, learnt, newest, day0, day0, 0, "", 0, "c" * 16).write(workspace.root)
    monkeypatch.chdir(workspace.root)
    for stage in (snapshot, curate, augment, mix, train, harness):
        stage.main()
    return read_document(Evaluation, SCORES / EVALUATION, "run the test again")


def f1(evaluation: Evaluation, name: str) -> float:
    found = evaluation.means[name].f1
    assert found is not None
    return found


def test_what_is_only_seen_is_learnt_from_corrections(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run_stages(workspace, "seeing", monkeypatch)
    rows = TaughtRows(MIXTURE / TRAINING_ROWS)
    assert len(rows) >= 4 and all(rows[number].encoded.frames for number in range(len(rows)))
    assert read_document(MixtureReport, MIXTURE / STAGE_REPORT, "").seen == len(rows)
    assert f1(found, "candidate") > f1(found, "day0") + 25
    assert f1(found, "candidate") > found.equal_split_f1 + 10

    export.main()
    assert Card.read(EXPORTS / "server").senses == Card.read(CANDIDATE).senses
    (reason,) = UnbuiltExports.read(EXPORTS).problems.values()
    assert "the model sees or hears, and an ONNX model reads words alone" in reason

    talk = SlideTalk.drawn("unseen")
    clip = talk.record(workspace.root.parent / "new")

    def borders_found() -> set[float]:
        command = ("chapters", clip.with_suffix(".vtt"), "--model", CANDIDATE, "--format", "json", "-w", workspace.root)
        (answer,) = json.loads(in_this_process(*command).stdout)
        return {chapter["start"] for chapter in answer["chapters"]} & {float(change) for change in talk.changes}

    blind = borders_found()
    in_this_process("acquire", clip, "--no-speakers", "-w", workspace.root)
    in_this_process("features", clip, "-w", workspace.root)
    assert len(borders_found()) > max(len(blind), len(talk.changes) / 2)

    shuffle_vectors(workspace)
    placebo = run_stages(workspace, "placebo", monkeypatch)
    assert f1(placebo, "candidate") < (f1(found, "candidate") + f1(found, "day0")) / 2


def shuffle_vectors(workspace: Workspace) -> None:
    """Each talk's recording becomes the next one's."""
    with workspace.record.write() as store:
        videos = store.videos.all()
        shards: list[VectorShard] = [video.vectors[0] for video in videos]
        for place, video in enumerate(videos):
            store.videos.drop(video.number, ["features"])
            store.videos.add_vectors(video.number, shards[(place + 1) % len(shards)])
