"""`ucal doctor`: what is installed, which device, what is missing."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

from ucal.commands.options import new_parser, write_json

CORE = ("ucal", "torch", "numpy", "scipy", "scikit-learn", "pillow", "safetensors")
PARTS = {  # optional part -> (a module of each package it needs, what to do)
    "server": (
        ("fastapi", "uvicorn", "sqlalchemy", "alembic", "argon2", "structlog", "prometheus_client"),
        "pip install '.[server]'",
    ),
    "queue": (("celery", "redis"), "pip install '.[server]'"),
    "postgresql": (("psycopg",), "pip install '.[server]'"),
    "faiss": (("faiss",), "pip install '.[cpu]', or '.[gpu]' with CUDA; torch's neighbours serve without"),
    "medoids": (("sklearn_extra",), "pip install '.[medoids]'; our own k-medoids serve without"),
}


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers, "doctor", "Say what is installed, which device is used and what is missing.", "  ucal doctor"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the findings")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    findings = examine()
    write_json(args.json, findings)
    print(f"python {findings['python']} on {findings['system']}")
    for name, version in findings["core"].items():
        print(f"  {name} {version or 'MISSING: pip install ucal'}")
    print(f"device {findings['device']}, {findings['cores']} cores")
    for name, part in findings["parts"].items():
        missing = f"missing {', '.join(part['missing'])}: {part['remedy']}"
        print(f"  {name}: {missing if part['missing'] else 'installed'}")
    return 0 if all(findings["core"].values()) else 1


def examine() -> dict[str, Any]:
    """Look at this installation; JSON-ready."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "core": {name: _version(name) for name in CORE},
        "device": _device(),
        "cores": os.cpu_count() or 1,
        "parts": {name: _part(modules, remedy) for name, (modules, remedy) in PARTS.items()},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _part(modules: tuple[str, ...], remedy: str) -> dict[str, Any]:
    return {"missing": [name for name in modules if importlib.util.find_spec(name) is None], "remedy": remedy}


def _device() -> str:
    if importlib.util.find_spec("torch") is None:
        return "unknown (torch is missing)"
    import torch

    return f"cuda ({torch.cuda.get_device_name(0)})" if torch.cuda.is_available() else "cpu"
