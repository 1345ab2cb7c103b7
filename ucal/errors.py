"""Every failure of the core, by name. Messages say what was expected, what came and what to do.

UcalError
├── ConfigError          a setting that does not exist or cannot be
├── DataError            data that cannot be used
│   ├── DataNotFoundError    no such file or folder
│   ├── EmptyDataError       nothing usable in it
│   ├── DataFormatError      not laid out as its format asks
│   ├── BadImageError        one image that cannot be opened
│   └── FeaturesError        features of the wrong shape, or not finite
├── WeightsError         weights that do not fit the backbone
├── RunError             a run folder that cannot be read or continued
│   └── StaleRunError        somebody else moved the run on in the meantime
├── AnswerError          an answer that cannot be recorded
└── InterruptedRun       pause or cancel was asked for in the middle of a step (control, not a fault)
"""

from __future__ import annotations


class UcalError(Exception):
    """Base of all errors this package raises on purpose."""


class ConfigError(UcalError):
    """A setting that does not exist or has an impossible value."""


class DataError(UcalError):
    """Data that cannot be used."""


class DataNotFoundError(DataError):
    """No such file or folder."""


class EmptyDataError(DataError):
    """Nothing usable was found."""


class DataFormatError(DataError):
    """Not laid out as its format asks."""


class BadImageError(DataError):
    """One image that cannot be opened."""


class FeaturesError(DataError):
    """Features of the wrong shape, or not finite."""


class WeightsError(UcalError):
    """Weights that do not fit the backbone."""


class RunError(UcalError):
    """A run folder that cannot be read or continued."""


class StaleRunError(RunError):
    """Somebody else moved the run on in the meantime."""


class AnswerError(UcalError):
    """An answer that cannot be recorded."""


class InterruptedRun(UcalError):  # noqa: N818 - control, not a fault
    """Pause or cancel was asked for in the middle of a step; the step will be done again."""
