"""The application: `uvicorn --factory backend.main:create_app`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend import observe
from backend.again import Again
from backend.clusters import Browser
from backend.deps import Context, Policy
from backend.handlers import add_handlers
from backend.limits import BodyLimit
from backend.routes import (
    audits,
    clusters,
    exports,
    images,
    pages,
    people,
    practice,
    projects,
    quality,
    questions,
    runs,
    system,
)
from backend.schemas import Error
from backend.settings import MIB, Settings
from backend.store.session import make_engine, make_factory

PREFIX = "/api/v1"
_FAILURES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Error, "description": "Refused"},
    422: {"model": Error, "description": "The request does not say what is needed"},
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application. Without settings, they come from the environment."""
    if settings is None:
        settings = Settings()
        observe.configure_logging(settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    metrics = observe.Metrics()
    app = FastAPI(
        title="UCAL",
        version="1",
        description="Human-in-the-loop active labelling for re-identification.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    engine = make_engine(settings.database)
    app.state.context = Context(settings, make_factory(engine, settings.broker), metrics, Browser(settings.runs_dir))
    api = APIRouter(prefix=PREFIX, responses=_FAILURES)
    for part in (people, projects, images, runs, questions, quality, clusters, audits, practice, exports):
        api.include_router(_saying_who_may(part.router))
    for router in (api, _saying_who_may(system.router), _saying_who_may(pages.router)):
        app.include_router(router)
    add_handlers(app)
    app.add_middleware(Again, seconds=settings.database_wait)
    app.add_middleware(BodyLimit, upload_bytes=settings.max_upload_mb * MIB)
    app.add_middleware(observe.Observe, metrics=metrics)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def policy_of(route: APIRoute) -> Policy:
    """Find a route's one policy.

    Raises:
        TypeError: it has none, or two that differ: the application does not start.
    """
    found = {policy.access: policy for policy in _policies(route.dependant)}
    if len(found) != 1:
        raise TypeError(f"{route.path}: expected exactly one policy, found {sorted(found) or 'none'}")
    return next(iter(found.values()))


def _policies(dependant: Dependant) -> list[Policy]:
    below = [policy for dependency in dependant.dependencies for policy in _policies(dependency)]
    call: object = dependant.call
    return [*below, call] if isinstance(call, Policy) else below


def _saying_who_may(router: APIRouter) -> APIRouter:
    """Check that every route has its policy, and let it say so in the OpenAPI document (`x-access`)."""
    for route in router.routes:
        assert isinstance(route, APIRoute)
        route.openapi_extra = {**(route.openapi_extra or {}), "x-access": policy_of(route).access.value}
    return router
