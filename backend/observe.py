"""What operators see: metrics and one log line a request. Neither holds a name or an image."""

from __future__ import annotations

import logging
import secrets
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Metrics:
    """One application's Prometheus figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("ucal_requests", "Requests", ["method", "route", "status"], registry=self.registry)
        self.seconds = Histogram("ucal_request_seconds", "Time to answer", ["route"], registry=self.registry)
        self.answers = Counter("ucal_answers", "Answers recorded by this process", ["verdict"], registry=self.registry)
        self.open = Gauge("ucal_open_questions", "Questions that wait for people", registry=self.registry)
        self.heartbeat = Gauge(
            "ucal_worker_heartbeat_age_seconds", "Since a worker was last heard; -1: never", registry=self.registry
        )
        self.jobs = Gauge("ucal_jobs", "Jobs by state", ["state"], registry=self.registry)


class Observe:
    """ASGI middleware: request id, timing, security headers, one log line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        began, status = time.perf_counter(), 500

        async def send_more(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id)
            await send(message)

        try:
            await self.app(scope, receive, send_more)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self.metrics.requests.labels(scope["method"], route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        person = scope.get("state", {}).get("person_id")
        ms = round(1000 * seconds, 1)
        log.info("request", method=scope["method"], route=route, status=status, ms=ms, person=person)


def _add_headers(message: Message, request_id: str) -> None:
    headers = list(message.get("headers", []))
    have = {name.lower() for name, _ in headers}
    for name, value in (*SECURITY_HEADERS.items(), ("x-request-id", request_id)):
        if name.encode() not in have:
            headers.append((name.encode(), value.encode()))
    message["headers"] = headers


def configure_logging(level: str) -> None:
    """Write JSON lines to standard error (readable lines on a terminal)."""
    readable = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # no local variables
    renderer: Any = readable if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if sys.stderr.isatty() else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
