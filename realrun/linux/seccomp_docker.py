"""Profiles of system calls as Docker's users write them: `--security-opt seccomp=FILE`.

Beside what the OCI runtime specification has, a rule may say for which capabilities, architectures
and kernels it counts, and one call may be named by `name`. What is left of it for one container
goes to the same compiler as the default profile.

Source: Docker's documentation, "Seccomp security profiles for Docker"; moby/profiles,
`seccomp/seccomp_linux.go`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from realrun.errors import UsageError
from realrun.linux import seccomp
from realrun.linux.syscalls import ARM64, X86_64

DOCKERS_NAMES = {X86_64: "amd64", ARM64: "arm64"}
KINDS: tuple[tuple[str, type], ...] = (
    ("syscalls", list), ("architectures", list), ("archMap", list), ("flags", list)
)  # fmt: skip
RULE_KINDS: tuple[tuple[str, type], ...] = (
    ("name", str), ("names", list), ("args", list), ("includes", dict), ("excludes", dict)
)  # fmt: skip


def check(profile: Mapping[str, Any]) -> None:
    """Raises UsageError for what cannot be read, whether it counts for this machine or not."""
    demand(profile, KINDS, "")
    if profile.get("architectures") and profile.get("archMap"):
        raise UsageError("architectures and archMap say the same: leave one out")
    seccomp.action(profile, "defaultAction", "defaultErrnoRet")
    seccomp.flags(profile)
    for at, rule in enumerate(profile.get("syscalls", ())):
        place = f"syscalls[{at}]"
        demand(rule, RULE_KINDS, f"{place}.")
        try:
            check_rule(rule)
        except UsageError as error:
            raise UsageError(f"{place}: {str(error).removeprefix('seccomp: ')}") from None


def demand(told: Any, kinds: Sequence[tuple[str, type]], place: str) -> None:
    """The values that are there have to be of these kinds."""
    if not isinstance(told, Mapping):
        raise UsageError(f"{place.rstrip('.') or 'the profile'} has to be an object; got {told!r}")
    for key, kind in kinds:
        if key in told and not isinstance(told[key], kind):
            raise UsageError(f"{place}{key} has to be of type {kind.__name__}; got {told[key]!r}")


def check_rule(rule: Mapping[str, Any]) -> None:
    """One rule, and what it counts for."""
    if bool(rule.get("name")) == bool(rule.get("names")):
        raise UsageError("either name or names says which calls it is about")
    if not all(isinstance(name, str) for name in names_of(rule)):
        raise UsageError(f"names are texts; got {rule['names']!r}")
    seccomp.action(rule)
    for arg in rule.get("args", ()):
        demand(arg, (), "args")
    seccomp.conditions(rule.get("args", ()))
    for key in ("includes", "excludes"):
        told = rule.get(key, {})
        demand(told, (("caps", list), ("arches", list), ("minKernel", str)), f"{key}.")
        kernel_version(told.get("minKernel", "0.0"))


def names_of(rule: Mapping[str, Any]) -> Sequence[str]:
    """The calls that a rule is about."""
    return rule.get("names") or [rule["name"]]


def kernel_version(text: str) -> tuple[int, int]:
    """The first two numbers of a kernel's version.

    >>> kernel_version("6.1.0-37-amd64")
    (6, 1)
    """
    found = re.match(r"(\d{1,9})\.(\d{1,9})", text)
    if not found:
        raise UsageError(f"minKernel is a version such as 4.8; got {text!r}")
    return int(found[1]), int(found[2])


def program(profile: Mapping[str, Any], kept: Sequence[str]) -> dict[str, Any]:
    """What `seccomp.load` takes: compiled for this machine and a container with these rights."""
    here = os.uname()
    check(profile)
    chosen = for_container(profile, here.machine, kept, here.release)
    return {
        "program": seccomp.compiled(chosen, here.machine).hex(),
        "flags": seccomp.flags(chosen),
    }


def for_container(
    profile: Mapping[str, Any], machine: str, kept: Sequence[str], kernel: str
) -> dict[str, Any]:
    """The rules that count for a container with the capabilities `kept`, as OCI's specification."""
    rules = [
        {**rule, "names": names_of(rule)}
        for rule in profile.get("syscalls", ())
        if all(holds(rule.get("includes", {}), machine, kept, kernel, all))
        and not any(holds(rule.get("excludes", {}), machine, kept, kernel, any))
    ]
    return {**profile, "syscalls": rules}


def holds(
    told: Mapping[str, Any], machine: str, kept: Sequence[str], kernel: str, caps: Any
) -> Iterator[bool]:
    """Which of the conditions that are there are fulfilled; `caps`: `all` of them, or `any`."""
    if told.get("arches"):
        yield DOCKERS_NAMES[machine] in told["arches"]
    if told.get("caps"):
        yield caps(name.removeprefix("CAP_") in kept for name in told["caps"])
    if told.get("minKernel"):
        yield kernel_version(kernel) >= kernel_version(told["minKernel"])
