"""The verbs as Python functions: `import realrun; realrun.run("hello")`.

They take what the command line takes, by the same names, and raise `RealRunError` where it prints
one line and ends. What they give back shows itself well in a notebook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

from realrun import building, engine, handles, paths
from realrun.containers import creating
from realrun.containers.record import RUNNING
from realrun.containers.registry import Registry
from realrun.errors import UsageError
from realrun.handles import Container, Heard, Result
from realrun.htmlwords import Listed
from realrun.image import Image, Store
from realrun.runtime import limitwords, mountwords
from realrun.runtime.devices import device
from realrun.runtime.spec import ISOLATIONS
from realrun.sizes import duration_s, shown_size

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Container",
    "Image",
    "Result",
    "base",
    "bench",
    "build",
    "container",
    "containers",
    "create",
    "images",
    "isolations",
    "run",
    "tag",
]


class Options(TypedDict, total=False):
    """How a container differs from what its image says, by the names of the command line."""

    level: str  # of a guest: minimal, distro, snapshot; and QEMU's machine type, a kernel's file
    machine: str
    kernel: str
    env: Mapping[str, str | None]
    volumes: Sequence[str]  # as -v takes them
    user: str
    cwd: str
    entrypoint: str
    hostname: str
    network: str
    userns: str
    memory: str | int  # bytes, or with a unit: "64m"
    cpus: float
    pids_limit: int
    memory_swap: str | int
    memory_reservation: str | int
    cpu_shares: int
    cpuset_cpus: str
    blkio_weight: int
    device_read_bps: Sequence[str]  # "/dev/NAME:RATE"
    device_write_bps: Sequence[str]
    device_read_iops: Sequence[str]
    device_write_iops: Sequence[str]
    devices: Sequence[str]  # as --device takes them
    read_only: bool
    cap_add: Sequence[str]
    cap_drop: Sequence[str]
    no_new_privileges: bool
    seccomp: bool
    seccomp_profile: Mapping[str, Any]  # what is in a file for --security-opt seccomp=FILE
    init: bool
    tty: bool
    ulimits: Mapping[str, tuple[int, int]]
    shm_bytes: int
    labels: Mapping[str, str]
    stop_signal: str
    stop_timeout_s: int
    log_max_bytes: int
    log_max_files: int
    limits: Mapping[str, Any]
    mounts: Sequence[Any]
    auto_remove: bool


def wishes(words: Sequence[str], isolation: str, options: Mapping[str, Any]) -> engine.Wishes:
    """The options as the engine takes them; raises UsageError for one that there is not."""
    for name in options:
        if name not in Options.__annotations__:
            known = ", ".join(sorted(Options.__annotations__))
            raise UsageError(f"{name!r} is no option of a container; there are {known}")
    limits = dict(options.get("limits", {}))
    limits |= limitwords.limits(options, isolation in engine.GUESTS)
    devices = tuple(map(device, options.get("devices", ())))
    mounts = [*options.get("mounts", ()), *map(mountwords.volume, options.get("volumes", ()))]
    plain = {one.name for one in fields(engine.Wishes)} - {"limits", "mounts", "devices"}
    same = {name: value for name, value in options.items() if name in plain and value is not None}
    return engine.Wishes(
        isolation=isolation, words=tuple(words), limits=limits, mounts=tuple(mounts),
        devices=devices, **same,
    )  # fmt: skip


def build(context: str | Path, tag: str, **options: Any) -> Image:
    """Build the Dockerfile in folder `context` and name the image `tag`, as `docker build -t`."""
    return building.build(Path(context), [tag], handles.spawner(), **options)


def base(name: str = "busybox") -> Image:
    """Make a base image from this system's own packages, as `realrun base`."""
    from realrun.guest import tools
    from realrun.image.base import make_base_busybox

    return make_base_busybox(Store(), tools.need(name).path)


def bench(
    experiment: str,
    image: str = "hello",
    isolations: Sequence[str] = (),
    budget: str = "",
    **wish: Any,
) -> pandas.DataFrame:
    """`realrun bench EXPERIMENT` as a tidy frame, one row a measurement; see `data/README.md`.

    `budget` as on the command line (`"1m"`); `wish` may be `seed`, `blocks` (least, most), `n` and
    `guest_n`. The frame's `attrs` hold the certificate. An experiment's other tables, and those of
    recorded sets, are in `realrun.measure.frames`.
    """
    from realrun.measure import frames

    budget_s = duration_s(budget, "budget") if budget else None
    found = frames.measured(experiment, image, isolations or ISOLATIONS, budget_s=budget_s, **wish)
    return next(iter(found.values()))


def create(
    image: str | Image,
    *words: str,
    isolation: str = "container",
    name: str = "",
    **options: Unpack[Options],
) -> Container:
    """Make a container that has not run yet; `words` replace the image's Cmd."""
    registry = Registry(paths.root())
    asked = wishes(words, isolation, options)
    return Container(registry, creating.create(registry, name_of(image), asked, name))


@overload
def run(
    image: str | Image,
    *words: str,
    isolation: str = "container",
    detach: Literal[False] = False,
    name: str = "",
    **options: Unpack[Options],
) -> Result: ...
@overload
def run(
    image: str | Image,
    *words: str,
    isolation: str = "container",
    detach: Literal[True],
    name: str = "",
    **options: Unpack[Options],
) -> Container: ...


def run(
    image: str | Image,
    *words: str,
    isolation: str = "container",
    detach: bool = False,
    name: str = "",
    **options: Unpack[Options],
) -> Result | Container:
    """Run `image` to its end and give what it printed; with `detach`, give the running container.

    `words` replace the image's Cmd. In the background the container is kept, and in the foreground
    only if it has a `name`. An exit code other than 0 is an answer, a start that fails is an error.
    """
    if detach or name:
        box = create(image, *words, isolation=isolation, name=name, **options)
        try:
            return box.start() if detach else box.attach()
        except BaseException:
            box.remove(force=True, volumes=True)
            raise
    heard, starter = Heard(), handles.spawner()
    spec = engine.spec_for(Store().resolve(name_of(image)), wishes(words, isolation, options))
    out, err = heard.output.extend, heard.errors.extend
    return heard.to_end(engine.begin(spec, starter, out, err), starter)


def name_of(image: str | Image) -> str:
    """What finds the image: its name as long as it still has it, else its digest."""
    if isinstance(image, str):
        return image
    names = [one.reference for one in Store().images() if one.digest == image.digest]
    return image.reference if image.reference in set(names) - {"<none>"} else image.digest


def container(reference: str) -> Container:
    """The container of this name or id; raises `NoSuchContainer`."""
    registry = Registry(paths.root())
    return Container(registry, registry.find(reference))


def containers(all: bool = False) -> Listed[Container]:
    """The containers that run, or all there are, the newest first, as `docker ps`."""
    registry = Registry(paths.root())
    found = (Container(registry, kept) for kept in registry.all(watched=not all))
    return Listed(
        (one for one in found if all or one.status == RUNNING),
        ("name", "id", "image", "isolation", "status"),
        lambda one: (one.name, one.id[:12], one.image, one.isolation, one.status),
    )


def images() -> Listed[Image]:
    """What the store holds, as `docker images`."""
    return Listed(
        Store().images(),
        ("name", "id", "layers", "stored"),
        lambda one: (
            one.reference,
            one.image_id[7:19],
            len(one.stored),
            shown_size(one.size_bytes),
        ),
    )


def tag(image: str | Image, name: str) -> Image:
    """Give an image one more name."""
    return Store().tag(name_of(image), name)


def isolations() -> dict[str, str]:
    """Isolation -> why it does not work here and what would help; empty text = it works.

    A container is tried for real; for guests the tools are looked for, nothing is booted.
    """
    from realrun.doctor import container as looked_at
    from realrun.guest import backends, tools

    answer = dict.fromkeys(("process", "container"), looked_at().why_not())
    for name, backend in backends.BACKENDS.items():
        lacking = [tool for tool in backend.tools if tools.find(tool) is None]
        why = "; ".join(f"no {tool}: {tools.advice(tool)}" for tool in lacking)
        answer[name] = answer["container"] or why
    return answer
