"""The plan of a container as text: the requests to the kernel that it comes down to, one a line.

`floor.c` plays them, and nothing else. What the child does is written down from the very requests
that the engine's own child carries out (`childsteps.READY_VERBS`), so the two cannot come apart; a
step that cannot be written down is an error, not a smaller container. What the words of a line mean
says `requests.h`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from realrun.errors import Missing
from realrun.linux import cgroups, device_rules, resources
from realrun.linux.request import Request
from realrun.runtime import childsteps, ownfiles
from realrun.runtime.plan import ENGINE, WATCHED, Plan

Line = Sequence[object]


def written(plan: Plan, folder: str) -> str:
    """The score of a plan whose instance has the folder `folder`."""
    found: list[Line] = [("mkdir", folder, 0o711)]
    for step in plan.steps:
        if step.who == WATCHED:
            continue
        if step.verb in childsteps.READY_VERBS:
            found += map(line, childsteps.READY_VERBS[step.verb](**step.args))
        elif step.verb in OTHERS:
            found += OTHERS[step.verb](**step.args)
        else:
            raise Missing(
                f"the floor has no step {step.name!r}: it plays a plain container of root's"
            )
        if step.verb not in ("clone", "exec"):
            found.append(("done", step.name))
    found += removal(plan, folder)
    return "".join("\t".join(map(word, flat(one))) + "\n" for one in found)


def line(request: Request) -> Line:
    """A request by the name of its function."""
    function, *args = request
    return function.__name__, *args


def flat(one: Line) -> Iterator[object]:
    """The words of a line, those of a tuple or list among them, too."""
    for part in one:
        yield from part if isinstance(part, tuple | list) else (part,)


def word(value: object) -> str:
    """A word as it stands in a score."""
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int):
        return hex(value)
    return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def directories(folder: str, names: Sequence[str]) -> Iterator[Line]:
    yield from (("mkdir", f"{folder}/{name}") for name in names)


def own_files(folder: str, hostname: str, network: str) -> Iterator[Line]:
    yield "mkdir", f"{folder}/etc"
    for name, text in ownfiles.texts(hostname, network).items():
        yield "create", f"{folder}/etc/{name}", os.fsdecode(text)


def cgroup(name: str, wanted: Mapping[str, Any]) -> Iterator[Line]:
    here = cgroups.detect()
    for folder in groups(name, wanted):
        yield "mkdir", os.path.dirname(folder)
        yield "mkdir", folder
    for controller, file, text in resources.settings(here.version, wanted):
        yield "write", f"{here.trees[controller]}/{cgroups.PARENT}/{name}/{file}", text
    if "devices" in wanted:
        rules = device_rules.of_container(wanted["devices"])
        folder = f"{here.trees['devices']}/{cgroups.PARENT}/{name}"
        if here.version == "v2":
            yield "guard_devices", folder, device_rules.program(rules)
            return
        yield from (
            ("write", f"{folder}/{file}", texts) for file, texts in device_rules.lines(rules)
        )


def groups(name: str, wanted: Mapping[str, Any]) -> list[str]:
    """The folders of a control group."""
    here = cgroups.detect()
    return cgroups.folders(here, name, cgroups.needed(here.version, wanted))


def clone(namespaces: Sequence[str]) -> Iterator[Line]:
    yield "clone", namespaces


def execute(argv: Sequence[str], env: dict[str, str], cwd: str) -> Iterator[Line]:
    yield "enter_directory", cwd
    yield ("use_own_null",)
    yield "exec", argv, "--", [f"{name}={value}" for name, value in env.items()]


def removal(plan: Plan, folder: str) -> Iterator[Line]:
    """What is left when a program has ended that wrote nothing; the overlay made `work/work`."""
    for step in plan.steps:
        if step.who == ENGINE and step.verb == "cgroup":
            yield from (("rmdir", group) for group in groups(**step.args))
    for name in ownfiles.FILES:
        yield "unlink", f"{folder}/etc/{name}"
    for name in ("etc", "upper", "work/work", "work", "root"):
        yield "rmdir", f"{folder}/{name}"
    yield "rmdir", folder


OTHERS: dict[str, Callable[..., Iterable[Any]]] = {
    "directories": directories,
    "own files": own_files,
    "cgroup": cgroup,
    "clone": clone,
    "exec": execute,
}
