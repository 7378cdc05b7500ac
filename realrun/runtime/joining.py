"""A child inside a running instance: in its namespaces and its control group, yet ours.

Source: setns(2), pid_namespaces(7); runc does the same in `libcontainer/nsenter`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from realrun.errors import RealRunError
from realrun.linux import cgroups, descriptors, namespaces, processes
from realrun.linux.calls import carry_out


def born(plan: dict[str, Any], lock_fd: int, fds: Sequence[int], stamps: tuple[int, int]) -> int:
    """The plan's clone: in new namespaces, with ids that are mapped for it, or inside another.

    `lock_fd` is a pidfd of whom to join, `fds` are the program's, its input first, `stamps` our end
    and the child's. It closes ours, or could not tell that nobody reads them any more.
    """
    join, ids, wanted = plan.get("join"), plan.get("ids"), plan["namespaces"]
    if ids:
        mapped = import_module("realrun.runtime.mapped")
        mapped.hand_over(fds[1:3], ids)
    if join:
        pid = clone_inside(join, lock_fd, [*fds, *stamps])
    else:
        pid = mapped.clone(wanted, ids) if ids else namespaces.clone(wanted)
    if pid == 0:
        os.close(stamps[0])
    return pid


def clone_inside(join: dict[str, Any], pidfd: int, keep: Sequence[int]) -> int:
    """Like fork(2), but the child lives in the namespaces and the control group of another process.

    A helper goes first, for a PID namespace takes in only children of those who enter it, and we
    could not leave. What it bears there is our own child (CLONE_PARENT); it tells us the pid.
    Beside the namespaces of the process behind `pidfd` there may be some by path, and new ones.
    From its birth it is in sight of those inside: by then it has nothing open but what to `keep`.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    helper, pid = namespaces.clone([]), -1
    if helper == 0:
        sys.meta_path.clear()  # the image's modules are in reach from here on
        try:
            processes.die_with_parent()
            processes.hide_memory()
            carry_out(cgroups.join(join["group"]))
            namespaces.join(pidfd, join["namespaces"])
            namespaces.join_paths(join.get("paths", []))
            if join.get("offsets"):
                namespaces.shift_clocks(join["offsets"])
            descriptors.close_all(0, but=[*keep, writer])
            pid = namespaces.clone(join.get("new", []), sibling=True)
            if pid == 0:
                os.close(writer)  # its end is what our parent waits for
                return 0
            os.write(writer, b"%d" % pid)
        except BaseException as error:
            os.write(writer, str(error).encode("utf-8", "replace"))
        finally:
            if pid:
                os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        told = answer.read()
    os.waitpid(helper, 0)
    if not told.isdigit():
        raise RealRunError(f"step 'clone': {told.decode('utf-8', 'replace') or 'the helper died'}")
    return int(told)
