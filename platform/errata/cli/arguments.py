"""What several commands take: the workspace, a model, a night, and whether to print JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.completion import complete_model, complete_night, complete_talk
from errata.errors import BadInput, NotFound

if TYPE_CHECKING:
    from errata.workspace import Workspace

InWorkspace = Annotated[Path, typer.Option("-w", "--workspace", help="The workspace's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]
ModelName = Annotated[
    str, typer.Option(help="An alias, or the beginning of a model's identity.", autocompletion=complete_model)
]
NightLabel = Annotated[
    str | None, typer.Option(help="The night's label; the last one, by default.", autocompletion=complete_night)
]
TalkId = Annotated[str, typer.Argument(help="The transcript's own id.", autocompletion=complete_talk)]
AnsweringModel = Annotated[
    str | None, typer.Option(help="A model's folder, or with -w an alias or identity. Default: errata-tiny.")
]
CardlessTemplate = Annotated[
    str, typer.Option(help="For a model without a card: prompt template, and how many tokens it sees: json:8192.")
]
ChampionOf = Annotated[Path | None, typer.Option("-w", "--workspace", help="Let this workspace's champion answer.")]
Temperature = Annotated[float, typer.Option(help="Of the draw; 0 says the likeliest words.")]
TopK = Annotated[int, typer.Option(help="Tokens that are drawn from, the likeliest; 0: all.")]
DrawSeed = Annotated[int, typer.Option("--seed", help="The same draws the same words.")]
HERE = Path()


def check_arguments(arguments: Sequence[str]) -> None:
    """Raises BadInput for one that isn't UTF-8, which no database takes, whether it is a name or a file's, and for an
    empty one, which as a path would be the current folder.
    """
    for argument in arguments:
        if not argument:
            raise BadInput("an argument is empty, as a shell's variable is that isn't set; fill it in or leave it out")
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise BadInput(f"the argument {argument!a} is not UTF-8; write it, or call the file, otherwise") from error


def user_name() -> str:
    """Who gives the command, for the history; by number, where the machine knows no name, as in many containers."""
    try:
        return getuser()
    except (KeyError, OSError):  # OSError from Python 3.13 on
        return f"user {os.getuid()}"


def find(folder: Path) -> Workspace:
    """Says where an environment variable decides and not the workspace's own file."""
    from errata.operations.ownership import check_owner
    from errata.progress import note
    from errata.settings import FILE, overriding_variables
    from errata.workspace import Workspace

    if folder == HERE and not (folder / FILE).is_file():
        raise NotFound(
            f"this folder is no workspace (it has no {FILE}); name one with -w, or make one with: errata init DIR"
        )
    workspace = Workspace.find(folder)
    for variable in overriding_variables(workspace.root):
        note(f"{variable} is set, and counts instead of what errata.toml says")
    check_owner(workspace)
    return workspace
