"""Start instances and see them end: one loop over their stamps and their pidfds.

`Watch` works in the calling process (the command line uses it so) and is also the whole content of
the spawner process (`python -m realrun.runtime.server`), whose client has the same two methods.
"""

from __future__ import annotations

import os
import select
import time
from typing import Any

from realrun.errors import in_words
from realrun.linux import cgroups, processes, usage
from realrun.runtime import spawner, state

Event = dict[str, Any]


class Child:
    """An instance under watch. No dataclass: what that loads, every clone would carry along."""

    def __init__(self, request: dict[str, Any], launched: spawner.Launched, pidfd: int) -> None:
        self.folder: str = request["folder"]
        self.request, self.launched, self.pidfd = request, launched, pidfd
        self.heard = bytearray()
        self.failure: tuple[int, int, str] | None = None
        self.on_its_way = launched.stamps_fd >= 0  # its stamps have not ended


class Watch:
    """Starts instances, tells when they run and when they are gone, and cleans up after them.

    Orphans of an instance without a PID namespace of its own come to us (subreaper), so that
    none is left when its first process has ended.
    """

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.children: dict[str, Child] = {}
        self.by_fd: dict[int, tuple[str, str]] = {}
        processes.adopt_orphans()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Readable when there are events."""
        return self.epoll.fileno()

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        """Begin a start: `request` holds `id`, `folder`, `plan`, `cgroup`, ...

        See `planning.request`. A start that fails leaves nothing.
        """
        with processes.signals_held():  # no child that nobody knows of
            try:
                self.adopt(request, spawner.launch(request["plan"], fds))
            except BaseException:
                if request["folder"]:
                    state.remove(request["folder"], request["cgroup"])
                raise

    def adopt(self, request: dict[str, Any], launched: spawner.Launched) -> None:
        """Watch over a child of ours; one without stamps runs already."""
        fds, instance = [launched.stamps_fd, launched.lock_fd], request["id"]
        try:
            fds.append(pidfd := processes.pidfd(launched.pid))
            if launched.stamps_fd >= 0:
                self.listen(launched.stamps_fd, instance, "stamps", 0)  # its end alone
            self.listen(pidfd, instance, "pidfd")
        except BaseException:  # there is no room for one more
            state.kill(launched.pid)
            os.waitpid(launched.pid, 0)
            for fd in (fd for fd in fds if fd >= 0):
                self.by_fd.pop(fd, None)
                os.close(fd)  # the epoll forgets it with that
            raise
        self.children[instance] = Child(request, launched, pidfd)

    def listen(self, fd: int, instance: str, kind: str, happens: int = select.EPOLLIN) -> None:
        """Hear of what happens on `fd`, and in any case of its end."""
        self.epoll.register(fd, happens)
        self.by_fd[fd] = (instance, kind)

    def events(self, timeout_s: float | None = None) -> list[Event]:
        """What happened: `running` (with stamps) and `exited` (with code and times)."""
        told: list[Event] = []
        for fd, _ in self.epoll.poll(timeout_s):
            if fd in self.by_fd:
                instance, kind = self.by_fd[fd]
                told += self.hear(instance) if kind == "stamps" else self.bury(instance)
        return told

    def hear(self, instance: str) -> list[Event]:
        """The stamps have ended: the program runs, or a step has failed."""
        child = self.children[instance]
        at_ns, child.on_its_way = time.monotonic_ns(), False
        while data := os.read(child.launched.stamps_fd, 65536):
            child.heard += data
        self.forget(child.launched.stamps_fd)
        stamps, child.failure = spawner.parse_stamps(bytes(child.heard), child.launched.steps)
        child.launched.steps.clear()
        steps = child.request["plan"]["child"]
        if not child.failure and len(stamps) < len(steps):  # the clone's stamp, none of the last
            under_way = steps[max(0, len(stamps) - 1)][0]
            child.failure = (under_way, 0, "its process was killed")
        if child.failure:
            return []
        return [
            {
                "event": "running",
                "id": instance,
                "pid": child.launched.pid,
                "exec": [child.request["exec"], at_ns, processes.first_cpu_ns(child.launched.pid)],
                "engine_cpu_ns": child.launched.cpu_ns,
                "engine": child.launched.stamps,
                "child": stamps,
            }
        ]

    def bury(self, instance: str) -> list[Event]:
        """Reap an ended instance and remove what it leaves, whole."""
        with processes.signals_held():
            return self.buried(instance)

    def buried(self, instance: str) -> list[Event]:
        """The work of `bury`."""
        child = self.children[instance]
        told = []
        if child.on_its_way:
            told += self.hear(instance)
        _, status, spent = os.wait4(child.launched.pid, 0)
        exit_ns = time.monotonic_ns()
        code = os.waitstatus_to_exitcode(status)
        oom = child.request["cgroup"] and usage.oom_kills(cgroups.detect(), instance) > 0
        try:
            self.clean_up(instance, child)
        except OSError as error:
            why = f"it has ended, and not all of it could be removed: {in_words(error)}"
            child.failure = child.failure or (child.request["exec"], 0, why)
        event: Event = {
            "event": "exited",
            "id": instance,
            "code": code if code >= 0 else 128 - code,
            "oom": oom,
        }
        if child.failure:
            event["failure"] = child.failure
        event |= {"exit_ns": exit_ns, "removed_ns": time.monotonic_ns()}
        return [*told, event | {"cpu_s": spent.ru_utime + spent.ru_stime}]

    def clean_up(self, instance: str, child: Child) -> None:
        """Orphans, control group, files, lock: in that order."""
        del self.children[instance]
        self.forget(child.pidfd)
        try:
            if not child.request["pid_namespace"]:
                self.kill_orphans(instance)
            if child.folder:
                state.remove(child.folder, child.request["cgroup"])
        finally:
            os.close(child.launched.lock_fd)

    def kill_orphans(self, instance: str) -> None:
        """End what the instance's first process left behind: it was handed to us."""
        known = {child.launched.pid for child in self.children.values()}
        own = [int(pid) for pid in processes.children(os.getpid()) if pid not in known]
        for pid in (pid for pid in own if state.belongs(pid, instance)):
            state.kill(pid)
            os.waitpid(pid, 0)
            self.kill_orphans(instance)

    def forget(self, fd: int) -> None:
        """Stop listening to a descriptor and close it."""
        self.epoll.unregister(fd)
        del self.by_fd[fd]
        os.close(fd)

    def signal(self, instance: str, number: int) -> None:
        """Pass a signal to the instance's first process."""
        if instance in self.children:
            processes.send_signal(self.children[instance].pidfd, number)
            if number == 9:
                state.thaw(instance)

    def close(self) -> None:
        """Kill what still runs, clean up after it, and let go."""
        for instance in list(self.children):
            self.signal(instance, 9)
        while self.children:
            self.events()
        self.epoll.close()
        if cgroups.detect().writable:
            cgroups.remove_parent(cgroups.detect())
