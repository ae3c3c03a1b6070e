"""A stream's chat beside its transcript: a log comes in, moderators take messages out and put them back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from errata.database.chats import ChatDeletion
from errata.database.store import Store
from errata.domain.chapter import tidy
from errata.domain.chat_clock import HONEST, clock_offset
from errata.domain.chat_doubt import ChatDoubt
from errata.domain.chat_messages import Chat, ChatMessage, chat_hash
from errata.domain.chat_pace import ChatPace, chat_pace
from errata.domain.snippets import Snippet, snippets
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from errata.formats.chat_files import read_chat
from errata.formats.chat_log import ChatLog
from errata.formats.talk_names import talk_of
from errata.inference.artefact import model_folder, vocabulary_chats
from errata.operations.reviewing import require
from errata.workspace import Workspace

LATE = 60.0
"""Seconds after a stream's end within which people say good-bye."""
LENGTHS_APART = 0.05
"""Of the stream: recordings are cut, and durations rounded."""
MOST_SNIPPETS = 1_000_000
"""Of one stream: more fill the memory."""
DRIFT = 30.0
"""Seconds by which the two clocks of a log may part, of the stream and of the service: a stream that stops for a while
and goes on parts them."""


@dataclass(frozen=True, slots=True)
class ChatImport:
    external_id: str
    transcript: int
    taken_for: str
    """The format, in words."""
    new: bool
    """False where that very log is in the record."""
    replaced: int
    """Messages of the log that counted until now; 0 where there was none, or it is this one."""
    counts: bool
    """Whether it is the log that counts now: one that is in the record may have been followed by another."""
    deletions: int
    """New ones, which the log itself says."""
    deleted: int
    """Messages that are taken out, all in all."""
    pace: ChatPace
    doubts: tuple[ChatDoubt, ...]


@dataclass(frozen=True, slots=True)
class ShownMessage:
    key: str
    message: ChatMessage
    deletion: ChatDeletion | None
    """None of one that stands."""


@dataclass(frozen=True, slots=True)
class ShownChat:
    external_id: str
    pace: ChatPace
    """Of what stands."""
    messages: tuple[ShownMessage, ...]


@dataclass(frozen=True, slots=True)
class Moderation:
    external_id: str
    message: str
    deleted: bool
    new: bool
    """False where it was so already."""


def import_chat(workspace: Workspace, path: Path, external_id: str | None = None) -> ChatImport:
    """Records the chat in a file as that of the transcript `external_id`, or of the one that the file's name says.

    Raises BadInput for a file that can't be read, a transcript without times, and a log most of which comes after the
    stream's end; NotFound where the record has no such transcript.
    """
    file = read_chat(path)
    name = external_id or _stream_named(workspace, path, file.log)
    messages = tuple(sorted(file.log.messages, key=lambda message: message.at))
    with workspace.record.read() as store:
        seq = store.transcripts.find(name)
        transcript = store.transcripts.read(seq)
    _check_fits(path, transcript, messages)
    doubts = (*_doubts(file.log, transcript), *_known_words(workspace, messages))
    with workspace.record.write() as store:
        before = store.chats.logged(seq)
        added = store.chats.add(seq, messages, path.name)
        deletions = [
            store.chats.delete(seq, ChatDeletion(deletion.key, "", path.name, deletion.why))
            for deletion in file.log.deletions
            if added.new
        ]
        state = store.chats.of(seq, store.watermark())
    return ChatImport(
        external_id=name,
        transcript=seq,
        taken_for=file.label,
        new=added.new,
        replaced=len(before) if added.new else 0,
        counts=added.new or before == messages,
        deletions=sum(deletion.new for deletion in deletions),
        deleted=len(state.deleted) if state else 0,
        pace=chat_pace(messages, transcript.duration),
        doubts=doubts,
    )


def _stream_named(workspace: Workspace, path: Path, log: ChatLog) -> str:
    """By the file's name, or else by the id that the log gives."""
    names = [name for name in (talk_of(path), path.name.split(".")[0], log.stream.id) if name]
    if log.stream.id:
        names.append(f"v{log.stream.id}")  # as yt-dlp calls a recording of Twitch's
    with workspace.record.read() as store:
        for name in names:
            try:
                store.transcripts.find(name)
            except NotFound:
                continue
            return name
    raise NotFound(
        "there is no transcript {!r} in the record, whose chat {} is by its name; import it, or name it with --of",
        names[0],
        path,
    )


def _check_fits(path: Path, transcript: Transcript, messages: Chat) -> None:
    if transcript.unit != "seconds":
        raise BadInput(f"{transcript.external_id!r} has no times, so that no chat can stand beside it")
    late = _late(messages, transcript.duration)
    if 2 * late > len(messages):
        raise BadInput(
            "{}: {} of {} messages come after the end of {!r}: it is the chat of another stream, or its times are not "
            "in seconds; name the right one with --of",
            path,
            late,
            len(messages),
            transcript.external_id,
        )


def _late(messages: Chat, duration: float) -> int:
    return sum(message.at > duration + LATE for message in messages)


def _doubts(log: ChatLog, transcript: Transcript) -> Iterator[ChatDoubt]:
    falls = sum(after.at < before.at for before, after in pairwise(log.messages))
    if falls:
        yield ChatDoubt("out of order", falls)
    late = _late(log.messages, transcript.duration)
    if late:
        yield ChatDoubt("after the end", late)
    stream = log.stream
    if stream.duration and abs(stream.duration - transcript.duration) > max(
        HONEST, LENGTHS_APART * transcript.duration
    ):
        yield ChatDoubt("another length", stream.duration - transcript.duration)
    if _differ(stream.title, transcript.title):
        yield ChatDoubt("another title", log=stream.title, stream=transcript.title)
    if _differ(stream.channel, transcript.channel):
        yield ChatDoubt("another channel", log=stream.channel, stream=transcript.channel)
    drift = _drift(log)
    if drift > DRIFT:
        yield ChatDoubt("drift", drift)
    offset = clock_offset(transcript.segments, log.messages)
    if offset is not None:
        yield ChatDoubt("offset", offset)


def _known_words(workspace: Workspace, messages: Chat) -> Iterator[ChatDoubt]:
    day0 = workspace.record.ask(lambda store: store.aliases.model_of("day0"))
    if day0 is not None and chat_hash(messages) in vocabulary_chats(model_folder(day0, workspace.models)):
        yield ChatDoubt("known words")


def _differ(log: str, transcript: str) -> bool:
    """Of names that both give."""
    return bool(log and transcript) and tidy(log).casefold() != tidy(transcript).casefold()


def _drift(log: ChatLog) -> float:
    """By how many seconds the two clocks of a log part, from its first message to its last."""
    apart = [
        moment - message.at
        for message, moment in zip(log.messages, log.written_at, strict=False)
        if moment is not None and message.at > 0
    ]
    return max(apart) - min(apart) if apart else 0.0


def show_chat(workspace: Workspace, external_id: str) -> ShownChat:
    """Raises NotFound for a stream without a chat."""
    with workspace.record.read() as store:
        seq = store.transcripts.find(external_id)
        logged = _logged(store, seq, external_id)
        newest = {deletion.message: deletion for deletion in store.chats.deletions(seq)}
        duration = store.transcripts.duration_of(seq)
    gone = {key: deletion for key, deletion in newest.items() if deletion.deleted}
    standing = [message for message in logged if message.key not in gone]
    return ShownChat(
        external_id,
        chat_pace(standing, duration),
        tuple(ShownMessage(message.key, message, gone.get(message.key)) for message in logged),
    )


def chat_snippets(workspace: Workspace, external_id: str, seconds: float) -> list[Snippet]:
    """A stream in snippets of so many seconds: what was said in each, and what stands of its chat.

    Raises NotFound for a stream without a chat, BadInput for a length that is none.
    """
    if not 0 < seconds < math.inf:
        raise BadInput(f"a snippet can't be {seconds:g} s long; say how many seconds")
    with workspace.record.read() as store:
        seq = store.transcripts.find(external_id)
        _logged(store, seq, external_id)
        transcript, state = store.transcripts.read(seq), store.chats.of(seq, store.watermark())
    if transcript.duration / seconds > MOST_SNIPPETS:
        raise BadInput(f"snippets of {seconds:g} s would be more than {MOST_SNIPPETS:,}; say more seconds")
    return snippets(transcript.segments, state.messages if state else (), transcript.duration, seconds)


def moderate(workspace: Workspace, external_id: str, message: str, by: str, why: str, deleted: bool) -> Moderation:
    """Takes a message out of a stream's chat, or puts it back: from now on it is nothing that a model reads or learns.

    Raises NotFound for one that the chat doesn't have, and for a stream without a chat.
    """
    require(by, "by")
    with workspace.record.write() as store:
        seq = store.transcripts.find(external_id)
        _logged(store, seq, external_id)
        added = store.chats.delete(seq, ChatDeletion(message, by, "command", why, deleted))
    return Moderation(external_id, message, deleted, added.new)


def _logged(store: Store, seq: int, external_id: str) -> Chat:
    logged = store.chats.logged(seq)
    if not logged:
        raise NotFound("{!r} has no chat in the record; bring it in with `errata import chat FILE`", external_id)
    return logged
