"""Makes `.venv` what requirements.lock says: `make` calls it before everything else, and it ends at once where nothing
is to be done.

uv installs (in a third of pip's time or less), and is told what pip's configuration says of indexes, since it doesn't
read that. Of torch it takes the build that fits the machine: the default one of Linux brings gigabytes of CUDA.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
UV = str(VENV / "bin" / "uv")
STAMP = VENV / ".ready"
"""Written last. Where it is missing, `.venv` is half-made, or somebody else's: it is made anew, from uv's cache."""
LOCK = ROOT / "requirements.lock"

NVIDIA = Path("/proc/driver/nvidia/version")
UV_RELEASE = "uv==0.13.9"
SOURCE_ONLY = "antlr4-python3-runtime"
"""Pure Python that comes without a wheel. Everything else must have one, so that nobody needs a compiler."""

# how pip calls it, how uv does, and what stands between two values there
PIP_SETTINGS = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "constraint": ("UV_CONSTRAINT", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
}
ELSEWHERE = ("UV_INDEX", "UV_FIND_LINKS", "UV_NO_INDEX")


@dataclass(frozen=True)
class Stamp:
    """What a finished `.venv` was made from."""

    inputs: str = ""
    torch_index: str = ""
    packages: tuple[str, ...] = ()


class SetUpError(Exception):
    """One sentence that says what to do."""


def main() -> int:
    try:
        _check_machine()
        with _alone():
            _set_up()
    except SetUpError as error:
        _say(str(error))
        return 1
    return 0


def _check_machine() -> None:
    if any(importlib.util.find_spec(module) is None for module in ("venv", "ensurepip")):
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetUpError(f"Python's venv is missing: `apt install python{version}-venv`, then `make` again.")
    if shutil.which("git") is None:
        raise SetUpError(
            "git is missing, which keeps a workspace's history: `apt install git` (macOS: `xcode-select --install`),"
            " then `make` again."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Two at once would write into one `.venv`: the second waits, and finds it made."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another `make` is setting up .venv: waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _set_up() -> None:
    stamp = _read_stamp()
    before = stamp or Stamp()
    target = Stamp(_inputs(), os.environ.get("TORCH_INDEX") or before.torch_index, tuple(sorted(_locked())))
    if stamp == target:
        return
    _say("Setting up .venv; where nothing lies in uv's cache yet, 0.6 GB is fetched (3.2 with CUDA).")
    if stamp:
        STAMP.unlink()
    else:
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    _run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV_RELEASE])
    settings = uv_settings(_pip_config(), os.environ)
    if target.torch_index != before.torch_index or not _has_torch(settings):
        _install_torch(target.torch_index, settings)
    # Python compiles a module when it is first imported, unless it may not write: then each process would do so again
    compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    wheels = ["--only-binary", ":all:", "--no-binary", SOURCE_ONLY]
    _install([*compiled, *wheels, "--requirements", str(LOCK)], settings)
    _install(["--no-deps", "--editable", str(ROOT)], settings)
    left = sorted(set(before.packages) - set(target.packages))
    if left:
        _run([UV, "pip", "uninstall", "--quiet", "--python", PYTHON, *left], settings)
    STAMP.write_text(json.dumps(asdict(target)))
    _say(".venv is ready: `. .venv/bin/activate` puts `errata` on the PATH.")


def _read_stamp() -> Stamp | None:
    """None where `.venv` isn't finished, or doesn't run: Python was replaced, or the folder moved."""
    try:
        fields = json.loads(STAMP.read_text() or "{}")  # it was an empty file once
        python = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True)
        stamp = Stamp(**{**fields, "packages": tuple(fields.get("packages", ()))})
    except (OSError, ValueError, TypeError):
        return None
    return stamp if python.returncode == 0 else None


def _inputs() -> str:
    """What `.venv` was made from and where, since its scripts begin with their own place."""
    files = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), bytes(VENV.resolve())]
    return hashlib.sha256(b"\0".join(files)).hexdigest()


def _locked() -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", LOCK.read_text(), flags=re.MULTILINE))


def _pip_config() -> str:
    result = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    return result.stdout


def uv_settings(pip_config: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: what `pip config list` printed, where the environment doesn't say otherwise.

    pip's own order: its variables before the section `install` before `global`.
    """
    options: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.+)$", pip_config, flags=re.MULTILINE):
            options[name] = str(ast.literal_eval(value))  # pip prints a value as Python would write it
    settings = {}
    for name, (variable, between) in PIP_SETTINGS.items():
        if name in options:
            settings[variable] = between.join(options[name].split())
    if "UV_INDEX" in settings:
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip looks for a package: in all indexes alike
    return {**settings, **environment}


def _install_torch(index: str, settings: Mapping[str, str]) -> None:
    """From `index`; without one from PyTorch's own index, if that is within reach, and then the build that fits."""
    torch = ["--no-deps", f"torch=={_locked()['torch']}"]
    if index:
        nowhere_else = {name: value for name, value in settings.items() if name not in ELSEWHERE}
        _install(["--reinstall", "--default-index", index, *torch], nowhere_else)
        return
    fitting = ["--torch-backend", torch_backend(), *torch]
    try_out = [UV, "pip", "install", "--quiet", "--dry-run", "--python", PYTHON, *fitting]
    hasty = {**settings, "UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "5"}
    if subprocess.run(try_out, env=hasty, capture_output=True).returncode == 0:
        _install(fitting, settings)
        return
    _say(
        "PyTorch's own index (download.pytorch.org) can't be reached, or has no such torch for this machine: it comes"
        " from the package index, perhaps with CUDA. `make TORCH_INDEX=URL` takes it from a mirror."
    )
    _install(torch, settings)


def torch_backend() -> str:
    """uv's word for the build of torch: which CUDA, uv reads from NVIDIA's driver. Left to itself it would take Intel's
    gigabytes where a laptop has graphics of theirs."""
    return "auto" if NVIDIA.exists() or shutil.which("nvidia-smi") else "cpu"


def _has_torch(settings: Mapping[str, str]) -> bool:
    command = [PYTHON, "-c", "import importlib.metadata as m; print(m.version('torch'))"]
    result = subprocess.run(command, env=settings, capture_output=True, text=True)
    return result.stdout.split("+")[0].strip() == _locked()["torch"]


def _install(arguments: Sequence[str], settings: Mapping[str, str]) -> None:
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    _run([UV, "pip", "install", *quiet, "--python", PYTHON, *arguments], settings)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    if subprocess.run(command, env=environment).returncode != 0:
        raise SetUpError(
            "The set-up stopped for the reason above; `make` again goes on with what was fetched. docs/install.md says"
            " on which machines it was tried."
        )


def _say(sentence: str) -> None:
    sys.stderr.write(textwrap.fill(sentence, 80, break_on_hyphens=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
