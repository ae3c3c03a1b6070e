"""The commands that keep another tool in step with the record."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import say_wrapped, show
from errata.cli.print_import import print_refusals
from errata.errors import BadInput, Unavailable
from errata.progress import note
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.database.connections import Connection
    from errata.operations.label_studio_client import LabelStudio
    from errata.operations.label_studio_sync import SyncReport

connecting = typer.Typer(help="Keep a reviewing tool in step with the record.", no_args_is_help=True)

KEY_VARIABLE = "LABEL_STUDIO_API_KEY"
_SETTLING = 1.0
"""Seconds after a message before the tool is asked: it may tell of a change before it has written it down."""


@connecting.callback()
def connect() -> None:
    """Keep a reviewing tool in step with the record."""


@connecting.command("label-studio")
def label_studio_command(
    url: Annotated[str, typer.Option(help="The server's address, as https://example.org.")],
    workspace: InWorkspace = HERE,
    project: Annotated[
        int | None, typer.Option(min=1, help="The project's number there; a new one is made without it, once.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help=f"A file with the key, where {KEY_VARIABLE} doesn't hold it.")
    ] = None,
    media_url: Annotated[
        str, typer.Option("--media-url", metavar="URL", help="Where the recordings are, with {id} for a talk's id.")
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="One turn, and end.")] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two turns.")] = 60,
    webhook: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where Label Studio reaches --listen: it then says at once what changed."),
    ] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where its messages arrive.")] = "127.0.0.1:8766",
    as_json: AsJson = False,
) -> None:
    """Keep a Label Studio project in step: tasks go out with their drafts, reviews come in as they are made."""
    from errata.loop.lease import loop_lease
    from errata.operations.label_studio_client import LabelStudio
    from errata.operations.label_studio_sync import bring_in_step, connect, project_of

    place = find(workspace)
    with closing(LabelStudio(url, _key(key_file))) as server, ExitStack() as stack:
        stack.enter_context(loop_lease(place.record, "connection with Label Studio"))
        connection = connect(place, server, project, media_url)
        note(f"project {project_of(connection)} at {server.url} is kept in step")
        if once:
            _show(bring_in_step(place, server, connection, media_url), as_json)
            return
        woken = stack.enter_context(_told_of_changes(server, connection, webhook, listen))
        while True:
            try:
                report = bring_in_step(place, server, connection, media_url)
            except Unavailable as problem:  # servers are restarted, and networks fail: the next turn goes on
                note(f"{problem}; the next turn is in {every:g} s")
            else:
                if report.changed:
                    _show(report, as_json)
            if woken.wait(every):
                time.sleep(_SETTLING)
                woken.clear()


def _key(file: Path | None) -> str:
    """Raises BadInput where there is none."""
    if file is None:
        key = os.environ.get(KEY_VARIABLE, "")
    else:
        try:
            key = file.read_text()
        except (OSError, UnicodeDecodeError) as problem:
            raise BadInput(f"the key's file {file} can't be read ({problem}); check the path") from problem
    if not key.strip().isprintable() or not key.strip().isascii() or not key.strip():
        raise BadInput(f"there is no key for Label Studio; put it into {KEY_VARIABLE}, or into a file for --key-file")
    return key.strip()


@contextmanager
def _told_of_changes(server: LabelStudio, connection: Connection, webhook: str | None, listen: str) -> Iterator[Event]:
    """What is set when Label Studio says that something changed; never, where it isn't to say so."""
    from errata.operations.label_studio_client import PROOF_HEADER
    from errata.operations.label_studio_sync import project_of
    from errata.operations.webhook_receiver import host_and_port, receiving

    if webhook is None:
        yield Event()
        return
    with receiving(*host_and_port(listen), PROOF_HEADER) as receiver:
        number = server.set_webhook(project_of(connection), webhook, receiver.secret)
        try:
            yield receiver.changed
        finally:
            with suppress(Unavailable):  # whoever ends this need not wait for a server that is away
                server.remove_webhook(number)


def _show(report: SyncReport, as_json: bool) -> None:
    show(report, as_json, _print)
    for imported in report.imports:
        print_refusals(imported)
    for reason in report.unshown:
        note(reason)


def _print(report: SyncReport) -> None:
    sent = f"{counted(report.sent, 'task')} sent ({report.blind} blind)"
    removed = f", {report.removed} removed" if report.removed else ""
    came = f"{report.new} new, {report.retracted} retracted, {report.skipped} skipped, {report.rejected} rejected"
    say_wrapped(f"project {report.project}: {sent}{removed}; reviews: {came}")
