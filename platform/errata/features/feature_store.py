"""Vectors of media on disk: one safetensors shard for what one extractor made of one recording.

    <root>/ab/abcd….safetensors      named by the hash of what it was made from: see `feature_key`

A shard is written once, whole, and never changed: whoever names it by its key, and a place in it, names those numbers.
It holds the sha256 of its own numbers, so that a bit that has flipped is noticed where it is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errata.domain.hashing import content_hash, sha256
from errata.errors import BadInput, NotFound

Vectors = NDArray[np.float16]
"""(vectors, tokens, size); see `Extractor`."""
Times = NDArray[np.float64]
"""(vectors,) seconds from the recording's beginning at which each is known, ascending: what it was made from lies
before."""

_KEY_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Features:
    vectors: Vectors
    times: Times

    def between(self, start: float, end: float) -> range:
        """The places of those that become known after `start` and not after `end`."""
        first, last = np.searchsorted(self.times, (start, end), side="right")
        return range(int(first), int(last))

    def averaged(self, borders: Sequence[float]) -> Features:
        """One vector for each stretch between neighbouring borders, its mean, known at the stretch's end: a snippet's,
        or a segment's. Raises BadInput where a stretch has none, since no number would stand for nothing."""
        means = []
        for start, end in pairwise(borders):
            part = self.vectors[self.between(start, end)]
            if not len(part):
                raise BadInput(f"there is no vector between {start:g} and {end:g} s; take a higher rate")
            means.append(part.astype(np.float32).mean(axis=0))
        stacked = np.stack(means) if means else np.zeros((0, *self.vectors.shape[1:]))
        return Features(stacked.astype(np.float16), np.asarray(borders[1:], dtype=np.float64))


def feature_key(recording: str, extractor: str, rate: float) -> str:
    """By which the vectors are known that `extractor`, `name@version`, makes of a recording with the sha256
    `recording`, `rate` of them a second."""
    return content_hash(["features", recording, extractor, float(rate)])


class FeatureStore:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._recent = lru_cache(maxsize=8)(self._read)  # rows of a recording mostly follow each other

    def __contains__(self, key: str) -> bool:
        return self._path(key).is_file()

    def keys(self) -> Iterator[str]:
        """Of all shards, in order; what a crash has left of one is none."""
        for path in sorted(self.root.glob("??/*.safetensors")):
            if len(path.stem) == _KEY_LETTERS:
                yield path.stem

    def write(self, key: str, features: Features, extractor: str) -> Path:
        """Whole or not at all; one that is there already stays."""
        from safetensors.numpy import save_file

        path = self._path(key)
        if path.is_file():
            return path
        if not np.isfinite(features.vectors).all():
            raise BadInput(f"{extractor} made vectors that are no numbers; its weights don't fit, or are damaged")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.stem}.{os.getpid()}.partial")
        tensors = {"vectors": np.ascontiguousarray(features.vectors), "times": np.ascontiguousarray(features.times)}
        save_file(tensors, partial, {"extractor": extractor, "sha256": _digest(features)})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        return path

    def remove(self, key: str) -> bool:
        """For a deletion request; whether there was one."""
        there = key in self
        self._path(key).unlink(missing_ok=True)
        self._recent.cache_clear()
        return there

    def read(self, key: str) -> Features:
        """Raises NotFound where there is no such shard, or it was changed."""
        return self._recent(key)

    def take(self, key: str, first: int, count: int) -> Vectors:
        """Raises BadInput, with both numbers, where the shard has fewer."""
        vectors = self.read(key).vectors
        if not 0 <= first <= first + count <= len(vectors):
            raise BadInput(f"vectors {first} to {first + count} of {key[:12]} are wanted, and it has {len(vectors)}")
        return vectors[first : first + count]

    def _read(self, key: str) -> Features:
        from safetensors import SafetensorError, safe_open

        path = self._path(key)
        try:
            with safe_open(path, framework="numpy") as shard:
                features = Features(shard.get_tensor("vectors"), shard.get_tensor("times"))
                right = (shard.metadata() or {}).get("sha256") == _digest(features)
        except (SafetensorError, OSError) as error:
            reason = " ".join(str(error).split())
            raise NotFound(f"the features {path} can't be read ({reason}); extract them again") from error
        if not right:
            raise NotFound(f"the features {path} were changed after they were written; delete them and extract again")
        return features

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"


def _digest(features: Features) -> str:
    return sha256(features.vectors.tobytes() + features.times.tobytes())
