"""The daemon that we compare with is the one that `realrun bench build` measures against."""

from __future__ import annotations

from realrun.measure.docker import Daemon, DockerFailed, client, running

__all__ = ["Daemon", "DockerFailed", "client", "running"]
