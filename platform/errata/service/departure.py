"""Work for a client, which ends when the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


class Departed(Exception):
    """Nobody waits for the answer any more."""


async def unless_departed(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to; cancelled when the connection is closed, and then raises Departed.

    The request's body must have been read.
    """
    working = asyncio.create_task(work)
    departure = asyncio.create_task(_departure(request))
    try:
        await asyncio.wait({working, departure}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Departed
    finally:
        for task in (working, departure):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await departure


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
