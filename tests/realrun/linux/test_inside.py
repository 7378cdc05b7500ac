"""What a container is, seen from inside a real one; and `process`, which hides nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.linux import capabilities, mounts
from realrun.runtime import ownfiles, rootsteps
from tests.realrun.stage import NO_TRACES, traces

pytestmark = pytest.mark.overlay


def status_of(text: str) -> dict[str, str]:
    """The lines of /proc/PID/status."""
    return {key: value.strip() for key, _, value in (ln.partition(":") for ln in text.splitlines())}


def mount_points(text: str) -> list[str]:
    """The places of a mountinfo file."""
    return [line.split()[4] for line in text.splitlines()]


def test_roots_rights_are_dockers_default(stage):
    """In all five sets, so that no setuid program brings more back."""
    status = status_of(stage.sh("cat /proc/self/status"))
    default = f"{capabilities.mask(capabilities.DOCKER_DEFAULT):016x}"
    sets = {key: status[key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    zero = "0" * 16
    assert sets == {
        "CapInh": zero, "CapPrm": default, "CapEff": default, "CapBnd": default, "CapAmb": zero
    }  # fmt: skip
    assert status["Seccomp"] == "2"


@pytest.mark.root
def test_another_user_has_no_rights_at_all(stage):
    status = status_of(stage.sh("cat /proc/self/status", user="1234:77"))
    assert {status[key] for key in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}
    assert status["Uid"].split() == ["1234"] * 4
    assert status["Gid"].split() == ["77"] * 4
    assert status["Groups"] == "77"


@pytest.mark.parametrize(
    "script",
    [
        "mount -t tmpfs none /tmp",
        "umount /proc",
        "unshare -U true",
        "unshare -m true",
        "hostname other",
        "mount -o remount,rw /sys",
        "echo 1 > /proc/sys/kernel/printk",
        "echo h > /proc/sysrq-trigger",
        "mkdir /sys/fs/cgroup/x",
        "dmesg",
        "mknod /dev/mem0 c 1 1 && cat /dev/mem0",
    ],
)
def test_what_even_root_may_not(stage, script):
    done = stage.run("sh", "-c", f"{script} > /dev/null")
    assert done.code != 0
    assert done.err != ""


def test_the_mounts_are_those_of_the_plan(stage):
    """The root is an overlay, nothing of the host's table shows, /dev is a tmpfs of our own."""
    text = stage.sh("cat /proc/self/mountinfo")
    points = mount_points(text)
    assert points[0] == "/"
    assert " - overlay " in text.splitlines()[0]
    wanted = ["/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"]
    assert [point for point in points if point in wanted] == wanted
    own = {f"/etc/{name}" for name in ownfiles.FILES}
    known = {"/", *wanted, *own, *mounts.masked(), *mounts.READ_ONLY}
    devices = {f"/dev/{name}" for name, _, _ in (*mounts.DEVICES, mounts.TTY)}
    assert set(points) <= known | (devices if rootsteps.rootless() else set())


def test_masked_paths_hold_nothing(stage):
    """Empty folders and empty files, where the kernel has them at all."""
    script = "; ".join(
        f"if [ -d {p} ]; then ls -A {p}; elif [ -e {p} ]; then cat {p}; fi" for p in mounts.masked()
    )
    assert stage.sh(script) == ""


def test_read_only_paths_refuse_writing(stage):
    text = stage.sh("cat /proc/self/mountinfo")
    options = {line.split()[4]: line.split()[5].split(",") for line in text.splitlines()}
    there = [path for path in mounts.READ_ONLY if os.path.exists(path)]
    assert there
    assert {path: "ro" in options[path] for path in there} == dict.fromkeys(there, True)
    assert "ro" in options["/sys"]


def test_devices_and_links_are_the_usual_ones(stage):
    """The six devices work, and nothing of the host's /dev is there."""
    wanted = [name for name, _, _ in (*mounts.DEVICES, mounts.TTY)]
    links = [name for name, _ in mounts.LINKS if name != "core" or os.path.exists("/proc/kcore")]
    wanted += links + ["pts", "shm", "mqueue"]
    assert sorted(stage.sh("ls /dev").split()) == sorted(wanted)
    assert stage.sh("head -c 3 /dev/zero | od -An -tx1; echo x > /dev/null").split() == ["00"] * 3
    assert stage.run("sh", "-c", "echo x > /dev/full").code != 0


def test_the_host_name_is_its_own(stage):
    """The id's first twelve digits, as Docker; or what was asked for."""
    assert stage.sh("hostname", hostname="chosen") == "chosen\n"
    done = stage.run("sh", "-c", "hostname; echo $HOSTNAME")
    assert done.out.split() == [done.record.plan.instance[:12]] * 2
    assert os.uname().nodename != "chosen"


def test_the_loopback_device_is_up_and_alone(stage):
    script = "ip -o link | cut -d' ' -f2,3; ping -c 1 -W 5 127.0.0.1 > /dev/null && echo answered"
    name, flags, answer = stage.sh(script).split()
    assert (name, "UP" in flags.strip("<>").split(","), answer) == ("lo:", True, "answered")


def test_the_network_of_the_host_if_asked(stage):
    """The same network namespace as ours."""
    inside = stage.sh("readlink /proc/self/ns/net", network="host").strip()
    assert inside == os.readlink("/proc/self/ns/net")


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_the_program_leads_a_session_of_its_own(stage, isolation):
    """In ours it could write into our terminal as if somebody typed (TIOCSTI)."""
    pid, session = stage.sh("cut -d' ' -f1,6 /proc/$$/stat", isolation=isolation).split()
    assert pid == session


@pytest.mark.parametrize("kind", ["mnt", "pid", "net", "uts", "ipc"])
def test_a_container_has_namespaces_of_its_own(stage, kind):
    assert stage.sh(f"readlink /proc/self/ns/{kind}").strip() != os.readlink(
        f"/proc/self/ns/{kind}"
    )


def test_a_container_sees_itself_alone(stage):
    """Process 1 is the program; the host's are not there."""
    assert stage.sh("echo /proc/[0-9]*").split() == ["/proc/1"]


def test_a_process_sees_the_host(stage):
    """The baseline isolates nothing but the files: our own process is there, by its number."""
    ours = f"/proc/{os.getpid()}"
    assert ours in stage.sh("echo /proc/[0-9]*", isolation="process").split()
    assert stage.sh("hostname", isolation="process").strip() == os.uname().nodename


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_the_hosts_mounts_are_as_before(stage, root, isolation):
    before = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    done = stage.run("sh", "-c", "cat /proc/self/mountinfo", isolation=isolation)
    assert Path("/proc/self/mountinfo").read_text(encoding="utf-8") == before
    assert traces(root, done.record.plan.instance) == NO_TRACES


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_what_is_written_is_gone_and_the_image_is_as_before(stage, isolation):
    """The writable layer is the instance's; the next instance begins with the image again."""
    script = "[ ! -e /mark ] && echo x > /mark && rm /etc/passwd && cat /mark"
    assert stage.sh(script, isolation=isolation) == "x\n"
    assert stage.sh(script, isolation=isolation) == "x\n"


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_only_three_descriptors_are_inherited(stage, isolation):
    """Nothing of the engine's can be reached through /proc/self/fd."""
    assert stage.sh("ls /proc/$$/fd; true", isolation=isolation).split() == ["0", "1", "2"]
