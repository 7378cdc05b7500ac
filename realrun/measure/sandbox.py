"""What a program is kept away from, read from /proc as the machine sees it: nothing is believed.

Sources: proc(5), namespaces(7), capabilities(7), seccomp(2), cgroups(7).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from realrun.errors import RealRunError
from realrun.linux import namespaces

PATIENCE_S = 60.0


def isolates(play: Callable[[Sequence[str]], object]) -> str:
    """What keeps the program that `play` runs apart from us; `play` gets a command that stays."""
    mark = f"sandbox-{os.urandom(8).hex()}"
    words = ["/bin/sh", "-c", "sleep 600; :", mark]

    def stay() -> None:
        with suppress(RealRunError):  # it will be killed
            play(words)

    thread = threading.Thread(target=stay)
    thread.start()
    try:
        pid = found(words, thread)
        told = described(pid)
        os.kill(pid, signal.SIGKILL)
    finally:
        thread.join()
    return told


def found(words: Sequence[str], thread: threading.Thread) -> int:
    """The process with these words."""
    wanted = "\0".join([*words, ""]).encode()
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and thread.is_alive():
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):  # it has ended meanwhile
                if Path(f"/proc/{name}/cmdline").read_bytes() == wanted:
                    return int(name)
        time.sleep(0.01)
    raise RealRunError("its program is not to be found in /proc")


def described(pid: int) -> str:
    """Namespaces, capabilities, filter, groups, network, root: what is not as it is for us."""
    status = table(f"/proc/{pid}/status")
    rights = int(status["CapEff"], 16).bit_count()
    ours, theirs = groups("self"), groups(str(pid))
    apart = [name for name in sorted(theirs) if theirs[name] != ours.get(name)]
    said = [
        " ".join(sorted(namespaces.foreign(pid))) or "no namespace",
        f"{rights} capabilities",
        "seccomp" if status["Seccomp"] == "2" else "no seccomp",
        *(["no new privileges"] if status.get("NoNewPrivs") == "1" else []),
        "cgroup " + " ".join(apart) if apart else "no cgroup",
        network(pid),
        f"{mounts(pid)} mounts on /proc and /sys",
    ]
    return "; ".join(said)


def table(path: str) -> dict[str, str]:
    """`key: value` lines."""
    pairs = (line.partition(":") for line in Path(path).read_text().splitlines())
    return {key: value.strip() for key, _, value in pairs}


def groups(pid: str) -> dict[str, str]:
    """The control group in each hierarchy that counts or limits something."""
    lines = (line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    return {names or "v2": path for _, names, path in lines if not names.startswith("name=")}


def network(pid: int) -> str:
    """The devices of its network."""
    lines = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    devices = [line.split(":")[0].strip() for line in lines]
    return "network lo" if devices == ["lo"] else f"network of {len(devices)} devices"


def mounts(pid: int) -> int:
    """How many places of /proc and /sys are covered or read-only."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    return sum(line.split()[4].startswith(("/proc/", "/sys/")) for line in lines)
