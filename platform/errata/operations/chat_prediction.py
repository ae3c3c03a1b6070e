"""What a model holds for the next message of a stream's chat."""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.chapter import Chapter
from errata.domain.chat_messages import ChatMessage
from errata.errors import BadInput, NotFound, Refused
from errata.inference.artefact import model_folder, verify_parts
from errata.inference.draw_options import DrawOptions
from errata.inference.model import open_model
from errata.operations.model_names import resolve_model
from errata.tasks.chat_task import ChatTask, with_chat
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NextMessagePrediction:
    external_id: str
    model: str
    at: float
    """Seconds."""
    message: str
    before: tuple[ChatMessage, ...]
    """The last messages before it that were read."""
    problems: tuple[str, ...]


SHOWN = 3
"""Messages before it."""


def next_message(
    workspace: Workspace, external_id: str, at: float | None, model: str, options: DrawOptions
) -> NextMessagePrediction:
    """What `model` (an alias, or the beginning of an identity) says at `at`, in seconds, or at the stream's end, after
    what was said and written by then. The same seed gives the same message.

    Raises BadInput for a time that is none, NotFound for a stream without a chat by then, Refused for a model
    of chapters.
    """
    if at is not None and at < 0:
        raise BadInput(f"{at:g} s is before the stream; give a time in it")
    with workspace.record.read() as store:
        seq = store.transcripts.find(external_id)
        transcript, state = store.transcripts.read(seq), store.chats.of(seq, store.watermark())
    moment = transcript.duration if at is None else at
    before = [message for message in (state.messages if state else ()) if 0 <= message.at <= moment]
    if not before:
        raise NotFound("{!r} has no chat by then; bring one in with `errata import chat FILE`", external_id)
    identity = resolve_model(workspace, model)
    folder = model_folder(identity, workspace.models)
    verify_parts(identity, folder, workspace.models)
    loaded = open_model(folder, workspace.models)
    if not isinstance(loaded.task, ChatTask):
        raise Refused(
            f"the model {identity[:16]} is asked for chapters; a chat's is made by: errata init --template chat"
        )
    stream = with_chat(transcript, tuple(Chapter(message.at, message.text) for message in before))
    reading = loaded.ask(loaded.task.next_view(stream, moment), draw=options.draw())
    return NextMessagePrediction(
        external_id=external_id,
        model=identity,
        at=moment,
        message=reading.chapters[0].title if reading.chapters else "",
        before=tuple(before[-SHOWN:]),
        problems=reading.problems,
    )
