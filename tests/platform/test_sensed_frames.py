"""Which vectors a model is shown: of its own rate, or of pictures every so many-th of a higher one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from errata.domain.modality import Modality
from errata.domain.transcript import Segment, Transcript
from errata.domain.vector_shard import VectorShard
from errata.features.feature_store import Features, FeatureStore
from errata.inference.artefact import Sense
from errata.inference.sensed_frames import SensedFrames
from errata.tasks.prompt import Frames
from errata.tasks.track import beside

KEYS = {rate: f"{rate * 10:.0f}".rjust(64, "0") for rate in (0.5, 1.0, 2.0)}


def frames(place: Path, rate: float, stored: list[float], modality: Modality = "video") -> SensedFrames:
    store = FeatureStore(place)
    for each in stored:
        times = np.arange(int(20 * each)) / each
        vectors = np.zeros((len(times), 1, 4), np.float16)
        store.write(KEYS[each], Features(vectors, times), "eyes@1")
    return SensedFrames([Sense(modality, "eyes@1", rate, 4)], store)


def talk(stored: list[float]) -> Transcript:
    shards = tuple(VectorShard("eyes@1", rate, KEYS[rate]) for rate in stored)
    return Transcript("t", (Segment(0, 20, "words"),), 20, vectors=shards)


@pytest.mark.parametrize(
    ("rate", "stored", "key", "times"),
    [
        (1.0, [0.5, 1.0, 2.0], 1.0, 20),
        (0.5, [2.0, 1.0], 1.0, 10),  # the lowest that is so many times as high
        (0.25, [1.0, 2.0], 1.0, 5),
        (0.1, [1.0], 1.0, 2),
    ],
)
def test_pictures_are_those_that_the_models_own_rate_would_be(
    tmp_path: Path, rate: float, stored: list[float], key: float, times: int
) -> None:
    (track,) = frames(tmp_path, rate, stored).tracks(talk(stored))
    assert track.features == KEYS[key]
    assert list(track.times) == pytest.approx([number / rate for number in range(times)])


def test_a_place_of_what_was_left_is_its_place_in_the_shard(tmp_path: Path) -> None:
    found = beside(frames(tmp_path, 0.5, [1.0]).tracks(talk([1.0])), 1, 6, most=16)
    assert found == tuple(Frames("video", KEYS[1.0], place, 1, 1) for place in (2, 4))


@pytest.mark.parametrize(("rate", "modality"), [(0.3, "video"), (2.0, "video"), (0.5, "audio")])
def test_what_cant_be_had_of_them_is_not_shown(tmp_path: Path, rate: float, modality: Modality) -> None:
    assert frames(tmp_path, rate, [1.0], modality).tracks(talk([1.0])) == ()
