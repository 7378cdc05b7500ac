"""The thin layer above system calls: masks, numbers, options, and what an error says."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from realrun.errors import KernelRefused, Missing, UsageError
from realrun.linux import capabilities, libc, mounts, namespaces, processes, stacking, syscalls
from realrun.linux.calls import carry_out


def test_a_mask_has_a_bit_for_each_name():
    """Numbers by capabilities(7): the first, one of the second word, and the last."""
    assert capabilities.mask(["CHOWN", "SYSLOG", "CHECKPOINT_RESTORE"]) == 1 | 1 << 34 | 1 << 40


def test_dockers_default_as_docker_shows_it():
    """What `grep CapEff /proc/self/status` says in a container of Docker's."""
    assert f"{capabilities.mask(capabilities.DOCKER_DEFAULT):016x}" == "00000000a80425fb"


def test_an_unknown_capability_is_an_error():
    with pytest.raises(ValueError, match="NO_SUCH"):
        capabilities.mask(["NO_SUCH"])


DEFAULT = set(capabilities.DOCKER_DEFAULT)
ALL = set(capabilities.NAMES)


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        ([], [], DEFAULT),
        (["NET_ADMIN"], [], DEFAULT | {"NET_ADMIN"}),
        (["CAP_NET_ADMIN", "net_admin"], ["cap_chown"], DEFAULT - {"CHOWN"} | {"NET_ADMIN"}),
        ([], ["ALL"], set()),
        (["CHOWN", "SYS_TIME"], ["all"], {"CHOWN", "SYS_TIME"}),
        (["CHOWN"], ["CHOWN"], DEFAULT),
        (["SYS_TIME"], ["SYS_TIME"], DEFAULT | {"SYS_TIME"}),
        (["ALL"], [], ALL),
        (["ALL"], ["SYS_ADMIN", "CHOWN"], ALL - {"SYS_ADMIN", "CHOWN"}),
        (["ALL", "CHOWN"], ["ALL"], ALL),
    ],
)
def test_added_and_dropped_by_dockers_rules(monkeypatch, add, drop, expected):
    """What is both added and dropped is there; ALL goes first, and adding all before dropping."""
    monkeypatch.setattr(capabilities, "possible", lambda: list(capabilities.NAMES))
    chosen = capabilities.chosen(add, drop)
    assert set(chosen) == expected
    assert len(chosen) == len(expected)


@pytest.mark.parametrize("word", ["NO_SUCH", "", "CAP_", "CAP_ALL", "CAP_CAP_KILL", "0", "A,B"])
def test_an_unknown_capability_is_named_with_the_known_ones(word):
    for lists in (([word], []), ([], [word])):
        with pytest.raises(UsageError, match=r"is no capability; there are ALL, AUDIT_CONTROL,"):
            capabilities.chosen(*lists)


def test_the_names_are_the_kernels():
    """`include/uapi/linux/capability.h`, where the machine has it, counts from 0."""
    header = Path("/usr/include/linux/capability.h")
    if not header.is_file():
        pytest.skip("no linux/capability.h; on Debian: apt install linux-libc-dev")
    told = dict(re.findall(r"^#define CAP_([A-Z_]+)\s+(\d+)$", header.read_text(), re.MULTILINE))
    assert told == {name: str(place) for place, name in enumerate(capabilities.NAMES)}


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 155), ("aarch64", 41)])
def test_a_call_has_a_number_on_each_known_machine(machine, number):
    assert syscalls.numbers(machine)["pivot_root"] == number


def test_an_unknown_machine_is_named_with_the_known_ones(monkeypatch):
    monkeypatch.setattr(libc, "MACHINE", "riscv64")
    with pytest.raises(Missing, match=r"x86_64 and aarch64.*riscv64"):
        libc.syscall("pivot_root")


def test_a_refusal_names_call_object_reason_and_remedy():
    with pytest.raises(KernelRefused, match=r"umount2\(the moon\): No such file or directory"):
        libc.call("umount2", b"/no/such/place", 0, on="the moon")
    assert "realrun doctor" in str(KernelRefused("mount", "/x", errno.EPERM))


@pytest.mark.parametrize("count", [1, 2, 300])
def test_layers_are_named_relative_to_what_they_share(tmp_path, count):
    """The topmost comes first, and long store paths appear once."""
    deep = tmp_path / ("x" * 200)
    layers = [deep / f"layer{n}" for n in range(count)]
    for layer in layers:
        layer.mkdir(parents=True)
    asked = stacking.overlay(list(map(str, layers)), "/u", "/w", "/t", rootless=False)
    names = [f"layer{n}" for n in reversed(range(count))]
    options = f"lowerdir={':'.join(names)},upperdir=/u,workdir=/w,redirect_dir=nofollow"
    assert [(one.name, one.args[0], one.args[-1]) for one in asked] == [
        ("chdir", str(deep), str(deep)),
        ("mount", "overlay", options),
        ("chdir", "/t", "/t"),
    ]


@pytest.mark.parametrize("count", [80, 500])
def test_many_layers_have_short_names_in_a_folder_of_the_instance(tmp_path, count):
    layers = [str(tmp_path / f"{n:064}") for n in range(count)]
    there, mount, _ = stacking.overlay(layers, "/u", f"{tmp_path}/work", "/t", rootless=True)
    folder, options = there.args[0], mount.args[-1]
    assert folder == f"{tmp_path}/work.layers"
    names = options.removeprefix("lowerdir=").partition(",")[0].split(":")
    assert [os.readlink(f"{folder}/{name}") for name in reversed(names)] == layers
    assert len(options) <= stacking.MAX_OPTIONS


@pytest.mark.parametrize(
    ("count", "upper", "said"), [(501, "/u", "stacks 500"), (80, "/u" * 2000, "do not fit")]
)
def test_too_many_layers_are_refused_in_a_line_not_by_the_kernel(tmp_path, count, upper, said):
    """mount(2) would cut the options at one page and mount something else."""
    layers = [str(tmp_path / f"{n:064}") for n in range(count)]
    with pytest.raises(UsageError, match=said):
        list(stacking.overlay(layers, upper, f"{tmp_path}/work", "/t", rootless=True))


@pytest.mark.parametrize("kind", ["link", "file", "fifo"])
def test_a_mount_point_that_is_no_directory_is_refused(tmp_path, kind):
    """An image's /proc that is a link to elsewhere would have us mount there."""
    place = tmp_path / "proc"
    {"link": lambda: place.symlink_to("/tmp"), "file": place.touch}.get(
        kind, lambda: os.mkfifo(place)
    )()
    with pytest.raises(KernelRefused, match=r"/proc to mount on.*: Not a directory"):
        carry_out(mounts.ensure_directory(str(place)))


def test_a_missing_mount_point_is_made(tmp_path):
    carry_out(mounts.ensure_directory(f"{tmp_path}/proc"))
    assert (tmp_path / "proc").is_dir()


def child(code: int) -> int:
    """A process that ends with `code`."""
    pid = namespaces.clone([])
    if pid == 0:
        os._exit(code)
    return pid


def test_a_clone_without_namespaces_is_a_fork():
    assert os.waitstatus_to_exitcode(os.waitpid(child(7), 0)[1]) == 7


def test_a_signal_to_an_ended_process_is_no_error():
    pid = child(0)
    fd = processes.pidfd(pid)
    os.waitpid(pid, 0)
    try:
        processes.send_signal(fd, signal.SIGTERM)
    finally:
        os.close(fd)


def test_an_ended_process_has_no_kin_and_used_nothing_more():
    pid = child(0)
    os.waitpid(pid, 0)
    assert processes.children(pid) == []
    assert processes.cpu_ns([pid]) == 0


def test_descendants_are_told_parents_first():
    """A shell and its child, in a process of their own: pytest has threads and must not fork."""
    shell = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE)
    grandchild = int(shell.stdout.readline())
    try:
        assert processes.descendants(shell.pid) == [shell.pid, grandchild]
        chosen = processes.with_own_memory([shell.pid, grandchild, shell.pid])
        assert chosen == [shell.pid, grandchild]
    finally:
        os.kill(grandchild, signal.SIGKILL)
        shell.kill()
        shell.communicate()


def test_what_each_processor_tells_of_its_heat_is_masked_where_it_is(tmp_path):
    for name in ("cpu0/thermal_throttle", "cpu1/topology", "cpu2/thermal_throttle", "cpufreq"):
        (tmp_path / name).mkdir(parents=True)
    found = mounts.masked(str(tmp_path))
    assert found[len(mounts.MASKED) :] == [
        f"{tmp_path}/cpu{number}/thermal_throttle" for number in (0, 2)
    ]
