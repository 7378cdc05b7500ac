"""RUN: a container for one command; what it changes is the layer.

Source: Dockerfile reference, "RUN".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from realrun.build import instructions as i
from realrun.build.bench import Job, Steps
from realrun.build.mounting import Attached, Wanted, wanted_by
from realrun.build.running import argv_of, explain_failure, script_layer
from realrun.build.stubs import Stubs
from realrun.build.work import Work, packed
from realrun.image import Layer
from realrun.image.merged import make_upper

KEPT_OUTPUT = 64 << 10


class Meaning(NamedTuple):
    """What a RUN means with the values of its stage: all of it counts for the cache."""

    argv: Sequence[str]
    script: str  # lies in the container as a file, for this step only
    env: Mapping[str, str]
    cwd: str
    user: str
    network: str
    mounts: Sequence[Wanted]

    def key(self) -> dict[str, Any]:
        mounts = [one.key() for one in self.mounts]
        return {"step": "RUN", **self._asdict(), "mounts": mounts}


def meaning(step: i.Run, work: Work) -> Meaning:
    """Arguments that have a value are in the environment, too."""
    state = work.state
    argv, script = argv_of(step, state.shell)
    network = step.network if step.network != "default" else work.bench.network
    mounts = wanted_by(work, step)
    return Meaning(argv, script, state.values, state.directory, state.user, network, mounts)


def carry_out(work: Work, step: i.Run) -> Steps[bool]:
    """From the cache or in a container; true if the cache knew it.

    If another stage is at the very same step, its result will do.
    """
    cache, asked = work.bench.cache, meaning(step, work)
    key = work.whole_key(asked.key())
    if cache.is_in_the_making(key):
        yield lambda: not cache.is_in_the_making(key)
    hit = cache.find(key)
    if hit is not None:
        work.add(step, hit)
        return True
    work.tell_why(step, key)
    with cache.making(key):
        layer = yield from run(work, step, asked)
        work.add(step, work.remember(step, key, layer))
    return False


def run(work: Work, step: i.Run, asked: Meaning) -> Steps[Layer]:
    """Wait for a container; raises DockerfileError with the last lines of output if it fails."""
    folder, below = work.bench.folder(), work.trees()
    upper, tail = make_upper(folder / "upper", below[-1]), bytearray()
    stubs = Stubs(below, [one.target for one in asked.mounts if one.target])
    if asked.script:
        below = [*below, script_layer(folder, asked.script)]

    def on_output(piece: bytes) -> None:
        tail.extend(piece)
        del tail[:-KEPT_OUTPUT]
        work.tell("output", step, output=piece)

    attached = Attached(work, step, folder)
    try:
        yield from attached.attach(asked.mounts)
        status = yield Job(
            layers=below,
            upper=upper,
            argv=asked.argv,
            env={**work.state.proxies, **asked.env, **attached.env},
            cwd=asked.cwd,
            user=asked.user,
            network=asked.network,
            mounts=attached.mounts,
            on_output=on_output,
        )
    finally:
        attached.let_go()
    if status != 0:
        raise step.at.error(explain_failure(step.at.text, status, bytes(tail)))
    stubs.clear(upper)
    return packed(work, upper)
