"""Answers that were given, a file each, so that asking again costs nothing.

`<judge>/<about>/<key>.json`: all that a judge ever said goes with its folder, all that was said of a transcript with
its own. A file that can't be read, or is not what its name says, counts as not there.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from errata.files import JsonObject, write_atomically, write_json
from evaluation.judges.request import Reply, Request

FOLDER = "judges"
"""In the workspace."""

SHORT = 16
"""Characters of a hash that name a folder."""


class Cache:
    """Safe between threads, as long as no two put the same answer."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()

    def get(self, judge: str, request: Request) -> Reply | None:
        path = self._path(judge, request)
        entry = read_object(path)
        if entry.get("key") != path.stem:
            return None
        try:
            return Reply(request.form.model_validate(entry.get("answer")), str(entry.get("served", "")))
        except ValidationError:
            return None

    def put(self, judge: str, request: Request, reply: Reply) -> None:
        path, answer = self._path(judge, request), reply.answer.model_dump()
        self.write(path, {"key": path.stem, "kind": request.kind, "answer": answer, "served": reply.served})

    def folder(self, judge: str) -> Path:
        """Everything that a judge of this identity ever said."""
        return self._root / judge[:SHORT]

    def write(self, path: Path, value: JsonObject) -> None:
        """Anything that is kept of a judge."""
        with self._lock:
            if not (self._root / ".gitignore").exists():
                write_atomically(self._root / ".gitignore", "*\n")
        write_json(path, value)

    def _path(self, judge: str, request: Request) -> Path:
        return self.folder(judge) / request.about[:SHORT] / f"{request.key(judge)}.json"


def read_object(path: Path) -> JsonObject:
    """A JSON object; empty where there is none or it is broken."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def forget(root: Path, transcript_hash: str) -> int:
    """Removes what any judge said of a transcript: quotes of it are among that. Returns how many folders went."""
    folders = list(root.glob(f"*/{transcript_hash[:SHORT]}"))
    for folder in folders:
        shutil.rmtree(folder)
    return len(folders)
