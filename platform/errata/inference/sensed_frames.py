"""What a model is shown of a recording: the vectors that its own senses take, out of the workspace's features store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.documents.file_names import FEATURES
from errata.domain.transcript import Transcript
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import Sense
from errata.tasks.track import FrameSource, Track


@dataclass(frozen=True, slots=True)
class SensedFrames(FrameSource):
    senses: Sequence[Sense]
    store: FeatureStore

    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        """Of each sense by whose extractor and rate there are vectors; others' are passed over."""
        keys = {(shard.extractor, shard.rate): shard.key for shard in transcript.vectors}
        found = [(sense, keys.get((sense.extractor, sense.rate))) for sense in self.senses]
        return tuple(
            Track(sense.modality, key, sense.tokens, self.store.read(key).times.tolist())
            for sense, key in found
            if key is not None
        )


def features_beside(models: Path) -> FeatureStore:
    """The features store of the workspace whose models are kept in `models`."""
    return FeatureStore(models.parent / FEATURES)
