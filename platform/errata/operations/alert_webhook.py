"""Alarms for other programs: a signed POST to the address that `errata.toml` names.

The signature is that of the Standard Webhooks specification, for which there are libraries in most languages: an
HMAC-SHA-256, by the secret, of `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Sequence
from http import HTTPStatus
from uuid import uuid4

import httpx

from errata.errors import BadInput, Unavailable
from errata.files import JsonObject
from errata.settings import ALERTS, FILE, alert_webhook
from errata.workspace import Workspace

VARIABLE = "ERRATA_WEBHOOK_SECRET"
PAUSES = (1.0, 4.0, 16.0)
"""Seconds before each further try."""
_SECONDS = 10.0
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Besides those from 500 on."""


def send_alert(workspace: Workspace, kind: str, sentences: Sequence[str], facts: JsonObject) -> bool:
    """Whether there was somebody to be told. `kind`, as `drift`, is what programs tell alerts apart by.

    Raises BadInput for an address without a secret, and Unavailable where nobody took it after several tries.
    """
    address = alert_webhook(workspace.root)
    if not address:
        return False
    body = json.dumps({"type": kind, "sentences": list(sentences), "data": facts}, ensure_ascii=False).encode()
    name = f"msg_{uuid4().hex}"
    problem = _post(address, name, body)
    for pause in PAUSES:
        if not problem.may_pass:
            break
        time.sleep(pause)
        problem = _post(address, name, body)
    if problem.sentence:
        raise Unavailable(f"the webhook of [{ALERTS}] did not take the alert ({problem.sentence})")
    return True


class _Problem:
    def __init__(self, sentence: str = "", may_pass: bool = False) -> None:
        self.sentence, self.may_pass = sentence, may_pass


def _post(address: str, name: str, body: bytes) -> _Problem:
    stamp = str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(_secret(), name, stamp, body),
    }
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return _Problem(str(error) or type(error).__name__, may_pass=True)
    if answer.is_success:
        return _Problem()
    passing = answer.status_code in _PASSING or answer.is_server_error
    return _Problem(f"status {answer.status_code}", passing)


def signature(secret: bytes, name: str, stamp: str, body: bytes) -> str:
    signed = hmac.new(secret, f"{name}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def _secret() -> bytes:
    """Of `whsec_…` what its base64 says, of any other text its bytes."""
    value = os.environ.get(VARIABLE, "")
    if not value:
        raise BadInput(f"{FILE} names a webhook under [{ALERTS}], and {VARIABLE} is not set; set it to the secret")
    if not value.startswith("whsec_"):
        return value.encode()
    try:
        return base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise BadInput(f"{VARIABLE} begins with whsec_ and is no base64 after it; copy it again") from error
