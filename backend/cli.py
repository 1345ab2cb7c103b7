"""The server's part of the command line: serve, demo, worker, migrate, user, project, run.

`main` is what `ucal` calls for these; `add_parsers` puts them beside other commands.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from backend.errors import BackendError
from backend.settings import ClientSettings, Settings
from ucal.errors import UcalError

Run = Callable[[argparse.Namespace], int]


def main(words: Sequence[str]) -> int:
    """Run one command and give its exit status.

    Raises:
        UcalError: it could not be done, in one line.
    """
    parser = argparse.ArgumentParser(prog="ucal", allow_abbrev=False)
    parser.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    add_parsers(parser.add_subparsers(dest="command", metavar="COMMAND", required=True))
    args = parser.parse_args(list(words))
    try:
        run: Run = args.run
        return run(args)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise UcalError("settings: " + "; ".join(fault.removeprefix(": ") for fault in faults)) from error
    except BackendError as error:
        raise UcalError(str(error)) from error


def add_parsers(subparsers: Any) -> None:
    """Add the commands; each sets `run`, which takes the arguments and gives the exit status."""
    _add_serve(subparsers)
    _add_user(subparsers)
    _add_project(subparsers)
    _add_run(subparsers)


def _add(subparsers: Any, name: str, summary: str, example: str, run: Run | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
    if run is not None:
        parser.set_defaults(run=run)
    return parser


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


# -- server ------------------------------------------------------------------------------------


def _add_serve(subparsers: Any) -> None:
    for name, summary, run in (
        ("serve", "the server; in embedded mode a worker beside it", _serve),
        ("demo", "server, worker and generated data with one command", _demo),
    ):
        parser = _add(subparsers, name, summary, f"ucal {name} --port 8000 --data-dir ./ucal-data", run)
        parser.add_argument("--host", help="address to listen on (UCAL_HOST; 127.0.0.1)")
        parser.add_argument("--port", type=int, help="port (UCAL_PORT; 8000); 0 = any free one")
        parser.add_argument("--data-dir", type=Path, help="database, runs, uploads (UCAL_DATA_DIR; ./ucal-data)")
        parser.add_argument("--no-worker", action="store_true", help="start no worker")
    worker = _add(subparsers, "worker", "a worker", "ucal worker --embedded", _worker)
    worker.add_argument("--embedded", action="store_true", help="poll the jobs table; no broker")
    _add(subparsers, "migrate", "bring the database to this version", "ucal migrate", _migrate)
    for name, summary, run in (
        ("backup", "save the database and the files in a zip", _backup),
        ("restore", "bring a backup back into an empty place", _restore),
    ):
        parser = _add(subparsers, name, summary, f"ucal {name} ucal.zip", run)
        parser.add_argument("file", type=Path)


def _settings(args: argparse.Namespace, **more: Any) -> Settings:
    given: dict[str, Any] = {
        name: getattr(args, name) for name in ("host", "port", "data_dir") if getattr(args, name) is not None
    }
    return Settings(**given, **more)


def _serve(args: argparse.Namespace) -> int:
    from backend.serving import serve

    serve(_settings(args), say, worker=not args.no_worker)
    return 0


def _demo(args: argparse.Namespace) -> int:
    from backend.serving import serve

    settings = _settings(args, mode="embedded")
    if "log_level" not in settings.model_fields_set:
        settings.log_level = "warning"  # the link should stay in sight
    serve(settings, say, worker=not args.no_worker, with_demo=True)
    return 0


def _worker(args: argparse.Namespace) -> int:
    import os

    words = ["--embedded"] if args.embedded else []
    os.execv(sys.executable, [sys.executable, "-m", "worker", *words])  # in its place: signals reach it


def _migrate(args: argparse.Namespace) -> int:
    from backend.migrate import upgrade

    upgrade(Settings().database)
    say("the database is at this version")
    return 0


def _backup(args: argparse.Namespace) -> int:
    from backend.backup import backup

    say(f"{args.file}: {backup(Settings(), args.file) / 2**20:.1f} MiB")
    return 0


def _restore(args: argparse.Namespace) -> int:
    from backend.backup import restore

    restore(Settings(), args.file)
    say("restored; start the server with `ucal serve`")
    return 0


# -- people ------------------------------------------------------------------------------------


def _add_user(subparsers: Any) -> None:
    parser = _add(
        subparsers, "user", "people and their rights (in the database)", "ucal user add maria --role annotator"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    add = _add(verbs, "add", "add somebody; prints a random password", "ucal user add maria", _user)
    add.add_argument("--role", choices=["admin", "annotator"], default="annotator")
    add.add_argument("--ask-password", action="store_true", help="ask for the password instead of making one")
    password = _add(verbs, "password", "give somebody a new password", "ucal user password maria", _user)
    password.add_argument("--ask-password", action="store_true", help="ask for it instead of making one")
    disable = _add(verbs, "disable", "shut somebody out at once", "ucal user disable maria", _user)
    enable = _add(verbs, "enable", "let somebody in again", "ucal user enable maria", _user)
    link = _add(verbs, "link", "print a token that signs somebody in once", "ucal user link maria", _user)
    for verb in (add, password, disable, enable, link):
        verb.add_argument("name")
    _add(verbs, "list", "list everybody", "ucal user list", _user)


def _user(args: argparse.Namespace) -> int:
    from backend.accounts import change_account
    from backend.serving import prepare

    settings = Settings()
    prepare(settings)
    password = None
    if getattr(args, "ask_password", False):
        password = getpass.getpass("Password: ")
    for line in change_account(settings, args.verb, getattr(args, "name", ""), getattr(args, "role", None), password):
        say(line)
    return 0


# -- through the API ---------------------------------------------------------------------------


def _add_api(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help="the server (UCAL_URL; http://127.0.0.1:8000)")
    parser.add_argument("--token", help="an API token (UCAL_TOKEN)")


def _remote(args: argparse.Namespace) -> Any:
    from backend.remote import Remote

    known = ClientSettings()
    return Remote(args.url or known.url, args.token or known.token)


def _add_project(subparsers: Any) -> None:
    parser = _add(subparsers, "project", "projects, through the API", "ucal project list")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_api(_add(verbs, "list", "list projects", "ucal project list", _project_list))
    create = _add(verbs, "create", "make a project", 'ucal project create "Yard, May"', _project_create)
    create.add_argument("name")
    create.add_argument("--description", default="")
    bring = _add(
        verbs, "import", "import images and wait", "ucal project import NAME --zip images.zip", _project_import
    )
    bring.add_argument("project", help="id or name")
    source = bring.add_mutually_exclusive_group(required=True)
    source.add_argument("--folder", help="a folder on the server: NAME-OF-ROOT/below/it")
    source.add_argument("--zip", type=Path, help="a zip here, to upload")
    source.add_argument("--synth", action="store_true", help="generated people")
    bring.add_argument("--format", default="auto", help="of the folder")
    for verb in (create, bring):
        _add_api(verb)


def _project_list(args: argparse.Namespace) -> int:
    from backend.remote import project_line

    for project in _remote(args)("GET", "/projects"):
        say(project_line(project))
    return 0


def _project_create(args: argparse.Namespace) -> int:
    from backend.remote import project_line

    say(project_line(_remote(args)("POST", "/projects", {"name": args.name, "description": args.description})))
    return 0


def _project_import(args: argparse.Namespace) -> int:
    from backend.remote import project_line

    remote = _remote(args)
    project_id = remote.project(args.project)["id"]
    path = f"/projects/{project_id}/import"
    if args.zip is not None:
        remote("POST", f"{path}/upload", file=args.zip)
    elif args.folder is not None:
        remote("POST", f"{path}/folder", {"path": args.folder, "format": args.format})
    else:
        remote("POST", f"{path}/synth", {})
    say(project_line(remote.follow_import(project_id, say)))
    return 0


def _add_run(subparsers: Any) -> None:
    parser = _add(subparsers, "run", "runs, through the API", "ucal run create NAME --preset generated --wait")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = _add(verbs, "create", "queue a run", "ucal run create NAME --preset demo --set epochs=5", _run_create)
    create.add_argument("project", help="id or name")
    create.add_argument("--name", default="")
    create.add_argument("--preset")
    create.add_argument("--config", type=Path, help="a JSON file of settings")
    create.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting")
    create.add_argument("--votes", type=int, help="people who answer a question (default: as in the project)")
    create.add_argument("--second-votes", choices=("all", "large", "surprise"), help="which want more than one")
    create.add_argument("--wait", action="store_true", help="until it is over")
    _add_api(create)
    listing = _add(verbs, "list", "list a project's runs", "ucal run list NAME", _run_list)
    listing.add_argument("project", help="id or name")
    _add_api(listing)
    _add_run_verbs(verbs)


def _add_run_verbs(verbs: Any) -> None:
    for name in ("pause", "resume", "cancel", "proceed"):
        verb = _add(verbs, name, f"{name} a run", f"ucal run {name} RUN", _run_control)
        verb.add_argument("run_id", metavar="RUN")
        _add_api(verb)
    status = _add(verbs, "status", "show a run", "ucal run status RUN --wait", _run_status)
    result = _add(
        verbs, "result", "a finished run's result as JSON", "ucal run result RUN --json out.json", _run_result
    )
    for verb in (status, result):
        verb.add_argument("run_id", metavar="RUN")
        verb.add_argument("--wait", action="store_true", help="until it is over")
        _add_api(verb)
    result.add_argument("--json", type=Path, help="write it here instead of printing it")


def _run_create(args: argparse.Namespace) -> int:
    from backend.remote import run_line
    from ucal.config import parse_setting

    remote = _remote(args)
    config = json.loads(args.config.read_text(encoding="utf-8")) if args.config else {}
    config |= dict(parse_setting(text) for text in args.set)
    body = {"name": args.name, "preset": args.preset, "config": config}
    body |= {"votes": args.votes, "second_votes": args.second_votes}
    run = remote("POST", f"/projects/{remote.project(args.project)['id']}/runs", body)
    say(run_line(run))
    return _over(remote.follow_run(run["id"], say)) if args.wait else 0


def _run_list(args: argparse.Namespace) -> int:
    from backend.remote import run_line

    remote = _remote(args)
    for run in remote("GET", f"/projects/{remote.project(args.project)['id']}/runs"):
        say(run_line(run))
    return 0


def _run_control(args: argparse.Namespace) -> int:
    from backend.remote import run_line

    say(run_line(_remote(args)("PATCH", f"/runs/{args.run_id}", {"action": args.verb})))
    return 0


def _run_status(args: argparse.Namespace) -> int:
    from backend.remote import run_line

    remote = _remote(args)
    if args.wait:
        return _over(remote.follow_run(args.run_id, say))
    say(run_line(remote("GET", f"/runs/{args.run_id}")))
    return 0


def _run_result(args: argparse.Namespace) -> int:
    remote = _remote(args)
    if args.wait:
        remote.follow_run(args.run_id, lambda line: print(line, file=sys.stderr))
    text = json.dumps(remote("GET", f"/runs/{args.run_id}/result"), indent=1)
    if args.json is None:
        say(text)
    else:
        args.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _over(run: Any) -> int:
    return 0 if run["state"] == "done" else 1
