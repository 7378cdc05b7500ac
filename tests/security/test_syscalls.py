"""Every system call by every ABI, in our container and in Docker's: the filters say the same.

Docker 20.10 is the one that runs here; the profile that we follow is of May 2026. What it has
changed since is listed, and nothing else may differ. Of 32-bit calls we allow none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from realrun.linux.syscalls import X86_64, numbers
from tests.security import attacker
from tests.security.sides import Side, dockers

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(os.uname().machine != X86_64, reason="the numbers are x86-64's"),
]
SWEEP = (
    "import sys; sys.path.insert(0, '/attacks'); from tests.security.inside.sweep import main"
    "; main()"
)
# Allowed since: EPERM or, if newer than all of the old profile, ENOSYS there.
ALLOWED_SINCE = """
name_to_handle_at process_vm_readv process_vm_writev pkey_mprotect pkey_alloc pkey_free cachestat
fchmodat2 futex_wake futex_wait futex_requeue statmount listmount mseal setxattrat getxattrat
listxattrat removexattrat map_shadow_stack
""".split()
REFUSED_SINCE = "io_uring_setup io_uring_enter io_uring_register".split()
# Refused by both; they were newer than all of the old profile, and are named in the present one.
KNOWN_SINCE = """
set_mempolicy_home_node lsm_get_self_attr lsm_set_self_attr lsm_list_modules
""".split()
FILTERED = ("EPERM", "ENOSYS")


@pytest.fixture(scope="module")
def docker(archive) -> Iterator[Side]:
    with dockers(archive, {}) as side:
        yield side


def swept(side: Side, which: str) -> dict[str, str]:
    """What each call of an ABI got on this side."""
    done = side.run(attacker.python(), "-I", "-S", "-c", SWEEP, which)
    assert done.returncode == 0, done
    return dict(json.loads(done.stdout))


def test_every_call_of_x86_64(sides, docker):
    names = {str(number): name for name, number in numbers(X86_64).items()}
    ours, theirs = (swept(side, "x86-64") for side in (sides["container"], docker))
    different = {names[n]: (ours[n], theirs[n]) for n in ours if ours[n] != theirs[n]}
    more = {name for name, (our, _) in different.items() if our not in FILTERED}
    less = {name for name, (our, their) in different.items() if (our, their) == ("EPERM", "ENOSYS")}
    assert more <= set(ALLOWED_SINCE)
    assert less <= set(KNOWN_SINCE)
    assert different.keys() - more - less <= set(REFUSED_SINCE)


def test_calls_whose_arguments_decide(sides, docker):
    """Families of sockets, kinds of personality; AF_ALG and AF_VSOCK are refused since."""
    ours, theirs = (swept(side, "arguments") for side in (sides["container"], docker))
    different = {name: ours[name] for name in ours if ours[name] != theirs[name]}
    assert set(different.values()) <= {"EPERM"}
    assert different.keys() <= {"socket 38", "socket 40"}


@pytest.mark.parametrize("abi", ["x32", "i386"])
def test_no_call_of_another_abi(sides, docker, abi):
    """Docker allows there what it allows here; programs of 32 bits do not run in our containers."""
    ours, theirs = (swept(side, abi) for side in (sides["container"], docker))
    assert set(ours.values()) == {"EPERM"}
    assert "EPERM" in theirs.values()
