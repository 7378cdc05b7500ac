"""What the Python interface gives back: a `Result` of what has ended, a `Container` that is kept.

Starting goes through one spawner process for the whole session, so that a large, threaded notebook
kernel never forks. A container in the background has a watcher of its own and outlives the session,
unless it is used in `with`.
"""

from __future__ import annotations

import atexit
import codecs
import html
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

from realrun import engine, paths
from realrun.containers import describe, joining, keeper, reading, signals, watching
from realrun.containers.changed import changes_of
from realrun.containers.committing import commit
from realrun.containers.counting import Used, processes_of, used
from realrun.containers.record import EXITED, RUNNING
from realrun.containers.record import Container as Kept
from realrun.containers.registry import Registry
from realrun.errors import RealRunError
from realrun.htmlwords import Listed
from realrun.image import Image, Store
from realrun.image.changes import Change
from realrun.linux import procstat
from realrun.linux.procstat import Process
from realrun.linux.signals import number
from realrun.runtime import state
from realrun.runtime.client import Spawner
from realrun.runtime.plan import Plan
from realrun.runtime.record import Phase
from realrun.runtime.run import Run, to_end

PATIENCE_S = 1  # of `with`, at its end
LAST_LINES = 10  # of the log, in a notebook
REMOVED = "removed"


_spawners: list[Spawner] = []  # of this session; all but the last have died


def spawner() -> Spawner:
    """The session's one spawner, which ends with the session; another one if that has died."""
    if not _spawners or _spawners[-1].process.poll() is not None:
        if _spawners:
            state.prune(paths.root())
        _spawners.append(Spawner())
        atexit.register(_spawners[-1].close)
    return _spawners[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a run; shows itself as the program's output."""

    isolation: str
    accelerator: str
    exit_code: int
    output: str
    errors: str
    plan: Plan = field(repr=False)
    phases: tuple[Phase, ...] = field(repr=False)

    @property
    def start_s(self) -> float:
        """From the request to the first output, in seconds."""
        return sum(phase.duration_s for phase in self.phases if phase.part == "start")

    def __str__(self) -> str:
        return self.output

    def _repr_html_(self) -> str:
        """The output, and below it how it came about."""
        level = self.plan.level  # of a guest
        what = f"{self.isolation}, level {level}" if level else self.isolation
        how = f"{what}, accelerator {self.accelerator}, exit code {self.exit_code}"
        said = html.escape(self.output + self.errors)
        return f"<pre>{said}</pre><small>{how}, first output after {self.start_s:.3f} s</small>"


class Heard:
    """Output and errors of a run, kept until it has ended."""

    def __init__(self) -> None:
        self.output, self.errors = bytearray(), bytearray()

    def to_end(self, run: Run, starter: Spawner) -> Result:
        """Stay until it has ended."""
        to_end(run, starter)
        return self.result(run)

    def result(self, run: Run) -> Result:
        """What became of it; raises what made its start fail."""
        return Result(
            isolation=run.record.plan.isolation,
            accelerator=run.record.plan.accelerator,
            exit_code=engine.exit_code(run),
            output=self.output.decode(errors="replace"),
            errors=self.errors.decode(errors="replace"),
            plan=run.record.plan,
            phases=tuple(run.record.phases()),
        )


def command(*words: str) -> str:
    """What `realrun WORDS` prints, in a process of its own: for what makes children, or changes its
    user namespace, which a notebook should not."""
    code = f"import sys; sys.path.insert(0, {keeper.HOME!r}); from realrun.cli import main"
    called = [sys.executable, "-c", f"{code}; sys.exit(main())", *words]
    done = subprocess.run(called, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="surrogateescape")  # fmt: skip
    if done.returncode:
        raise RealRunError(done.stderr.strip().removeprefix("realrun: "))
    return done.stdout


def here(path: str | Path) -> str:
    """A path of this machine, that cannot be taken for one of a container."""
    text = os.fspath(path)
    return text if text.startswith(("/", ".")) else f"./{text}"


class Container:
    """A container that is kept until it is removed; used in `with`, that is at the end of it."""

    def __init__(self, registry: Registry, kept: Kept) -> None:
        self._registry, self._kept = registry, kept

    @property
    def id(self) -> str:
        """64 hexadecimal digits."""
        return self._kept.id

    @property
    def name(self) -> str:
        """As `--name` gave it, or one that was made up."""
        return self._kept.name

    @property
    def image(self) -> str:
        """The image's name, as it was asked for."""
        return self._kept.image

    @property
    def isolation(self) -> str:
        """process, container, uml or qemu."""
        return self._kept.spec.isolation

    @property
    def status(self) -> str:
        """created, running, exited, or removed."""
        there = self._registry.path(self.id).exists()
        return self._registry.state(self._kept).status if there else REMOVED

    @property
    def exit_code(self) -> int | None:
        """The program's, once it has ended."""
        state = self._registry.state(self._kept)
        return state.exit_code if state.status == EXITED else None

    def start(self) -> Container:
        """Run it in the background; one that runs goes on."""
        if not self._registry.is_watched(self._kept):
            keeper.detach(self._registry, self._kept)
        return self

    def attach(self) -> Result:
        """Run it in the foreground, to its end."""
        heard, seen = Heard(), list[Run]()
        out, err = heard.output.extend, heard.errors.extend
        watching.foreground(self._registry, self._kept, spawner(), out, err, None, seen.append)
        return heard.result(seen[0])

    def wait(self) -> int:
        """Stay until it has ended; its exit code."""
        return self._registry.wait(self._kept)

    def stop(self, timeout_s: int | None = None) -> int:
        """Ask it to end, kill it after `timeout_s` (default: as settled, 10); its exit code."""
        signals.stop(self._registry, self._kept, timeout_s)
        return self.wait()

    def kill(self, signal: str | int = "KILL") -> None:
        """Send its first process a signal."""
        signals.kill(self._registry, self._kept, number(str(signal)))

    def remove(self, force: bool = False, volumes: bool = False) -> None:
        """Take it away with what it has written, `volumes` without a name, too."""
        signals.remove(self._registry, self._kept, force, volumes)

    def exec(
        self,
        *words: str,
        env: Mapping[str, str | None] | None = None,
        cwd: str = "",
        user: str = "",
    ) -> Result:
        """Run one more program in it, to its end."""
        heard = Heard()
        more = joining.More(words=words, env=env or {}, cwd=cwd, user=user)
        out, err = heard.output.extend, heard.errors.extend
        starter = spawner()
        one = joining.begin(self._registry, self._kept, more, starter, out, err, None)
        return heard.to_end(one, starter)

    @overload
    def logs(self, follow: Literal[False] = False, tail: int = -1) -> str: ...
    @overload
    def logs(self, follow: Literal[True], tail: int = -1) -> Iterator[str]: ...

    def logs(self, follow: bool = False, tail: int = -1) -> str | Iterator[str]:
        """What it has said, or its last `tail` lines; with `follow` piece by piece to its end."""
        pieces = self._pieces(follow, tail)
        return pieces if follow else "".join(pieces)

    def _pieces(self, follow: bool, tail: int) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")
        decoders = {name: decoder(errors="replace") for name in ("stdout", "stderr")}
        view = reading.View(last=tail)
        for stream, data in reading.said(self._registry, self._kept, view, follow):
            yield decoders[stream].decode(data)

    def copy_in(self, source: str | Path, path: str) -> None:
        """Copy a file or folder of this machine to `path` in it, as `docker cp`."""
        command("cp", here(source), f"{self.id}:{path}")

    def copy_out(self, path: str, target: str | Path) -> None:
        """Copy what is at `path` in it to this machine, as `docker cp`."""
        command("cp", f"{self.id}:{path}", here(target))

    def diff(self) -> list[Change]:
        """What it has changed of its image's files: A (added), C (changed), D (deleted)."""
        if self._kept.spec.uid_map:
            lines = command("diff", self.id).splitlines()
            return [Change(*line.split(" ", 1)) for line in lines]
        return changes_of(self._registry, self._kept)

    def commit(self, name: str | None = None, changes: Sequence[str] = ()) -> Image:
        """An image with what it has changed on top; `changes` are lines of a Dockerfile."""
        if self._kept.spec.uid_map:
            words = [word for line in changes for word in ("--change", line)]
            made = command("commit", *words, self.id, *([name] if name else []))
            return Store(self._registry.root).resolve(made.strip())
        return commit(self._registry, self._kept, name, changes)

    def stats(self) -> Used:
        """What it has used up to now, and holds; `counting.cpu_percent` compares two of these."""
        return used(self._registry, self._kept)

    def top(self) -> Listed[Process]:
        """Its processes, by the numbers of this machine."""
        found = map(procstat.read, processes_of(self._registry, self._kept))
        return Listed(
            (one for one in found if one is not None),
            ("pid", "ppid", "uid", "state", "RSS in KiB", "command"),
            lambda one: (one.pid, one.ppid, one.uid, one.state, one.rss_kib, one.command),
        )

    def inspect(self) -> dict[str, Any]:
        """All that is known of it, as `realrun inspect` tells it."""
        return describe.inspect(self._registry, self._kept)

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status == RUNNING:
            self.stop(PATIENCE_S)
        if self.status != REMOVED:
            self.remove(force=True, volumes=True)

    def __repr__(self) -> str:
        return f"<Container {self.name}, id {self.id[:12]}, of {self.image}, {self._how()}>"

    def _how(self) -> str:
        """Its isolation, and how it is."""
        code = f" ({self.exit_code})" if self.status == EXITED else ""
        return f"{self.isolation}, {self.status}{code}"

    def _repr_html_(self) -> str:
        """What it is, and the last lines that it has said."""
        title = html.escape(f"{self.name} ({self.id[:12]}) of {self.image}: {self._how()}")
        said = "" if self.status == REMOVED else html.escape(self.logs(tail=LAST_LINES))
        return f"<b>{title}</b><pre>{said}</pre>"
