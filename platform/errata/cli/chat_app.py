"""The commands about the chat of a stream."""

from __future__ import annotations

from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, DrawSeed, InWorkspace, ModelName, TalkId, Temperature, TopK, find
from errata.cli.output import show

chats = typer.Typer(help="See and moderate the chat of a stream.", no_args_is_help=True)

MessageKey = Annotated[str, typer.Argument(help="The message's key, as `errata chat show` lists it.")]


@chats.command("show")
def show_chat_command(stream: TalkId, workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """List the messages of a stream's chat with their keys, those that were taken out too."""
    from errata.cli.print_chat import print_chat
    from errata.operations.stream_chat import show_chat

    show(show_chat(find(workspace), stream), as_json, print_chat)


@chats.command("snippets")
def snippets_command(
    stream: TalkId,
    seconds: Annotated[float, typer.Option(help="How long each is.")] = 10.0,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Cut a stream into spans of equal length: what was said in each, and what viewers wrote."""
    from errata.cli.print_chat import print_snippets
    from errata.operations.stream_chat import chat_snippets

    show(chat_snippets(find(workspace), stream, seconds), as_json, print_snippets)


@chats.command("next")
def next_message_command(
    stream: TalkId,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When, as 1:02:03 or in seconds; the stream's end, by default.")
    ] = None,
    model: ModelName = "champion",
    temperature: Temperature = 1.0,
    top_k: TopK = 50,
    seed: DrawSeed = 7,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Predict what a viewer writes next, from what was said and written by then."""
    from errata.cli.print_chat import print_next_message
    from errata.formats.fields import written_time
    from errata.inference.draw_options import DrawOptions
    from errata.operations.chat_prediction import next_message

    moment = None if at is None else written_time(at, "--at")
    options = DrawOptions(temperature, top_k, seed)
    show(next_message(find(workspace), stream, moment, model, options), as_json, print_next_message)


@chats.command("delete")
def delete_message_command(
    stream: TalkId,
    message: MessageKey,
    by: Annotated[str, typer.Option(help="The moderator.")],
    why: Annotated[str, typer.Option(help="Why it goes.")] = "",
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Take a message out of a chat: no model reads it or learns it from now on."""
    from errata.cli.print_chat import moderation_sentence
    from errata.operations.stream_chat import moderate

    result = moderate(find(workspace), stream, message, by, why, deleted=True)
    show(result, as_json, moderation_sentence(result))


@chats.command("restore")
def restore_message_command(
    stream: TalkId,
    message: MessageKey,
    by: Annotated[str, typer.Option(help="The moderator.")],
    why: Annotated[str, typer.Option(help="Why it comes back.")] = "",
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Put a message back that was taken out."""
    from errata.cli.print_chat import moderation_sentence
    from errata.operations.stream_chat import moderate

    result = moderate(find(workspace), stream, message, by, why, deleted=False)
    show(result, as_json, moderation_sentence(result))
