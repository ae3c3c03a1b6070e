"""What the commands about a stream's chat print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from errata.cli.output import print_table, say, say_wrapped
from errata.domain.clock import clock
from errata.wording.chat_sentences import doubt_sentence, pace_sentences
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.chat_messages import ChatMessage
    from errata.domain.snippets import Snippet
    from errata.operations.chat_prediction import NextMessagePrediction
    from errata.operations.stream_chat import ChatImport, Moderation, ShownChat, ShownMessage


def print_chat_import(result: ChatImport) -> None:
    known = "" if result.new else ", which the record has already"
    later = "" if result.counts else "; a later log counts"
    say_wrapped(f"the chat of {result.external_id}, from {result.taken_for}{known}{later}")
    if result.replaced:
        say_wrapped(f"it takes the place of a log of {counted(result.replaced, 'message')}")
    for sentence in pace_sentences(result.pace):
        say_wrapped(sentence)
    if result.deleted:
        new = f", {result.deletions} of them by this log" if result.deletions else ""
        say(f"{counted(result.deleted, 'message is', 'messages are')} taken out{new}")
    for doubt in result.doubts:
        say_wrapped(doubt_sentence(doubt))


def print_chat(result: ShownChat) -> None:
    for sentence in pace_sentences(result.pace):
        say_wrapped(sentence)
    columns = ("key", "time", "author", "badges", "message")
    print_table(f"The chat of {result.external_id}", columns, [_row(shown) for shown in result.messages])


def _row(shown: ShownMessage) -> tuple[str, ...]:
    written = shown.message
    text = f"* {written.text}" if written.action else written.text
    if shown.deletion is not None:
        text += f" (taken out by {shown.deletion.by or 'somebody, says the log'})"
    return shown.key, _time(written), written.author, ", ".join(written.badges), text


def _time(written: ChatMessage) -> str:
    return f"{'-' if written.at < 0 else ''}{clock(abs(written.at))}"


def print_snippets(snippets: Sequence[Snippet]) -> None:
    rows = [
        (
            clock(snippet.start),
            " ".join(segment.text for segment in snippet.said),
            "\n".join(f"{message.author}: {message.text}" for message in snippet.written),
        )
        for snippet in snippets
    ]
    print_table("Snippets", ("from", "said", "written"), rows)


def print_next_message(result: NextMessagePrediction) -> None:
    for written in result.before:
        say_wrapped(f"{_time(written)}  {written.author}: {written.text}", 10)
    say_wrapped(f"{clock(result.at)}  > {result.message}", 10)
    for problem in result.problems:
        say_wrapped(problem)


def moderation_sentence(result: Moderation) -> str:
    state = "taken out" if result.deleted else "put back"
    return f"{result.message} is {state}" if result.new else f"{result.message} was {state} already"
