"""The commands that decide what ships, and tell what did."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find, user_name
from errata.cli.completion import complete_model
from errata.cli.output import say, say_wrapped, show
from errata.cli.panels import DECISIONS
from errata.documents.params import Target
from errata.domain.names import printable
from errata.errors import BadInput
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.loop.deliver import ExportedModel

release = typer.Typer()


@release.command("promote", rich_help_panel=DECISIONS)
def promote_command(
    model: Annotated[
        str, typer.Argument(help="An alias, or the beginning of a model's identity.", autocompletion=complete_model)
    ],
    evidence: Annotated[Path | None, typer.Option(help="The evidence record that says `promote` of it.")] = None,
    target: Annotated[
        Target | None,
        typer.Option(help="Make the champion's export for this target anew, score it, and ship it if it passes."),
    ] = None,
    workspace: InWorkspace = HERE,
) -> None:
    """Make a model champion, on the evidence record of a night that said so; or ship one export of the champion."""
    if (evidence is None) == (target is None):
        raise BadInput("name the night's evidence record (--evidence), or of the champion one export (--target)")
    place = find(workspace)
    if target is not None:
        from errata.loop.target_promotion import promote_export

        shipped = promote_export(place, target, model, user_name())
        say(f"{target} is {shipped.model[:16]}, scored on {counted(shipped.items, 'talk')}")
    elif evidence is not None:
        from errata.cli.print_status import print_promotion
        from errata.loop.deliver import promote_by_hand

        print_promotion(promote_by_hand(place, model, evidence, user_name()))


@release.command("approve", rich_help_panel=DECISIONS)
def approve_command(
    model: Annotated[
        str,
        typer.Argument(
            help="Where several wait: the beginning of the model's identity, or its version in MLflow.",
            autocompletion=complete_model,
        ),
    ] = "",
    by: Annotated[str | None, typer.Option(help="Your name, for the record. Default: your user name.")] = None,
    comment: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    reject: Annotated[
        bool, typer.Option("--reject", help="It shall not be promoted: one person's no is enough.")
    ] = False,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Approve of the promotion that waits for it, or reject it."""
    from errata.cli.print_status import print_promotion
    from errata.loop.deliver import approve_by_hand, reject_by_hand

    decide = reject_by_hand if reject else approve_by_hand
    show(decide(find(workspace), model, by or user_name(), comment), as_json, print_promotion)


@release.command("rollback", rich_help_panel=DECISIONS)
def rollback_command(
    workspace: InWorkspace = HERE,
    reason: Annotated[str, typer.Option(help="Why, for the history.")] = "by hand",
    to: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Not the champion before, but an earlier one: day0, the beginning of its identity, or its version in "
            "MLflow.",
            autocompletion=complete_model,
        ),
    ] = "",
    target: Annotated[
        Target | None, typer.Option(help="This target's export alone, back to the one before; the champion stays.")
    ] = None,
) -> None:
    """Bring back the champion that was before the last promotion, and what shipped with it; MLflow may be away."""
    from errata.loop.deliver import roll_back, roll_target_back

    if target is not None and to:
        raise BadInput("--to is about the champion and all that ships with it; leave it out, or --target")
    back: Mapping[str, str]
    if target is not None:
        back = {target: roll_target_back(find(workspace), target, reason, user_name())}
    else:
        back = roll_back(find(workspace), reason, user_name(), to)
    for alias, model in back.items():
        say_wrapped(f"{alias} is {model[:16]} again" if model else f"{alias} is nothing again: none shipped then", 2)


@release.command("reconcile", rich_help_panel=DECISIONS)
def reconcile_command(
    workspace: InWorkspace = HERE,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, within seconds of each request, until whoever started this is gone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Carry out what release owners asked for, and settle with MLflow: what it wasn't told, what was moved there."""
    from errata.cli.print_status import print_requests
    from errata.loop.request_reconciler import reconcile, watch_requests

    place = find(workspace)
    if watch:
        with suppress(KeyboardInterrupt):  # the way in which it ends
            watch_requests(place)
    else:
        show(reconcile(place), as_json, print_requests)


@release.command("history", rich_help_panel=DECISIONS)
def history_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Every move of an alias, with why; and who approved of promotions, or didn't."""
    from errata.cli.print_status import history_json, print_history
    from errata.operations.status import alias_history

    show(alias_history(find(workspace).record), as_json, print_history, history_json)


@release.command("export", rich_help_panel=DECISIONS)
def export_command(
    target: Annotated[Target, typer.Argument(help="What runs it.")],
    out: Annotated[Path, typer.Argument(help="A folder that doesn't exist yet.")],
    workspace: InWorkspace = HERE,
    model: Annotated[
        str, typer.Option(help="`champion` is what ships, as it was scored; another model is exported anew.")
    ] = "champion",
) -> None:
    """Write a model as what a target runs."""
    from errata.loop.deliver import export

    exported = export(find(workspace), target, out, model)
    _say_exported(f"{out}: {target}", exported)


@release.command("page", rich_help_panel=DECISIONS)
def page_command(
    out: Annotated[Path, typer.Argument(help="A folder that doesn't exist yet.")],
    workspace: InWorkspace = HERE,
    model: Annotated[
        str, typer.Option(help="`champion` is what ships as gguf, as it was scored; another model is exported anew.")
    ] = "champion",
) -> None:
    """Write a page that chapters captions in a browser, without a network."""
    from errata.loop.page_delivery import deliver_page

    _say_exported(f"{out}: a page with gguf", deliver_page(find(workspace), out, model))
    say(f"next: cd {quote(str(out))} && npm ci --ignore-scripts && python3 -m http.server --bind 127.0.0.1")


def _say_exported(what: str, exported: ExportedModel) -> None:
    origin = "as it was scored" if exported.scored else "made anew and not scored"
    say(f"{what} {exported.model[:16]}, made from {exported.source[:16]}, {origin}")
    if exported.scored and exported.source != exported.champion:
        say_wrapped(f"it ships still, though {exported.champion[:16]} is the champion; `errata status` says why")
    say_wrapped(
        f"licence of the base: {printable(exported.licence) or 'not named; ask whoever made it'}; "
        f"{'signed' if exported.signed else 'unsigned: `errata init` makes a key'}"
    )


@release.command("verify", rich_help_panel=DECISIONS)
def verify_command(
    folder: Annotated[Path, typer.Argument(help="A model's folder, as `errata export` writes it.")],
    workspace: InWorkspace = HERE,
    key: Annotated[
        str, typer.Option(help="Whose signature is asked for: an `errata.pub`, or the line in it that begins with RW.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Whether a model's folder is what was sealed and signed; without --key, by the keys that the workspace trusts."""
    from errata.cli.print_model import print_verified
    from errata.operations.model_folder_check import check_model_folder

    show(check_model_folder(folder, workspace, key), as_json, print_verified)
