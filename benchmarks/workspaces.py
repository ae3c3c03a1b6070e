"""Workspaces that benchmarks make: commands in them, and their parameters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errata.documents.file_names import PARAMS, SNAPSHOT
from errata.workspace import Workspace
from retrain.recipe import NamedRecipe, use_recipe


def errata(*arguments: str | Path) -> None:
    """The command line; what it prints goes to stderr, since a benchmark's result is what stands on stdout."""
    subprocess.run([Path(sys.executable).with_name("errata"), *arguments], check=True, stdout=sys.stderr)


def copied_workspace(given: Path | None, root: Path) -> Workspace:
    """A copy at `root`, by default of the sample's, turned first, in which the stages then work: the current folder."""
    if given is None:
        errata("demo", root)
    else:
        shutil.copytree(given, root, symlinks=True)
    os.chdir(root)
    shutil.rmtree(SNAPSHOT)  # so that the rows are those that the installed code makes
    return Workspace.find(root)


def set_params(workspace: Path, params: Mapping[str, Mapping[str, Any]]) -> None:
    """Groups of `params.yaml`, with the parameters that are set."""
    recipe = NamedRecipe(name="of a benchmark", about="", model="", template="", context=0, params=params)
    use_recipe(recipe, workspace / PARAMS)
