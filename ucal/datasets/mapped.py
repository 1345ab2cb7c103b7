"""Features in an .npy file, read from disk as they are needed: only the pages in use are in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ucal.errors import DataNotFoundError, FeaturesError
from ucal.types import FloatArray

_ROWS = 4096  # rows looked at together


def mapped_features(path: Path) -> FloatArray:
    """Give (n, d) float32 rows of length 1, mapped from the file (writes would stay in memory).

    Raises:
        DataNotFoundError: no such file.
        FeaturesError: not such an array; rows are not changed here, since that would copy them all.
    """
    if not path.is_file():
        raise DataNotFoundError(f"{path}: expected an .npy file of features, no such file")
    try:
        rows = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FeaturesError(f"{path}: expected an .npy array, it does not open as one ({error})") from error
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype != np.float32 or not rows.flags.c_contiguous:
        found = f"{rows.dtype} {rows.shape}" if isinstance(rows, np.ndarray) else "an archive"
        raise FeaturesError(f"{path}: expected float32 (n, d), row after row, got {found}")
    for start in range(0, len(rows), _ROWS):
        squares = np.vecdot(rows[start : start + _ROWS], rows[start : start + _ROWS])
        off = np.flatnonzero(~(np.abs(squares - 1.0) < 1e-3))
        if off.size:
            length = float(np.sqrt(squares[off[0]]))
            raise FeaturesError(f"{path}: expected rows of length 1, row {start + off[0]} has length {length:.4g}")
    return np.asarray(rows)
