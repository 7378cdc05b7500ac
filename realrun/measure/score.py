"""The plan of a container as the system calls that it comes down to, for `floor.c` to make.

What the child does is written down from the very calls that the engine's own child makes
(`childsteps.READY_VERBS`), so the two cannot come apart; a step that cannot be written down is an
error, not a smaller container.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from realrun.errors import Missing
from realrun.linux import calls, cgroups, device_rules, namespaces, play, resources
from realrun.linux.calls import HERE, Argument, Call, Saved
from realrun.runtime import childsteps, ownfiles
from realrun.runtime.plan import CHILD, ENGINE, WATCHED, Plan, Step

RECORD = struct.Struct("<II56s")  # `struct record`: who plays it, bytes that follow, its name
BEFORE, CLONE, INSIDE, AFTER = range(4)
FOLDER = 0x200  # AT_REMOVEDIR
GROUP, PROGRAM = 100, 101  # descriptors


class Part(NamedTuple):
    """A step: the calls that make it, and who makes them."""

    who: int
    name: str
    calls: Sequence[Call]


def written(plan: Plan, folder: str) -> bytes:
    """The score of a plan whose instance has the folder `folder`."""
    first, *others = (part(step) for step in plan.steps if step.who != WATCHED)
    first = first._replace(calls=[calls.mkdir(folder, 0o711), *first.calls])
    last = Part(AFTER, "removed", list(removal(plan, folder)))
    return b"".join(map(record, [first, *others, last]))


def part(step: Step) -> Part:
    """One step; its program's input is the null device, and its output is none."""
    if step.verb == "clone":
        return Part(CLONE, "+".join(step.args["namespaces"]), [])
    if step.who == CHILD:
        known = childsteps.Streams(nulls=[0])
        requests = childsteps.ready(step.verb, step.args, known)
        found = [one for one in requests if isinstance(one, Call)]
        if len(found) == len(requests):
            return Part(INSIDE, step.name, [one for one in found if one != childsteps.IS_READ])
    elif step.verb in ENGINES:
        return Part(BEFORE, step.name, list(ENGINES[step.verb](**step.args)))
    raise Missing(f"the floor has no step {step.name!r}: it plays a plain container of root's")


def record(one: Part) -> bytes:
    """A part as `floor.c` reads it."""
    if one.who == CLONE:
        body = struct.pack("<Q", namespaces.flags(one.name.split("+")))
    else:
        body = play.encoded(one.calls)
    body += bytes(-len(body) % 8)
    return RECORD.pack(one.who, len(body), one.name.encode()) + body


def directories(folder: str, names: Sequence[str]) -> Iterator[Call]:
    yield from (calls.mkdir(f"{folder}/{name}") for name in names)


def own_files(folder: str, hostname: str, network: str) -> Iterator[Call]:
    yield calls.mkdir(f"{folder}/etc")
    for name, text in ownfiles.texts(hostname, network).items():
        flags = os.O_CREAT | os.O_EXCL
        yield from calls.write(f"{folder}/etc/{name}", text, flags=flags, mode=0o644)


def cgroup(name: str, wanted: Mapping[str, Any]) -> Iterator[Call]:
    here = cgroups.detect()
    for folder in groups(name, wanted):
        yield calls.mkdir(os.path.dirname(folder), exist_ok=True)
        yield calls.mkdir(folder)
    for controller, file, text in resources.settings(here.version, wanted):
        yield from calls.write(f"{here.trees[controller]}/{cgroups.PARENT}/{name}/{file}", text)
    if "devices" in wanted:
        rules = device_rules.of_container(wanted["devices"])
        folder = f"{here.trees['devices']}/{cgroups.PARENT}/{name}"
        if here.version == "v2":
            yield from guard(folder, rules)
            return
        for file, texts in device_rules.lines(rules):
            yield from calls.write(f"{folder}/{file}", *texts)


def guard(folder: str, rules: Sequence[device_rules.Rule]) -> Iterator[Call]:
    """`device_rules.attach`; the descriptors are in a structure, so their numbers are settled."""
    code = device_rules.program(rules)
    load: Argument = (
        device_rules.CGROUP_DEVICE_PROGRAM | len(code) // 8 << 32,
        code,
        b"GPL",
        *[0] * 13,
    )
    how = device_rules.CGROUP_DEVICE_ATTACH | device_rules.ALLOW_MULTI << 32
    attach = (GROUP | PROGRAM << 32, how, *[0] * 14)
    yield calls.open_as(0, folder, os.O_RDONLY | os.O_DIRECTORY)
    yield Call("bpf", (device_rules.PROG_LOAD, load, 128), "device rules", save=1)
    for number, fd in ((0, GROUP), (1, PROGRAM)):
        yield Call("dup3", (Saved(number), fd, os.O_CLOEXEC))
        yield calls.close(number)
    yield Call("bpf", (device_rules.PROG_ATTACH, attach, 128), folder)
    yield from (Call("close", (fd,)) for fd in (GROUP, PROGRAM))


def groups(name: str, wanted: Mapping[str, Any]) -> list[str]:
    """The folders of a control group."""
    here = cgroups.detect()
    return cgroups.folders(here, name, cgroups.needed(here.version, wanted))


def removal(plan: Plan, folder: str) -> Iterator[Call]:
    """What is left when a program has ended that wrote nothing; the overlay made `work/work`."""
    for step in plan.steps:
        if step.who == ENGINE and step.verb == "cgroup":
            yield from (remove(group, FOLDER) for group in groups(**step.args))
    yield from (remove(f"{folder}/etc/{name}", 0) for name in ownfiles.FILES)
    for name in ("etc", "upper", "work/work", "work", "root"):
        yield remove(f"{folder}/{name}", FOLDER)
    yield remove(folder, FOLDER)


def remove(path: str, flags: int) -> Call:
    """unlinkat(2); of a control group, when the kernel is done with its last process."""
    return Call("unlinkat", (HERE, path, flags), path, again=errno.EBUSY)


ENGINES: dict[str, Callable[..., Iterable[Call]]] = {
    "directories": directories,
    "own files": own_files,
    "cgroup": cgroup,
}
