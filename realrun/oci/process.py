"""The steps that concern the process alone: also those of one more process in a container.

Source: OCI runtime-spec, `config.md`, "Process".
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from realrun.errors import BadBundle
from realrun.linux import capabilities, seccomp
from realrun.oci import warnings
from realrun.oci.bundle import Config, get, refuse
from realrun.runtime.plan import CHILD, Step

SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


def here(name: str) -> str:
    """A step of this package, for the spawner."""
    return f"realrun.oci.{name}"


def child(name: str, does: str, verb: str, **args: Any) -> Step:
    """A step of the child's."""
    return Step(name, does, CHILD, verb, args)


def terminal_steps(
    process: Config, console: bool, dev: str, fd: int, shown: bool = True
) -> list[Step]:
    """A terminal out of the container's own devpts, its other end sent through the socket.

    With `shown` it is at /dev/console, too.
    """
    if not process.get("terminal"):
        if console:
            refuse("process.terminal", "true with --console-socket", False)
        return []
    if not console:
        raise BadBundle("config.json: process.terminal: a terminal needs --console-socket")
    size = process.get("consoleSize", {})
    return [child("terminal", "open a terminal, hand its other end to the engine",
                  "realrun.linux.terminal:give_terminal", ptmx=f"{dev}/pts/ptmx",
                  console=f"{dev}/console" if shown else "", fd=fd,
                  uid=process.get("user", {}).get("uid", 0), rows=size.get("height", 0),
                  columns=size.get("width", 0))]  # fmt: skip


def process_steps(config: Config) -> list[Step]:
    """Where it works, whether there is something to run, the filter, the user and its rights."""
    process = config["process"]
    closed = bool(process.get("noNewPrivileges"))
    return [
        child("working directory", f"enter {process['cwd']}", here("inside:enter_directory"),
              cwd=process["cwd"]),
        child("program", "see that there is something to execute", here("inside:find_program"),
              argv=process["args"], env=environment(process)),
        *([child("no new privileges", "let no program raise its rights", "no new privileges")]
          if closed else seccomp_steps(config, True)),
        child("user", "switch to the user with the rights listed", here("inside:become"),
              user=user_of(process), sets=capability_sets(process)),
    ]  # fmt: skip


def user_of(process: Config) -> dict[str, Any]:
    """The user with all its parts."""
    usual = {"uid": 0, "gid": 0, "additionalGids": [], "umask": 0o022}
    return usual | process.get("user", {})


def capability_sets(process: Config) -> dict[str, int] | None:
    """The five masks. What the kernel or we do not know is warned of and left out."""
    told = process.get("capabilities")
    if told is None:
        return dict.fromkeys(SETS, 0)
    known = capabilities.possible()
    masks = {}
    for name in SETS:
        words = [str(word).upper().removeprefix("CAP_") for word in told.get(name, ())]
        for word in sorted(set(words) - set(known)):
            warnings.add(f"no capability {word!r} to give here")
        masks[name] = capabilities.mask([word for word in dict.fromkeys(words) if word in known])
    if lost := masks["ambient"] & ~(masks["permitted"] & masks["inheritable"]):
        warnings.add(
            f"ambient capabilities take permitted and inheritable ones; dropped: {lost:#x}"
        )
        masks["ambient"] &= ~lost
    return masks


def seccomp_steps(config: Config, wanted: bool) -> list[Step]:
    """The filter, compiled before anything is made."""
    profile = get(config, "linux.seccomp")
    if not profile or not wanted:
        return []
    code = seccomp.compiled(profile, os.uname().machine)
    return [child("seccomp", "refuse system calls as the profile says", "seccomp",
                  program=code.hex(), flags=seccomp.flags(profile))]  # fmt: skip


def environment(process: Config) -> dict[str, str]:
    """The program's variables; of one that comes twice, the last counts."""
    return dict(word.partition("=")[::2] for word in process.get("env", ()) if "=" in word)


def exec_steps(process: Config) -> list[Step]:
    """The last step: named as the spawner knows it."""
    return [child("exec", "replace the engine's code by the program", here("inside:execute"),
                  argv=process["args"], env=environment(process))]  # fmt: skip


def said(names: Sequence[str], process: Config, failure: tuple[int, int, str]) -> str:
    """A failed step in one line; of a program that cannot be executed with runc's words."""
    place, number, text = failure
    if names[place] == "exec":
        why = os.strerror(number).lower() if number else text
        return f'exec: "{process["args"][0]}": {why}'
    return f"{names[place]}: {text}"
