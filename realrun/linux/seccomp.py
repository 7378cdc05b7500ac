"""A filter of system calls (seccomp(2)), from the OCI runtime specification's form to classic BPF.

The numbers of system calls fall into runs with one answer, which a binary search finds in some ten
comparisons; only calls with conditions on their arguments look further. As with libseccomp, a rule
without conditions beats those that have some, rules that say what the default says count for
nothing, and names that the table does not have are passed over. As with runc, calls newer than
all that the rules name get ENOSYS where the default refuses, so that C libraries fall back.

Sources: seccomp(2), bpf(4); OCI runtime-spec, `config-linux.md`, "Seccomp".
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from realrun.errors import UsageError
from realrun.linux.calls import Call
from realrun.linux.syscalls import ARM64, X86_64, numbers

AUDIT_ARCH = {X86_64: 0xC000003E, ARM64: 0xC00000B7}
X32_BIT = 0x40000000
SET_MODE_FILTER = 1

LOAD, AND, RETURN = 0x20, 0x54, 0x06
JUMP, JUMP_EQUAL, JUMP_ABOVE, JUMP_AT_LEAST = 0x05, 0x15, 0x25, 0x35
NUMBER_AT, ARCH_AT, ARGS_AT = 0, 4, 16  # offsets in struct seccomp_data
LONGEST = 4096  # instructions of a program, BPF_MAXINSNS
NEAR = 255  # the farthest that a comparison jumps

ACTIONS = {
    "SCMP_ACT_KILL": 0,
    "SCMP_ACT_KILL_THREAD": 0,
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_ERRNO": 0x00050000,
    "SCMP_ACT_TRACE": 0x7FF00000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
}
EPERM = ACTIONS["SCMP_ACT_ERRNO"] | errno.EPERM
WITH_NUMBER = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")
PERMITTING = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
MASKED = "SCMP_CMP_MASKED_EQ"
OPERATORS = (
    *"SCMP_CMP_NE SCMP_CMP_LT SCMP_CMP_LE SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT".split(), MASKED
)  # fmt: skip
FLAGS = {
    "SECCOMP_FILTER_FLAG_TSYNC": 1,
    "SECCOMP_FILTER_FLAG_LOG": 2,
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4,
}
ARCHITECTURES = (
    "X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 "
    "PPC64LE S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB"
).split()

Instruction = tuple[int, int, int, int]  # code, jt, jf, k


class Answer(NamedTuple):
    """What a run of numbers gets: first what conditions say, then `otherwise`."""

    otherwise: int
    conditional: tuple[tuple[tuple[tuple[int, str, int, int], ...], int], ...] = ()


def compiled(profile: Mapping[str, Any], machine: str) -> bytes:
    """The program for `machine`, 8 bytes an instruction (`struct sock_filter`).

    Raises UsageError for what cannot be read or does not fit. Calls of other ABIs get EPERM.
    """
    default = action(profile, "defaultAction", "defaultErrnoRet")
    for name in profile.get("architectures", ()):
        if name.removeprefix("SCMP_ARCH_") not in ARCHITECTURES:
            raise UsageError(f"seccomp: {name!r} is no architecture")
    answers = by_number(profile, default, numbers(machine))
    code = [
        (LOAD, 0, 0, ARCH_AT),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, EPERM),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, EPERM),
        *search(runs(answers, default, newer(profile, default, answers))),
    ]
    if len(code) > LONGEST:
        raise UsageError(f"seccomp: the rules take {len(code)} instructions; at most {LONGEST}")
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def action(rule: Mapping[str, Any], key: str = "action", number: str = "errnoRet") -> int:
    """The kernel's number of a rule's action, with the errno that it is to give."""
    name = rule.get(key)
    if name not in ACTIONS:
        raise UsageError(f"seccomp: {key} is one of {', '.join(ACTIONS)}; got {name!r}")
    value = rule.get(number)
    if value is None:
        value = errno.EPERM if name in WITH_NUMBER else 0
    elif name not in WITH_NUMBER or not isinstance(value, int) or not 0 <= value <= 0xFFFF:
        raise UsageError(f"seccomp: {number} {value!r} does not go with {name}")
    return ACTIONS[name] | int(value)


def by_number(
    profile: Mapping[str, Any], default: int, known: Mapping[str, int]
) -> dict[int, Answer]:
    """What the rules say of each system call that they name."""
    answers: dict[int, Answer] = {}
    settled: set[int] = set()
    for rule in profile.get("syscalls", ()):
        chosen = action(rule)
        plain = Answer(chosen)
        named = [known[name] for name in rule["names"] if name in known]
        for number in named if chosen != default else ():
            if number in settled:
                continue
            if rule.get("args"):
                old = answers.get(number, Answer(default))
                more = tuple((wanted, chosen) for wanted in conditions(rule["args"]))
                answers[number] = Answer(default, old.conditional + more)
            else:
                answers[number] = plain
                settled.add(number)
        answers.update({number: Answer(default) for number in named if number not in answers})
    return answers


def conditions(args: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[int, str, int, int], ...]]:
    """Alternatives, each with conditions that must all hold.

    As in runc: where one argument is named twice, each condition is an alternative of its own.
    """
    read = [condition(one) for one in args]
    if len({one[0] for one in read}) < len(read):
        return [(one,) for one in read]
    return [tuple(read)]


def condition(arg: Mapping[str, Any]) -> tuple[int, str, int, int]:
    """One condition: which argument, how to compare, with what."""
    index, operator = arg.get("index"), arg.get("op")
    values = arg.get("value"), arg.get("valueTwo") or 0
    if not isinstance(index, int) or not 0 <= index <= 5:
        raise UsageError(f"seccomp: an argument's index is 0 to 5; got {index!r}")
    if operator not in OPERATORS:
        raise UsageError(f"seccomp: op is one of {', '.join(OPERATORS)}; got {operator!r}")
    for value in values:
        if not isinstance(value, int) or not 0 <= value < 1 << 64:
            raise UsageError(f"seccomp: a value is a number of 64 bits; got {value!r}")
    return index, operator, int(values[0] or 0), int(values[1])


def newer(profile: Mapping[str, Any], default: int, answers: Mapping[int, Answer]) -> int:
    """What calls get that are newer than all that the rules know."""
    if profile["defaultAction"] in PERMITTING or not answers:
        return default
    return ACTIONS["SCMP_ACT_ERRNO"] | errno.ENOSYS


def runs(answers: Mapping[int, Answer], default: int, beyond: int) -> list[tuple[int, Answer]]:
    """Where each run of equal answers begins; the first begins at 0."""
    last, usual = max(answers, default=-1), Answer(default)
    found: list[tuple[int, Answer]] = []
    for number in range(last + 1):
        answer = answers.get(number, usual)
        if not found or found[-1][1] != answer:
            found.append((number, answer))
    return [*found, (last + 1, Answer(beyond))]


def search(found: Sequence[tuple[int, Answer]]) -> list[Instruction]:
    """A binary search for the run that holds the number in the accumulator."""
    if len(found) == 1:
        return answering(found[0][1])
    middle = len(found) // 2
    below, above = search(found[:middle]), search(found[middle:])
    start = found[middle][0]
    if len(below) <= NEAR:
        return [(JUMP_AT_LEAST, len(below), 0, start), *below, *above]
    return [(JUMP_AT_LEAST, 0, 1, start), (JUMP, 0, 0, len(below)), *below, *above]


def answering(answer: Answer) -> list[Instruction]:
    """The first alternative that holds decides; then what is said otherwise."""
    code: list[Instruction] = []
    for wanted, chosen in answer.conditional:
        code += alternative(wanted, chosen)
    return [*code, (RETURN, 0, 0, answer.otherwise)]


def alternative(wanted: Sequence[tuple[int, str, int, int]], chosen: int) -> list[Instruction]:
    """All conditions in a row, each with a way out behind the last, then the answer."""
    code: list[Instruction] = [(RETURN, 0, 0, chosen)]
    for one in reversed(wanted):
        code = comparison(one, len(code)) + code
    return code


def comparison(one: tuple[int, str, int, int], away: int) -> list[Instruction]:
    """Falls through if the condition holds, else jumps over `away` more instructions.

    The accumulator has 32 bits: the upper half of the argument is looked at first.
    """
    index, operator, value, second = one
    low, high = ARGS_AT + 8 * index, ARGS_AT + 8 * index + 4  # both machines are little-endian
    if operator == MASKED:
        second &= value  # as libseccomp: bits outside of the mask count on neither side
        return [
            (LOAD, 0, 0, high), (AND, 0, 0, value >> 32), (JUMP_EQUAL, 0, away + 3, second >> 32),
            (LOAD, 0, 0, low), (AND, 0, 0, value & 0xFFFFFFFF),
            (JUMP_EQUAL, 0, away, second & 0xFFFFFFFF),
        ]  # fmt: skip
    upper, lower = value >> 32, value & 0xFFFFFFFF
    if operator == "SCMP_CMP_EQ":
        return [(LOAD, 0, 0, high), (JUMP_EQUAL, 0, away + 2, upper),
                (LOAD, 0, 0, low), (JUMP_EQUAL, 0, away, lower)]  # fmt: skip
    if operator == "SCMP_CMP_NE":
        return [(LOAD, 0, 0, high), (JUMP_EQUAL, 0, 2, upper),
                (LOAD, 0, 0, low), (JUMP_EQUAL, away, 0, lower)]  # fmt: skip
    code, true, false = {
        "SCMP_CMP_GT": (JUMP_ABOVE, 0, away),
        "SCMP_CMP_GE": (JUMP_AT_LEAST, 0, away),
        "SCMP_CMP_LE": (JUMP_ABOVE, away, 0),
        "SCMP_CMP_LT": (JUMP_AT_LEAST, away, 0),
    }[operator]
    greater = operator in ("SCMP_CMP_GT", "SCMP_CMP_GE")
    return [
        (LOAD, 0, 0, high),
        (JUMP_ABOVE, 3, 0, upper) if greater else (JUMP_ABOVE, away + 3, 0, upper),
        (JUMP_EQUAL, 0, away + 2, upper) if greater else (JUMP_EQUAL, 0, 2, upper),
        (LOAD, 0, 0, low),
        (code, true, false, lower),
    ]  # fmt: skip


def flags(profile: Mapping[str, Any]) -> int:
    """The flags of seccomp(2); one that we do not know is refused."""
    if wrong := [name for name in profile.get("flags", ()) if name not in FLAGS]:
        raise UsageError(f"seccomp: flags are of {', '.join(FLAGS)}; got {wrong[0]!r}")
    return sum(FLAGS[name] for name in set(profile.get("flags", ())))


def load(program: str, flags: int = 0) -> Iterator[Call]:
    """Install a compiled program, given in hexadecimal, for this process and all that it starts.

    Without CAP_SYS_ADMIN the kernel takes it only from a process with no new privileges.
    """
    code = bytes.fromhex(program)
    sent = (len(code) // 8, code)  # struct sock_fprog
    yield Call("seccomp", (SET_MODE_FILTER, flags, sent), "filter")
