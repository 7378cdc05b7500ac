"""The tables of scripts, one module a subject: title -> lines."""

from __future__ import annotations

from tests.peers.script import Script
from tests.peers.scripts import (
    commit,
    cp,
    execs,
    images,
    inspecting,
    limits,
    listing,
    logs,
    mounts,
    run,
    settings,
    signals,
    standing,
)  # fmt: skip

TABLES = (
    run.RUN, run.CREATE, signals.SIGNALS, standing.STANDING, listing.PS, listing.OTHER, logs.LOGS,
    inspecting.INSPECT, settings.SETTINGS, limits.LIMITS, execs.EXEC, execs.TERMINALS, cp.CP,
    mounts.MOUNTS, commit.COMMIT, commit.EXPORT, images.IMAGES,
)  # fmt: skip
SCRIPTS = [Script(title, text) for table in TABLES for title, text in table.items()]
