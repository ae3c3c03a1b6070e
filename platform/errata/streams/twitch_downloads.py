"""The chat of a Twitch recording, by twitch-dl: a program under the GPL, which is run and never imported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from errata.errors import BadInput, Unavailable
from errata.files import JsonObject
from errata.formats.ytdlp import TWITCH

TOOL = "twitch-dl"
_RECORDING = re.compile(r"v?(\d+)", re.ASCII)
"""What yt-dlp calls a recording, and Twitch's own number in it."""
_TRIES = 3
"""It asks for each hundred messages by themselves, and gives up at the first answer that doesn't come."""
_NOBODY_WROTE = "IndexError:"
"""How it ends where there is no message at all: it looks for the last one."""


class NoTwitchDl(Unavailable):
    """It isn't installed; the sentence says how to get the chat all the same."""


def recording_id(info: JsonObject) -> str | None:
    """Twitch's own id of the recording that an info file of yt-dlp's tells of; None of anything else: clips, and
    what is live, have no chat to fetch."""
    found = _RECORDING.fullmatch(str(info.get("id"))) if info.get("extractor_key") == TWITCH else None
    return found[1] if found else None


def twitch_dl_version() -> str:
    """Empty where it isn't installed."""
    program = _program()
    return _run([program, "--version"]).stdout.strip().rpartition(" ")[2] if program else ""


def download_chat(recording: str, path: Path, scratch: Path) -> bool:
    """Whether anybody wrote; the file is there then, whole. Raises NoTwitchDl, and BadInput with its own complaint."""
    program = _program()
    if program is None:
        raise NoTwitchDl(
            f"its chat was not fetched, since {TOOL} is not installed; install it (pipx install {TOOL}), then run: "
            f"{TOOL} chat json {recording} -o v{recording}.json && errata import chat v{recording}.json"
        )
    scratch.mkdir(parents=True, exist_ok=True)
    partial = scratch / f"{path.name}.{os.getpid()}.partial"  # twitch-dl outlives a process that is killed
    for _ in range(_TRIES):
        done = _run([program, "chat", "json", recording, "--overwrite", "--output", partial.name], scratch)
        if done.returncode == 0:
            partial.replace(path)
            return True
        complaint = _complaint(done.stderr)
        if complaint.startswith(_NOBODY_WROTE):
            return False
    raise BadInput("twitch-dl can't fetch the chat of Twitch's recording {} ({}); run it again", recording, complaint)


def _program() -> str | None:
    """Where it is installed: beside this Python, or for the user."""
    return shutil.which(TOOL, path=sysconfig.get_path("scripts")) or shutil.which(TOOL)


def _run(command: Sequence[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,  # else it may ask
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _complaint(stderr: str) -> str:
    """Its last line: of a traceback, the error."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else "it does not say why"
