"""ffmpeg and ffprobe as processes: what they print, or why they could not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from errata.errors import BadInput, Unavailable
from errata.files import JsonObject

_ADDRESS = re.compile(r"^(\[[^\]]*\] *)+|\b0x[0-9a-f]+\b")
"""What ffmpeg puts before a complaint: the part of it that complains, and where that lies in memory."""
_ADVICE = "To ignore this"


def not_installed(tool: str) -> Unavailable:
    return Unavailable(
        f"{tool} is not installed; install ffmpeg (Debian, Ubuntu: apt install ffmpeg; macOS: brew install ffmpeg), "
        "and try again"
    )


def require_media_tools() -> None:
    """Raises Unavailable where ffmpeg or ffprobe is not installed."""
    for tool in ("ffmpeg", "ffprobe"):
        if shutil.which(tool) is None:
            raise not_installed(tool)


@cache
def ffmpeg_version() -> str:
    first = _output(["ffmpeg", "-version"], "ffmpeg").partition("\n")[0]
    return first.removeprefix("ffmpeg version ").partition(" ")[0]


def ffmpeg(arguments: Sequence[str], path: Path) -> None:
    """Runs ffmpeg. Raises BadInput, with its own last complaint, where it fails on the file at `path`."""
    _output(["ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments], str(path))


def ffprobe(arguments: Sequence[str], path: Path) -> JsonObject:
    """What ffprobe says of the file at `path`. Raises BadInput, with its own last complaint."""
    command = ["ffprobe", "-hide_banner", "-v", "error", "-of", "json", *arguments, local_file(path)]
    answer: JsonObject = json.loads(_output(command, str(path)))
    return answer


def local_file(path: Path | str) -> str:
    """A path as ffmpeg takes it for a file, whatever it looks like: `a:b.mp4` would be a protocol, `-x.mp4` an
    option."""
    return f"file:{path}"


def complaint(stderr: str, name: str) -> str:
    """ffmpeg's last, without its advice, which part of it complains, and the name of the file, which is known."""
    lines = [_ADDRESS.sub("", line).removeprefix(f"{local_file(name)}:").strip() for line in stderr.splitlines()]
    said = [line for line in lines if line and not line.startswith(_ADVICE)]
    return said[-1] if said else "it does not say why"


def _output(command: list[str], name: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise not_installed(command[0]) from error
    if done.returncode and "No space left on device" in done.stderr:
        raise Unavailable(f"no space is left for what {command[0]} makes of {name}; make room, and run it again")
    if done.returncode:
        raise BadInput("{} can't be read ({}: {}); get it anew", name, command[0], complaint(done.stderr, name))
    return done.stdout
