"""The commands that compare models by hand, and say who opened what is held out."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, caller, find

compare = typer.Typer()


class On(StrEnum):
    fresh = "fresh"
    dev = "dev"
    anchor = "anchor"
    sealed = "sealed"
    all = "all"


@compare.command("compare")
def compare_command(
    models: Annotated[tuple[str, str], typer.Argument(metavar="A B", help="Two models. Differences are A minus B.")],
    on: Annotated[On, typer.Option(help="Labels to score on; `all` is what isn't sealed.")] = On.fresh,
    workspace: InWorkspace = HERE,
    model_name: Annotated[
        list[str] | None, typer.Option(help="What a server calls its model; twice for A's and B's.")
    ] = None,
    template: Annotated[
        str, typer.Option(help="For a model without a card: prompt template, and how many tokens it sees: json:8192.")
    ] = "indexed",
    as_json: AsJson = False,
) -> None:
    """Compare any two models on the same items.

    Each is an alias, an identity, a folder (adapter, full model, ONNX GenAI export, GGUF), a .gguf file, the address of
    an OpenAI-compatible server (its key in ERRATA_API_KEY), or predictions: {video_id: {"<start>": title}}, or a folder
    of <video_id>.json.
    """
    from errata.cli.output import show
    from errata.cli.print_comparison import print_comparison
    from errata.loop.compare import compare
    from errata.loop.compared_models import PromptSettings

    settings = PromptSettings.of(template, tuple(model_name or ()))
    show(compare(find(workspace), models, on.value, settings, caller()), as_json, print_comparison)


@compare.command("holdout")
def holdout_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Every access to the anchor and to the sealed set, and how often the latter may still be opened this year."""
    from errata.cli.output import show
    from errata.cli.print_comparison import print_accesses
    from errata.loop.holdout_accesses import holdout_accesses

    show(holdout_accesses(find(workspace).record, datetime.now(UTC)), as_json, print_accesses)
