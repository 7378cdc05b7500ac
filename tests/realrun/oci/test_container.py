"""What the program finds: each setting of the configuration, seen from inside."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from realrun.linux import capabilities, processes
from tests.realrun.oci.test_lifecycle import wait_for

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]


def inside(runtime, script: str, **settings) -> str:
    """What a script in the container prints."""
    done = runtime.run("sh", "-c", script, **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_its_output_and_its_exit_code(runtime):
    done = runtime.run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nothere"], 'exec: "nothere": executable file not found in $PATH'),
        (["/nothere"], "No such file or directory"),
        (["/etc/passwd"], 'exec: "/etc/passwd": permission denied'),
        (["/etc"], 'exec: "/etc": permission denied'),
    ],
)
def test_what_cannot_be_executed_is_told_at_create(runtime, argv, said):
    runtime.configure(*argv)
    runtime.write()
    assert said in runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert runtime.left() == []


def test_user_groups_umask_and_directory(runtime):
    user = {"uid": 1000, "gid": 7, "additionalGids": [8, 9], "umask": 0o077}
    script = "id -u; id -g; id -G; umask; pwd; echo $HOME"
    found = inside(runtime, script, process__user=user, process__cwd="/new/place")
    assert found.split("\n") == ["1000", "7", "7 8 9", "0077", "/new/place", "/home/maya"]


def test_five_sets_of_capabilities(runtime):
    names = ["CAP_CHOWN", "CAP_KILL"]
    sets = {"bounding": names, "permitted": names, "effective": names[:1], "inheritable": names,
            "ambient": names[1:]}  # fmt: skip
    script = "grep ^Cap /proc/self/status | cut -f2"
    user = {"uid": 1000, "gid": 1000}
    found = inside(runtime, script, process__capabilities=sets, process__user=user)
    chown, kill = (capabilities.mask([name]) for name in ("CHOWN", "KILL"))
    # inheritable, permitted, effective, bounding, ambient; after exec(2) of an ordinary file the
    # ambient set alone makes the permitted and the effective one (capabilities(7))
    assert [int(line, 16) for line in found.split()] == [
        chown | kill, kill, kill, chown | kill, kill,
    ]  # fmt: skip


def test_an_unknown_capability_is_a_warning(runtime):
    sets = {"bounding": ["CAP_CHOWN", "CAP_FLY"]}
    done = runtime.run("true", process__capabilities=sets)
    assert done.returncode == 0
    assert "warning: no capability 'FLY'" in done.stderr


def test_limits_score_and_privileges(runtime):
    limits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128},
              {"type": "RLIMIT_AS", "soft": 1 << 40, "hard": (1 << 64) - 1}]  # fmt: skip
    script = "ulimit -Sn; ulimit -Hn; ulimit -v; cat /proc/self/oom_score_adj; "
    script += "grep NoNewPrivs /proc/self/status | cut -f2"
    found = inside(runtime, script, process__rlimits=limits, process__oomScoreAdj=77)
    assert found.split() == ["64", "128", str(1 << 30), "77", "1"]


def test_names_and_settings_of_the_kernel(runtime):
    found = inside(
        runtime,
        "hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward",
        hostname="maya",
        domainname="example",
        linux__sysctl={"net.ipv4.ip_forward": "1"},
    )
    assert found.split() == ["maya", "example", "1"]
    assert os.uname().nodename != "maya"


def test_mounts_in_their_order_and_with_their_options(runtime, tmp_path):
    (tmp_path / "source/below").mkdir(parents=True)
    (tmp_path / "source/file").write_text("ours")
    mounts = [
        *runtime.config["mounts"],
        {"destination": "/m", "type": "tmpfs", "options": ["nosuid", "noexec", "size=64k"]},
        {"destination": "/m/in", "type": "bind", "source": str(tmp_path / "source"),
         "options": ["rbind", "ro", "nodev"]},
        {"destination": "relative/file", "source": str(tmp_path / "source/file"),
         "options": ["bind", "rro"]},
    ]  # fmt: skip
    script = "grep -E ' (/m|/relative)' /proc/mounts | cut -d' ' -f2,4; cat /m/in/file; "
    script += "touch /m/in/x 2>/dev/null || echo refused; cat /relative/file"
    lines = inside(runtime, script, mounts=mounts).split("\n")
    assert [line.split()[0] for line in lines[:3]] == ["/m", "/m/in", "/relative/file"]
    assert {"nosuid", "noexec"} <= set(lines[0].split()[1].split(","))
    assert {"ro", "nodev"} <= set(lines[1].split()[1].split(","))
    assert "ro" in lines[2].split()[1].split(",")
    assert lines[3:] == ["oursrefused", "ours"]


def test_no_link_of_the_image_leads_a_mount_outside(runtime, tmp_path):
    (tmp_path / "victim").mkdir()
    (runtime.bundle / "rootfs/link").symlink_to(tmp_path / "victim")
    mount = {"destination": "/link/deep", "type": "tmpfs"}
    assert inside(runtime, "ls /link", mounts=[*runtime.config["mounts"], mount]) == "deep"
    assert list((tmp_path / "victim").iterdir()) == []


def test_proc_is_not_mounted_elsewhere_by_a_link(runtime):
    """CVE-2019-19921: what is masked in /proc would lie open."""
    (runtime.bundle / "rootfs/proc").rmdir()
    (runtime.bundle / "rootfs/proc").symlink_to("tmp")
    runtime.configure("true")
    runtime.write()
    said = runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert "/proc leads elsewhere" in said


def test_read_only_root_masked_and_read_only_paths(runtime):
    script = "touch /x 2>/dev/null || echo root; cat /proc/keys; ls /sys/firmware; "
    script += "echo 1 2>/dev/null > /proc/sys/kernel/domainname || echo switch"
    found = inside(runtime, script, root__readonly=True)
    assert found.split() == ["root", "switch"]


def test_devices_are_there_and_others_are_refused(runtime):
    device = {"path": "/dev/sub/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 0o640,
              "uid": 3, "gid": 4}  # fmt: skip
    script = "stat -c '%a %u %g %t %T' /dev/sub/mine; head -c1 /dev/sub/mine | wc -c; "
    script += "mknod /tmp/d b 254 0; head -c1 /tmp/d 2>&1 | grep -o 'not permitted'; ls /dev"
    lines = inside(runtime, script, linux__devices=[device]).split("\n")
    assert lines[:3] == ["640 3 4 1 5", "1", "not permitted"]
    assert {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "fd"} <= set(lines[3:])


def test_a_file_in_the_place_of_a_device_is_an_error(runtime):
    (runtime.bundle / "rootfs/device").write_text("file")
    device = {"path": "/device", "type": "c", "major": 1, "minor": 5}
    runtime.configure("true", linux__devices=[device])
    runtime.write()
    said = runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert "/device is there already" in said


def test_limits_of_its_group(runtime):
    resources = {"memory": {"limit": 64 << 20}, "pids": {"limit": 9}}
    script = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max"
    if not Path("/sys/fs/cgroup/pids").is_dir():
        script = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max"
    found = inside(runtime, script, linux__resources=resources)
    assert found.split() == [str(64 << 20), "9"]


def test_a_filter_of_system_calls(runtime):
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                      "errnoRet": errno.EMFILE}],
    }  # fmt: skip
    for closed in (True, False):
        found = inside(runtime, "mkdir /x 2>&1 || grep Seccomp: /proc/self/status",
                       linux__seccomp=profile, process__noNewPrivileges=closed)  # fmt: skip
        assert os.strerror(errno.EMFILE) in found
        assert found.split()[-1] == "2"


def test_a_user_namespace(runtime):
    maps = [{"containerID": 0, "hostID": 100000, "size": 1000}]
    kinds = [*runtime.config["linux"]["namespaces"], {"type": "user"}]
    for path in [runtime.bundle / "rootfs", *(runtime.bundle / "rootfs").rglob("*")]:
        os.lchown(path, 100000, 100000)
    for folder in list(runtime.bundle.parents)[:4]:
        folder.chmod(folder.stat().st_mode | 0o111)
    found = inside(runtime, "id -u; cat /proc/self/uid_map; touch /made", linux__uidMappings=maps,
                   linux__gidMappings=maps, linux__namespaces=kinds)  # fmt: skip
    assert found.split() == ["0", "0", "100000", "1000"]
    assert (runtime.bundle / "rootfs/made").stat().st_uid == 100000


def test_namespaces_of_another_container(runtime):
    """By path, as the containers of a pod share them."""
    runtime.configure("sleep", "1000", hostname="first")
    runtime.create("a")
    runtime.ok("start", "a")
    pid = runtime.state("a")["pid"]
    shared = {"network": "net", "ipc": "ipc", "uts": "uts", "pid": "pid"}
    kinds = [{"type": kind, "path": f"/proc/{pid}/ns/{name}"} for kind, name in shared.items()]
    kinds += [{"type": "mount"}, {"type": "cgroup"}]
    place = runtime.config["linux"]["cgroupsPath"] + "-second"
    del runtime.config["hostname"]
    found = inside(runtime, "hostname; cat /proc/1/comm; echo $$ | grep -cv '^1$'",
                   linux__namespaces=kinds, linux__cgroupsPath=place)  # fmt: skip
    assert found.split() == ["first", "sleep", "1"]


def test_a_namespace_of_the_wrong_kind_is_an_error(runtime):
    kinds = [{"type": "network", "path": "/proc/self/ns/uts"}, {"type": "mount"}]
    del runtime.config["hostname"]
    runtime.configure("true", linux__namespaces=kinds)
    runtime.write()
    said = runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert "net namespace" in said
    assert runtime.left() == []


def test_one_more_process(runtime):
    runtime.configure("sleep", "1000")
    runtime.create()
    runtime.ok("start", "c")
    done = runtime.call("exec", "--cwd", "/tmp", "--user", "1000:5", "-e", "A=b", "c", "sh", "-c",
                        "echo $A $(id -u) $(id -g) $(pwd) $(hostname); exit 9")  # fmt: skip
    assert (done.returncode, done.stdout) == (9, "b 1000 5 /tmp realrun\n")
    groups = runtime.call("exec", "c", "cat", "/proc/self/cgroup").stdout
    assert {line.rpartition(":")[2] for line in groups.split()} == {"/"}
    assert "nothere" in runtime.refused("exec", "c", "nothere")
    assert len(runtime.ok("ps", "c").splitlines()) == 2
    runtime.ok("kill", "--all", "c", "KILL")
    wait_for(runtime, "stopped")
    assert "stopped" in runtime.refused("exec", "c", "true")


@pytest.mark.parametrize("more", [[], ["ro"]])
def test_memory_takes_over_mode_and_content(runtime, more):
    (runtime.bundle / "rootfs/data").mkdir(mode=0o750)
    (runtime.bundle / "rootfs/data/file").write_text("kept")
    mount = {"destination": "/data", "type": "tmpfs", "options": ["tmpcopyup", "nodev", *more]}
    script = "stat -c %a /data; cat /data/file; touch /data/x 2>/dev/null && echo written; true"
    found = inside(runtime, script, mounts=[*runtime.config["mounts"], mount])
    assert found.split("\n") == ["750", "kept" + "written" * (not more)]
    assert sorted(os.listdir(runtime.bundle / "rootfs/data")) == ["file"]


@pytest.mark.parametrize("number", range(3, 12))
def test_no_descriptor_leads_the_working_directory_outside(runtime, number):
    """CVE-2024-21626: /proc/self/fd/N as the working directory, with directories left open."""
    runtime.configure("pwd", process__cwd=f"/proc/self/fd/{number}")
    runtime.write()
    held = [os.open("/", os.O_RDONLY) for _ in range(8)]
    for fd in held:
        os.set_inheritable(fd, True)
    try:
        words = ["create", "--bundle", str(runtime.bundle), "c"]
        done = runtime.call(*words, fds=tuple(held))
    finally:
        for fd in held:
            os.close(fd)
    assert done.returncode == 1, done.stderr
    assert "working directory" in done.stderr
    assert runtime.left() == []


def test_the_program_has_the_first_three_descriptors_alone(runtime):
    held = os.open("/", os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        runtime.configure("sh", "-c", "ls /proc/self/fd | tr '\\n' ' '")
        runtime.write()
        done = runtime.call("run", "--bundle", str(runtime.bundle), "c", fds=(held,))
    finally:
        os.close(held)
    assert done.stdout.split() == ["0", "1", "2", "3"]  # the last is the listing's own


def test_a_failed_exec_leaves_nobody_unreaped(runtime):
    """The first process of a PID namespace cannot end before all in it have been taken in."""
    runtime.configure("sleep", "1000")
    runtime.create()
    runtime.ok("start", "c")
    processes.adopt_orphans()  # and never take them in, as some engines' daemons
    runtime.refused("exec", "c", "nothere")
    assert len(json.loads(runtime.ok("ps", "--format", "json", "c"))) == 1
    runtime.ok("delete", "--force", "c")
