"""Rights and limits of real containers: capabilities, the filter, limits of each process."""

from __future__ import annotations

import resource

import pytest

from realrun import engine
from realrun.linux import capabilities, limits
from realrun.runtime import rootsteps

pytestmark = pytest.mark.overlay


def status(stage, key: str, **wishes) -> str:
    return stage.sh(f"grep ^{key}: /proc/self/status", **wishes).split()[1]


@pytest.mark.parametrize(
    ("add", "drop"),
    [([], ["ALL"]), (["NET_ADMIN"], ["chown"]), (["CAP_SYS_TIME"], ["all"]), (["ALL"], ["KILL"])],
)
def test_the_capabilities_are_those_that_were_chosen(stage, add, drop):
    expected = f"{capabilities.mask(capabilities.chosen(add, drop)):016x}"
    wishes = {"cap_add": add, "cap_drop": drop}
    assert [status(stage, f"Cap{name}", **wishes) for name in ("Eff", "Prm", "Bnd")] == [
        expected
    ] * 3
    assert [status(stage, f"Cap{name}", **wishes) for name in ("Inh", "Amb")] == ["0" * 16] * 2


@pytest.mark.root
def test_another_user_has_them_in_the_bounding_set_alone(stage):
    wishes = {"cap_add": ["NET_ADMIN"], "user": "1234"}
    expected = f"{capabilities.mask(capabilities.chosen(['NET_ADMIN'], [])):016x}"
    found = [status(stage, f"Cap{name}", **wishes) for name in ("Eff", "Bnd")]
    assert found == ["0" * 16, expected]


def test_what_is_dropped_is_felt(stage):
    script = "chown 0:0 /app/hello.sh && echo yes || echo no"
    assert stage.sh(script) == "yes\n"
    done = stage.run("sh", "-c", "chroot / true", cap_drop=["SYS_CHROOT"])
    assert (done.code, "not permitted" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("script", "capability"),
    [
        ("mount -t tmpfs none /tmp", "SYS_ADMIN"),
        ("unshare -m true", "SYS_ADMIN"),
        ("hostname other", "SYS_ADMIN"),
        ("umount /dev/mqueue", "SYS_ADMIN"),
    ],
)
def test_the_filter_lets_pass_what_a_capability_is_for(stage, script, capability):
    assert stage.run("sh", "-c", script).code != 0
    assert stage.sh(script, cap_add=[capability]) == ""


def test_without_the_filter(stage):
    assert status(stage, "Seccomp") == "2"
    assert status(stage, "Seccomp", seccomp=False) == "0"


def test_new_privileges_can_be_ruled_out(stage):
    """In the program and in what it starts."""
    assert status(stage, "NoNewPrivs") == "0"
    assert status(stage, "NoNewPrivs", no_new_privileges=True) == "1"
    assert status(stage, "NoNewPrivs", no_new_privileges=True, init=True) == "1"


ROWS = {  # of /proc/PID/limits
    "cpu": "Max cpu time", "fsize": "Max file size", "data": "Max data size",
    "stack": "Max stack size", "core": "Max core file size", "rss": "Max resident set",
    "nproc": "Max processes", "nofile": "Max open files", "memlock": "Max locked memory",
    "locks": "Max file locks", "sigpending": "Max pending signals",
    "msgqueue": "Max msgqueue size", "nice": "Max nice priority", "rtprio": "Max realtime priority",
    "rttime": "Max realtime timeout",
}  # fmt: skip


def half_of_what_is_allowed(name: str) -> tuple[int, int]:
    """Limits that every user may set: soft and hard below the present hard one."""
    hard = resource.getrlimit(limits.NUMBERS[name])[1]
    most = 1 << 40 if hard == resource.RLIM_INFINITY else hard
    return most // 4, most // 2


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_every_limit_is_the_kernels_own(stage, isolation):
    """The kernel shows by name what was set by number."""
    wanted = {name: half_of_what_is_allowed(name) for name in ROWS}
    text = stage.sh("cat /proc/self/limits", isolation=isolation, ulimits=wanted)
    shown = {line[:26].strip(): tuple(line[26:].split()[:2]) for line in text.splitlines()}
    assert {name: shown[row] for name, row in ROWS.items()} == {
        name: tuple(map(str, pair)) for name, pair in wanted.items()
    }


def test_all_names_of_docker_are_known():
    assert set(ROWS) == set(limits.NUMBERS)


def test_no_limit_is_unlimited(stage):
    assert stage.sh("ulimit -c", ulimits={"core": (0, -1)}) == "0\n"
    assert stage.sh("ulimit -Hc", ulimits={"core": (0, -1)}) == "unlimited\n"


def test_a_limit_that_may_not_be_raised_is_named(stage):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    more = 1 << 40  # beyond fs.nr_open, which not even root may pass
    with pytest.raises(engine.StartFailed, match=rf"nofile={more}:{more} .* hard limit is {hard}"):
        stage.run("true", ulimits={"nofile": (more, more)})


def test_rights_are_as_rootless_as_the_engine(stage):
    """A user namespace gives every capability, yet over nothing of the machine's."""
    found = status(stage, "CapEff", cap_add=["ALL"])
    everything = f"{capabilities.mask(capabilities.possible()):016x}"
    assert found == everything
    if rootsteps.rootless():
        assert stage.run("sh", "-c", "echo 1 > /proc/sys/kernel/panic", cap_add=["ALL"]).code != 0
