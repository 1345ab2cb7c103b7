"""`python -m worker --embedded`, or without it the Celery worker."""

from __future__ import annotations

import argparse
import os
import sys

from backend.settings import Settings
from worker.local import serve, stop_on_signals
from worker.setup import make_work

EXAMPLE = """\
examples:
  python -m worker --embedded     beside the server, looks at the jobs table by itself
  python -m worker                Celery, one process per GPU (needs UCAL_REDIS_URL)
"""


def main() -> int:
    """Run a worker until it is stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m worker",
        description="Do the work of runs and imports.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--embedded", action="store_true", help="poll the jobs table; no broker")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started it is gone")
    args = parser.parse_args()
    parent = os.getppid() if args.with_parent else None
    if not args.embedded:
        command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--pool=solo", "--loglevel=info"]
        os.execv(sys.executable, command)
    work = make_work(Settings())
    stop_on_signals(work)
    serve(work, parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
