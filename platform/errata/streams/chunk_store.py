"""Where chunks are kept: a folder, or whatever fsspec reaches by a URL (`s3://bucket/place`).

What is put there is staged under another name, read back, compared, and only then moved to its own.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from errata.domain.chunk import Chunk
from errata.errors import Unavailable, missing_extra
from errata.files import file_sha256, json_text

_PART = 1 << 22
"""Bytes that are read at a time."""
_JOIN_TABLE = "chunks.parquet"


class ChunkStore:
    """Chunks, and the part manifests of those who cut them."""

    def __init__(self, url: str) -> None:
        """Raises Unavailable where fsspec lacks what the URL needs."""
        import fsspec

        self.url = url.rstrip("/")
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            raise missing_extra(f"{url} can't be reached ({error})", "streams") from error
        except ValueError as error:
            raise Unavailable(
                f"{url} is no place for chunks ({error}); put media_store in errata.toml right"
            ) from error

    @property
    def is_local(self) -> bool:
        return "file" in self._protocols()

    def _protocols(self) -> Sequence[str]:
        protocol = self._files.protocol
        return (protocol,) if isinstance(protocol, str) else protocol

    def put(self, path: Path, name: str) -> str:
        """Stores a file and returns its URL. The name should follow from its content: what is there already under it
        and is whole stays."""
        place, size, digest = f"{self._root}/{name}", path.stat().st_size, file_sha256(path)
        with self._reaching():
            if self._size(place) != size or self._sha256(place) != digest:
                staged = f"{self._root}/staged/{name.replace('/', '-')}-{socket.gethostname()}-{os.getpid()}"
                self._files.makedirs(staged.rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(path), staged)
                if self._sha256(staged) != digest:
                    raise Unavailable(f"{name} was not stored whole at {self.url}; see to its disk, and run it again")
                self._files.makedirs(place.rpartition("/")[0], exist_ok=True)
                self._files.mv(staged, place)
        return str(self._files.unstrip_protocol(place))

    def size(self, url: str) -> int | None:
        """Bytes of what is stored at a URL of ours; None where nothing is."""
        with self._reaching():
            return self._size(self._files._strip_protocol(url))

    def sha256(self, url: str) -> str:
        with self._reaching():
            return self._sha256(self._files._strip_protocol(url))

    def fetch(self, url: str, path: Path) -> None:
        """Writes what is stored at a URL of ours to a file."""
        with self._reaching():
            self._files.get_file(self._files._strip_protocol(url), str(path))

    def remove(self, url: str) -> None:
        with self._reaching():
            place = self._files._strip_protocol(url)
            if self._size(place) is not None:
                self._files.rm_file(place)

    def remove_folder(self, name: str) -> None:
        """All that is stored under a name that ends with a slash, if anything is."""
        with self._reaching():
            self._files.invalidate_cache()
            if self._files.exists(f"{self._root}/{name}"):
                self._files.rm(f"{self._root}/{name}", recursive=True)

    def _size(self, place: str) -> int | None:
        self._files.invalidate_cache()  # another process may have written there
        try:
            return int(self._files.info(place)["size"])
        except FileNotFoundError:
            return None

    def _sha256(self, place: str) -> str:
        digest = hashlib.sha256()
        with self._files.open(place, "rb") as file:
            for part in iter(lambda: file.read(_PART), b""):
                digest.update(part)
        return digest.hexdigest()

    def write_part(self, worker: str, video: int, chunks: Sequence[Chunk]) -> None:
        """A worker's own list of a video's chunks: written last, it says that all of them are stored."""
        with self._reaching():
            place = f"{self._root}/parts/{worker}/{video:06d}.json"
            self._write(place, json_text([asdict(chunk) for chunk in chunks]).encode())

    def parts(self) -> Iterator[tuple[str, list[Chunk]]]:
        """Every worker's lists that were not merged yet: the place of each, and what is in it."""
        with self._reaching():
            self._files.invalidate_cache()
            for place in sorted(self._files.glob(f"{self._root}/parts/*/*.json")):
                try:
                    data = self._files.cat_file(place)
                except FileNotFoundError:  # another process has merged it
                    continue
                yield place, [Chunk(**chunk) for chunk in json.loads(data)]

    def remove_part(self, place: str) -> None:
        with self._reaching():
            if self._files.exists(place):
                self._files.rm_file(place)

    def write_join_table(self, rows: Sequence[dict[str, Any]]) -> str:
        """One row for each chunk, for whoever joins pictures and sound with words; returns its URL."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows)), buffer, compression="zstd")
        place = f"{self._root}/{_JOIN_TABLE}"
        with self._reaching():
            self._write(place, buffer.getvalue())
        return str(self._files.unstrip_protocol(place))

    def _write(self, place: str, data: bytes) -> None:
        """Under another name first, so that nobody reads a part of it."""
        self._files.makedirs(place.rpartition("/")[0], exist_ok=True)
        written = f"{place}.{socket.gethostname()}-{os.getpid()}.tmp"
        self._files.pipe_file(written, data)
        self._files.mv(written, place)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """What goes wrong on the way there, in one sentence."""
        try:
            yield
        except _reaching_errors() as error:
            if self.is_local:
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise Unavailable(
                f"{self.url} can't be read or written: {reason}; see to the network, the bucket and its keys"
            ) from error


def _reaching_errors() -> tuple[type[Exception], ...]:
    """OSErrors, and those of S3's library, which are none; where it isn't installed, nobody raises them."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return (OSError,)
    return OSError, BotoCoreError, ClientError
