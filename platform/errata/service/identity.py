"""Who asks, and whether they may: a program by its key, a person by the session that their key opened.

    @router.get("/review")
    async def queue(request: Request, reviewer: Annotated[Identity, Depends(needs("reviewer"))]) -> Response: ...

A session's requests that change anything carry its token besides, which no other site can read (`csrf_token` in a form,
`X-CSRF-Token` from a script); a key that a program sends is in no browser that another site could use.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from errata.database.access_keys import AccessKey
from errata.domain.access import AccessRole, holds
from errata.errors import BadInput
from errata.service.door_errors import Forbidden, Unknown
from errata.service.service_state import ServiceState, state

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
_FIELDS = 200
"""That a form may have."""


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    """As it stands in the record: of a reviewer, or a program."""
    role: AccessRole
    key: int
    """Its number."""
    csrf_token: str = ""
    """For the forms and scripts of its session's pages; empty for who sent a key."""

    def may(self, needed: AccessRole) -> bool:
        return holds(self.role, needed)


_BEARER = HTTPBearer(auto_error=False, description="A key of `errata keys add`.")


def needs(*roles: AccessRole, audited: bool = True) -> Callable[..., Awaitable[Identity]]:
    """A dependency that gives who asks, if they hold one of `roles`. What they change stands in the audit log, unless
    the record says already who did it (`audited=False`)."""

    async def identity(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None
    ) -> Identity:
        found = await _known(request)
        request.state.identity, request.state.audited = found, audited
        if not any(found.may(role) for role in roles):
            raise Forbidden(
                "{} is {} and may not do this; it is for: {}", found.name, found.role, ", ".join((*roles, "admin"))
            )
        if found.csrf_token and request.method not in SAFE_METHODS:
            await _check_csrf(request, found)
        return found

    return identity


KeyHolder = Annotated[Identity, Depends(needs("predictor", "reviewer", audited=False))]
"""Of any role: each of those after a reviewer's may do what a reviewer may."""


def is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == "application/x-www-form-urlencoded"


async def form_fields(request: Request) -> dict[str, str]:
    """Of an HTML form. Raises BadInput for a body that is none."""
    if not is_form(request):
        raise BadInput("the body is no HTML form; send application/x-www-form-urlencoded")
    try:
        text = (await request.body()).decode()
        fields = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS))
    except ValueError as error:  # of UTF-8 too
        raise BadInput("the form can't be read: {}; send UTF-8, and {} fields at most", error, _FIELDS) from error
    if any("\0" in value for value in fields.values()):
        raise BadInput("the form has a NUL character, which no database takes; leave it out")
    return fields


def check_origin(request: Request) -> None:
    """Raises Forbidden for what another site's page has sent."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site not in ("same-origin", "none"):
        raise Forbidden("this request comes from another site's page; send it from the service's own")


async def key_of(request: Request, secret: str) -> AccessKey:
    """The key that somebody shows. Raises Unknown for a wrong one, and TooMany where too many were: others at the same
    address have done nothing, so a right one is let in all the same, and 256 random bits are guessed by nobody."""
    service, address = state(request), address_of(request)
    digest = service.keys.key_digest(secret)
    remembered = service.keys.remembered(digest)
    key = remembered[0] if remembered else await run_in_threadpool(service.keys.find, digest)
    if key is None:
        _check_attempts(service, address)
        request.state.wrong_key = True
        _count_attempt(service, address)
        raise Unknown("no such key holds; ask an admin for one: errata keys add NAME --role ROLE")
    return key


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def session_cookie(request: Request) -> str:
    """Its name: one that browsers bind to this host alone can only be set over TLS."""
    return "__Host-errata" if request.url.scheme == "https" else "errata_session"


async def session_identity(request: Request) -> Identity | None:
    """Who is signed in; None for nobody."""
    secret = request.cookies.get(session_cookie(request))
    if not secret:
        return None
    keys = state(request).keys
    digest = keys.session_digest(secret)
    remembered = keys.remembered(digest)
    key = remembered[0] if remembered else await run_in_threadpool(keys.find_session, digest)
    return None if key is None else Identity(key.name, key.role, key.number, keys.csrf_token(secret))


async def still_known(request: Request) -> bool:
    """Of a request that is answered for long: whether the key or session that it came with holds yet."""
    secret = request.headers.get("authorization", "").partition(" ")[2].strip()
    if not secret:
        return await session_identity(request) is not None
    keys = state(request).keys
    digest = keys.key_digest(secret)
    remembered = keys.remembered(digest)
    key = remembered[0] if remembered else await run_in_threadpool(keys.find, digest)
    return key is not None


async def _known(request: Request) -> Identity:
    service = state(request)
    authorization = request.headers.get("authorization")
    if authorization is None:
        found = await session_identity(request)
        if found is None:
            _count_request(service, f"address {address_of(request)}")
            raise Unknown("no key was sent; send `Authorization: Bearer KEY`, or sign in at /sign-in")
    else:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unknown("the Authorization header is none that this service knows; send `Authorization: Bearer KEY`")
        key = await key_of(request, secret.strip())
        found = Identity(key.name, key.role, key.number)
    _count_request(service, f"key {found.key}")
    return found


async def _check_csrf(request: Request, identity: Identity) -> None:
    check_origin(request)
    token = request.headers.get(CSRF_HEADER)
    if token is None and is_form(request):
        token = (await form_fields(request)).get(CSRF_FIELD)
    if token is None:
        raise Forbidden("the session's token is missing; send it as {} in the form, or as X-CSRF-Token", CSRF_FIELD)
    if not hmac.compare_digest(token.encode(), identity.csrf_token.encode()):
        raise Forbidden("this page is of an earlier session; load it again, and nothing that was saved is lost")


def _count_request(service: ServiceState, who: str) -> None:
    service.rates.take(who, service.settings.key_rate, 2 * service.settings.key_rate)


def _check_attempts(service: ServiceState, address: str) -> None:
    limit = service.settings.attempt_rate
    service.rates.check(f"wrong {address}", limit / 60, limit)


def _count_attempt(service: ServiceState, address: str) -> None:
    limit = service.settings.attempt_rate
    service.rates.take(f"wrong {address}", limit / 60, limit)
