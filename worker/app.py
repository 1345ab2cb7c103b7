"""The Celery adapter: `celery -A worker.app worker --pool=solo`, one process per GPU.

Solo, because a forked child hangs once its parent has used torch. Messages are acknowledged late and
one is taken at a time; a message only names a job of the jobs table, where the truth is, so one
that comes twice or never costs time and nothing else.
"""

from __future__ import annotations

from typing import Any

from celery import Celery, signals

from backend.jobs import TASK
from backend.settings import Settings
from worker.pulse import Pulse
from worker.setup import make_work
from worker.tasks import run_job
from worker.work import Work

LONGEST_STEP_SECONDS = 6 * 3600


def make_app(settings: Settings) -> Celery:
    """Make the application that Celery's command line looks for."""
    app = Celery("ucal", broker=settings.redis_url)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        worker_pool="solo",
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": LONGEST_STEP_SECONDS,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
        },
    )
    _add_task(app, settings)
    return app


def _add_task(app: Celery, settings: Settings) -> None:
    made: list[Work] = []  # by the worker that starts, not by whoever imports this file

    def start(**_: Any) -> None:
        made.append(make_work(settings))
        Pulse(made[0]).start()

    def stop(**_: Any) -> None:
        for work in made:
            work.stopping.set()

    def run(key: str) -> None:
        run_job(made[0], key)

    signals.worker_init.connect(start, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    app.task(name=TASK)(run)


app = make_app(Settings())
