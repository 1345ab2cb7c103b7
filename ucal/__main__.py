"""The command line: `ucal COMMAND ...`, or `python -m ucal COMMAND ...` with only the core installed.

Exit status: 0 success, 1 failure with one line on standard error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from ucal.errors import InterruptedRun, UcalError
from ucal.program import version

CORE = {  # module below ucal.commands -> what it does
    "synth": "generate a re-identification data set",
    "data": "read a data set and say what it holds",
    "embed": "features of anybody's images",
    "cluster": "cluster anybody's features (k-reciprocal Jaccard, DBSCAN)",
    "evaluate": "CMC, mAP and mINP of anybody's features",
    "simulate": "a whole run in one process with an oracle, no server",
    "reproduce": "a server's run again from its snapshot, compared round by round",
    "audit": "bound the wrong and missed links of clusters by a random sample",
    "benchmark": "a paper's table from one command, beside the published figures",
    "make-start-weights": "train the small net's packaged start again",
    "doctor": "what is installed, which device, what is missing",
}
SERVER = {  # in backend.cli
    "demo": "server, worker and generated data with one command",
    "serve": "the server",
    "worker": "a worker (--embedded, or Celery's)",
    "user": "people and their rights",
    "project": "projects, through the API",
    "run": "runs, through the API",
    "migrate": "bring the database to this version",
    "backup": "write database, images and runs to one file",
    "restore": "read such a file into an empty deployment",
}
_SOURCE = "(run from its source, not installed)"
_NEEDS_SERVER = "needs the server parts: pip install '.[server]' in the checkout"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = next((word for word in words if not word.startswith("-")), None)
    command = _server_command if name in SERVER else _core_command
    return _guarded(lambda: command(name, words), debug="--debug" in words)


def _core_command(name: str | None, words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="ucal",
        description="Human-in-the-loop active labelling for re-identification.",
        epilog="example:\n  ucal synth ./people && ucal data check ./people\n\n`ucal COMMAND --help` has more of them.",
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=28),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ucal {version() or _SOURCE}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    module = None
    for listed, summary in (CORE | SERVER).items():
        if listed == name:  # only the command that runs is imported
            module = importlib.import_module(f"ucal.commands.{name.replace('-', '_')}")
            module.add_parser(subparsers)
            chosen = subparsers.choices[listed]
            chosen.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
        else:
            subparsers.add_parser(listed, help=summary)
    args = parser.parse_args(words)
    return 0 if module is None else int(module.run(args))


def _server_command(name: str | None, words: list[str]) -> int:
    """Hand over to backend.cli, by name: the core does not import what stands on it."""
    try:
        cli: Any = importlib.import_module("backend.cli")
    except ModuleNotFoundError as error:
        raise UcalError(f"`ucal {name}` {_NEEDS_SERVER} (no module {error.name})") from error
    return int(cli.main(words))


def _guarded(command: Callable[[], int], *, debug: bool) -> int:
    try:
        return command()
    except SystemExit as stop:  # argparse: 0 for --help, 2 for wrong usage
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return _said("interrupted; the same command starts again, and goes on where it kept a folder (--out)", 130)
    except BrokenPipeError:  # the reader went away (`| head`): nothing to tell it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except InterruptedRun as error:
        return _said(str(error), 130)
    except Exception as error:  # the task boundary: whatever it was, one line
        if debug:
            traceback.print_exc()
        return _said(_one_line(error), 1)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, UcalError):
        return text
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or text}"
    if isinstance(error, MemoryError):
        return f"not enough memory: use fewer images, a smaller size or a smaller block ({text})"
    return f"unexpected {type(error).__name__}: {text} (run again with --debug for the traceback)"


def _said(text: str, status: int) -> int:
    print(f"ucal: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
