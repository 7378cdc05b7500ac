"""A start that is cut after a given step of its plan, in whichever process carries it out.

`python -m tests.realrun.crash.cut PLACE VICTIM WORDS` is `realrun WORDS`; the watcher in the
background and the spawner get the cut along. At the step in PLACE (of the plan as it was) an
engine's step kills its process; a child's step waits, and its parent kills the `engine`, that is
itself, or the `child`.
"""

from __future__ import annotations

import array
import fcntl
import os
import signal
import sys
import termios
import time
from typing import Any

from realrun.runtime import planning, watch
from realrun.runtime.plan import CHILD, ENGINE, Plan, Step
from realrun.runtime.spawner import STAMP, Launched

CODE = "from tests.realrun.crash import cut; cut.plant({place}, {victim!r}); "


def die() -> None:
    """The engine's own end."""
    os.kill(os.getpid(), signal.SIGKILL)


def stay() -> None:
    """The child gets no further."""
    time.sleep(1000)


def with_cut(plan: Plan, place: int) -> Plan:
    """The plan with a step before the one in `place`."""
    verbs = {ENGINE: "die", CHILD: "stay"}
    who = plan.steps[place].who
    cut = Step("cut", "", who, f"{__name__}:{verbs[who]}")
    return plan._replace(steps=(*plan.steps[:place], cut, *plan.steps[place:]))


def plant(place: int, victim: str) -> None:
    """Make this process cut its starts, and its children theirs."""
    make, adopt = planning.make, watch.Watch.adopt

    def made(*args: Any) -> Plan:
        return with_cut(make(*args), place)

    def adopted(self: watch.Watch, request: dict[str, Any], launched: Launched) -> None:
        adopt(self, request, launched)
        verbs = [verb for _, verb, _ in request["plan"]["child"]]
        planted = f"{__name__}:stay"
        if planted in verbs:
            wait_for(launched.stamps_fd, STAMP.size * (1 + verbs.index(planted)))
            os.kill(os.getpid() if victim == "engine" else launched.pid, signal.SIGKILL)

    planning.make, watch.Watch.adopt = made, adopted  # type: ignore[method-assign]


def wait_for(pipe: int, count: int) -> None:
    """Until so many bytes are there to read."""
    there = array.array("i", [0])
    while there[0] < count:
        fcntl.ioctl(pipe, termios.FIONREAD, there)
        time.sleep(0.001)


def pass_on(code: str, place: int, victim: str) -> str:
    """The code with which a child process begins, with the cut in it."""
    before, second, after = code.split("; ", 2)
    return f"{before}; {second}; {CODE.format(place=place, victim=victim)}{after}"


def main() -> int:
    from realrun import cli
    from realrun.containers import keeper
    from realrun.linux import ownbinary

    place, victim = int(sys.argv[1]), sys.argv[2]
    plant(place, victim)
    keeper.CODE = pass_on(keeper.CODE, place, victim)
    os.environ[ownbinary.MARK] = str(os.getpid())  # no new life without the cut
    return cli.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
