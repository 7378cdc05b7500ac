"""Profiles compiled by us and by libseccomp give every call the same answer."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import tempfile
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realrun.errors import UsageError
from realrun.linux import seccomp, syscalls
from tests.realrun.linux.bpf import answer

MACHINE = os.uname().machine
NAMES = ("read", "write", "openat", "clone", "socket", "personality", "mount", "ioctl")
OPERATORS = {name: number for number, name in enumerate(seccomp.OPERATORS, 1)}  # scmp_compare
ALLOW, LOG = "SCMP_ACT_ALLOW", "SCMP_ACT_LOG"


class Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp`."""

    _fields_ = [
        ("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    ]  # fmt: skip


@cache
def library() -> ctypes.CDLL:
    found = ctypes.util.find_library("seccomp")
    if found is None:
        pytest.skip("no libseccomp; on Debian: apt install libseccomp2")
    loaded = ctypes.CDLL(found)
    loaded.seccomp_init.restype = ctypes.c_void_p
    loaded.seccomp_init.argtypes = [ctypes.c_uint32]
    loaded.seccomp_release.argtypes = [ctypes.c_void_p]
    loaded.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    return loaded


def by_libseccomp(profile: dict) -> bytes:
    """The same profile by the library that runc uses, added as runc does."""
    default = seccomp.action(profile, "defaultAction", "defaultErrnoRet")
    context = library().seccomp_init(default)
    for rule in profile["syscalls"]:
        chosen = seccomp.action(rule)
        for name in rule["names"] if chosen != default else ():
            number = syscalls.numbers(MACHINE)[name]
            for wanted in seccomp.conditions(rule["args"]) if rule.get("args") else [()]:
                array = (Comparison * 6)(*[(i, OPERATORS[op], a, b) for i, op, a, b in wanted])
                code = library().seccomp_rule_add_array(
                    ctypes.c_void_p(context), ctypes.c_uint32(chosen), number, len(wanted), array
                )
                assert code in (0, -errno.EEXIST)
    with tempfile.TemporaryFile() as out:
        assert library().seccomp_export_bpf(context, out.fileno()) == 0
        library().seccomp_release(context)
        out.seek(0)
        return out.read()


numbers64 = st.sampled_from([0, 1, 2, 7, 0xFFFFFFFF, 1 << 32, (1 << 32) + 1, (1 << 64) - 1])
comparison = st.fixed_dictionaries({
    "index": st.integers(0, 2), "op": st.sampled_from(list(OPERATORS)), "value": numbers64,
    "valueTwo": numbers64,
})  # fmt: skip
rule = st.fixed_dictionaries(
    {"names": st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
     "action": st.just(ALLOW)},
    optional={"args": st.lists(comparison, min_size=1, max_size=2)},
)  # fmt: skip


def holds(wanted: tuple[int, str, int, int], args: tuple[int, ...]) -> bool:
    """A condition as the specification words it."""
    index, operator, value, second = wanted
    arg = args[index]
    return {
        "SCMP_CMP_NE": arg != value, "SCMP_CMP_EQ": arg == value, "SCMP_CMP_LT": arg < value,
        "SCMP_CMP_LE": arg <= value, "SCMP_CMP_GT": arg > value, "SCMP_CMP_GE": arg >= value,
        "SCMP_CMP_MASKED_EQ": arg & value == second & value,
    }[operator]  # fmt: skip


def by_hand(rules: list[dict], name: str, args: tuple[int, ...]) -> bool:
    """Does any rule allow the call: plain, slow, trusted."""
    chosen = [one for one in rules if name in one["names"]]
    return any(
        not one.get("args")
        or any(all(holds(c, args) for c in row) for row in seccomp.conditions(one["args"]))
        for one in chosen
    )


calls_of_three = st.lists(st.tuples(*[numbers64] * 3), min_size=8)


def answers(profile: dict, program: bytes, calls: list[tuple[int, ...]]) -> dict:
    """To all calls that are no newer than the rules: those get ENOSYS from us, as from runc."""
    table, arch = syscalls.numbers(MACHINE), seccomp.AUDIT_ARCH[MACHINE]
    last = max((table[n] for one in profile["syscalls"] for n in one["names"]), default=-1)
    return {
        (name, args): answer(program, table[name], arch, args) == 0x7FFF0000
        for name in NAMES
        for args in calls
        if table[name] <= last
    }


@settings(max_examples=150, deadline=None)
@given(rules=st.lists(rule, max_size=6), calls=calls_of_three)
def test_the_answers_are_what_the_rules_say(rules, calls):
    profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}
    found = answers(profile, seccomp.compiled(profile, MACHINE), calls)
    assert found == {(name, args): by_hand(rules, name, args) for name, args in found}


@settings(max_examples=150, deadline=None)
@given(one=rule, calls=calls_of_three)
def test_the_answers_are_libseccomps(one, calls):
    """One rule: where several meet on one argument, libseccomp 2.5 does not do what they say."""
    seen = {wanted["index"]: wanted for wanted in one.get("args", ())}
    profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [one | {"args": [*seen.values()]}]}
    ours = answers(profile, seccomp.compiled(profile, MACHINE), calls)
    assert ours == answers(profile, by_libseccomp(profile), calls)


@pytest.mark.parametrize("machine", [syscalls.X86_64, syscalls.ARM64])
def test_a_long_list_is_searched_and_not_walked_through(machine):
    table = syscalls.numbers(machine)
    names = sorted(table)[::2]
    profile = {"defaultAction": "SCMP_ACT_ERRNO",
               "syscalls": [{"names": names, "action": ALLOW}]}  # fmt: skip
    code, arch = seccomp.compiled(profile, machine), seccomp.AUDIT_ARCH[machine]
    last = max(table[name] for name in names)
    for name, number in table.items():
        expected = 0x7FFF0000 if name in names else 0x50001 if number < last else 0x50026
        assert answer(code, number, arch, ()) == expected, name
    assert answer(code, 0x40000000, arch, ()) == seccomp.EPERM
    assert answer(code, 0, 0x40000003, ()) == seccomp.EPERM  # i386


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"defaultAction": "SCMP_ACT_NOTIFY"}, "defaultAction is one of"),
        ({"architectures": ["SCMP_ARCH_VAX"]}, "is no architecture"),
        ({"syscalls": [{"names": ["read"], "action": LOG, "errnoRet": 5}]}, "does not go with"),
        ({"syscalls": [{"names": ["read"], "action": LOG, "args": [{"index": 6}]}]}, "0 to 5"),
        ({"syscalls": [{"names": ["read"], "action": LOG,
                        "args": [{"index": 0, "op": "=="}]}]}, "op is one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(change, said):
    with pytest.raises(UsageError, match=said):
        seccomp.compiled({"defaultAction": ALLOW} | change, MACHINE)


def test_unknown_flags_are_refused():
    assert seccomp.flags({"flags": ["SECCOMP_FILTER_FLAG_LOG"]}) == 2
    with pytest.raises(UsageError, match="flags are of"):
        seccomp.flags({"flags": ["SECCOMP_FILTER_FLAG_NONE"]})
