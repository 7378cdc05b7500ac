"""What this machine can do, asked once a session, answered with a reason.

A probe returns None for "can", or the text that a skipped test will show.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parent.parent
Verdict = Literal["run", "skip", "fail"]


def verdict(ability: str, missing: str | None, promised: Collection[str]) -> Verdict:
    """What becomes of a test that needs `ability`; `missing` is the probe's reason, if any."""
    if missing is None:
        return "run"
    return "fail" if ability in promised else "skip"


# Run in a process of its own: unshare(2) cannot be taken back, and refuses threaded processes. It
# goes as far as a mount: some systems grant the namespace and only then refuse what it is for.
IN_NAMESPACES = """
import ctypes, os, sys
NEWNS, NEWUSER, REC, PRIVATE = 0x20000, 0x10000000, 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)
uid, gid = os.getuid(), os.getgid()

def call(name, *args):
    if getattr(libc, name)(*args):
        number = ctypes.get_errno()
        sys.exit(f"{name}: {os.strerror(number)}")

def write(path, text):
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")

def enter(flags):
    call("unshare", flags)
    if flags & NEWUSER:
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"0 {uid} 1")
        write("/proc/self/gid_map", f"0 {gid} 1")
    call("mount", None, b"/", None, REC | PRIVATE, None)
"""

OVERLAY = """
enter(NEWNS if uid == 0 else NEWNS | NEWUSER)
call("mount", b"tmpfs", b"/tmp", b"tmpfs", 0, None)
for name in ("lower", "upper", "work", "merged"):
    os.mkdir(f"/tmp/{name}")
options = "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work" + ",userxattr" * bool(uid)
call("mount", b"overlay", b"/tmp/merged", b"overlay", 0, options.encode())
"""


def in_namespaces(code: str) -> str | None:
    """Run `code` after IN_NAMESPACES; None, or the call that was refused."""
    command = [sys.executable, "-I", "-S", "-c", IN_NAMESPACES + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return None if done.returncode == 0 else done.stderr.strip() or f"exit {done.returncode}"


def root() -> str | None:
    """None as user id 0."""
    return None if os.geteuid() == 0 else "not run as root"


def userns() -> str | None:
    """None if user namespaces can be made and mounted in."""
    return in_namespaces("enter(NEWNS | NEWUSER)")


def overlay() -> str | None:
    """None if overlayfs can be mounted: by root outright, by others in a user namespace."""
    return in_namespaces(OVERLAY)


def cgroup() -> str | None:
    """None if some cgroup hierarchy lets us make groups below the one we are in."""
    memberships = Path("/proc/self/cgroup").read_text(encoding="utf-8").split("\n")
    own = {line.split(":", 2)[2] for line in memberships if line.count(":") >= 2}
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split(" ")
        places = [point, *(point + path for path in own)] if kind.startswith("cgroup") else []
        if any(os.access(place, os.W_OK) for place in places):
            return None
    return "no cgroup hierarchy that we may write to"


ORDINARY = "daemon"  # a user that every system has, of no other use to us


def newuidmap() -> str | None:
    """None if root can be an ordinary user here, who can have ids mapped, and run this Python."""
    missing = [name for name in ("newuidmap", "newgidmap", "setpriv") if not shutil.which(name)]
    if missing:
        return f"no {' and no '.join(missing)} on PATH; on Debian: apt install uidmap"
    if why := root() or userns():
        return why
    command = ["setpriv", f"--reuid={ORDINARY}", "--clear-groups", sys.executable, "-c", ""]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    return done.stderr.strip() or None


def guest_tool(*names: str) -> str | None:
    """None if the engine finds all these guest tools."""
    try:
        from realrun.guest import tools
    except ImportError as error:
        return f"the engine's guest part does not load: {error}"
    missing = [name for name in names if tools.find(name) is None]
    return "; ".join(f"no {name}: {tools.advice(name)}" for name in missing) or None


def uml() -> str | None:
    """None if a User-Mode-Linux guest could be put together."""
    return guest_tool("uml", "busybox", "mke2fs")


def qemu() -> str | None:
    """None if a virtual machine could be put together: QEMU, a kernel, a disk."""
    return guest_tool("qemu", "kernel", "busybox", "mke2fs")


def kvm() -> str | None:
    """None if KVM can be opened."""
    if not Path("/dev/kvm").exists():
        return "no /dev/kvm"
    return None if os.access("/dev/kvm", os.R_OK | os.W_OK) else "no right to open /dev/kvm"


def docker() -> str | None:
    """None if a Docker daemon could be started: its programs, and what they need of the machine."""
    missing = [name for name in ("dockerd", "docker") if shutil.which(name) is None]
    if missing:
        return f"no {' and no '.join(missing)} on PATH; on Debian: apt install docker.io"
    return root() or overlay() or cgroup()


def skopeo() -> str | None:
    """None if there is skopeo, which reads and copies archives of images."""
    return None if shutil.which("skopeo") else "no skopeo on PATH"


def umoci() -> str | None:
    """None if there is umoci, which unpacks OCI layouts."""
    return None if shutil.which("umoci") else "no umoci on PATH"


def strace() -> str | None:
    """None if system calls can be counted, and made to fail."""
    if not shutil.which("strace"):
        return "no strace on PATH"
    command = ["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "true"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stderr.strip() if done.returncode else None


def chromium() -> str | None:
    """None if there is a Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return None if any(map(shutil.which, names)) else "no chromium on PATH"


def pyodide() -> str | None:
    """None if Python for browsers is here, or npm can fetch it."""
    command = [sys.executable, "tools/pyodide.py", "out/cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def network() -> str | None:
    """None if the package archive answers; asked by way of a file that apt would download."""
    command = ["apt-get", "download", "--print-uris", "busybox-static"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        address = done.stdout.split("'")[1]
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=10):
            return None
    except (OSError, IndexError, subprocess.TimeoutExpired, urllib.error.URLError) as error:
        return f"the package archive does not answer: {error!r}"


PROBES: dict[str, Callable[[], str | None]] = {
    probe.__name__: cache(probe)
    for probe in (
        *(root, userns, overlay, cgroup, newuidmap, uml, qemu, kvm),
        *(docker, skopeo, umoci, strace, chromium, pyodide, network),
    )
}
