"""`python -m backend.openapi` writes the OpenAPI document, from which the pages' client is made."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from backend.main import create_app
from backend.settings import Settings


def document() -> str:
    """Give the OpenAPI document as text, the same for the same code."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), database_url=None, redis_url=None, mode="embedded"))
        return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
