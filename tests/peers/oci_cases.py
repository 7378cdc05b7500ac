"""What `docker run` is asked to do through each runtime: options, the command, what is compared."""

from __future__ import annotations

from typing import NamedTuple


class Run(NamedTuple):
    """One `docker run`: its name, its options, its command."""

    name: str
    options: tuple[str, ...]
    words: tuple[str, ...]


def sh(name: str, script: str, *options: str) -> Run:
    return Run(name, options, ("sh", "-c", script))


RUNS = (
    sh("output", "echo out; echo err >&2; exit 7"),
    Run("not found", (), ("nothere",)),
    Run("not executable", (), ("/etc/passwd",)),
    Run("a directory", (), ("/etc",)),
    sh("a signal", "kill -9 $$"),
    sh("identity", "id -u; id -g; id -G; umask; pwd; hostname", "-u", "1000:7", "-h", "maya"),
    sh("environment", "env | sort | grep -v HOSTNAME", "-e", "A=1"),
    sh("rights", "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status"),
    sh("fewer rights", "grep ^Cap /proc/self/status", "--cap-drop=ALL", "--cap-add=CHOWN"),
    sh("no new privileges", "grep NoNew /proc/self/status", "--security-opt=no-new-privileges"),
    sh("read-only", "touch /x; touch /tmp/y && echo tmpfs", "--read-only", "--tmpfs=/tmp"),
    sh("masked", "cat /proc/keys /proc/timer_list; ls /sys/firmware; echo 0 > /proc/sys/kernel/x"),
    sh("devices", "ls -l /dev | awk '{print $1, $NF}'; mknod /tmp/m b 8 0; cat /tmp/m"),
    sh("a device", "ls /dev/loop-control; echo $?", "--device=/dev/loop-control"),
    sh("mounts", "cut -d' ' -f2,3 /proc/mounts | sort"),
    sh("limits", "ulimit -n; ulimit -c", "--ulimit=nofile=64:128", "--ulimit=core=0"),
    sh("sysctl", "cat /proc/sys/net/ipv4/ip_forward", "--sysctl=net.ipv4.ip_forward=1"),
    sh("memory", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes", "-m", "64m"),
    Run("out of memory", ("-m", "32m"), ("tail", "/dev/zero")),
    sh("pids", "cat /sys/fs/cgroup/pids/pids.max", "--pids-limit=20"),
    sh("cpu", "cd /sys/fs/cgroup; cat cpu/cpu.cfs_quota_us cpu/cpu.shares cpuset/cpuset.cpus",
       "--cpus=0.5", "--cpu-shares=200", "--cpuset-cpus=0"),
    sh("unshare is refused", "unshare -m true"),
    sh("mount is refused", "mount -t tmpfs x /tmp"),
    sh("init", "cat /proc/1/comm", "--init"),
    sh("namespaces of the host", "hostname | wc -c; ls -d /proc/1 | wc -l",
       "--pid=host", "--uts=host", "--ipc=host"),
    sh("out-of-memory score", "cat /proc/self/oom_score_adj", "--oom-score-adj=500"),
)  # fmt: skip
