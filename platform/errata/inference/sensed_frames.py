"""What a model is shown of a recording: the vectors that its own senses take, out of the workspace's features store.

Each picture is a look of its own, at a time that is a multiple of their distance: of one a second, every second one is
what one each two seconds would be. So a model is shown those, where there are none of its own rate. A vector of sound
is of all that was heard since the one before, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.documents.file_names import FEATURES
from errata.domain.transcript import Transcript
from errata.domain.vector_shard import VectorShard
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import Sense
from errata.tasks.track import FrameSource, Track

_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class SensedFrames(FrameSource):
    senses: Sequence[Sense]
    store: FeatureStore

    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        """Of each sense by whose extractor, and of whose rate, there are vectors or can be had; others' are passed
        over."""
        return tuple(self._tracks(transcript.vectors))

    def _tracks(self, shards: Sequence[VectorShard]) -> Iterator[Track]:
        for sense in self.senses:
            shard = shard_for(sense, shards)
            if shard is None:
                continue
            times, every = self.store.read(shard.key).times.tolist(), _each(shard.rate, sense.rate)
            if every == 1:
                yield Track(sense.modality, shard.key, sense.tokens, times)
            else:
                places = [place for place, time in enumerate(times) if round(time * shard.rate) % every == 0]
                shown = [times[place] for place in places]
                yield Track(sense.modality, shard.key, sense.tokens, shown, places)


def shard_for(sense: Sense, shards: Sequence[VectorShard]) -> VectorShard | None:
    """The one of the sense's own rate; or of pictures, the one of the lowest rate that is so many times as high."""
    fitting = [
        shard
        for shard in reversed(shards)  # of two that are alike the newest
        if shard.extractor == sense.extractor
        and (shard.rate == sense.rate or (sense.modality == "video" and _each(shard.rate, sense.rate)))
    ]
    return min(fitting, key=lambda shard: shard.rate, default=None)


def _each(rate: float, wanted: float) -> int:
    """Each so many-th of vectors at `rate` makes `wanted` a second; 0 where none does."""
    times = rate / wanted
    return round(times) if abs(times - round(times)) < _EXACT * times else 0


def features_beside(models: Path) -> FeatureStore:
    """The features store of the workspace whose models are kept in `models`."""
    return FeatureStore(models.parent / FEATURES)
