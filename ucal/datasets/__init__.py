"""Data sets: readers of several layouts behind one `read`, and `check`, which opens every image."""

from ucal.datasets.dataset import UNKNOWN, BadFile, Dataset
from ucal.datasets.reading import FORMATS, CheckReport, check, read

__all__ = ["FORMATS", "UNKNOWN", "BadFile", "CheckReport", "Dataset", "check", "read"]
