"""What a night is made again for: which vectors there are of recordings, and nothing else of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from errata.documents.file_names import PIPELINE
from errata.domain.vector_shard import VectorShard
from errata.domain.video import KnownVideo
from errata.loop.night_plan import begin_night, plan_night
from errata.project_files import project_file
from errata.workspace import Workspace
from retrain.seen_rows import seen_transcript
from tests.made_up_answers import begun_workspace, corrected
from tests.made_up_params import write_params
from tests.retrain.test_preflight import row


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    workspace = begun_workspace(tmp_path, empty)
    write_params(workspace.root)
    corrected(workspace.record, ["a"])
    return workspace


def test_dvc_makes_again_what_models_are_shown_when_vectors_come(workspace: Workspace) -> None:
    def digest() -> str:
        return plan_night(workspace, begin_night(workspace, "one")).vectors

    assert digest() == ""
    found = []
    for key in ("1", "2", "2"):
        with workspace.record.write() as store:
            video = store.videos.add(KnownVideo("a", "/talks/a.mp4"))
            store.videos.add_vectors(video.number, VectorShard("log-mel@1", 1.0, key * 64))
        found.append(digest())
    assert found[0] and found[1] == found[2] != found[0]
    stages = yaml.safe_load(project_file(PIPELINE).read_text())["stages"]
    reading = {name for name, stage in stages.items() for of in stage["params"] if "vectors" in _of_night(of)}
    assert reading == {"train", "evaluate"}


def _of_night(params: str | dict[str, list[str]]) -> list[str]:
    return [] if isinstance(params, str) else params["night.yaml"]


def test_an_altered_copy_is_read_by_its_words_alone() -> None:
    plain, shards = row(1), (VectorShard("log-mel@1", 1.0, "a" * 64),)
    vectors = {plain.external_id: shards}
    assert seen_transcript(plain, vectors).vectors == shards
    assert seen_transcript(replace(plain, altered="begun late"), vectors).vectors == ()
    assert seen_transcript(plain, {}).vectors == ()
