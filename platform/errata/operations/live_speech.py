"""What is said in a recording or a stream while it plays: recognised a piece at a time, each once it was heard."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from errata.domain.transcript import LONGEST_SECONDS, Segment
from errata.domain.video import KnownVideo
from errata.errors import BadInput, ErrataError
from errata.features.decoded_media import SAMPLE_RATE, sound
from errata.progress import note
from errata.streams.downloads import playable, require_downloads
from errata.streams.recognition import SEARCHED, Recogniser, place_to_cut
from errata.streams.video_sources import MEDIA, Unreachable, is_address, known_videos

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 20.0
"""Seconds that are heard at once: shorter ones come sooner, and Whisper mishears more of them."""

MOST_BLOCKS = 600
"""Seconds of sound that wait for a recogniser: after that, who plays it waits."""


def is_media(source: str) -> bool:
    """Whether it is played and heard; else it is a text."""
    return is_address(source) or source.lower().endswith(MEDIA)


def media_called(source: str) -> tuple[str, KnownVideo]:
    """Where it is played, and what is known of it. Raises BadInput where it isn't there."""
    if source.startswith(("http://", "https://")):
        require_downloads()
        return playable(source)
    if is_address(source):  # of a protocol that ffmpeg speaks, such as rtmp
        return source, KnownVideo(external_id=source.rstrip("/").rpartition("/")[2] or source, origin=source)
    (video,) = known_videos([source])
    if isinstance(video, Unreachable):
        raise BadInput(video.problem)
    return source, video


@dataclass
class SpeechStream:
    """Of sound that can be read at a pace; what is said while the recogniser is busy waits for its next piece."""

    media: str
    recogniser: Recogniser
    language: str = ""
    """Told by the first words, where it is empty."""
    pace: float = 1.0
    """How fast it is played; 0 without waiting."""
    failed: bool = False
    """It ended before its end, and a sentence on stderr has said why."""

    def batches(self) -> Iterator[list[Segment]]:
        """The lines of each piece. Raises what hinders its beginning."""
        import numpy as np

        blocks: queue.Queue[NDArray[np.float32] | ErrataError | None] = queue.Queue(MOST_BLOCKS)
        Thread(target=_read_blocks, args=(self.media, self.pace, blocks.put), daemon=True).start()
        waiting, start = np.zeros(0, np.float32), 0.0
        fault: ErrataError | None = None
        while (block := blocks.get()) is not None:
            if isinstance(block, ErrataError):
                fault = block
                break
            waiting = np.concatenate([waiting, block])
            while len(waiting) >= PIECE * SAMPLE_RATE:
                first = round((1 - SEARCHED) * PIECE * SAMPLE_RATE)
                count = first + round(place_to_cut(waiting[first : round(PIECE * SAMPLE_RATE)]) * SAMPLE_RATE)
                yield self._heard(waiting[:count], start)
                waiting, start = waiting[count:], start + count / SAMPLE_RATE
            if start >= LONGEST_SECONDS - 2 * PIECE:
                note("the stream has lasted a day: it ends here, since a transcript can't be longer")
                break
        if not start and not len(waiting):
            raise fault or BadInput(
                "nothing of {} can be played; a recording at an address must be one that is read from its beginning "
                "on, or its server give parts of it: else download it, and name the file",
                self.media,
            )
        if fault is not None:
            self.failed = True
            note(f"the stream ends here: {fault}")
        if len(waiting):
            yield self._heard(waiting, start)

    def _heard(self, samples: NDArray[np.float32], start: float) -> list[Segment]:
        heard = self.recogniser.hear_samples(samples, start, self.language)
        self.language = self.language or heard.language
        return [Segment(line["start"], line["end"], line["text"]) for line in heard.segments if line["text"]]


def _read_blocks(media: str, pace: float, put: Callable[[NDArray[np.float32] | ErrataError | None], None]) -> None:
    try:
        for block in sound(media, pace):
            put(block)
    except ErrataError as error:
        put(error)
    finally:
        put(None)
