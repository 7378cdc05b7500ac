"""The builder with our own containers in it: each RUN runs in one."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realrun import build as builder
from realrun import engine
from realrun.build import Job
from realrun.errors import RealRunError
from realrun.image import Image, Store
from realrun.runtime import subids
from realrun.runtime.run import WAKE_S, Run, drive, ignore
from realrun.runtime.spec import DEFAULT_PATH, Spec
from realrun.runtime.start import Starter

REFUSED = 125
HOSTNAME = "buildkitsandbox"  # as in BuildKit: a step may look at it


def build(context: Path, tags: Sequence[str], starter: Starter, **options: Any) -> Image:
    """Build an image in the default store with `starter` for RUN.

    The options are those of `realrun.build.build`, and so are the errors.
    """
    return builder.build(context, store=Store(), runner=Containers(starter), tags=tags, **options)


class Containers:
    """Carries out jobs in containers whose writable layer becomes the image's next layer."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter
        self._runs: dict[Job, Run] = {}
        self._ended: list[tuple[Job, int]] = []

    def begin(self, job: Job) -> None:
        """Start it; what cannot even begin has ended with Docker's code for that."""
        try:
            self._runs[job] = engine.begin(
                spec_of(job), self._starter, job.on_output, job.on_output
            )
        except RealRunError as error:
            job.on_output(f"{error}\n".encode())
            self._ended.append((job, REFUSED))

    def wait(self) -> tuple[Job, int] | None:
        """A job that has ended, and its exit status; None if none did for half a second."""
        runs, until_s = dict(self._runs), time.monotonic() + WAKE_S

        def enough(_: Run) -> bool:
            some = any(run.over() for run in runs.values())
            return some or time.monotonic() > until_s

        if not self._ended:
            drive(list(runs.values()), self._starter, enough)
        for job, run in runs.items():
            if run.over():
                del self._runs[job]
                self._ended.append((job, status_of(job, run)))
        return self._ended.pop(0) if self._ended else None

    def stop(self) -> None:
        """Kill all, and wait until nothing is left; nobody listens any more."""
        runs = list(self._runs.values())
        self._runs.clear()
        for run in runs:
            run.sources = dict.fromkeys(run.sources, ignore)
            self._starter.signal(run.id, signal.SIGKILL)
        try:
            drive(runs, self._starter, lambda run: run.record.code is not None)
        finally:
            for run in runs:
                run.close()


def spec_of(job: Job) -> Spec:
    """As in Docker, a step sees the network; without a bridge of our own that is the host's."""
    ids = subids.here()  # else the layer would have files that only another map shows
    return Spec(
        layers=tuple(map(str, job.layers)),
        argv=tuple(job.argv),
        env={"PATH": DEFAULT_PATH, **job.env},
        cwd=job.cwd,
        user=job.user,
        hostname=HOSTNAME,
        network="none" if job.network == "none" else "host",
        upper=str(job.upper),
        mounts=tuple(job.mounts),
        build_step=True,
        uid_map=ids.uids if ids else (),
        gid_map=ids.gids if ids else (),
    )


def status_of(job: Job, run: Run) -> int:
    """The exit status; why a container did not start is told as output."""
    try:
        return engine.exit_code(run)
    except engine.StartFailed as error:
        job.on_output(f"{error}\n".encode())
        return error.code
