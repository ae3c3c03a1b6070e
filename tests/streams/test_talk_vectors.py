"""Vectors of recordings that were acquired: the record learns of them, an answer is asked for anew, and they go with a
deletion request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from errata.domain.modality import Modality
from errata.domain.vector_shard import VectorShard
from errata.errors import BadInput
from errata.features.extractor import Vector
from errata.features.extractors import find_extractor
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import Card, Sense
from errata.operations.extracting import extract_all
from errata.operations.forgetting_media import forget_media
from errata.operations.media_check import check_media
from errata.operations.video_manifest import manifest
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.streams.conftest import Acquire
from tests.streams.recordings import with_captions


def vectors(workspace: Workspace, name: str) -> tuple[VectorShard, ...]:
    with workspace.record.read() as store:
        return store.transcripts.read(store.transcripts.find(name)).vectors


@pytest.fixture
def talks(workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire) -> list[Path]:
    """Two recordings with captions, that differ in a byte after their end."""
    paths = [with_captions(recording, tmp_path / "in" / f"{name}.mp4", name) for name in ("soil", "stone")]
    paths[1].write_bytes(paths[1].read_bytes() + b"\0\0\0\x08free")
    assert take(tmp_path / "in").acquired == 2
    return paths


def test_all_that_were_acquired_are_heard_and_their_talks_know_it(workspace: Workspace, talks: list[Path]) -> None:
    command = ("features", "--by", "log-mel", "--rate", "2", "-w", workspace.root)
    done = in_this_process(*command)
    assert "beside the talk soil" in done.stdout and "beside the talk stone" in done.stdout
    (heard,), (other,) = vectors(workspace, "soil"), vectors(workspace, "stone")
    assert (heard.extractor, heard.rate) == ("log-mel@1", 2.0)
    assert heard.key != other.key and heard.key in FeatureStore(workspace.root / "features")
    again = json.loads(
        in_this_process("features", "--by", "log-mel", "--rate", "2", "-w", workspace.root, "--json").stdout
    )
    assert [one["known"] for one in again["extracted"]] == [True, True]
    assert vectors(workspace, "soil") == (heard,)
    extract_all(workspace, talks[:1], find_extractor("cepstra"), 1.0)
    assert [shard.extractor for shard in vectors(workspace, "soil")] == ["log-mel@1", "cepstra@1"]
    assert len(vectors(workspace, "stone")) == 1
    assert {row.state for row in manifest(workspace)} == {"finished"}
    assert "/features/" in (workspace.root / ".gitignore").read_text()


def test_a_recording_that_was_not_acquired_has_vectors_and_no_talk(workspace: Workspace, recording: Path) -> None:
    found = extract_all(workspace, [recording], find_extractor("log-mel"), 1.0)
    assert [one.talks for one in found.extracted] == [()]
    assert "beside" not in in_this_process("features", recording, "--by", "log-mel", "-w", workspace.root).stdout


def test_nothing_to_make_vectors_of(workspace: Workspace, recording: Path) -> None:
    with pytest.raises(BadInput, match="none was acquired; name files, or run errata acquire first"):
        extract_all(workspace, [], find_extractor("log-mel"), 1.0)
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="vectors a second can't be"):
            extract_all(workspace, [recording], find_extractor("log-mel"), rate)


def test_one_that_is_gone_stops_no_other(workspace: Workspace, talks: list[Path]) -> None:
    talks[0].unlink()
    done = in_this_process("features", "--by", "log-mel", "-w", workspace.root, check=False)
    assert done.returncode == BadInput.exit_code
    assert "there is no file" in done.stdout and "beside the talk stone" in done.stdout
    assert vectors(workspace, "soil") == ()


def test_they_are_checked_and_go_with_a_deletion_request(workspace: Workspace, talks: list[Path]) -> None:
    extract_all(workspace, [], find_extractor("log-mel"), 1.0)
    store = FeatureStore(workspace.root / "features")
    keys = {name: vectors(workspace, name)[0].key for name in ("soil", "stone")}
    assert check_media(workspace).problems == ()
    assert forget_media(workspace, "soil").files >= 1
    assert keys["soil"] not in store and keys["stone"] in store
    store.remove(keys["stone"])
    (problem,) = check_media(workspace).problems
    assert "the vectors of 'stone' by log-mel@1" in problem and "extract them again" in problem


def test_vectors_of_a_recording_that_another_video_has_too_stay(
    workspace: Workspace, recording: Path, tmp_path: Path, take: Acquire
) -> None:
    for name in ("one", "two"):
        with_captions(recording, tmp_path / "in" / f"{name}.mp4", name)
    take(tmp_path / "in")
    extract_all(workspace, [], find_extractor("log-mel"), 1.0)
    assert vectors(workspace, "one") == vectors(workspace, "two") != ()
    forget_media(workspace, "one")
    assert vectors(workspace, "two")[0].key in FeatureStore(workspace.root / "features")


def champion(workspace: Workspace, *senses: Sense) -> None:
    folder = workspace.models / ("c" * 16)
    folder.mkdir(parents=True)
    Card("inline", 256, senses=senses).write(folder)
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", "c" * 64, "day0", "test", None, None)


def test_vectors_that_the_champion_is_not_shown_are_said(workspace: Workspace, recording: Path) -> None:
    champion(workspace, Sense("audio", "log-mel@1", 2.0, 128))
    command = ("features", recording, "--by", "log-mel", "-w", workspace.root)
    assert "The champion is not shown these: it takes log-mel@1 at 2 a second" in in_this_process(*command).stdout
    assert "not shown" not in in_this_process(*command, "--rate", "2").stdout
    pictures = extract_all(workspace, [recording], find_extractor("cepstra"), 2.0)
    assert [sense.extractor for sense in pictures.other_senses] == ["log-mel@1"]


def test_without_by_they_are_those_that_the_champion_takes(workspace: Workspace, recording: Path) -> None:
    champion(workspace, Sense("audio", "log-mel@1", 2.0, 128))
    done = in_this_process("features", recording, "-w", workspace.root, "--json")
    made = json.loads(done.stdout)
    assert (made["extractor"], made["other_senses"]) == ("log-mel@1", [])
    slower = json.loads(in_this_process("features", recording, "--rate", "1", "-w", workspace.root, "--json").stdout)
    heard, slowly = made["extracted"][0], slower["extracted"][0]
    assert heard["seconds"] - slowly["seconds"] == 0.5 and heard["vectors"] == 2 * slowly["vectors"] + 1, (
        "2 a second and 1"
    )


def test_a_champion_of_two_senses_is_asked_for_each(workspace: Workspace, recording: Path) -> None:
    champion(workspace, Sense("audio", "log-mel@1", 2.0, 128), Sense("video", "siglip@1-abc", 1.0, 1024, 10))
    done = in_this_process("features", recording, "-w", workspace.root, check=False)
    assert done.returncode == 2
    assert "--by log-mel --rate 2 and --by siglip:10 --rate 1" in " ".join(done.stderr.split())


class Looks:
    """A number each look."""

    modality: Modality = "video"
    tokens = 1
    size = 1
    version = "looks@1"

    def vectors(self, media: str, rate: float) -> Iterator[tuple[float, Vector]]:
        for look in range(4):
            yield look / rate, np.full((1, 1), look, np.float32)


def test_pictures_of_which_the_champion_is_shown_every_second_one_are_not_said_to_be_others(
    workspace: Workspace, recording: Path
) -> None:
    sense = Sense("video", "looks@1", 1.0, 1)
    champion(workspace, sense)
    assert extract_all(workspace, [recording], Looks(), 2.0).other_senses == ()
    assert extract_all(workspace, [recording], Looks(), 1.5).other_senses == (sense,)
