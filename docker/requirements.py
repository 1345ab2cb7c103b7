"""Print what an image installs, from pyproject.toml: one list of dependencies, two images.

Usage: python docker/requirements.py server|worker

The server never loads torch (tests/test_house.py), so its image does without: gigabytes less.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(image: str) -> list[str]:
    """Give the requirement lines of an image."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    lines: list[str] = project["dependencies"] + project["optional-dependencies"]["server"]
    return lines if image == "worker" else [line for line in lines if not line.startswith("torch")]


if __name__ == "__main__":
    if sys.argv[1:] not in (["server"], ["worker"]):
        sys.exit("expected one argument, server or worker: python docker/requirements.py server")
    sys.stdout.write("\n".join(requirements(sys.argv[1])) + "\n")
