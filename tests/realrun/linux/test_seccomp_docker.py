"""Profiles in Docker's form: which rules count for whom, and what is refused with its place."""

from __future__ import annotations

import json

import pytest

from realrun.console.profiles import loaded, told
from realrun.errors import UsageError
from realrun.linux import seccomp, seccomp_docker
from realrun.linux.syscalls import ARM64, X86_64, numbers
from tests.realrun.linux.bpf import ALLOWED, EPERM, answer, shown

ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
MKDIR = {"names": ["mkdirat"], "action": ALLOW}


def answers(rule: dict, machine: str = X86_64, kept=("CHOWN", "SYS_ADMIN"), kernel="6.1.0-37"):
    """What mkdirat(2) gets where this rule is the only one."""
    profile = {
        "defaultAction": ERRNO,
        "syscalls": [rule, {"names": ["setxattrat"], "action": ALLOW}],
    }
    seccomp_docker.check(profile)
    chosen = seccomp_docker.for_container(profile, machine, kept, kernel)
    code, number = seccomp.compiled(chosen, machine), numbers(machine)["mkdirat"]
    return shown(answer(code, number, seccomp.AUDIT_ARCH[machine], ()))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ALLOWED),
        ({"includes": {}, "excludes": {}, "comment": "why"}, ALLOWED),
        ({"includes": {"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}}, ALLOWED),
        ({"includes": {"caps": ["CAP_CHOWN", "CAP_BPF"]}}, EPERM),
        ({"excludes": {"caps": ["CAP_CHOWN", "CAP_BPF"]}}, EPERM),
        ({"excludes": {"caps": ["CAP_BPF"]}}, ALLOWED),
        ({"includes": {"arches": ["amd64", "x32"]}}, ALLOWED),
        ({"includes": {"arches": ["s390x"]}}, EPERM),
        ({"excludes": {"arches": ["s390x"]}}, ALLOWED),
        ({"excludes": {"arches": ["amd64"]}}, EPERM),
        ({"includes": {"minKernel": "4.8"}}, ALLOWED),
        ({"includes": {"minKernel": "6.10"}}, EPERM),
        ({"excludes": {"minKernel": "6.1"}}, EPERM),
        ({"includes": {"caps": ["CAP_CHOWN"], "arches": ["arm64"]}}, EPERM),
    ],
)
def test_a_rule_counts_where_it_says(more, expected):
    assert answers(MKDIR | more) == expected


def test_a_call_may_be_named_alone_and_on_the_other_machine():
    rule = {"name": "mkdirat", "action": ALLOW, "includes": {"arches": ["arm64"]}}
    assert answers(rule, machine=ARM64) == ALLOWED


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ([], "the file is not a JSON object"),
        ({}, "defaultAction is one of SCMP_ACT_KILL"),
        ({"defaultAction": "ALLOW"}, "defaultAction is one of .* got 'ALLOW'"),
        ({"defaultAction": ALLOW, "syscalls": {}}, "syscalls has to be of type list"),
        ({"defaultAction": ALLOW, "flags": ["X"]}, "flags are of"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR, {"action": ALLOW}]},
         r"syscalls\[1\]: either name or names"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"name": "read"}]},
         r"syscalls\[0\]: either name or names"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR, 7]}, r"syscalls\[1\] has to be an object"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"names": [1]}]},
         r"syscalls\[0\]: names are texts"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"action": "NO"}]},
         r"syscalls\[0\]: action is one of"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"args": [{"index": 9}]}]},
         r"syscalls\[0\]: an argument's index is 0 to 5"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"args": [3]}]},
         r"syscalls\[0\]: args has to be an object"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"includes": {"minKernel": "new"}}]},
         r"syscalls\[0\]: minKernel is a version"),
        ({"defaultAction": ALLOW, "syscalls": [MKDIR | {"includes": {"caps": "ALL"}}]},
         r"syscalls\[0\]: includes.caps has to be of type list"),
        ({"defaultAction": ALLOW, "architectures": ["SCMP_ARCH_X86_64"], "archMap": [{}]},
         "architectures and archMap"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_place(tmp_path, profile, said):
    """Whether the rule would count on this machine or not."""
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(profile))
    with pytest.raises(UsageError, match=f"seccomp={file}: {said}"):
        loaded(str(file))


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "[" * 100_000, '{"a": NaN}', "\xff"])
def test_what_is_no_json_is_refused(tmp_path, text):
    file = tmp_path / "profile.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=f"seccomp={file}: the file is not a JSON"):
        loaded(str(file))


def test_inspect_tells_the_profile_itself(tmp_path):
    """As Docker does: the file may have changed or gone."""
    file = tmp_path / "profile.json"
    file.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    assert told(f"seccomp:{file}") == 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
    assert told("seccomp=unconfined") == "seccomp=unconfined"


@pytest.mark.overlay
def test_a_profile_of_ones_own_is_what_the_container_gets(stage, tmp_path):
    """It replaces the default one: what that refuses is allowed here."""
    file = tmp_path / "profile.json"
    rule = {"names": ["mkdir", "mkdirat"], "action": ERRNO, "errnoRet": 95}
    file.write_text(json.dumps({"defaultAction": ALLOW, "syscalls": [rule]}))
    done = stage.run("mkdir", "/made", seccomp_profile=loaded(str(file)))
    assert (done.code, "not supported" in done.err) == (1, True)
    inside = stage.run("unshare", "-U", "true", seccomp_profile=loaded(str(file)))
    assert (inside.code, stage.run("unshare", "-U", "true").code) == (0, 1)
