"""A limit on what a request may send, counted as it comes and not believed from its header."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.settings import MIB

JSON_BYTES = 2 * MIB
LISTS_BYTES = 64 * MIB  # a CSV manifest, or the names in a zip
_LISTS = ("/import/folder", "/import/preview")


class BodyLimit:
    """ASGI middleware: refuses bodies above 2 MiB, and lists and uploads above their own limits."""

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app = app
        self.upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = LISTS_BYTES if scope["path"].endswith(_LISTS) else JSON_BYTES
        limit = self.upload_bytes if scope["path"].endswith("/import/upload") else limit
        came = 0

        async def receive_some() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise HTTPException(413, f"body: expected at most {limit // MIB} MiB")
            return message

        await self.app(scope, receive_some, send)
