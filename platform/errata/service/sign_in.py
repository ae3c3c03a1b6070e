"""The page where people sign in with their key, and how they sign out. The home page is here too."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from errata.service.door_errors import Forbidden, Unknown
from errata.service.identity import (
    Identity,
    check_origin,
    form_fields,
    key_of,
    needs,
    session_cookie,
)
from errata.service.pages import page
from errata.service.service_state import state

router = APIRouter(include_in_schema=False)
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this service's own: no other host's, and nothing that a browser would take for one."""


@router.get("/")
async def home(request: Request, _: Annotated[Identity, Depends(needs("reviewer"))]) -> Response:
    return page(request, "home.html")


@router.get("/sign-in")
async def sign_in_page(request: Request, target: Annotated[str, Query(alias="next")] = "/") -> Response:
    return page(request, "sign_in.html", {"target": _local(target), "complaint": ""})


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Opens a new session; one that the browser had before ends, so that nobody can have prepared it."""
    check_origin(request)
    fields = await form_fields(request)
    target = _local(fields.get("next", "/"))
    try:
        key = await key_of(request, fields.get("key", "").strip())
        if key.role == "predictor":
            raise Forbidden("this key is a program's; pages are for reviewers, adjudicators, release owners and admins")
    except (Unknown, Forbidden) as error:
        return page(request, "sign_in.html", {"target": target, "complaint": str(error)}, error.http_status)
    keys = state(request).keys
    before = request.cookies.get(session_cookie(request))
    if before:
        await run_in_threadpool(keys.close_session, keys.session_digest(before))
    secret = await run_in_threadpool(keys.open_session, key)
    request.state.identity = Identity(key.name, key.role, key.number)
    answer = RedirectResponse(target, 303)
    limit = state(request).settings.session_hours * 3600
    is_tls = request.url.scheme == "https"
    answer.set_cookie(
        session_cookie(request), secret, max_age=limit, path="/", secure=is_tls, httponly=True, samesite="strict"
    )
    return answer


@router.post("/sign-out")
async def sign_out(
    request: Request,
    _: Annotated[Identity, Depends(needs("predictor", "reviewer"))],
) -> Response:
    keys, name = state(request).keys, session_cookie(request)
    secret = request.cookies.get(name)
    if secret:
        await run_in_threadpool(keys.close_session, keys.session_digest(secret))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(name, path="/", secure=request.url.scheme == "https", httponly=True, samesite="strict")
    return answer


def _local(target: str) -> str:
    return target if _LOCAL.fullmatch(target) else "/"
