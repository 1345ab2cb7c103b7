"""Every failure of the server, by name, each with its HTTP status.

BackendError
├── BadPathError             400  a path that leads out of the allowed folders, or cannot be one
├── NotSignedInError         401  no session, or it ran out
├── SignInError              401  wrong name, password or link (which of them is not said)
├── ForbiddenError           403  signed in, but not allowed
├── CrossSiteError           403  a changing request that another site may have sent
├── NotFoundError            404  no such thing, or not for this person
├── ConflictError            409  what is there does not allow it
│   ├── AnswerConflictError      the same answer id with another body
│   ├── AlreadyAnsweredError     this person answered this question already
│   ├── NameTakenError           a name that is in use
│   ├── StateError               a run or import that is not in the state for it
│   └── StaleError               somebody else was faster
├── TooLargeError            413  more than the limits allow
├── InvalidError             422  a request that does not say what is needed
├── TooManyAttemptsError     429  too many failed sign-ins; wait
└── BusyError                503  the database cannot be reached; try again
"""

from __future__ import annotations


class BackendError(Exception):
    """Base of all errors this package raises on purpose. The message is for people."""

    status = 500
    retry_after: int | None = None  # seconds


class BadPathError(BackendError):
    """A path that leads out of the allowed folders, or cannot be a path."""

    status = 400


class NotSignedInError(BackendError):
    """No session, or it ran out."""

    status = 401


class SignInError(BackendError):
    """Wrong name, password or link."""

    status = 401


class ForbiddenError(BackendError):
    """Signed in, but not allowed."""

    status = 403


class CrossSiteError(BackendError):
    """A changing request that another site may have sent."""

    status = 403


class NotFoundError(BackendError):
    """No such thing, or not for this person."""

    status = 404


class ConflictError(BackendError):
    """What is there does not allow it."""

    status = 409


class AnswerConflictError(ConflictError):
    """The same answer id with another body."""


class AlreadyAnsweredError(ConflictError):
    """This person answered this question already."""


class NameTakenError(ConflictError):
    """A name that is in use."""


class StateError(ConflictError):
    """A run or an import that is not in the state for it."""


class StaleError(ConflictError):
    """Somebody else was faster."""


class TooLargeError(BackendError):
    """More than the limits allow."""

    status = 413


class InvalidError(BackendError):
    """A request that does not say what is needed."""

    status = 422


class TooManyAttemptsError(BackendError):
    """Too many failed sign-ins."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BusyError(BackendError):
    """The database cannot be reached."""

    status = 503
    retry_after = 5
