"""A small server that speaks as much of Label Studio's API as a project in step needs, and can be made to fail.

What it says was taken from a running 1.23.2: its fields and statuses, filters and orders of tasks, and that a task
changes with its annotations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.made_up_server import listening

KEY = "0123456789abcdef0123456789abcdef01234567"
USERS = [{"id": 1, "email": "ann@example.com"}, {"id": 2, "email": "bea@example.com"}]
Fault = tuple[int, str]


class MadeUpLabelStudio:
    def __init__(self) -> None:
        self.url = ""
        self.key = KEY
        self.projects: dict[int, dict[str, Any]] = {}
        self.tasks: dict[int, dict[str, Any]] = {}
        self.webhooks: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        """Each call's method and path."""
        self.bodies: list[Any] = []
        self.authorizations: list[str] = []
        self.before: Callable[[str], Fault | None] = lambda _: None
        """Says, of a call, how it fails without having done anything."""
        self.after: Callable[[str], Fault | None] = lambda _: None
        """… and how it fails once all is done."""
        self._now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self._numbers = 0

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def now(self) -> str:
        self._now += timedelta(seconds=1)
        return self._now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def annotate(self, task: int, result: list[Any], by: int = 1, **fields: Any) -> int:
        annotation = {"id": self.number(), "completed_by": by, "result": result, "was_cancelled": False}
        self.tasks[task]["annotations"].append({**annotation, "parent_prediction": None, **fields})
        self._touch(task, annotation["id"])
        return int(annotation["id"])

    def change(self, annotation: int, **fields: Any) -> None:
        for task in self.tasks.values():
            for found in task["annotations"]:
                if found["id"] == annotation:
                    found.update(fields)
                    self._touch(task["id"], annotation)

    def delete(self, annotation: int) -> None:
        for task in self.tasks.values():
            if any(found["id"] == annotation for found in task["annotations"]):
                task["annotations"] = [found for found in task["annotations"] if found["id"] != annotation]
                self._touch(task["id"], annotation)

    def _touch(self, task: int, annotation: int) -> None:
        now = self.now()
        self.tasks[task]["updated_at"] = now
        for found in self.tasks[task]["annotations"]:
            if found["id"] == annotation:
                found["updated_at"] = now

    def task_of(self, name: str) -> int:
        return next(number for number, task in self.tasks.items() if task["data"]["video_id"] == name)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        for pattern, reply in self._routes():
            match = re.fullmatch(pattern, f"{method} {path}")
            if match:
                return reply(query, body, *map(int, match.groups()))
        return 404, {"detail": "Not found."}

    def _routes(self) -> list[tuple[str, Callable[..., tuple[int, Any]]]]:
        return [
            ("GET /api/projects/", lambda query, _: (200, {"results": self._found(query.get("search", ""))})),
            ("POST /api/projects/", self._make_project),
            (r"GET /api/projects/(\d+)/", lambda _, __, number: self._project(number)),
            (r"PATCH /api/projects/(\d+)/", self._change_project),
            (r"POST /api/projects/(\d+)/import", self._import),
            ("GET /api/tasks/", lambda query, _: self._list(query)),
            (r"DELETE /api/tasks/(\d+)/", lambda _, __, number: (204, self.tasks.pop(number, None) and None)),
            ("GET /api/users/", lambda *_: (200, USERS)),
            ("GET /api/webhooks/", lambda *_: (200, list(self.webhooks.values()))),
            ("POST /api/webhooks/", lambda _, body: self._hook(self.number(), body, 201)),
            (r"PATCH /api/webhooks/(\d+)/", lambda _, body, number: self._hook(number, body, 200)),
            (r"DELETE /api/webhooks/(\d+)/", lambda _, __, number: (204, self.webhooks.pop(number, None) and None)),
            ("POST /api/token/refresh/", self._refresh),
        ]

    def _found(self, words: str) -> list[dict[str, Any]]:
        return [project for project in self.projects.values() if words in project["description"]]

    def _make_project(self, _: Any, body: dict[str, Any]) -> tuple[int, Any]:
        number = self.number()
        self.projects[number] = {"id": number, "description": "", **body}
        return 201, self.projects[number]

    def _project(self, number: int) -> tuple[int, Any]:
        if number not in self.projects:
            return 404, {"detail": "No Project matches the given query."}
        tasks = sum(task["project"] == number for task in self.tasks.values())
        return 200, {**self.projects[number], "task_number": tasks}

    def _change_project(self, _: Any, body: dict[str, Any], number: int) -> tuple[int, Any]:
        self.projects[number].update(body)
        return 200, self.projects[number]

    def _import(self, _: Any, body: list[dict[str, Any]], project: int) -> tuple[int, Any]:
        numbers = []
        for raw in body:
            number, predictions = self.number(), [{"id": self.number(), **each} for each in raw["predictions"]]
            fields = {"id": number, "project": project, "updated_at": self.now(), "annotations": []}
            self.tasks[number] = {**fields, "data": raw["data"], "predictions": predictions}
            numbers.append(number)
        return 201, {"task_count": len(numbers), "task_ids": numbers}

    def _list(self, query: dict[str, str]) -> tuple[int, Any]:
        asked = json.loads(query["query"])
        wanted = {item["filter"]: item["value"] for item in asked.get("filters", {"items": []})["items"]}
        since, after = wanted.get("filter:tasks:updated_at", ""), wanted.get("filter:tasks:id", 0)
        found = [task for task in self.tasks.values() if task["project"] == int(query["project"])]
        found = [task for task in found if task["updated_at"] >= since and task["id"] > after]
        (by,) = asked["ordering"]
        found.sort(key=lambda task: task[by.lstrip("-").removeprefix("tasks:")], reverse=by.startswith("-"))
        shown = found[: int(query["page_size"])]
        if query.get("fields") != "all":
            shown = [{name: task[name] for name in query["include"].split(",")} for task in shown]
        return 200, {"tasks": shown, "total": len(found)}

    def _hook(self, number: int, body: dict[str, Any], status: int) -> tuple[int, Any]:
        self.webhooks[number] = {"id": number, **body}
        return status, self.webhooks[number]

    def _refresh(self, _: Any, body: dict[str, str]) -> tuple[int, Any]:
        if body["refresh"] != self.key:
            return 401, {"detail": "Token is invalid", "code": "token_not_valid"}
        return 200, {"access": f"short{self.number()}"}

    def knows(self, authorization: str, path: str) -> bool:
        if path == "/api/token/refresh/":
            return True
        return authorization == f"Token {self.key}" or authorization == f"Bearer short{self._numbers}"


@contextmanager
def label_studio() -> Iterator[MadeUpLabelStudio]:
    state = MadeUpLabelStudio()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            parts = urlsplit(self.path)
            call = f"{self.command} {parts.path}"
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            state.asked.append(call)
            state.bodies.append(body)
            authorization = self.headers.get("Authorization", "")
            state.authorizations.append(authorization)
            fault = state.before(call)
            if fault is None and not state.knows(authorization, parts.path):
                fault = (401, '{"detail": "Invalid token."}')
            if fault is None:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                status, answer = state.answer(self.command, parts.path, query, body)
                fault = state.after(call) or (status, "" if answer is None else json.dumps(answer))
            self._reply(*fault)

        def _reply(self, status: int, text: str) -> None:
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", text)
            data = text.encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle

        def log_message(self, *_: Any) -> None:
            pass

    with listening(Handler) as url:
        state.url = url
        yield state
