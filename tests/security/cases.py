"""What each attack of `inside` is known for, and how it has to end in a container.

The refusals are those of Docker's default, by the kernel's own words: EPERM is a right that is
missing, the filter of system calls or the control group of devices; EROFS a mount that lets nobody
write; ENODATA a mask over what is there; ESRCH and ECONNREFUSED a namespace of one's own; ENOENT:
it is not there at all.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One attack: its name in `inside`, what it has been known by, and how it may end."""

    name: str
    known: str
    refusals: tuple[str, ...]


TABLE = """
leaked descriptor|CVE-2024-21626, CVE-2016-9962|EBADF
the hosts dev null||EBADF
root of another process||ENOENT
double chroot||ENOENT
open by handle|Shocker, 2014|EPERM
mount||EPERM
remount sys to write||EPERM
uncover what is mounted last||EPERM
mount by fsopen|CVE-2022-0185|EPERM
clone a mount||EPERM
new user namespace|CVE-2022-0185|EPERM
new namespaces||EPERM
namespaces of another process||EPERM
release agent|CVE-2022-0492|EPERM
release agent file|CVE-2022-0492|ENOENT EROFS
core pattern||EROFS
program that loads modules||EROFS ENOENT
a setting of the kernel||EROFS
sysrq trigger||EROFS ENOENT
uevent helper||EROFS ENOENT
a file of sys||EROFS
binfmt misc||EROFS ENOENT
kernel log||EPERM
kernel log device||ENOENT
set the clock||EPERM
adjust the clock||EPERM
reboot||EPERM
swapon||EPERM
load a module||EPERM
load another kernel||EPERM
process accounting||EPERM
ports of the machine||EPERM ENOSYS
host name||EPERM
add a key|CVE-2016-0728|EPERM
session keyring|CVE-2016-0728|EPERM
ebpf|CVE-2021-3490|EPERM
performance counters|CVE-2013-2094|EPERM
user fault||EPERM
io uring|CVE-2022-29582|EPERM
no random addresses||EPERM
crypto sockets||EPERM
sockets to the hypervisor|CVE-2021-26708|EPERM
signal a process of the host||ESRCH
trace a process of the host||ESRCH
memory of a process of the host||ESRCH
environment of a process of the host||ESRCH
abstract socket of the host|CVE-2020-15257|ECONNREFUSED
shared memory of the host||ENOENT
type into the terminal|CVE-2017-5226|ENXIO ENOTTY
a disk of the host||EPERM
memory of the machine||EPERM
kvm||EPERM
kmsg by a node||EPERM
/proc/acpi|CVE-2018-10892|ENODATA ENOENT
/proc/asound||ENODATA ENOENT
/proc/interrupts||ENODATA ENOENT
/proc/kcore||ENODATA ENOENT
/proc/keys||ENODATA ENOENT
/proc/latency_stats||ENODATA ENOENT
/proc/sched_debug||ENODATA ENOENT
/proc/scsi|CVE-2017-16539|ENODATA ENOENT
/proc/timer_list||ENODATA ENOENT
/proc/timer_stats||ENODATA ENOENT
/sys/firmware||ENODATA ENOENT
/sys/devices/virtual/powercap|CVE-2020-8694|ENODATA ENOENT
"""


def case(line: str) -> Case:
    """One line of the table."""
    name, known, refusals = line.split("|")
    return Case(name, known, tuple(refusals.split()))


CASES = [case(line) for line in TABLE.strip().splitlines()]
# Docker 20.10 is older than the profile and the masks that we follow: there these succeed.
YOUNGER_THAN_DOCKER_20 = {"io uring", "sockets to the hypervisor", "/proc/interrupts"}
