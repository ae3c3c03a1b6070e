"""The commands of a canary: a model that answers a share of the talks, until reviewers correct it more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find, user_name
from errata.cli.completion import complete_model
from errata.cli.output import say, say_wrapped, show
from errata.wording.canary_sentences import canary_sentence

if TYPE_CHECKING:
    from errata.operations.canary_trial import CanaryState

canaries = typer.Typer(help="A model that answers a share of live requests, on trial.", no_args_is_help=True)


@canaries.command("start")
def start_canary_command(
    model: Annotated[
        str, typer.Argument(help="An alias, or the beginning of a model's identity.", autocompletion=complete_model)
    ] = "challenger",
    workspace: InWorkspace = HERE,
    share: Annotated[float, typer.Option(help="Of the talks, those that it answers.")] = 0.1,
    why: Annotated[str, typer.Option(help="For the record.")] = "by hand",
) -> None:
    """Let a model answer a share of the talks, until it is stopped, or reviewers correct it more than the champion."""
    from errata.operations.canary_trial import start_canary

    canary = start_canary(find(workspace), model, share, user_name(), why)
    say(f"{canary.model[:16]} answers {100 * canary.share:g} % of the talks that come from now on")


@canaries.command("status")
def canary_status_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """How the canary stands, or how the last one ended."""
    from errata.operations.canary_trial import trial

    show(trial(find(workspace)), as_json, _print_trial)


@canaries.command("stop")
def stop_canary_command(
    workspace: InWorkspace = HERE,
    why: Annotated[str, typer.Option(help="For the record.")] = "by hand",
) -> None:
    """End the canary: the champion answers all talks again."""
    from errata.operations.canary_trial import stop_canary_as

    canary = stop_canary_as(find(workspace), user_name(), why)
    if canary.end is not None:
        say_wrapped(canary_sentence(canary, canary.end.counts, canary.end.evidence))


def _print_trial(state: CanaryState | None) -> None:
    if state is None:
        say("there never was a canary; begin one with: errata canary start")
    else:
        say_wrapped(canary_sentence(state.canary, state.counts, state.evidence))
