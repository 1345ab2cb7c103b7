"""Every failure as `{"error": Name, "detail": text}` with the right status."""

from __future__ import annotations

import http

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError as SqlDataError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.exceptions import HTTPException

from backend import again
from backend.errors import BackendError, BusyError, TooLargeError
from ucal.errors import DataNotFoundError, RunError, UcalError

log = structlog.get_logger()
_SHOWN = 5  # faults of one body that are spelled out


def add_handlers(app: FastAPI) -> None:
    """Teach an application to answer failures (in place)."""
    app.add_exception_handler(BackendError, _backend)
    app.add_exception_handler(UcalError, _core)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(UnicodeEncodeError, _text)
    app.add_exception_handler(Exception, _unexpected)


def failure(status: int, name: str, detail: str, retry_after: int | None = None) -> JSONResponse:
    """Make the one shape of all failures."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return JSONResponse({"error": name, "detail": detail}, status, headers)


async def _backend(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BackendError)
    return failure(error.status, type(error).__name__, str(error), error.retry_after)


async def _core(_: Request, error: Exception) -> JSONResponse:
    status = 404 if isinstance(error, DataNotFoundError) else 409 if isinstance(error, RunError) else 422
    return failure(status, type(error).__name__, str(error))


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
    return failure(422, "ValidationError", "; ".join(faults[:_SHOWN]) + more)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    phrase = http.HTTPStatus(error.status_code).phrase.title().replace(" ", "").replace("-", "")
    name = TooLargeError.__name__ if error.status_code == TooLargeError.status else f"{phrase}Error"
    response = failure(error.status_code, name, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _database(request: Request, error: Exception) -> JSONResponse:
    again.mark(request.scope, error)
    if again.is_unreachable(error):
        log.error("database_unreachable", error=str(error.__cause__ or error))
        return failure(503, BusyError.__name__, "the database cannot be reached; try again", BusyError.retry_after)
    if isinstance(error, IntegrityError):
        return failure(409, "ConflictError", "somebody changed this at the same moment; look again")
    if isinstance(error, SqlDataError):
        return await _text(request, error)
    return await _unexpected(request, error)


async def _text(_: Request, error: Exception) -> JSONResponse:
    return failure(422, "ValidationError", "a text or number in this request cannot be stored (NUL, or out of range)")


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    log.error("unexpected_error", exc_info=error)
    return failure(500, "InternalError", "something went wrong on the server; it is in the server's log")
