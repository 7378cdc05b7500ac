"""Which devices a control group may use: files of version 1, a program of version 2.

The rules are a list whose last match wins, as the OCI runtime specification has it. Version 2 has
no file for them: a small eBPF program is attached to the group and asked at every use.

Sources: the kernel's `cgroup-v1/devices.rst`, `cgroup-v2.rst`, "Device controller"; bpf(2);
`linux/bpf.h`; OCI runtime-spec, `config-linux.md`, "Allowed Device list".
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from realrun.errors import UsageError
from realrun.linux import libc

Rule = Mapping[str, Any]
KINDS = {"b": 1, "c": 2}  # BPF_DEVCG_DEV_*
ACCESS = {"m": 1, "r": 2, "w": 4}  # BPF_DEVCG_ACC_*
NOTHING: dict[str, Any] = {"allow": False, "access": "rwm"}
CONSOLE: dict[str, Any] = {"allow": True, "type": "c", "major": 5, "minor": 1, "access": "rwm"}
# Docker's and runc's: making any node is harmless, opening it is what counts.
ALWAYS: list[dict[str, Any]] = [
    {"allow": True, "type": kind, "major": major, "minor": minor, "access": access}
    for kind, major, minor, access in (
        ("c", -1, -1, "m"), ("b", -1, -1, "m"), ("c", 1, 3, "rwm"), ("c", 1, 5, "rwm"),
        ("c", 1, 7, "rwm"), ("c", 1, 8, "rwm"), ("c", 1, 9, "rwm"), ("c", 5, 0, "rwm"),
        ("c", 5, 2, "rwm"), ("c", 136, -1, "rwm"),
    )
]  # fmt: skip

PROG_LOAD, PROG_ATTACH, CGROUP_DEVICE_PROGRAM, CGROUP_DEVICE_ATTACH = 5, 8, 15, 6
ALLOW_MULTI = 2
LOAD_WORD, MOVE, MOVE_REGISTER, AND, SHIFT_RIGHT = 0x61, 0xB7, 0xBF, 0x57, 0x77
JUMP, JUMP_NOT_EQUAL, JUMP_EQUAL, EXIT = 0x05, 0x55, 0x15, 0x95
RESULT, CONTEXT, KIND, WANTED, MAJOR, MINOR, SCRATCH = 0, 1, 2, 3, 4, 5, 6
Code = list[tuple[int, int, int, int, int]]  # operation, target, source, offset, value


def of_container(asked: Sequence[Rule]) -> list[Rule]:
    """No others than these and those of every container."""
    return [NOTHING, *asked, *ALWAYS, CONSOLE]


def complete(rule: Rule) -> tuple[bool, str, int, int, str]:
    """A rule with all its parts: -1 is any number, `a` any kind. Raises UsageError."""
    kind, access = rule.get("type") or "a", rule.get("access") or "rwm"
    if kind not in ("a", *KINDS) or not set(access) <= set(ACCESS):
        raise UsageError(f"linux.resources.devices: type is a, b or c, access of rwm; got {rule}")
    numbers = [-1 if rule.get(key) is None else int(rule[key]) for key in ("major", "minor")]
    return bool(rule.get("allow")), kind, numbers[0], numbers[1], access


def lines(rules: Sequence[Rule]) -> list[tuple[str, list[str]]]:
    """The files to write to, one after the other, and what to write, version 1.

    >>> lines([{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1}])
    [('devices.deny', ['a']), ('devices.allow', ['c 1:* rwm'])]
    """
    return list(told(tuple(map(complete, rules))))


@lru_cache(maxsize=16)
def told(rules: tuple[tuple[bool, str, int, int, str], ...]) -> list[tuple[str, list[str]]]:
    """The same for complete rules; nearly all containers have the same ones."""
    found: list[tuple[str, list[str]]] = []
    for allow, kind, major, minor, access in rules:
        file = "devices.allow" if allow else "devices.deny"
        if not found or found[-1][0] != file:
            found.append((file, []))
        if kind == "a" and (major, minor) == (-1, -1) and set(access) == set(ACCESS):
            found[-1][1].append("a")
            continue
        shown = ["*" if number < 0 else str(number) for number in (major, minor)]
        for one in KINDS if kind == "a" else (kind,):
            found[-1][1].append(f"{one} {shown[0]}:{shown[1]} {access}")
    return found


def program(rules: Sequence[Rule]) -> bytes:
    """The eBPF program, 8 bytes an instruction: 1 to let an access pass, 0 to refuse it.

    The context is `struct bpf_cgroup_dev_ctx`: access << 16 | kind, major, minor.
    """
    code: Code = [
        (LOAD_WORD, KIND, CONTEXT, 0, 0),
        (MOVE_REGISTER, WANTED, KIND, 0, 0),
        (AND, KIND, 0, 0, 0xFFFF),
        (SHIFT_RIGHT, WANTED, 0, 0, 16),
        (LOAD_WORD, MAJOR, CONTEXT, 4, 0),
        (LOAD_WORD, MINOR, CONTEXT, 8, 0),
    ]
    for rule in reversed([{"allow": True}, *rules]):  # a new group begins with what is above it
        answer = clause(*complete(rule))
        code += answer
        if len(answer) == 2:
            break  # it always matches, and what cannot be reached the kernel refuses
    return b"".join(
        struct.pack("<BBhi", operation, source << 4 | target, offset, value)
        for operation, target, source, offset, value in code
    )


def clause(allow: bool, kind: str, major: int, minor: int, access: str) -> Code:
    """One rule: if it matches, the answer. An allowance must cover all that is wanted."""
    bits = sum(ACCESS[letter] for letter in set(access))
    tests: Code = []
    for register, value in ((KIND, KINDS.get(kind, -1)), (MAJOR, major), (MINOR, minor)):
        if value >= 0:
            tests.append((JUMP_NOT_EQUAL, register, 0, 0, value))
    if bits != sum(ACCESS.values()):
        tests.append((MOVE_REGISTER, SCRATCH, WANTED, 0, 0))
        tests.append((AND, SCRATCH, 0, 0, ~bits if allow else bits))
        tests.append((JUMP_NOT_EQUAL if allow else JUMP_EQUAL, SCRATCH, 0, 0, 0))
    length = len(tests) + 2
    placed = [
        (o, t, s, length - at - 1 if o in (JUMP_NOT_EQUAL, JUMP_EQUAL) else 0, v)
        for at, (o, t, s, _, v) in enumerate(tests)
    ]
    return [*placed, (MOVE, RESULT, 0, 0, int(allow)), (EXIT, 0, 0, 0, 0)]


def attach(folder: str, rules: Sequence[Rule]) -> None:
    """Load the program and attach it to a group of version 2; it lives as long as the group."""
    code, licence = program(rules), b"GPL"
    kept = ctypes.create_string_buffer(code), ctypes.create_string_buffer(licence)
    request = struct.pack("IIQQIIQ", CGROUP_DEVICE_PROGRAM, len(code) // 8,
                          ctypes.addressof(kept[0]), ctypes.addressof(kept[1]), 0, 0,
                          0)  # fmt: skip
    loaded = bpf(PROG_LOAD, request, "device rules")
    group = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        bpf(PROG_ATTACH, struct.pack("IIII", group, loaded, CGROUP_DEVICE_ATTACH, ALLOW_MULTI),
            folder)  # fmt: skip
    finally:
        os.close(group)
        os.close(loaded)


def bpf(command: int, request: bytes, on: str) -> int:
    """bpf(2); the rest of its union is zero."""
    padded = ctypes.create_string_buffer(request, 128)
    return libc.syscall("bpf", command, ctypes.byref(padded), len(padded), on=on)
