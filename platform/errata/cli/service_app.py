"""The commands of the service: it is started, its keys are made, and its log is read."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Annotated, Literal

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find, user_name
from errata.cli.output import say, say_whole, show
from errata.cli.panels import SERVICE
from errata.documents.params import Target
from errata.domain.access import AccessRole

service = typer.Typer()
keys = typer.Typer(help="Keys of the service: who may do what.", no_args_is_help=True)
service.add_typer(keys, name="keys", rich_help_panel=SERVICE)

RoleName = Literal["predictor", "reviewer", "adjudicator", "release-owner", "admin"]
"""A key's role, as one word."""

_ROLES: dict[RoleName, AccessRole] = {
    "predictor": "predictor",
    "reviewer": "reviewer",
    "adjudicator": "adjudicator",
    "release-owner": "release owner",
    "admin": "admin",
}
KeyName = Annotated[str, typer.Argument(metavar="NAME", help="The person, as in the record, or the program.")]


@service.command("serve", rich_help_panel=SERVICE)
def serve_command(
    workspace: InWorkspace = HERE,
    host: Annotated[
        str | None, typer.Option(help="The address to listen at. Default: 127.0.0.1, which this machine alone reaches.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Default: 8765; 0 takes a free one.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name by which the service may be called; repeatable.")
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A proxy, or a network of them, whose X-Forwarded-* count; repeatable."),
    ] = None,
    target: Annotated[
        Target | None, typer.Option(help="Answer by that export of the champion. Default: by the champion itself.")
    ] = None,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Carry out release owners' requests within seconds, in another process.")
    ] = False,
) -> None:
    """Answer programs and reviewers over HTTP, until it is stopped."""
    from errata.cli.print_access import print_first_key
    from errata.cli.reconciler_process import reconciler_process
    from errata.operations.service_keys import add_first_key
    from errata.service.run_service import serve
    from errata.service.service_settings import service_settings

    place = find(workspace)
    settings = service_settings(
        place, host=host, port=port, allow_hosts=allow_host or None, proxies=proxy or None, alias=target
    )

    def ready(address: str) -> None:
        first = add_first_key(place, user_name())
        if first is not None:
            print_first_key(first, address, workspace)
        say_whole(f"Errata answers at {address}; Ctrl-C stops it.")
        sys.stdout.flush()  # a service manager's log is a pipe, which would get the key when all is over

    with reconciler_process(place.root) if reconcile else nullcontext():
        serve(place, settings, ready)


@keys.command("add")
def add_command(
    name: KeyName,
    role: Annotated[RoleName, typer.Option(help="What they may do; docs/serving.md has the table.")],
    workspace: InWorkspace = HERE,
    by: Annotated[str | None, typer.Option(help="Your name, for the record. Default: your user name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it: it is shown once."""
    from errata.cli.print_access import print_new_key
    from errata.operations.service_keys import add_key

    show(add_key(find(workspace), name, _ROLES[role], by or user_name()), as_json, print_new_key)


@keys.command("list")
def list_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Every key that was made, and whether it holds."""
    from errata.cli.print_access import print_keys
    from errata.operations.service_keys import list_keys

    show(list_keys(find(workspace)), as_json, print_keys)


@keys.command("revoke")
def revoke_command(
    name: KeyName,
    workspace: InWorkspace = HERE,
    by: Annotated[str | None, typer.Option(help="Your name, for the record. Default: your user name.")] = None,
) -> None:
    """End a name's keys, and whatever session was opened with them."""
    from errata.operations.service_keys import revoke_key
    from errata.wording.counts import counted

    count = revoke_key(find(workspace), name, by or user_name())
    say(f"{counted(count, 'key')} of {name} opens nothing any more")


@service.command("audit", rich_help_panel=SERVICE)
def audit_command(
    workspace: InWorkspace = HERE,
    name: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Who did what through the service, the newest last."""
    from errata.cli.print_access import print_audit
    from errata.operations.service_keys import audit_entries

    show(audit_entries(find(workspace), last, name)[::-1], as_json, print_audit)
