"""top: the processes of a container, as `ps` on this machine shows them.

Source: Docker's reference, `docker top`; ps(1), "STANDARD FORMAT SPECIFIERS".
"""

from __future__ import annotations

import argparse
import os
import pwd
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from realrun import paths
from realrun.containers.counting import processes_of
from realrun.containers.registry import Registry
from realrun.errors import UsageError
from realrun.linux import procstat
from realrun.linux.procstat import Process

LEAST_WIDTH, GAP = 20, 3  # of a column, and behind it, as Docker prints this table
DAY_S = 86400


class Column(NamedTuple):
    """What a column is called, and what stands in it for a process at a time."""

    head: str
    shows: Callable[[Process, float], object]


@cache
def user(uid: int) -> str:
    """The name that this machine has for a user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def percent(one: Process, now_s: float) -> float:
    """Processor time of the process's life."""
    return one.cpu_s / max(now_s - one.started_s, 0.01) * 100


def begun(one: Process, now_s: float, day: str = "%b%d") -> str:
    """When: the hour of today, the day of this year, or the year."""
    then, now = time.localtime(one.started_s), time.localtime(now_s)
    same_day = then[:3] == now[:3]
    form = "%H:%M" if same_day else day if then[0] == now[0] else "%Y"
    return time.strftime(form, then)


def cpu_time(one: Process, _: float) -> str:
    """[days-]hours:minutes:seconds"""
    days, rest = divmod(int(one.cpu_s), DAY_S)
    shown = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}-{shown}" if days else shown


def short_time(one: Process, _: float) -> str:
    """minutes:seconds"""
    return f"{int(one.cpu_s) // 60}:{int(one.cpu_s) % 60:02}"


def flags(one: Process, _: float) -> str:
    """The state, and whether it leads a session, has threads, is in the foreground."""
    return one.state + "s" * one.leads + "l" * (one.threads > 1) + "+" * one.front


def memory_percent(one: Process, _: float) -> str:
    machine_kib = os.sysconf("SC_PHYS_PAGES") * procstat.PAGE // 1024
    return f"{one.rss_kib / machine_kib * 100:.1f}"


USER = Column("USER", lambda one, _: user(one.uid))
PID, PPID = Column("PID", lambda one, _: one.pid), Column("PPID", lambda one, _: one.ppid)
TTY, STAT = Column("TTY", lambda one, _: one.tty), Column("STAT", flags)
CPU = Column("%CPU", lambda one, now_s: f"{percent(one, now_s):.1f}")
MEM, TIME = Column("%MEM", memory_percent), Column("TIME", cpu_time)
VSZ, RSS = Column("VSZ", lambda one, _: one.vsz_kib), Column("RSS", lambda one, _: one.rss_kib)
COMMAND = Column("COMMAND", lambda one, _: one.command)
STIME = Column("STIME", begun)
FULL = [
    Column("UID", USER.shows), PID, PPID,
    Column("C", lambda one, now_s: min(int(percent(one, now_s)), 99)),
    STIME, TTY, TIME, Column("CMD", COMMAND.shows),
]  # fmt: skip
BSD = [
    USER, PID, CPU, MEM, VSZ, RSS, TTY, STAT, Column("START", begun), Column("TIME", short_time),
    COMMAND,
]  # fmt: skip
BY_NAME = {
    "pid": PID, "ppid": PPID, "user": USER, "euser": USER._replace(head="EUSER"),
    "uid": Column("UID", lambda one, _: one.uid), "tty": TTY._replace(head="TT"),
    "stat": STAT, "state": Column("S", lambda one, _: one.state), "pcpu": CPU, "%cpu": CPU,
    "pmem": MEM, "%mem": MEM, "vsz": VSZ, "rss": RSS, "time": TIME, "stime": STIME,
    "start_time": STIME._replace(head="START"), "args": COMMAND, "command": COMMAND,
    "cmd": COMMAND._replace(head="CMD"), "comm": Column("COMMAND", lambda one, _: one.name),
    "ucmd": Column("CMD", lambda one, _: one.name),
    "nlwp": Column("NLWP", lambda one, _: one.threads),
}  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """A line for each process; the numbers are those of this machine."""
    columns = columns_for(args.options)
    registry = Registry(paths.root())
    pids = processes_of(registry, registry.find(args.container))
    now_s = time.time()
    found = [one for one in map(procstat.read, pids) if one is not None]
    rows = [[str(column.shows(one, now_s)) for column in columns] for one in found]
    print("\n".join(aligned([[column.head for column in columns], *rows])))
    return 0


def columns_for(options: Sequence[str]) -> list[Column]:
    """The columns that ps's options ask for; a few of them are known."""
    words = list(options)
    if words in ([], ["-ef"], ["-e", "-f"], ["-f"]):
        return FULL
    if words in (["aux"], ["-aux"], ["u"]):
        return BSD
    if words[:1] in (["-o"], ["-eo"], ["o"]) and len(words) == 2:
        names = words[1].split(",")
        unknown = [name for name in names if name not in BY_NAME]
        if unknown:
            raise UsageError(f"no column {unknown[0]!r}; there are {', '.join(BY_NAME)}")
        if "pid" not in names:
            raise UsageError("the columns have to contain pid")
        return [BY_NAME[name] for name in names]
    raise UsageError(f"of ps's options there are -ef, aux and -o COLUMNS, not {' '.join(words)!r}")


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of equal width; the last is as long as it is."""
    widths = [
        max(LEAST_WIDTH, *(len(cell) + GAP for cell in column))
        for column in zip(*rows, strict=True)
    ]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "".join([*cells, row[-1]])
