"""The process that a model speaks in: a crash of it, or memory that runs out, takes no request and no record along.

    python -m errata.service.model_worker [FOLDER IDENTITY MODELS]

Without a model it is a spare one: it imports what nearly any model needs, which takes longer than to load a small one,
and waits for the line {"load": [FOLDER, IDENTITY, MODELS]}. It reads a JSON object a line on stdin and answers on
stdout, until stdin is closed:

    {"ask": 7, "transcript": {…}, "vectors": […]}
                                     ->  {"answer": 7, "chapters": […], "problems": […], …}  or  {"error": 7, …}
    {"stop": 7}                      ->  {"stopped": 7}, unless it is answered by then

A question may be about a stream ({"ask": 7, "stream": {"name": …, "goes_on": true}, …}): what was said of the windows
that such a stream has left behind is remembered until it ends, and for so many streams.

and before that, once, {"ready": {"model": …, "template": …}} or {"failed": …}.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from errata.domain.chapter import chapters_to_json
from errata.domain.transcript import Transcript
from errata.domain.vector_shard import VectorShard
from errata.errors import ErrataError
from errata.files import JsonObject
from errata.inference.artefact import verify_parts
from errata.inference.checksums import check_signature, trusted_keys
from errata.inference.engine import Stopped
from errata.inference.model import LoadedModel, answer_key, open_model
from errata.inference.stream_model import StreamMemory
from errata.tasks.template import Reading
from errata.tasks.view import View

ABREAST = 4
"""Transcripts that have their turns, a view each: a short one need not wait for all of a long one."""

MOST_STREAMS = 64
"""That are remembered; beyond that, the one that was asked about longest ago is read anew."""

Send = Callable[[JsonObject], None]


@dataclass
class _Talk:
    number: int
    views: Generator[View, Reading, Reading]
    view: View


class StreamMemories:
    """Of the streams that were asked about of late."""

    def __init__(self) -> None:
        self._memories: OrderedDict[str, StreamMemory] = OrderedDict()

    def of(self, stream: str, goes_on: bool) -> StreamMemory:
        """Of one that has ended nothing is kept."""
        memory = self._memories.pop(stream, None) or StreamMemory()
        if goes_on:
            self._memories[stream] = memory
        if len(self._memories) > MOST_STREAMS:
            self._memories.popitem(last=False)
        return memory


class Inbox:
    """What is asked, and which of it nobody wants any more; a thread of its own reads it."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self._asked: SimpleQueue[JsonObject] = SimpleQueue()
        self._open: set[int] = set()
        self._unwanted: set[int] = set()

    def read(self) -> None:
        """Ends this process when stdin ends: whoever asked is gone."""
        for line in self._lines:
            message = json.loads(line)
            if "ask" in message:
                self._open.add(message["ask"])
                self._asked.put(message)
            elif message["stop"] in self._open:
                self._unwanted.add(message["stop"])
        os._exit(0)  # a model that is in the middle of an answer hears of nothing

    def next(self) -> JsonObject:
        return self._asked.get()

    @property
    def is_empty(self) -> bool:
        return self._asked.empty()

    def check(self, number: int) -> None:
        """Raises Stopped where nobody wants that answer any more."""
        if number in self._unwanted:
            raise Stopped

    def close(self, number: int) -> None:
        self._open.discard(number)
        self._unwanted.discard(number)


def serve(model: LoadedModel[Reading], inbox: Inbox, send: Send) -> None:
    """Answers for ever, a view of each transcript in turn."""
    talks: deque[_Talk] = deque()
    memories = StreamMemories()
    while True:
        while len(talks) < ABREAST and not (talks and inbox.is_empty):
            talks.extend(_begin(model, inbox, memories, send))
        talk = talks.popleft()
        said = _said(model, talk, inbox)
        if said is None:
            talks.append(talk)
        else:
            inbox.close(talk.number)
            send(said)


def _begin(model: LoadedModel[Reading], inbox: Inbox, memories: StreamMemories, send: Send) -> list[_Talk]:
    """The next talk, or none where it is answered already: one that the model can't be asked about, which is said, or
    of which all is remembered."""
    asked = inbox.next()
    number: int = asked["ask"]
    try:
        views = _views(model, asked, memories)
        return [_Talk(number, views, next(views))]
    except StopIteration as done:
        said = _answer(number, done.value)
    except ErrataError as error:
        said = _error(number, error)
    inbox.close(number)
    send(said)
    return []


def _views(
    model: LoadedModel[Reading], asked: JsonObject, memories: StreamMemories
) -> Generator[View, Reading, Reading]:
    transcript, stream = _transcript(asked), asked.get("stream")
    if stream is None:
        return model.task.views(transcript)
    return memories.of(stream["name"], stream["goes_on"]).views(model.task, transcript, stream["goes_on"])


def _transcript(asked: JsonObject) -> Transcript:
    """With the vectors that there are of its recording."""
    vectors = tuple(VectorShard(**shard) for shard in asked.get("vectors", ()))
    return replace(Transcript.from_json(asked["transcript"]), vectors=vectors)


def _said(model: LoadedModel[Reading], talk: _Talk, inbox: Inbox) -> JsonObject | None:
    """What is to be sent of a talk after its turn; None where it has views left."""
    try:
        reading = _turn(model, talk, lambda: inbox.check(talk.number))
    except Stopped:
        return {"stopped": talk.number}
    except ErrataError as error:
        return _error(talk.number, error)
    if reading is None:
        return None
    return _answer(talk.number, reading)


def _answer(number: int, reading: Reading) -> JsonObject:
    return {
        "answer": number,
        "chapters": chapters_to_json(reading.chapters),
        "problems": list(reading.problems),
        "confidences": list(reading.confidences),
    }


def _error(number: int, error: ErrataError) -> JsonObject:
    return {"error": number, "sentence": str(error), "status": error.http_status}


def _turn(model: LoadedModel[Reading], talk: _Talk, watch: Callable[[], None]) -> Reading | None:
    """Asks about one view, or about two: after borders are weighed, titles are asked about the same lines, which an
    engine still has in memory then."""
    try:
        while True:
            watch()
            weighed = model.task.weighs(talk.view)
            talk.view = talk.views.send(model.ask(talk.view, watch))
            if not weighed:
                return None
    except StopIteration as done:
        reading: Reading = done.value
        return reading


def main(words: Sequence[str]) -> None:
    """`words`: FOLDER IDENTITY MODELS, or none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which closes stdin
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer

    def send(message: JsonObject) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    told = words or _model_to_come()
    folder, identity, models = Path(told[0]), told[1], Path(told[2])
    inbox = Inbox(sys.stdin)
    try:
        verify_parts(identity, folder, models)
        check_signature(folder, trusted_keys(models.parent))
        model = open_model(folder, models)
    except ErrataError as error:
        send({"failed": str(error)})
        return
    threading.Thread(target=inbox.read, daemon=True).start()
    send({"ready": _key(identity, folder)})
    serve(model, inbox, send)


def _model_to_come() -> list[str]:
    """What a spare process is told to load; it ends where nothing is to come."""
    import_module("errata.inference.torch")
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    words: list[str] = json.loads(line)["load"]
    return words


def _key(identity: str, folder: Path) -> dict[str, Any]:
    key = answer_key(identity, folder)
    return {"model": key.model, "template": key.template}


if __name__ == "__main__":
    main(sys.argv[1:])
