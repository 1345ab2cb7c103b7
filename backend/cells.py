"""CSV cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io


def harmless(cell: str) -> str:
    """Put a quote before a text that begins like a formula; numbers stay as they are."""
    if cell[:1] not in ("=", "+", "-", "@", "\t", "\r") or _is_number(cell):
        return cell
    return "'" + cell


def harmless_csv(text: str) -> str:
    """Do so in every cell of a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [harmless(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))
    )
    return out.getvalue()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
