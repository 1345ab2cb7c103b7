"""A request that lost its database is done again, for some seconds, before it is refused with 503.

Done again is what surely left nothing behind: the connection could not be made or broke, or the
database gave up a transaction (serialisation, deadlock), and the commit had not begun. `mark` is for
the handler of database errors; `Again` holds its 503 back and calls the application once more.
"""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.store.session import COMMITTING

_KEY = "ucal.again"
_FIRST_PAUSE = 0.05  # seconds; doubled each time
_LONGEST_PAUSE = 1.0


def mark(scope: Scope, error: Exception) -> None:
    """Note in a request's scope that what failed may be done again (in place)."""
    scope[_KEY] = is_passing(error)


def is_passing(error: Exception) -> bool:
    """Say whether a fault of PostgreSQL may pass by itself, and left nothing behind."""
    if COMMITTING in getattr(error, "__notes__", ()):
        return False
    if not isinstance(error, DBAPIError):
        return False
    from_postgres = type(error.orig).__module__.startswith("psycopg")
    return from_postgres and (isinstance(error, OperationalError) or error.connection_invalidated)


def is_unreachable(error: Exception) -> bool:
    """Say whether the database cannot be reached, or has no time now."""
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    return gone or isinstance(error, OperationalError | PoolTimeoutError)


class Again:
    """ASGI middleware around the application: API requests whose failure was marked are done again.

    A request's body is kept as it comes (uploads are not, so they are not done again). Waiting
    holds no thread and no connection.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/") or scope["path"].endswith("/upload"):
            await self.app(scope, receive, send)
            return
        kept: list[Message] = []
        pause, end = _FIRST_PAUSE, asyncio.get_running_loop().time() + self.seconds
        while True:
            last = asyncio.get_running_loop().time() + pause > end
            if not await self._attempt(scope, _replaying(kept, receive), send, last=last):
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _attempt(self, scope: Scope, receive: Receive, send: Send, *, last: bool) -> bool:
        """Call the application; say whether its answer was held back, so that it is to be called again."""
        scope.setdefault("state", {})  # who calls is noted there, for those outside
        mine = dict(scope)
        held_back = False

        async def send_some(message: Message) -> None:
            nonlocal held_back
            if message["type"] == "http.response.start" and not last:
                held_back = bool(mine.get(_KEY))
            if not held_back:
                await send(message)

        await self.app(mine, receive, send_some)
        if "route" in mine:  # those outside name it in their figures
            scope["route"] = mine["route"]
        return held_back


def _replaying(kept: list[Message], receive: Receive) -> Receive:
    """Give what was received before, then what comes; keep all of it."""
    position = 0

    async def receive_some() -> Message:
        nonlocal position
        if position == len(kept):
            kept.append(await receive())
        position += 1
        return kept[position - 1]

    return receive_some
