"""Fills the disk at every file that an export writes, and within the files, and looks at what is left.

    python -m benchmarks.full_disk [--pages 64] [--files 1]

What ships is written to a file system in memory that has room for so many files (`nr_inodes`) or so many bytes and no
more, one more each time, until nothing fails: the kernel itself says that no space is left. It is mounted in a user
namespace, so that no privileges are needed and nothing else sees it; Linux only. Written are the exports of errata-tiny
by the stage of the pipeline, and then the models' copies to where they are kept. Each time, one sentence must say that
the disk is full, what stands there must be whole or nothing, and once there is room the same command must end with the
very models that an undisturbed one makes.
"""

from __future__ import annotations

import argparse
import ctypes
import io
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from errata.cli.output import print_table
from errata.documents.file_names import CANDIDATE, EXPORTS, PARAMS
from errata.documents.parity import UnbuiltExports
from errata.errors import ErrataError, Unavailable
from errata.inference.artefact import PARTIAL, store_model, stored_models, verify
from errata.project_files import embedded_model, project_file
from errata.settings import FILE
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from registry.export.__main__ import main as export_stage

PAGE = 4096
PLENTY = "nr_inodes=100000,size=1g"
NO_SPACE = "errata: no space is left"
NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
REMOUNT, PRIVATE = 0x20, 0x4000 | 0x40000
"""unshare(2)'s and mount(2)'s flags."""
FULL_DISK = 5
"""The exit code."""
NO_NAMESPACES = "the kernel allows no file system of one's own; take a machine with user namespaces"
MADE, KEPT = Path("made"), Path("kept")


@dataclass
class Series:
    """One way of running out of room, for one writer."""

    writer: str
    room: str
    """What there was ever more of."""
    failures: int = 0
    """Attempts that ran out of it."""
    faults: list[str] = field(default_factory=list)
    """A sentence each."""


@dataclass(frozen=True)
class Writer:
    """What is written, and where."""

    name: str
    place: Path
    """The folder that has too little room."""
    write: Callable[[], None]
    state: Callable[[], Mapping[str, str]]
    """Identities of the models that stand there, by name. Raises ErrataError for one that isn't whole."""


def run(pages: int, files: int, device: bool = True) -> list[Series]:
    """Fails each `files`-th file and each `pages`-th page. Raises Unavailable where the kernel allows no namespaces."""
    found = []
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        root = Path(folder)
        _lay_out(root, device)
        export_stage()  # in this process, so that what forks from it has its libraries; and what is copied afterwards
        shutil.move(EXPORTS, MADE)
        for writer in (_stage(), _store()):
            writer.place.mkdir()
            found += [_series(writer, "nr_inodes", files), _series(writer, "size", pages * PAGE)]
    return found


def _lay_out(root: Path, device: bool) -> None:
    """A workspace with a candidate, errata-tiny itself."""
    (root / FILE).touch()
    (root / "models").mkdir()
    params = project_file(PARAMS).read_text()
    (root / PARAMS).write_text(params if device else params.replace("targets: [server, device]", "targets: [server]"))
    shutil.copytree(embedded_model(), root / CANDIDATE)
    Workspace.find(root).record.migrate()


def _stage() -> Writer:
    return Writer("the stage's exports", EXPORTS, export_stage, _exports)


def _exports() -> Mapping[str, str]:
    unbuilt = UnbuiltExports.read(EXPORTS).problems
    if unbuilt:
        raise Unavailable(f"the full disk is taken for an export that can't be made: {unbuilt}")
    return {folder.name: verify(folder) for folder in EXPORTS.glob("*") if folder.is_dir()}


def _store() -> Writer:
    def write() -> None:
        for folder in (CANDIDATE, *sorted(path for path in MADE.glob("*") if path.is_dir())):
            store_model(folder, KEPT)

    def kept() -> Mapping[str, str]:
        return {folder.name: verify(folder) for folder in stored_models(KEPT)}

    return Writer("the models' copies", KEPT, write, kept)


def _series(writer: Writer, room: str, step: int) -> Series:
    """More room each time, until an attempt ends well."""
    series = Series(writer.name, "files" if room == "nr_inodes" else f"bytes, by {step // 1024:,} KiB")
    expected = _undisturbed(writer)
    at = step if room == "size" else 2  # the root of a file system is a file of it, and the least that can be mounted
    while True:
        options = f"{room}={at}" + (",size=1g" if room == "nr_inodes" else "")
        fault, failed = _in_child(partial(_attempt, writer, options, expected))
        series.faults += [f"{writer.name}, {options}: {fault}"] if fault else []
        sys.stderr.write("." if failed else "\n")
        sys.stderr.flush()
        if not failed:
            return series
        series.failures += 1
        at += step


def _undisturbed(writer: Writer) -> Mapping[str, str]:
    def write() -> Mapping[str, str]:
        _mount(writer.place, PLENTY)
        writer.write()
        return writer.state()

    return dict(_in_child(write))


def _attempt(writer: Writer, options: str, expected: Mapping[str, str]) -> tuple[str, bool]:
    """What is wrong, empty for nothing; and whether the room was too little."""
    _mount(writer.place, options)
    code, said = _write(writer)
    try:
        left = writer.state()
    except ErrataError as problem:
        return f"what is left is not whole: {problem}", code != 0
    if any(expected.get(name) != identity for name, identity in left.items()):
        return f"{left} is left, and is none of {expected}", code != 0
    if not code:
        return ("" if left == expected else f"only {sorted(left)} was made, without a word"), False
    lines = [line for line in said.splitlines() if line.startswith("errata: ")]
    if code != FULL_DISK or len(lines) != 1 or not lines[0].startswith(NO_SPACE) or "Traceback" in said:
        return f"it ended with {code} and said: {said[-300:]!r}", True
    _mount(writer.place, PLENTY, REMOUNT)
    again, _ = _write(writer)
    mended = writer.state() if not again else {}
    leftovers = [path.name for path in writer.place.glob("*") if path.name.endswith((PARTIAL, ".old"))]
    return ("" if mended == expected and not leftovers else f"with room it ended with {again} and {mended}"), True


def _write(writer: Writer) -> tuple[int, str]:
    """As a process of its own does it: with its exit code, and what it said on stderr."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            for number in (1, 2):
                os.dup2(said.fileno(), number)
            sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"))  # a test that captures has one of its own
            _exit_with(writer.write)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        return code, said.read().decode(errors="replace")


def _exit_with(write: Callable[[], None]) -> None:
    code: Any = 1
    try:
        with stage_exit():
            write()
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        if code == 1:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def _in_child(act: Callable[[], Any]) -> Any:
    """What `act` returns, by way of JSON, of a process that has mounts of its own: with it they go.

    Raises Unavailable where the kernel allows it none.
    """
    with tempfile.TemporaryFile("w+") as answer:
        child = os.fork()
        if not child:
            code = FULL_DISK
            try:
                _own_mounts()
                code = 1
                json.dump(act(), answer)
                answer.flush()
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == FULL_DISK:
            raise Unavailable(NO_NAMESPACES)
        if code:
            raise Unavailable("an attempt ended for another reason than a full disk; it stands above")
        answer.seek(0)
        return json.load(answer)


def _own_mounts() -> None:
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", NEW_USER | NEW_MOUNTS)
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        Path("/proc/self", name).write_text(line)
    _call("mount", None, b"/", None, PRIVATE, None)


def _mount(place: Path, options: str, flags: int = 0) -> None:
    _call("mount", b"tmpfs", str(place.absolute()).encode(), b"tmpfs", flags, options.encode())


def _call(name: str, *arguments: Any) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=64, help="of 4 KiB, by which the room grows")
    parser.add_argument("--files", type=int, default=1)
    chosen = parser.parse_args()
    found = run(chosen.pages, chosen.files)
    print_table(
        "a disk that is full at each of them",
        ("what is written", "room for one more", "ran out", "faults"),
        [(each.writer, each.room, str(each.failures), str(len(each.faults))) for each in found],
    )
    faults = [fault for each in found for fault in each.faults]
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
