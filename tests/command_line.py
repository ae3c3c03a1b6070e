"""The command line as people run it, in a process of its own, or in this one, where only its answer counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from unittest.mock import patch

from errata.cli import main

Done = subprocess.CompletedProcess[str]
Errata = Callable[..., Done]


def in_a_process(*words: str | Path, check: bool = True) -> Done:
    command = [sys.executable, "-c", "from errata.cli import main; main()", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    return _checked(done) if check else done


def in_this_process(*words: str | Path, check: bool = True) -> Done:
    """The same, without the seconds that an interpreter takes to import everything for a command of milliseconds."""
    command = ["errata", *map(str, words)]
    code = 0
    # Files and not strings: the pipeline's processes write there too.
    with TemporaryFile("w+") as out, TemporaryFile("w+") as error:
        with patch.object(sys, "argv", command), redirect_stdout(out), redirect_stderr(error):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        out.seek(0)
        error.seek(0)
        done = Done(command, code, out.read(), error.read())
    return _checked(done) if check else done


def _checked(done: Done) -> Done:
    assert done.returncode == 0, f"{done.args} ended with {done.returncode}:\n{done.stderr}"
    return done


def json_of(errata: Errata) -> Callable[..., Any]:
    """What a command prints with --json."""
    return lambda *words: json.loads(errata(*words, "--json").stdout)
