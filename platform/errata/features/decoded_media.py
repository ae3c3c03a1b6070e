"""Pictures and sound as ffmpeg decodes them: a recording of hours passes through, and is never in memory at once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from errata.errors import BadInput
from errata.features.media_tools import complaint, local_file, not_installed

SAMPLE_RATE = 16_000
"""Samples a second of all sound."""
_BLOCK = SAMPLE_RATE
"""Samples that are read at a time."""

Picture = NDArray[np.uint8]
"""(height, width, 3), red, green, blue."""


def pictures(media: str, rate: float, height: int, crop: int) -> Iterator[tuple[float, Picture]]:
    """`rate` a second, each the newest that was on screen at its time in seconds: scaled to `height` along its shorter
    side, and of that the `crop` × `crop` in the middle.

    Raises BadInput, with ffmpeg's own complaint, where they can't be decoded: after what could.
    """
    if not rate > 0:
        raise BadInput(f"{rate:g} frames a second are none; give a rate above 0")
    filters = (
        f"fps={rate}:start_time=0:round=up,"
        f"scale={height}:{height}:force_original_aspect_ratio=increase:flags=bicubic,crop={crop}:{crop}"
    )
    size = crop * crop * 3
    raw = ["-map", "0:v:0", "-vf", filters, "-f", "rawvideo", "-pix_fmt", "rgb24"]
    with _decoded(media, raw, "pictures") as stream:
        number = 0
        while len(data := stream.read(size)) == size:
            yield number / rate, np.frombuffer(data, dtype=np.uint8).reshape(crop, crop, 3)
            number += 1


def sound(media: str, pace: float = 0.0) -> Iterator[NDArray[np.float32]]:
    """Samples from −1 to 1, one channel, a second at a time; a hole is silence. `pace` is how fast it is played, 0
    without waiting. Raises as `pictures` does."""
    raw = ["-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE), "-af", "aresample=async=1:first_pts=0", "-f", "f32le"]
    with _decoded(media, raw, "sound", pace) as stream:
        while data := stream.read(4 * _BLOCK):
            yield np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4")


@contextmanager
def _decoded(media: str, arguments: Sequence[str], what: str, pace: float = 0.0) -> Iterator[IO[bytes]]:
    is_address = "://" in media
    if not is_address and not Path(media).exists():
        raise BadInput("there is no file {}", media)
    place = media if is_address else local_file(media)
    played = ["-readrate", str(pace)] if pace else []
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-v", "error", *played, "-i", place, *arguments, "-"]
    with TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints)
        except FileNotFoundError as error:
            raise not_installed("ffmpeg") from error
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for: this tells the type checker
        try:
            yield process.stdout
            code = process.wait()
        finally:
            process.kill()  # whoever asked may have had enough
            process.stdout.close()
            process.wait()
        if code:
            complaints.seek(0)
            reason = complaint(complaints.read().decode(errors="replace"), media).replace(place, "it")
            raise BadInput("{} has no {} that ffmpeg can read: {}", media, what, reason)
