"""From a Dockerfile to an image; the modules in the order of the work:

lines, parser -> instructions -> stages -> expand, evaluate -> selecting, copying, writing,
running -> cache, misses -> stagework, builder.
"""

from __future__ import annotations

from realrun.build.bench import Job, Runner
from realrun.build.builder import build
from realrun.build.progress import Event

__all__ = ["Event", "Job", "Runner", "build"]
