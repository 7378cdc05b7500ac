"""Single processes as /proc shows them: for `top`, and for `stats` where no controller counts.

Source: proc(5).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

HZ = os.sysconf("SC_CLK_TCK")
MOST_WORDS = 1 << 16  # of a command line; a process may make its own without end
PAGE = os.sysconf("SC_PAGE_SIZE")
PTS_MAJORS = range(136, 144)
LOOPBACK = "lo"


class Process(NamedTuple):
    """One process; times in seconds."""

    pid: int
    ppid: int
    uid: int
    state: str
    tty: str
    cpu_s: float  # its own
    reaped_s: float  # that of children it has waited for
    started_s: float  # since 1970
    vsz_kib: int
    rss_kib: int
    threads: int
    leads: bool  # a session
    front: bool  # in the foreground of its terminal
    name: str  # of its program, at most 15 bytes
    command: str  # with its arguments


def read(pid: int) -> Process | None:
    """The process; None if it has ended meanwhile."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            name, _, rest = file.read().partition(" (")[2].rpartition(") ")
        with open(f"/proc/{pid}/cmdline", "rb") as raw:
            words = raw.read(MOST_WORDS).rstrip(b"\0").replace(b"\0", b" ")
        uid = os.stat(f"/proc/{pid}").st_uid
    except (FileNotFoundError, ProcessLookupError):
        return None
    at = rest.split()
    field = {number: int(word) for number, word in enumerate(at[1:], 4)}  # as proc(5) counts
    return Process(
        pid=pid,
        ppid=field[4],
        uid=uid,
        state=at[0],
        tty=terminal(field[7]),
        cpu_s=(field[14] + field[15]) / HZ,
        reaped_s=(field[16] + field[17]) / HZ,
        started_s=booted_s() + field[22] / HZ,
        vsz_kib=field[23] // 1024,
        rss_kib=field[24] * PAGE // 1024,
        threads=field[20],
        leads=field[6] == pid,
        front=field[5] == field[8],
        name=printable(name),
        command=printable(words.decode("utf-8", "replace") or f"[{name}]"),
    )


def printable(words: str) -> str:
    """What a process calls itself, as ps(1) shows it: a terminal would obey the rest.

    >>> printable("a\\x1b[2Jb")
    'a?[2Jb'
    """
    return "".join(char if char.isprintable() else "?" for char in words)


def terminal(number: int) -> str:
    """The name of a terminal by its device number."""
    major, minor = os.major(number), os.minor(number)
    if major in PTS_MAJORS:
        return f"pts/{(major - PTS_MAJORS[0]) * 256 + minor}"
    return f"tty{minor}" if major == 4 else "?"


def booted_s() -> float:
    """When this machine was started, since 1970."""
    with open("/proc/stat", encoding="ascii") as file:
        return next(float(line.split()[1]) for line in file if line.startswith("btime"))


def cpu_ns(pids: Iterable[int]) -> int:
    """Processor time of the processes and of all that they have waited for."""
    found = [one for one in map(read, pids) if one is not None]
    return int(sum(one.cpu_s + one.reaped_s for one in found) * 1e9)


def memory_bytes(pids: Iterable[int]) -> int:
    """Memory that the processes hold, shared pages in equal parts (PSS)."""
    return sum(rows(f"/proc/{pid}/smaps_rollup").get("Pss", [0])[0] for pid in pids) * 1024


def io_bytes(pids: Iterable[int]) -> tuple[int, int]:
    """What living processes have read from disks and written to them."""
    told = [rows(f"/proc/{pid}/io") for pid in pids]
    read_bytes, written = (
        sum(one.get(key, [0])[0] for one in told) for key in ("read_bytes", "write_bytes")
    )
    return read_bytes, written


def status_kib(pid: int, key: str) -> int:
    """A line of /proc/PID/status that is in kB, such as `VmPTE`; 0 if the process has ended."""
    return rows(f"/proc/{pid}/status").get(key, [0])[0]


def net_bytes(pid: int) -> tuple[int, int]:
    """Received and sent through the interfaces that process `pid` sees, but for the loopback."""
    cards = [row for name, row in rows(f"/proc/{pid}/net/dev").items() if name != LOOPBACK]
    return sum(row[0] for row in cards), sum(row[8] for row in cards)


def rows(path: str) -> dict[str, list[int]]:
    """`name: number ...` lines; none if the process has ended or may not be looked into."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            parted = (line.partition(":") for line in file)
            return {
                name.strip(): [int(word) for word in rest.split() if word.isdigit()]
                for name, colon, rest in parted
                if colon and rest.split()[:1] and rest.split()[0].isdigit()
            }
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return {}
