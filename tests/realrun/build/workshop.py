"""A place to build in: a store, a context, and a double for the container that RUN needs.

The double knows three commands in shell form, enough to see what RUN gets and to change files:
`write PATH TEXT`, `remove PATH` (a whiteout), `fail STATUS TEXT`; anything else does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realrun.build import Event, Job, build
from realrun.image import Image, Store
from realrun.image.merged import Merged, Node
from tests.realrun.image.stores import add
from tests.realrun.trees import write


class AtOnce:
    """A runner for a plain function: each job is over when it has begun."""

    def __init__(self, run_step: Callable[[Job], int]) -> None:
        self.run_step, self.ended = run_step, list[tuple[Job, int]]()

    def begin(self, job: Job) -> None:
        self.ended.append((job, self.run_step(job)))

    def wait(self) -> tuple[Job, int] | None:
        return self.ended.pop(0)

    def stop(self) -> None:
        self.ended.clear()


@dataclass
class Workshop:
    """Everything that a build needs, in one folder."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.folder / "root")

    @property
    def context(self) -> Path:
        return self.folder / "context"

    def base(self, ref: str = "base", files: Mapping[str, str | None] | None = None, **config):
        return add(self.store, ref, dict(files or {"etc/base": "base"}), **config)

    def files(self, files: Mapping[str, str | None]) -> None:
        write(self.context, files)

    def build(self, dockerfile: str, **options: Any) -> Image:
        """Build from this text; `events` and `runs` are of this build alone."""
        self.context.mkdir(exist_ok=True)
        path = self.folder / "Dockerfile"
        path.write_text(dockerfile)
        self.events, self.runs = [], []
        options = {"runner": AtOnce(self.run_step), "progress": self.events.append, **options}
        return build(self.context, store=self.store, dockerfile=path, **options)

    def run_step(self, job: Job) -> int:
        seen = {"argv": list(job.argv), "env": dict(job.env), "cwd": job.cwd, "user": job.user}
        self.runs.append(seen if job.network == "default" else seen | {"network": job.network})
        assert job.layers
        assert all(layer.is_dir() for layer in job.layers)
        assert list(job.upper.iterdir()) == []
        verb, *rest = job.argv[-1].split(" ", 2)
        if verb == "write":
            write(job.upper, {rest[0]: rest[1]})
        elif verb == "remove":
            os.mknod(job.upper / rest[0], 0o20000, os.makedev(0, 0))
        elif verb == "fail":
            job.on_output(rest[1].encode("utf-8", "surrogateescape"))
            return int(rest[0])
        return 0

    def cached(self) -> list[bool]:
        """Of every step that is counted, but FROM: did the cache know it?"""
        ends = [e for e in self.events if e.state in ("done", "cached")]
        return [e.state == "cached" for e in ends if not e.text.upper().startswith("FROM")]


def content(image: Image) -> dict[str, str]:
    """What is in an image: texts of files, targets of links, `/` for directories."""
    view, found = Merged(image.layers), dict[str, str]()

    def look(node: Node) -> None:
        for child in view.children(node):
            name = "/".join(child.parts)
            if child.is_directory:
                found[name] = "/"
                look(child)
            elif child.path.is_symlink():
                found[name] = "-> " + os.readlink(child.path)
            else:
                found[name] = child.path.read_text()

    look(view.root)
    return found


def files_only(image: Image) -> dict[str, str]:
    return {name: text for name, text in content(image).items() if text != "/"}
