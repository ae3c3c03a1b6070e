"""A model that watches for hours: bounded memory, silence until it has something to say, frames that never wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from errata.errors import BadInput
from errata.inference.artefact import Sense
from errata.inference.stream_reader import ReadingPolicy, StreamReader, open_reader
from errata.inference.stream_watcher import Moment, MomentQueue, StreamWatcher, Utterance
from errata.tasks.prompt import Control, Text
from tests.made_up_model import make_model
from tests.made_up_stream import TOKENS, VIDEO, make_watching_model, vectors_of_colours

CONTEXT = 64
AUDIO = Sense("audio", "tones@1", 1.0, 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watching") / "model"
    make_watching_model(folder, senses=(VIDEO, AUDIO), context=CONTEXT)
    return folder


@pytest.fixture
def reader(folder: Path) -> StreamReader:
    return open_reader(folder, folder.parent, (Control("watch"),))


def moments(colours: Sequence[int], heard: dict[int, str] | None = None) -> list[Moment]:
    vectors = vectors_of_colours(colours)
    said = heard or {}
    return [Moment(float(place), {"video": vectors[place]}, said.get(place, "")) for place in range(len(colours))]


def colours(count: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, 4, count).tolist()


class Talkative(StreamReader):
    """Speaks wherever the likeliest token's number can be divided by five: a model that has learnt nothing speaks
    always, or never."""

    def speaks(self, logits: torch.Tensor, threshold: float = 0.0) -> int | None:
        token = int(logits.argmax())
        return token if token % 5 == 0 else None


def talkative(folder: Path) -> Talkative:
    reader = open_reader(folder, folder.parent, (Control("watch"),))
    return Talkative(reader._model, reader._connectors, reader._tokenizer, (Control("watch"),), reader.policy)


def test_memory_stays_and_work_grows_no_faster_than_the_stream(reader: StreamReader) -> None:
    """A stream twelve times as long as what the model sees at once."""
    passed = [0]
    for frame in vectors_of_colours(colours(12 * CONTEXT // TOKENS)):
        reader.read([reader.frame("video", torch.from_numpy(frame.astype(np.float32)))])
        assert reader.cached <= CONTEXT - reader.policy.reply
        assert reader.cached == reader._cache.get_seq_length()
        assert sum(len(piece) for piece in reader._newest) <= CONTEXT
        passed.append(reader.passed)
    tenths = np.diff(passed[:: len(passed) // 10])
    most = 1 + (len(reader._beginning) + reader.policy.kept) / (reader.room - TOKENS)
    assert max(tenths) <= most * 12 * CONTEXT / 10 + CONTEXT
    assert max(tenths[1:]) - min(tenths[1:]) <= 2 * CONTEXT  # no later part costs more than an earlier one


def test_the_model_is_where_it_would_be_had_it_begun_at_what_it_keeps(reader: StreamReader) -> None:
    for frame in vectors_of_colours(colours(150, seed=2)):
        logits = reader.read([reader.frame("video", torch.from_numpy(frame.astype(np.float32)))])[0]
    with torch.inference_mode():
        whole = torch.cat([reader._beginning, *reader._newest])[None]
        anew = reader._model(inputs_embeds=whole).logits[0, -1]
    torch.testing.assert_close(logits, anew, atol=1e-4, rtol=1e-4)


def test_what_was_read_in_vain_leaves_no_trace(reader: StreamReader) -> None:
    pieces = [
        reader.frame("video", torch.from_numpy(frame.astype(np.float32))) for frame in vectors_of_colours([0, 1, 2, 3])
    ]
    one = reader.read(pieces[:2])
    reader.read(pieces[2:])
    reader.forget(3)
    again = reader.read(pieces[1:2])
    torch.testing.assert_close(one[1:], again, atol=1e-5, rtol=1e-5)
    assert reader.cached == len(reader._beginning) + 2 * TOKENS


def test_a_context_without_room(folder: Path) -> None:
    reader = open_reader(folder, folder.parent)
    with pytest.raises(BadInput, match="a context of 12 tokens has no room for a stream"):
        StreamReader(reader._model, reader._connectors, reader._tokenizer, (Control("watch"),), ReadingPolicy(12, 6, 6))
    with pytest.raises(BadInput, match="tokens come at once, and there is room for"):
        reader.read([torch.zeros(CONTEXT, 128)])


def test_a_model_of_words_alone_does_not_watch(tmp_path: Path) -> None:
    make_model(tmp_path / "blind")
    with pytest.raises(BadInput, match="reads words alone"):
        open_reader(tmp_path / "blind", tmp_path)


# What it says


def said(folder: Path, stream: Sequence[Moment]) -> list[Utterance]:
    return [replace(utterance, behind=0.0) for utterance in StreamWatcher(talkative(folder)).watch(stream)]


def test_what_is_said_up_to_a_time_does_not_change_with_what_comes_after(folder: Path) -> None:
    begin = colours(40, seed=4)
    heard = {3: "so today we talk", 17: "about gardens"}
    one = said(folder, moments([*begin, *colours(40, seed=5)], heard))
    other = said(folder, moments([*begin, *colours(25, seed=6)], {**heard, 50: "and soil"}))
    alone = said(folder, moments(begin, heard))
    assert alone  # else nothing was tried
    until = [[utterance for utterance in stream if utterance.time < len(begin)] for stream in (one, other)]
    assert until == [alone, alone]
    assert len(one) > len(alone)


def test_reading_many_at_once_says_what_reading_each_alone_does(folder: Path) -> None:
    stream = moments(colours(50, seed=7))

    def slowly() -> Iterator[Moment]:
        """No more comes before the reader has read on."""
        reader = watcher.reader
        for moment in stream:
            before = reader.passed
            yield moment
            while reader.passed == before:
                pass

    watcher = StreamWatcher(talkative(folder))
    one_by_one = [replace(utterance, behind=0.0) for utterance in watcher.watch(slowly())]
    assert one_by_one == said(folder, stream)
    assert one_by_one


def test_frames_never_wait_for_words(folder: Path) -> None:
    """The first thing that is said isn't taken before the whole stream is encoded, which needs nobody to take it."""
    encoded = threading.Event()

    def stream() -> Iterator[Moment]:
        yield from moments(colours(60, seed=4))
        encoded.set()

    watching = StreamWatcher(talkative(folder)).watch(stream(), live=True)
    first = next(watching)
    assert encoded.wait(60)
    rest = list(watching)
    assert [first, *rest] != []
    assert [u.time for u in (first, *rest)] == [u.time for u in said(folder, moments(colours(60, seed=4)))]


def test_an_untrained_model_whose_silence_is_likeliest_says_nothing(folder: Path) -> None:
    reader = open_reader(folder, folder.parent)
    logits = torch.zeros(10)
    logits[reader._silence] = 2.0
    assert reader.speaks(logits) is None
    likely = float(logits.softmax(-1)[reader._silence])
    assert reader.speaks(logits, likely) is None
    assert reader.speaks(logits, likely + 0.01) not in (None, reader._silence)


def test_a_reply_ends(folder: Path) -> None:
    reader = open_reader(folder, folder.parent)
    reader.read([reader.words(Text("so today we talk about gardens"))])
    before = reader.cached
    text = reader.say(40)
    assert 0 < reader.cached - before <= reader.policy.reply
    assert "\n" not in text


# The queue


def test_the_oldest_is_lost_of_a_live_stream_that_nobody_reads_and_counted() -> None:
    queue = MomentQueue(live=True, most=3)
    queue.fill(moments(colours(5)))
    assert queue.lost == 2
    assert [moment.time for moment in queue.take(9)] == [2, 3, 4]
    assert queue.take(9) == []


def test_the_encoder_of_a_recording_waits_for_room() -> None:
    queue = MomentQueue(live=False, most=2)
    encoder = threading.Thread(target=queue.fill, args=(moments(colours(7)),))
    encoder.start()
    taken: list[float] = []
    while part := queue.take(1):
        taken += [moment.time for moment in part]
    encoder.join()
    assert (taken, queue.lost) == ([0, 1, 2, 3, 4, 5, 6], 0)


def test_what_breaks_the_encoder_is_raised_after_what_it_had_made(folder: Path) -> None:
    def broken() -> Iterator[Moment]:
        yield from moments(colours(40, seed=4))
        raise BadInput("the camera fell over")

    heard: list[Utterance] = []
    with pytest.raises(BadInput, match="fell over"):
        for utterance in StreamWatcher(talkative(folder)).watch(broken()):
            heard.append(replace(utterance, behind=0.0))
    assert heard == said(folder, moments(colours(40, seed=4)))


def test_whoever_stops_watching_stops_the_encoder(folder: Path) -> None:
    def endless() -> Iterator[Moment]:
        while True:
            yield from moments(colours(40, seed=4))

    watching = StreamWatcher(talkative(folder)).watch(endless())
    next(watching)
    watching.close()
    assert not any(thread.name == "encoder" for thread in threading.enumerate())


def test_vectors_that_the_model_was_not_made_for(folder: Path) -> None:
    with pytest.raises(BadInput, match="takes vectors of 6 numbers, and these have 5"):
        list(StreamWatcher(talkative(folder)).watch([Moment(0.0, {"video": np.zeros((2, 5))})]))


def test_two_media_and_words_at_one_time_are_asked_about_once(folder: Path) -> None:
    reader = talkative(folder)
    stream = [
        Moment(0.0, {"video": np.zeros((2, 6)), "audio": np.zeros((1, 4))}, "so today"),
        Moment(1.0, {}, "we talk"),
    ]
    list(StreamWatcher(reader).watch(stream))
    words = len(reader.words(Text("so today"))) + len(reader.words(Text("we talk")))
    assert reader.cached >= len(reader._beginning) + words + 3
