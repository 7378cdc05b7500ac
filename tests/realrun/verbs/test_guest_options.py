"""Every option of `run` means for a guest what it means for a container, or is refused with why."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from realrun.containers.registry import Registry
from realrun.usage.parser import parser
from tests.realrun.guest.test_boot import GUESTS
from tests.realrun.stage import cli

# By option: a way to ask for it, and what is said if a guest cannot have it.
OWN = "its devices, rights and system calls are its own kernel's"
COUNTED = "a guest's processes and swap are its own kernel's"
TABLE: dict[str, tuple[list[str], str]] = {
    "name": (["--name", "named"], ""),
    "interactive": (["-i"], ""),
    "tty": (["-t"], ""),
    "rm": (["--rm"], ""),
    "init": (["--init"], ""),
    "env": (["-e", "A=b"], ""),
    "env_file": (["--env-file", "/dev/null"], ""),
    "label": (["-l", "a=b"], ""),
    "label_file": (["--label-file", "/dev/null"], ""),
    "workdir": (["-w", "/w"], ""),
    "user": (["-u", "1:2"], ""),
    "entrypoint": (["--entrypoint", "sh"], ""),
    "hostname": (["-h", "h"], ""),
    "network": (["--network", "host"], "guests have no network device yet"),
    "userns": (["--userns", "auto"], OWN),
    "stop_signal": (["--stop-signal", "USR1"], ""),
    "stop_timeout": (["--stop-timeout", "1"], ""),
    "log_opt": (["--log-opt", "max-size=1m"], ""),
    "memory": (["-m", "100m"], ""),
    "cpus": (["--cpus", "0.5"], ""),
    "pids_limit": (["--pids-limit", "9"], COUNTED),
    "memory_swap": (["-m", "100m", "--memory-swap", "200m"], COUNTED),
    "memory_reservation": (["--memory-reservation", "50m"], ""),
    "cpu_shares": (["-c", "512"], ""),
    "cpuset_cpus": (["--cpuset-cpus", "0"], ""),
    "blkio_weight": (["--blkio-weight", "100"], ""),
    "device_read_bps": (["--device-read-bps", "/dev/null:1m"], ""),
    "device_read_iops": (["--device-read-iops", "/dev/null:9"], ""),
    "device_write_bps": (["--device-write-bps", "/dev/null:1m"], ""),
    "device_write_iops": (["--device-write-iops", "/dev/null:9"], ""),
    "device": (["--device", "/dev/null"], OWN),
    "shm_size": (["--shm-size", "1m"], ""),
    "ulimit": (["--ulimit", "nofile=5:6"], ""),
    "cap_add": (["--cap-add", "SYS_ADMIN"], OWN),
    "cap_drop": (["--cap-drop", "CHOWN"], OWN),
    "security_opt": (["--security-opt", "no-new-privileges"], ""),
    "read_only": (["--read-only"], ""),
    "volume": (["-v", "/new/place"], ""),
    "mount": (["--mount", "type=tmpfs,target=/t"], ""),
    "tmpfs": (["--tmpfs", "/t"], ""),
}
MORE = [
    (["--security-opt", "seccomp=unconfined"], OWN),
    (["--ulimit", "msgqueue=1"], "the shell of a guest's init sets"),
    (["--ulimit", "stack=1000"], "a multiple of 1024"),
    (["-m", "10m"], "at least 64m"),
]
NOT_ASKED = {"isolation", "image", "words", "help", "detach", "explain", "json", "verb"}
ABOUT_GUESTS = {"level", "machine", "kernel"}  # they mean nothing for a container


def options() -> Iterator[str]:
    """The names of all options of `run`."""
    verbs = next(a for a in parser("run")._actions if isinstance(a, argparse._SubParsersAction))
    for action in verbs.choices["run"]._actions:
        if action.dest not in NOT_ASKED | ABOUT_GUESTS:
            yield action.dest


def test_the_table_has_them_all():
    assert sorted(options()) == sorted(TABLE)


@pytest.mark.overlay
@pytest.mark.root
@pytest.mark.parametrize("isolation", GUESTS)
def test_each_is_known_or_refused_with_why(root, isolation, capsys):
    from realrun.cli import main

    said = {}
    for words, why in (*TABLE.values(), *MORE):
        code = main(["create", "--isolation", isolation, *words, "hello", "true"])
        out, err = capsys.readouterr()
        said[" ".join(words)] = (code != 0, why in err, err.count("\n"), out.count("\n"))
    for container in Registry(root).all():
        cli("rm", "-v", container.id)
    assert said == {
        " ".join(words): (True, True, 1, 0) if why else (False, True, 0, 1)
        for words, why in (*TABLE.values(), *MORE)
    }


# In one boot: what the table says is the same, seen from inside.
INSIDE = """
echo $(hostname) $(id -G) $(pwd) $A $B $0
ulimit -Sn; ulimit -Hn; ulimit -c
df /dev/shm /t | awk 'NR > 1 {print $2}'
grep NoNewPrivs /proc/self/status | awk '{print $2}'
touch /x 2>&1; cat /etc/hostname; grep -c localhost /etc/hosts
"""
ASKED = ["-h", "chosen", "-u", "some", "-w", "/w", "-e", "A=a", "--ulimit", "nofile=50:60",
         "--ulimit", "core=1024", "--shm-size", "1m", "--tmpfs", "/t:size=2m", "--read-only",
         "--security-opt", "no-new-privileges", "--init", "--cpus", "1"]  # fmt: skip


@pytest.fixture(scope="module")
def image_with_groups(hello_root, tmp_path_factory):
    """An image with a user of several groups."""
    folder = tmp_path_factory.mktemp("groups")
    (folder / "passwd").write_text("some:x:5:6::/h:/bin/sh\n")
    (folder / "group").write_text("a:x:7:some\nb:x:8:some\n")
    (folder / "Dockerfile").write_text("FROM hello\nCOPY passwd group /etc/\n")
    environment = {"REALRUN_ROOT": str(hello_root)}
    done = cli("build", "-t", "groups", str(folder), env=environment)
    assert done.returncode == 0, done.stderr
    yield "groups"
    cli("rmi", "groups", env=environment)


@pytest.mark.overlay
@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("isolation", [pytest.param("container"), *GUESTS])
def test_they_mean_the_same(root, isolation, image_with_groups, tmp_path):
    """The isolation is the only thing that changes."""
    (tmp_path / "file").write_text("B=b c\n")
    words = ["--env-file", str(tmp_path / "file"), *ASKED, "--entrypoint", "sh"]
    done = cli("run", "--rm", "--isolation", isolation, *words, image_with_groups, "-c", INSIDE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n") == [
        "chosen 6 7 8 /w a b c sh", "50", "60", "2", "1024", "2048", "1",
        "touch: /x: Read-only file system", "chosen", "2", "",
    ]  # fmt: skip
