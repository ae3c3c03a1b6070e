"""Label Studio's API, as far as a project is kept in step by it: its calls, its faults, and what to do about them.

Only the host that was named is ever asked: redirects are not followed, and no address in an answer is used. A key goes
into one header and nowhere else: Label Studio's older tokens as they are, its personal access tokens (three parts with
dots between) as the short-lived one that is got for them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from errata.domain.hosts import is_this_machine
from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.files import JsonObject
from errata.inference.openai_client import Passing, asked_wait, with_retries

SECONDS = 60.0
"""That a call may take at each step: connecting, sending, and between two parts of an answer."""
WHOLE_SECONDS = 600.0
"""That an answer may take in all: a server that sends a letter a minute is given up."""
LARGEST = 256 * 1024 * 1024
"""Bytes of an answer that are read: a page of tasks with transcripts of hours has some tens of millions."""
PAGE = 25
"""Tasks a page with all that is in them."""
ACTIONS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
PROOF_HEADER = "X-Errata-Secret"
_BEGINNING = "2000-01-01T00:00:00.000000Z"


class LabelStudio:
    """One server, as whoever owns the key sees it. Every call raises Refused where the key isn't enough, NotFound,
    BadInput for what Label Studio refuses, and Unavailable where it can't be reached or fails.
    """

    def __init__(self, url: str, key: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = server_url(url, bool(key))
        self._key, self._sleep, self._short_lived = key, sleep, ""
        # what goes to this machine goes past any proxy, which would get to see the key
        proxied = not is_this_machine(httpx.URL(self.url).host)
        self._client = httpx.Client(timeout=SECONDS, trust_env=proxied, follow_redirects=False)

    def close(self) -> None:
        self._client.close()

    def projects_with(self, mark: str) -> list[int]:
        """The projects whose description has `mark` in it."""
        found = self._get("/api/projects/", {"search": mark, "include": "id,description", "page_size": "100"})
        items = _objects(found.get("results"), "projects")
        return [int(item["id"]) for item in items if mark in str(item.get("description"))]

    def create_project(self, title: str, description: str, label_config: str) -> int:
        """The number of a project that shows drafts to whoever annotates, and takes an answer of no chapters."""
        made = self._send(
            "POST",
            "/api/projects/",
            {
                "title": title,
                "description": description,
                "label_config": label_config,
                "show_collab_predictions": True,
                "enable_empty_annotation": True,
            },
        )
        return _number(made, "id")

    def project(self, project: int) -> JsonObject:
        return self._get(f"/api/projects/{project}/", {})

    def set_label_config(self, project: int, label_config: str) -> None:
        self._send("PATCH", f"/api/projects/{project}/", {"label_config": label_config})

    def add_tasks(self, project: int, tasks: list[JsonObject]) -> list[int]:
        """Their numbers, in order. Not repeated where it fails: whether the tasks are there, only looking tells."""
        made = self._once("POST", f"/api/projects/{project}/import", {"return_task_ids": "true"}, tasks)
        numbers = made.get("task_ids") if isinstance(made, dict) else None
        if not isinstance(numbers, list) or len(numbers) != len(tasks):
            raise Unavailable(f"{self.url} took tasks and did not say their numbers; try again")
        return [int(number) for number in numbers]

    def delete_task(self, task: int) -> None:
        """Gone already is no fault."""
        try:
            self._send("DELETE", f"/api/tasks/{task}/", None)
        except NotFound:
            return

    def newest_change(self, project: int) -> str:
        """When a task of the project was last changed; empty where it has none."""
        query = json.dumps({"ordering": ["-tasks:updated_at"]})
        newest = self._tasks(project, {"include": "id,updated_at", "query": query, "page_size": "1"})
        return str(newest[0]["updated_at"]) if newest else ""

    def tasks_since(self, project: int, cursor: str) -> Iterator[JsonObject]:
        """Tasks that were changed since `cursor`, each once with all that is in it, in order of their numbers."""
        return self._pages(project, {"fields": "all"}, cursor or _BEGINNING)

    def task_data(self, project: int) -> Iterator[JsonObject]:
        """Every task's number and data."""
        return self._pages(project, {"include": "id,data"}, _BEGINNING)

    def _pages(self, project: int, shown: dict[str, str], cursor: str) -> Iterator[JsonObject]:
        """Each page begins after the last task of the one before: one by its number would skip tasks, or show them
        twice, where others come and go meanwhile."""
        last = 0
        while True:
            tasks = self._tasks(project, {**shown, "query": _changed_since(cursor, last)})
            yield from tasks
            if len(tasks) < PAGE:
                return
            last = int(tasks[-1]["id"])

    def _tasks(self, project: int, query: dict[str, str]) -> list[JsonObject]:
        asked = {"project": str(project), "page": "1", "page_size": str(PAGE), "resolve_uri": "false", **query}
        return _objects(self._get("/api/tasks/", asked).get("tasks"), "tasks")

    def user_names(self) -> dict[int, str]:
        """E-mail addresses by users' numbers."""
        users = self._exchange("GET", "/api/users/", {}, None)
        return {int(user["id"]): str(user.get("email") or user["id"]) for user in _objects(users, "users")}

    def set_webhook(self, project: int, url: str, secret: str) -> int:
        """Has the project's changes told to `url`, without what changed; again, it is renewed. Returns its number."""
        known = _objects(self._exchange("GET", "/api/webhooks/", {"project": str(project)}, None), "webhooks")
        wanted = {
            "project": project,
            "url": url,
            "send_payload": False,
            "send_for_all_actions": False,
            "headers": {PROOF_HEADER: secret},
            "actions": list(ACTIONS),
            "is_active": True,
        }
        same = next((hook for hook in known if hook.get("url") == url), None)
        if same is None:
            return _number(self._send("POST", "/api/webhooks/", wanted), "id")
        return _number(self._send("PATCH", f"/api/webhooks/{int(same['id'])}/", wanted), "id")

    def remove_webhook(self, webhook: int) -> None:
        try:
            self._send("DELETE", f"/api/webhooks/{webhook}/", None)
        except NotFound:
            return

    def _get(self, path: str, query: dict[str, str]) -> JsonObject:
        return _object(self._exchange("GET", path, query, None))

    def _send(self, method: str, path: str, body: Any) -> JsonObject:
        answer = self._exchange(method, path, {}, body)
        return {} if answer is None else _object(answer)

    def _exchange(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """A call that may be repeated, since it does no more when it is made twice."""
        try:
            return with_retries(lambda: self._call(method, path, query, body), sleep=self._sleep)
        except Passing as fault:
            raise self._unavailable(fault) from fault

    def _once(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        try:
            return self._call(method, path, query, body)
        except Passing as fault:
            raise self._unavailable(fault) from fault

    def _unavailable(self, fault: Passing) -> Unavailable:
        return Unavailable(f"Label Studio at {self.url} {fault}; see that it runs, and try again")

    def _call(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """The JSON that is answered, None for nothing. Raises Passing where another attempt may fare better."""
        reply = self._request(method, path, query, body, self._authorization())
        if reply.status == httpx.codes.UNAUTHORIZED and self._short_lived:
            self._short_lived = ""  # it lives for five minutes
            reply = self._request(method, path, query, body, self._authorization())
        if reply.is_success:
            return _parsed(reply, self.url)
        raise _fault(reply, self.url, path)

    def _request(self, method: str, path: str, query: dict[str, str], body: Any, header: str) -> _Reply:
        headers = {"Authorization": header} if header else {}
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            with self._client.stream(
                method, self.url + path, params=query, content=content, headers=headers
            ) as response:
                return _read(response, self.url)
        except httpx.TimeoutException as error:
            raise Passing(f"did not answer within {SECONDS:g} s") from error
        except httpx.HTTPError as error:
            raise Passing(f"could not be reached ({type(error).__name__})") from error

    def _authorization(self) -> str:
        if self._key.count(".") != 2:
            return f"Token {self._key}"
        if not self._short_lived:
            reply = self._request("POST", "/api/token/refresh/", {}, {"refresh": self._key}, "")
            if not reply.is_success:
                raise _fault(reply, self.url, "/api/token/refresh/")
            self._short_lived = str(_object(_parsed(reply, self.url)).get("access"))
        return f"Bearer {self._short_lived}"


def server_url(url: str, has_key: bool = True) -> str:
    """The server's address, without a slash at its end. Raises BadInput for one that no key may be sent to."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isprintable():
        raise BadInput(f"{url!r} is no address of a server; give one like https://label-studio.example.org")
    if parts.username or parts.password:
        raise BadInput("the address holds a password, which the record would keep; leave it out")
    if parts.query or parts.fragment:
        raise BadInput(f"{url!r} is the address of a page; end it before the ? or #")
    if has_key and parts.scheme == "http" and not is_this_machine(str(parts.hostname)):
        raise BadInput(f"the key would go to {url!r} unencrypted; give an https:// address")
    return url.rstrip("/")


def _changed_since(cursor: str, after: int) -> str:
    """Of the tasks whose numbers are above `after`, those changed at `cursor` or later."""
    changed = {"filter": "filter:tasks:updated_at", "operator": "greater_or_equal", "type": "Datetime", "value": cursor}
    above = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": after}
    return json.dumps({"filters": {"conjunction": "and", "items": [changed, above]}, "ordering": ["tasks:id"]})


class _Reply(NamedTuple):
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)


def _read(response: httpx.Response, url: str) -> _Reply:
    content, end = bytearray(), time.monotonic() + WHOLE_SECONDS
    for part in response.iter_bytes():
        content += part
        if len(content) > LARGEST:
            raise Unavailable(f"Label Studio at {url} answered with more than {LARGEST} bytes; is that its address?")
        if time.monotonic() > end:
            raise Passing(f"did not end its answer within {WHOLE_SECONDS:g} s")
    return _Reply(response.status_code, response.headers, bytes(content))


def _parsed(reply: _Reply, url: str) -> Any:
    if not reply.content:
        return None
    try:
        return json.loads(reply.content)
    except (ValueError, RecursionError) as error:
        raise Unavailable(f"{url} answers, but not as Label Studio does; check the address") from error


def _fault(reply: _Reply, url: str, path: str) -> ErrataError | Passing:
    status, place = reply.status, f"Label Studio at {url}"
    if status == httpx.codes.UNAUTHORIZED:
        return Refused(
            f"{place} does not accept the key; copy it from Account & Settings there, and see whether the organization "
            "allows that kind of token"
        )
    if status == httpx.codes.FORBIDDEN:
        return Refused(f"{place} does not let the key's owner do this ({path}); ask for a role that may")
    if status == httpx.codes.NOT_FOUND:
        return NotFound(f"{place} has no {path}; check --url and --project")
    if httpx.codes.is_redirect(status):
        return BadInput(f"{url} leads to another address, which is not followed; give --url the final one")
    if status in (408, 425, 429) or status >= 500:
        return Passing(f"answered with HTTP {status}", wait=asked_wait(reply.headers))
    words = " ".join(reply.content.decode(errors="replace").split())[:300]
    return BadInput(f"{place} refuses {path}: {words}")


def _object(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise Unavailable("Label Studio's answer is not in the form that is known; check the address and its version")
    return value


def _objects(value: Any, what: str) -> list[JsonObject]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unavailable(f"Label Studio's answer has no {what} in the form that is known; check its version")
    return value


def _number(value: JsonObject, name: str) -> int:
    number = value.get(name)
    if not isinstance(number, int):
        raise Unavailable(f"Label Studio's answer has no {name}; check the address and its version")
    return number
